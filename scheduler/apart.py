"""Keeping neighbours apart: which group gets which of several texts that say the same.

Fans sit in more than one group and remember last year, so a greeting that they meet twice in the
same words shows that nobody wrote it for them. `apart` gives every group a variant that it has not
heard lately, and groups that share fans different ones. Where the variants do not suffice for
both, a group rather repeats a neighbour than itself, and every place where that happened is told.

It is the colouring of a graph, in which some colours are forbidden to some vertices, and is done
greedily, by Brélaz's rule: next comes the group that has the fewest variants left, of those the
one with the most neighbours. A pass over what clashes then mends what one change can mend. Nothing
is left to chance: the same question has the same answer in every process.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from scheduler.lots import lot

_MENDING_PASSES = 8


@dataclass(frozen=True, slots=True)
class Clash:
    """Where the variants did not suffice.

    `group` gets the same `variant` as its `neighbour`, which has the higher id; or, where that is
    None, the same as in one of its own greetings of the time looked back over.
    """

    group: int
    variant: str
    neighbour: int | None = None


@dataclass(frozen=True, slots=True)
class Apart:
    """Group → variant, for every group that was asked about; what could not be kept apart."""

    assigned: Mapping[int, str]
    clashes: tuple[Clash, ...]


def apart(
    groups: Sequence[int],
    neighbours: Iterable[tuple[int, int]],
    before: Mapping[int, Collection[str]],
    variants: Sequence[str],
    *,
    standing: Mapping[int, str] | None = None,
) -> Apart:
    """A variant for each group, apart from its neighbours' and from its own before.

    No group clashes if each has more variants it has not heard than neighbours; where that does
    not hold, clashes are few, not always the fewest possible.

    Args:
        groups: the ids of the groups, each once.
        neighbours: pairs of groups that share fans, in any order; other groups are passed over.
        before: group → the variants that it had within the time looked back over.
        variants: what there is to choose from, each once, at least one.
        standing: the groups that have theirs already and keep it; empty where nobody has.

    Raises:
        ValueError: there is no variant.
    """
    if not variants:
        raise ValueError("groups are kept apart by variants, and there is none")
    beside = _beside(groups, neighbours)
    heard = {group: frozenset(before.get(group, ())) for group in groups}
    fixed = {group: one for group, one in (standing or {}).items() if group in beside}
    assigned = _coloured(beside, heard, variants, fixed)
    _mend(assigned, beside, heard, variants, fixed)
    return Apart(assigned, tuple(_clashes(assigned, beside, heard)))


def _beside(groups: Sequence[int], neighbours: Iterable[tuple[int, int]]) -> dict[int, set[int]]:
    """Group → its neighbours, of these groups."""
    beside: dict[int, set[int]] = {group: set() for group in sorted(groups)}
    for one, other in neighbours:
        if one != other and one in beside and other in beside:
            beside[one].add(other)
            beside[other].add(one)
    return beside


def _coloured(
    beside: Mapping[int, Collection[int]],
    heard: Mapping[int, frozenset[str]],
    variants: Sequence[str],
    fixed: Mapping[int, str],
) -> dict[int, str]:
    """A variant for each group, by Brélaz's rule; the fixed ones first."""
    taken: dict[int, Counter[str]] = {group: Counter() for group in beside}
    assigned: dict[int, str] = dict(fixed)
    for group, chosen in fixed.items():
        for other in beside[group]:
            taken[other][chosen] += 1

    def urgency(group: int) -> tuple[int, int, int]:
        left = len(variants) - len(heard[group] | taken[group].keys())
        return left, -len(beside[group]), group

    waiting = [urgency(group) for group in beside if group not in fixed]
    heapify(waiting)
    while waiting:
        found = heappop(waiting)
        group = found[-1]
        # A group whose neighbours were served meanwhile stands in the heap once more.
        if group in assigned or found != urgency(group):
            continue
        assigned[group] = chosen = _best(group, taken[group], heard[group], variants)
        for other in beside[group]:
            taken[other][chosen] += 1
            if other not in assigned:
                heappush(waiting, urgency(other))
    return assigned


def _best(
    group: int, taken: Mapping[str, int], heard: Collection[str], variants: Sequence[str]
) -> str:
    """What the group has not heard, then what the fewest neighbours have; then a lot decides."""
    return min(
        variants,
        key=lambda one: (one in heard, taken.get(one, 0), lot(1 << 32, "apart", str(group), one)),
    )


def _mend(
    assigned: dict[int, str],
    beside: Mapping[int, Collection[int]],
    heard: Mapping[int, frozenset[str]],
    variants: Sequence[str],
    fixed: Collection[int],
) -> None:
    """Let groups that clash change to what clashes less, until none can, or some passes are over.

    Each change lowers the number of clashes, so it ends.
    """
    for _ in range(_MENDING_PASSES):
        changed = False
        for group, around in beside.items():
            taken = Counter(assigned[other] for other in around)
            now = assigned[group]
            if group in fixed or not (taken[now] or now in heard[group]):
                continue
            better = _best(group, taken, heard[group], variants)
            if (better in heard[group], taken[better]) < (now in heard[group], taken[now]):
                assigned[group] = better
                changed = True
        if not changed:
            return


def _clashes(
    assigned: Mapping[int, str],
    beside: Mapping[int, Collection[int]],
    heard: Mapping[int, frozenset[str]],
) -> Iterable[Clash]:
    """Every clash, in the order of the groups' ids; a group's own before its neighbours'."""
    for group, around in beside.items():
        variant = assigned[group]
        if variant in heard[group]:
            yield Clash(group, variant)
        for other in sorted(around):
            if other > group and assigned[other] == variant:
                yield Clash(group, variant, other)
