"""Periods as they are remembered: what months of talk hold, packed into a few long arrays.

`Merging` takes kept days one by one and packs them: one member's count of one thing costs twelve
bytes, where a dictionary takes a hundred and thirty. A packed period reads like any other; the
tally of a key is made when it is asked for. `join` puts the day that is not over on top of it and
copies nothing: to look at a month with today's words costs what today holds.
"""

from __future__ import annotations

import heapq
import sys
from array import array
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, Generic, TypeVar

from insights.counted import Counted, Sums, as_bits, repeats, sum_up
from insights.days import QUOTES, AnalysedDay, AspectStance, Tally, merge_days
from insights.demands import Demand
from insights.lexicon import DemandKind
from insights.opinions import Stance

Key = TypeVar("Key")

_NOBODY = Tally({}, {})
_NONE = Sums(0, 0, 0)

_LONG = 1_024  # numbers of a key that wait: more are put into an array
_MANY = 256  # members: so many are found again as bits
_COUNT_BYTES = 12
_KEY_BYTES = 400  # a term, its places in the dictionaries, its sums and quotes

_Numbers = Mapping[int, int]
_Kept = Callable[[dict[int, int]], dict[int, int]]


class Merging:
    """Days as they are kept, on their way to one period; `take` each of them, then `close`."""

    def __init__(
        self, *, only: Collection[int] | None = None, without: Collection[int] = ()
    ) -> None:
        """With `only`, what these members said; and never what those `without` did."""
        self._versions: set[str] = set()
        self._messages = array("q")
        self._terms: _Growing[str] = _Growing(self._kept)
        self._aspects: _Growing[AspectStance] = _Growing(self._kept)
        self._demands: _Growing[Demand] = _Growing(self._kept)
        self._without = frozenset(without)
        self._only = None if only is None else frozenset(only) - self._without

    def take(self, document: Mapping[str, Any]) -> None:
        """Merge a day that `to_json` wrote.

        Raises:
            KeyError: a part is missing.
            ValueError: a part has another shape.
        """
        self._versions.update(version for version in document["version"].split("+") if version)
        self._messages.extend(_pairs(document["messages"]))
        for term, *pair in document["terms"]:
            self._terms.take(sys.intern(term), *pair)  # the same terms are in every period
        for aspect, category, stance, *pair in document["aspects"]:
            self._aspects.take(AspectStance(aspect, category, Stance(stance)), *pair)
        for kind, thing, *pair in document["demands"]:
            self._demands.take(Demand(DemandKind(kind), thing), *pair)

    def close(self) -> AnalysedDay:
        """The period, as `merge_days` makes it. Nothing can be taken after that."""
        return AnalysedDay(
            version="+".join(sorted(self._versions)),
            messages=self._kept(_counts(self._messages)),
            terms=_Packed(self._terms),
            aspects=_Packed(self._aspects),
            demands=_Packed(self._demands),
        )

    def _kept(self, by_member: dict[int, int]) -> dict[int, int]:
        """Without those who do not belong into the period."""
        if self._only is not None:
            return {m: n for m, n in by_member.items() if m in self._only}
        if self._without.isdisjoint(by_member):
            return by_member
        return {m: n for m, n in by_member.items() if m not in self._without}


class _Growing(Generic[Key]):
    """For each key what was taken so far: member, count, member, count... and its quotes alike.

    What comes often is summed up on the way; the newest few numbers wait in lists.
    """

    def __init__(self, kept: _Kept) -> None:
        self._kept = kept
        self._waiting: dict[Key, tuple[list[int], list[int]]] = {}
        self._long: dict[Key, array[int]] = {}
        self._limits: dict[Key, int] = {}

    def take(self, key: Key, members: list[int], quotes: list[int]) -> None:
        """Take in a tally as `to_json` wrote it; the lists are ours from now on."""
        waiting = self._waiting.get(key)
        if waiting is None:
            self._waiting[key] = _pairs(members), _pairs(quotes)
            return
        said, quoted = waiting
        said += _pairs(members)
        quoted += _pairs(quotes)
        if len(said) > _LONG:
            self._put_away(key, said)
            quoted[:] = _flat(_newest(self._kept(_latest(quoted))))

    def _put_away(self, key: Key, said: list[int]) -> None:
        numbers = self._long.setdefault(key, array("q"))
        numbers.fromlist(said)
        said.clear()
        if len(numbers) > self._limits.get(key, 0):
            counts = self._kept(_counts(numbers))
            self._long[key] = array("q", _flat(counts))
            self._limits[key] = 4 * len(counts) + 4 * _LONG

    def __iter__(self) -> Iterator[tuple[Key, dict[int, int], _Numbers]]:
        """Each key with member → count, and its quotes; used up by it."""
        while self._waiting:
            key, (said, quotes) = self._waiting.popitem()
            if key in self._long:
                said += self._long.pop(key)
            yield key, self._kept(_counts(said)), _newest(self._kept(_latest(quotes)))


def _pairs(numbers: list[int]) -> list[int]:
    if len(numbers) % 2:
        raise ValueError("a member without a number")
    return numbers


def _flat(pairs: Mapping[int, int]) -> list[int]:
    return [number for pair in pairs.items() for number in pair]


def _counts(numbers: Sequence[int]) -> dict[int, int]:
    """Member → count, summed up."""
    found: dict[int, int] = {}
    for member, count in zip(numbers[::2], numbers[1::2], strict=True):
        found[member] = found.get(member, 0) + count
    return found


def _latest(numbers: Sequence[int]) -> dict[int, int]:
    """Member → their newest message."""
    found: dict[int, int] = {}
    for member, message in zip(numbers[::2], numbers[1::2], strict=True):
        if message > found.get(member, message - 1):
            found[member] = message
    return found


def _newest(latest: Mapping[int, int]) -> Mapping[int, int]:
    if len(latest) <= QUOTES:
        return latest
    return dict(heapq.nlargest(QUOTES, latest.items(), key=itemgetter(1, 0)))


class _Packed(Counted[Key]):
    """Tallies in a few arrays, the members of each in the order of their ids."""

    def __init__(self, growing: _Growing[Key]) -> None:
        """Pack what has grown, which is used up by it."""
        self._rows: dict[Key, int] = {}
        self.sums: dict[Key, Sums] = {}
        self._ends, self._quote_ends = array("q", [0]), array("q", [0])
        self._members, self._counts = array("q"), array("I")
        self._quoting, self._quoted = array("q"), array("q")
        self._bits: dict[Key, int] = {}
        same: dict[Sums, Sums] = {}
        for key, members, newest in growing:
            if not members:
                continue
            self._rows[key] = len(self._rows)
            sums = sum_up(members.values())
            self.sums[key] = same.setdefault(sums, sums)
            ordered = sorted(members)
            self._members.extend(ordered)
            self._counts.extend(map(members.__getitem__, ordered))
            self._ends.append(len(self._members))
            self._quoting.extend(newest.keys())
            self._quoted.extend(newest.values())
            self._quote_ends.append(len(self._quoting))

    @property
    def size(self) -> int:
        """Its bytes in memory, or a little more."""
        return _COUNT_BYTES * len(self._members) + _KEY_BYTES * len(self._rows)

    def members(self, key: Key) -> Collection[int]:
        row = self._rows[key]
        return self._members[self._ends[row] : self._ends[row + 1]]

    def bits(self, key: Key) -> int:
        found = self._bits.get(key)
        if found is None:
            members = self.members(key)
            found = as_bits(members)
            if len(members) >= _MANY:
                self._bits[key] = found
        return found

    def quotes(self, key: Key) -> Mapping[int, int]:
        row = self._rows[key]
        place = slice(self._quote_ends[row], self._quote_ends[row + 1])
        return dict(zip(self._quoting[place], self._quoted[place], strict=True))

    def count(self, key: Key, member: int) -> int:
        """How often one member said it; 0 if never."""
        row = self._rows.get(key)
        if row is None:
            return 0
        end = self._ends[row + 1]
        place = bisect_left(self._members, member, self._ends[row], end)
        found = place < end and self._members[place] == member
        return self._counts[place] if found else 0

    def __getitem__(self, key: Key) -> Tally:
        row = self._rows[key]
        place = slice(self._ends[row], self._ends[row + 1])
        members = dict(zip(self._members[place], self._counts[place], strict=True))
        return Tally(members, self.quotes(key))

    def __contains__(self, key: object) -> bool:
        return key in self._rows

    def __iter__(self) -> Iterator[Key]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


class _Joined(Counted[Key]):
    """_Packed tallies and a few more on top of them."""

    def __init__(
        self,
        packed: _Packed[Key],
        more: Mapping[Key, Tally],
        known: _Joined[Key] | None,
    ) -> None:
        """With what is `known` of the same ones with others on top, only the difference counts."""
        self._packed = packed
        self._more = more
        self.sums = self._summed(known)

    def stands_on(self, packed: Mapping[Key, Tally]) -> bool:
        """Whether these are the tallies below."""
        return self._packed is packed

    def _summed(self, known: _Joined[Key] | None) -> Mapping[Key, Sums]:
        found = dict(self._packed.sums if known is None else known.sums)
        old = {} if known is None else known._more  # noqa: SLF001 (another of this class)
        for key in self._more.keys() | old.keys():
            before, after = old.get(key, _NOBODY), self._more.get(key, _NOBODY)
            if before is after:
                continue
            found[key] = self._changed(key, found.get(key, _NONE), before, after)
            if not found[key].speakers:
                del found[key]
        return found

    def _changed(self, key: Key, sums: Sums, old: Tally, new: Tally) -> Sums:
        """The sums of a key, when the tally on top was `old` and is `new`."""
        speakers, mentions, repeated = sums
        for member in {member for member, _ in old.members.items() ^ new.members.items()}:
            below = self._packed.count(key, member)
            before = below + old.members.get(member, 0)
            after = below + new.members.get(member, 0)
            speakers += bool(after) - bool(before)
            mentions += after - before
            repeated += repeats(after) - repeats(before)
        return Sums(speakers, mentions, repeated)

    def bits(self, key: Key) -> int:
        below = self._packed.bits(key) if key in self._packed else 0
        return below | as_bits(self._more[key].members) if key in self._more else below

    def members(self, key: Key) -> Collection[int]:
        if key not in self._more:
            return self._packed.members(key)
        if key not in self._packed:
            return self._more[key].members.keys()
        return {*self._packed.members(key), *self._more[key].members}

    def quotes(self, key: Key) -> Mapping[int, int]:
        if key not in self._more:
            return self._packed.quotes(key)
        if key not in self._packed:
            return self._more[key].quotes
        both = [*self._packed.quotes(key).items(), *self._more[key].quotes.items()]
        return _newest(_latest([number for pair in both for number in pair]))

    def __getitem__(self, key: Key) -> Tally:
        if key not in self._more:
            return self._packed[key]
        if key not in self._packed:
            return self._more[key]
        members = dict(self._packed[key].members)
        for member, count in self._more[key].members.items():
            members[member] = members.get(member, 0) + count
        return Tally(members, self.quotes(key))

    def __contains__(self, key: object) -> bool:
        return key in self._more or key in self._packed

    def __iter__(self) -> Iterator[Key]:
        yield from self._packed
        yield from (key for key in self._more if key not in self._packed)

    def __len__(self) -> int:
        return len(self._packed) + sum(key not in self._packed for key in self._more)


def join(period: AnalysedDay, more: AnalysedDay, known: AnalysedDay | None = None) -> AnalysedDay:
    """A packed period and another one, as `merge_days` joins them, without a copy.

    Args:
        period: what `Merging` made.
        more: what is laid on top.
        known: the same period with something else on top, to go on from.
    """
    around = merge_days(
        [AnalysedDay(version=one.version, messages=one.messages) for one in (period, more)]
    )
    return AnalysedDay(
        version=around.version,
        messages=around.messages,
        terms=_joined(period.terms, more.terms, None if known is None else known.terms),
        aspects=_joined(period.aspects, more.aspects, None if known is None else known.aspects),
        demands=_joined(period.demands, more.demands, None if known is None else known.demands),
    )


def _joined(
    packed: Mapping[Key, Tally], more: Mapping[Key, Tally], known: Mapping[Key, Tally] | None
) -> Counted[Key]:
    if not isinstance(packed, _Packed):
        raise TypeError("only a packed period can be joined")
    if isinstance(known, _Joined) and known.stands_on(packed):
        return _Joined(packed, more, known)
    return _Joined(packed, more, None)


def size(day: AnalysedDay) -> int:
    """The bytes of a packed period in memory, or a little more."""
    parts = (day.terms, day.aspects, day.demands)
    return sum(part.size for part in parts if isinstance(part, _Packed)) + 120 * len(day.messages)
