"""How surely somebody under a new id is somebody known: a pure decision, in percent.

A platform may give everybody another id. What stays are names, and this is what they are worth:

    what both have                                                   percent
    the same alias: the account's own name for them                       95
    the same nickname in a group where both sit, and the same name        95
    the same name in a group where both sit                               90
    the same name, and both are the account's friends                     80
    the same nickname in a group where both sit                           75

    for each further group where both sit, three at most                  +2
    for each other one on the same side who has the same                 −25
    their aliases are known and differ                                   −30
    all they have in common is a name of one character                   −10
    all they have in common is a name in groups, and                      −5
        they themselves laid down how they are treated (an opt-out,
        no record), or of each such group a tenth is gone whom nobody resembles

The last is never CERTAIN, whatever else is added: anybody can take the name of somebody who left,
and then their own is gone. In a crowd a few always are, and who only has a name there has little
that would be worth taking.

The highest that holds counts. What is CERTAIN or more, and at least MARGIN above whatever else
either of the two may be, is taken; then the rest is looked at again, without those two. What is
DOUBTFUL or more is for a manager to say; below, whoever it is is new. Two things are never taken,
however sure: a place among the staff, since a name is easily taken, and anybody where most ids have
stayed as they were, since one that is gone most likely left.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

CERTAIN, DOUBTFUL, MARGIN = 90, 50, 20

_MANY_GONE = 0.1
"""Where this share of a group is gone without a trace, one of them may go by another's name."""

_ASKED_AT_ONCE = 3
"""As many may somebody be for a manager to choose from."""

_CROWD = 4
"""Of so many with the same name none can be told from another."""


class Trait(StrEnum):
    """What two have in common, or what speaks against it: why they are as sure as they are."""

    ALIAS = "alias"
    NICKNAME = "nickname"
    NAME = "name"
    FRIEND = "friend"
    GROUPS = "groups"
    NAMESAKES = "namesakes"
    ALIAS_DIFFERS = "alias_differs"
    SHORT_NAME = "short_name"
    OTHERS_GONE = "others_gone"
    BOUND = "bound"
    GUARDED = "guarded"
    IDS_LAST = "ids_last"


@dataclass(frozen=True, slots=True)
class Looks:
    """Somebody, but for the id. `seats` are groups, with what they call themselves there.

    An alias or a nickname of None says nothing, an empty one that there is none.
    """

    name: str
    alias: str | None
    seats: Mapping[int, str | None]
    friend: bool


@dataclass(frozen=True, slots=True)
class Known:
    """A member whose id the platform does not show any more; a `guarded` one is staff.

    Of a `bound` one it was laid down how they are treated, by their own wish.
    """

    member: int
    looks: Looks
    guarded: bool = False
    bound: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """Somebody whom the platform shows, and whose id nobody knew."""

    person: str
    looks: Looks


@dataclass(frozen=True, slots=True)
class Likeness:
    """A member may be whoever has this id, in percent, and why."""

    member: int
    person: str
    confidence: int
    why: tuple[Trait, ...]


@dataclass(frozen=True, slots=True)
class Recognised:
    """Who is taken to be whom, and about whom a manager is asked."""

    taken: tuple[Likeness, ...]
    doubtful: tuple[Likeness, ...]


def recognised(
    known: Iterable[Known],
    shown: Iterable[Shown],
    *,
    ids_last: bool = False,
    ruled_out: Collection[tuple[int, str]] = (),
) -> Recognised:
    """Who of those `known` is who of those `shown`; nobody is taken twice.

    `ids_last`: most ids have stayed. `ruled_out` are members and ids that are known to be two.
    """
    left = {one.member: one for one in known}
    open_ = {one.person: one for one in shown}
    thinned = _thinned(left.values(), open_.values())
    taken: list[Likeness] = []
    while True:
        pairs = [
            _likeness(left[member], open_[person], namesakes, thinned=thinned, ids_last=ids_last)
            for (member, person), namesakes in _in_common(left, open_).items()
            if (member, person) not in ruled_out
        ]
        clear = [one for one in _leading(pairs) if one.confidence >= CERTAIN]
        sure = [one for one in clear if not {Trait.GUARDED, Trait.IDS_LAST} & {*one.why}]
        if not sure:
            return Recognised(tuple(taken), tuple(_to_ask(pairs)))
        taken += sure
        for one in sure:
            del left[one.member], open_[one.person]


def _leading(pairs: Sequence[Likeness]) -> Iterator[Likeness]:
    """Those that nothing else about either of the two comes near."""
    of_member, of_person = _by_side(pairs)
    for one in pairs:
        beside = [*of_member[one.member], *of_person[one.person]]
        if all(other is one or other.confidence <= one.confidence - MARGIN for other in beside):
            yield one


def _to_ask(pairs: Sequence[Likeness]) -> Iterator[Likeness]:
    """What a manager is asked: what nothing else about either of the two is far above."""
    of_member, of_person = _by_side(pairs)
    for some in of_member.values():
        best = sorted(some, key=lambda one: (-one.confidence, one.person))
        for one in best[:_ASKED_AT_ONCE]:
            beside = [*some, *of_person[one.person]]
            highest = max(other.confidence for other in beside)
            if one.confidence >= DOUBTFUL and highest < one.confidence + MARGIN:
                yield one


def _by_side(
    pairs: Sequence[Likeness],
) -> tuple[dict[int, list[Likeness]], dict[str, list[Likeness]]]:
    of_member, of_person = defaultdict(list), defaultdict(list)
    for one in pairs:
        of_member[one.member].append(one)
        of_person[one.person].append(one)
    return of_member, of_person


_Mark = tuple[Trait, int, str]
"""One thing to be known by: which, in which group (0: in none), and the word."""


def _marks(looks: Looks) -> Iterator[_Mark]:
    name, alias = _word(looks.name), _word(looks.alias)
    if alias:
        yield Trait.ALIAS, 0, alias
    if name and looks.friend:
        yield Trait.FRIEND, 0, name
    for group, called in looks.seats.items():
        if name:
            yield Trait.NAME, group, name
        if nickname := _word(called):
            yield Trait.NICKNAME, group, nickname


def _word(text: str | None) -> str:
    """A name as names are compared: what stands around and between its parts says nothing."""
    return " ".join((text or "").split())


def _thinned(known: Collection[Known], shown: Collection[Shown]) -> set[int]:
    """The groups of which many are gone who have nothing in common with anybody shown."""
    seen = {mark for one in shown for mark in _marks(one.looks)}
    sat = Counter(group for one in known for group in one.looks.seats)
    gone = Counter(
        group for one in known if seen.isdisjoint(_marks(one.looks)) for group in one.looks.seats
    )
    return {group for group, count in gone.items() if count >= _MANY_GONE * sat[group]}


def _in_common(
    known: Mapping[int, Known], shown: Mapping[str, Shown]
) -> dict[tuple[int, str], dict[Trait, int]]:
    """Pair → what both have → how many others have the same, where those are fewest."""
    known_by, shown_by = defaultdict[_Mark, list[int]](list), defaultdict[_Mark, list[str]](list)
    for one in known.values():
        for mark in _marks(one.looks):
            known_by[mark].append(one.member)
    for other in shown.values():
        for mark in _marks(other.looks):
            shown_by[mark].append(other.person)
    found = defaultdict[tuple[int, str], dict[Trait, int]](dict)
    for mark in known_by.keys() & shown_by.keys():
        members, people = known_by[mark], shown_by[mark]
        namesakes = max(len(members), len(people)) - 1
        if namesakes < _CROWD:
            for pair in ((member, person) for member in members for person in people):
                traits = found[pair]
                traits[mark[0]] = min(namesakes, traits.get(mark[0], namesakes))
    return found


def _likeness(
    known: Known,
    shown: Shown,
    namesakes: Mapping[Trait, int],
    *,
    thinned: Collection[int],
    ids_last: bool,
) -> Likeness:
    """How sure it is, from what both have and how many others have it."""
    percent, counts = max(_lines(namesakes), key=lambda line: (line[0], len(line[1])))
    why = [*counts]
    others = min(namesakes[trait] for trait in counts)
    if others:
        why.append(Trait.NAMESAKES)
    shared = known.looks.seats.keys() & shown.looks.seats.keys()
    if len(shared) > 1:
        percent += 2 * min(len(shared) - 1, 3)
        why.append(Trait.GROUPS)
    before, now = known.looks.alias, shown.looks.alias
    if before is not None and now is not None and _word(before) != _word(now):
        percent -= 30
        why.append(Trait.ALIAS_DIFFERS)
    if counts in ((Trait.NAME,), (Trait.FRIEND,)) and len(_word(known.looks.name)) == 1:
        percent -= 10
        why.append(Trait.SHORT_NAME)
    may_be_taken = [
        trait
        for trait, holds in (
            (Trait.OTHERS_GONE, shared <= {*thinned}),
            (Trait.BOUND, known.bound),
        )
        if holds
    ]
    if counts == (Trait.NAME,) and may_be_taken:
        percent = min(percent - 5, CERTAIN - 1)
        why += may_be_taken
    if known.guarded:
        why.append(Trait.GUARDED)
    if ids_last:
        why.append(Trait.IDS_LAST)
    return Likeness(known.member, shown.person, max(0, min(percent, 99)), tuple(why))


_WORTH = (
    (95, (Trait.ALIAS,)),
    (95, (Trait.NICKNAME, Trait.NAME)),
    (90, (Trait.NAME,)),
    (80, (Trait.FRIEND,)),
    (75, (Trait.NICKNAME,)),
)


def _lines(namesakes: Mapping[Trait, int]) -> Iterator[tuple[int, tuple[Trait, ...]]]:
    """The lines of the table that hold, less what others who have the same take from each."""
    for percent, traits in _WORTH:
        if namesakes.keys() >= {*traits}:
            yield percent - 25 * min(namesakes[trait] for trait in traits), traits
