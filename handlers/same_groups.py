"""Which group under a new id is which group known: a pure decision.

Names and who sits there tell. `overlap` is the share of those known to sit in a group whom the
platform shows in another, by name or by an id that has stayed.

    the name is the same, no other group's on either side, and
        nobody was known to sit there; only of a group the bot was in until now
        or the overlap is a quarter or more
    the name is another, or several have it, and
        the overlap is a half or more, of three people or more,
        and twice that with any other group, on either side

Whatever else is shown is a group that nobody knew.

Anybody can call a group of their own as another is called, and bring a few people in. A group is
`proven` to be the one known, and keeps what the shop allowed it, only where the bot was in it until
now, and half of those known, three people or more, sit there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

_SAME_NAME = 0.25
_HALF = 0.5
_ENOUGH = 3


@dataclass(frozen=True, slots=True)
class KnownGroup:
    """A group whose id the platform does not show any more.

    `people` are those who sit there, by id, with their names. `present`: the bot was in it until
    now.
    """

    id: int
    name: str
    present: bool
    people: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ShownGroup:
    """A group that the platform shows, and whose id nobody knew, with who sits there."""

    chat: str
    name: str
    people: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class SameGroup:
    """The chat that a known group is now, and whether that is `proven`."""

    chat: str
    proven: bool


def same_groups(known: Sequence[KnownGroup], shown: Sequence[ShownGroup]) -> dict[int, SameGroup]:
    """Group id → the chat that it is now; no chat stands twice."""
    found = _by_name(known, shown)
    left = [one for one in known if one.id not in found]
    open_ = [one for one in shown if one.chat not in found.values()]
    found |= _by_people(left, open_)
    before, now = {one.id: one for one in known}, {one.chat: one for one in shown}
    return {
        group: SameGroup(chat, before[group].present and _many_share(before[group], now[chat]))
        for group, chat in found.items()
    }


def _by_name(known: Sequence[KnownGroup], shown: Sequence[ShownGroup]) -> dict[int, str]:
    known_names = Counter(one.name for one in known)
    shown_names = Counter(one.name for one in shown)
    called = {one.name: one for one in shown if shown_names[one.name] == 1}
    found = {}
    for one in known:
        other = called.get(one.name)
        if other is None or not one.name or known_names[one.name] > 1:
            continue
        if _overlap(one, other) >= _SAME_NAME if one.people else one.present:
            found[one.id] = other.chat
    return found


def _by_people(known: Sequence[KnownGroup], shown: Sequence[ShownGroup]) -> dict[int, str]:
    shares = [[_overlap(one, other) for other in shown] for one in known]
    found = {}
    for row, one in enumerate(known):
        for place, other in enumerate(shown):
            share = shares[row][place]
            if not _many_share(one, other):
                continue
            beside = [*shares[row][:place], *shares[row][place + 1 :]]
            beside += [line[place] for line in (*shares[:row], *shares[row + 1 :])]
            if share >= 2 * max(beside, default=0):
                found[one.id] = other.chat
    return found


def _many_share(known: KnownGroup, shown: ShownGroup) -> bool:
    """Whether half of those known, and three people or more, sit in the other."""
    share = _overlap(known, shown)
    return share >= _HALF and share * len(known.people) >= _ENOUGH


def _overlap(known: KnownGroup, shown: ShownGroup) -> float:
    """The share of who is known in one that is shown in the other; none of nobody."""
    there = sum(person in shown.people or name in shown.names for person, name in known.people)
    return there / max(len(known.people), 1)
