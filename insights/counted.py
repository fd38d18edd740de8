"""How much was said of each thing: the sums that reports are made of, whatever form tallies have.

A report ranks thousands of terms and shows a few; so it asks for sums, and for the members and
quotes of single keys, and never for all tallies. `counted` gives any tallies this form.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple, TypeVar

from insights.days import AnalysedDay, AspectStance, Tally
from insights.demands import Demand

Key = TypeVar("Key")

_ONE = 2**32  # logarithms are summed as whole numbers of this: the same however days merge


class Sums(NamedTuple):
    """By how many members something was said, how often, and how much some repeat themselves."""

    speakers: int
    mentions: int
    repeats: int

    @property
    def weight(self) -> float:
        """The speakers, where a member's n mentions count as 1 + ln n."""
        return self.speakers + self.repeats / _ONE


@lru_cache(maxsize=4_096)
def repeats(count: int) -> int:
    """What a member's mentions beyond the first add to `Sums.repeats`."""
    return round(math.log(count) * _ONE) if count > 1 else 0


def sum_up(counts: Collection[int]) -> Sums:
    """The sums of the counts of members."""
    mentions = sum(counts)
    if mentions == len(counts):
        return Sums(mentions, mentions, 0)
    return Sums(len(counts), mentions, sum(map(repeats, counts)))


def total_weight(sums: Collection[Sums]) -> float:
    """The weights of all, added up exactly."""
    repeated = sum([one.repeats for one in sums])
    return sum([one.speakers for one in sums]) + repeated / _ONE


class Counted(Mapping[Key, Tally]):
    """Tallies that know their sums."""

    sums: Mapping[Key, Sums]
    """The sums of every key."""

    @abstractmethod
    def members(self, key: Key) -> Collection[int]:
        """Those who said it, in no order, each once.

        Raises:
            KeyError: nobody did.
        """

    @abstractmethod
    def bits(self, key: Key) -> int:
        """Those who said it, as the number that has a bit set for each member's id.

        Raises:
            KeyError: nobody did.
        """

    @abstractmethod
    def quotes(self, key: Key) -> Mapping[int, int]:
        """The quotes of its tally.

        Raises:
            KeyError: nobody said it.
        """


def as_bits(members: Collection[int]) -> int:
    """The number whose bits are set at these ids: sets of thousands compare in microseconds."""
    found = bytearray((max(members, default=0) >> 3) + 1)
    for member in members:
        found[member >> 3] |= 1 << (member & 7)
    return int.from_bytes(found, "little")


def counted(tallies: Mapping[Key, Tally]) -> Counted[Key]:
    """Any tallies, with their sums."""
    return tallies if isinstance(tallies, Counted) else _Plain(tallies)


class _Plain(Counted[Key]):
    """Tallies as they are; summed up when they are looked at."""

    def __init__(self, tallies: Mapping[Key, Tally]) -> None:
        self._tallies = tallies
        self.sums = {key: sum_up(tally.members.values()) for key, tally in tallies.items()}

    def members(self, key: Key) -> Collection[int]:
        return self._tallies[key].members.keys()

    def bits(self, key: Key) -> int:
        return as_bits(self._tallies[key].members)

    def quotes(self, key: Key) -> Mapping[int, int]:
        return self._tallies[key].quotes

    def __getitem__(self, key: Key) -> Tally:
        return self._tallies[key]

    def __contains__(self, key: object) -> bool:
        return key in self._tallies

    def __iter__(self) -> Iterator[Key]:
        return iter(self._tallies)

    def __len__(self) -> int:
        return len(self._tallies)


@dataclass(frozen=True, slots=True, eq=False)
class Spoken:
    """What a comparison needs of a period: how many spoke, and how many of them said what.

    Each equals itself only: it is looked up again and again, and would be long to compare.
    """

    speakers: int = 0
    terms: Mapping[str, int] = field(default_factory=dict)
    aspects: Mapping[AspectStance, int] = field(default_factory=dict)
    demands: Mapping[Demand, int] = field(default_factory=dict)


def spoken(day: AnalysedDay) -> Spoken:
    """How many said what in a day or period."""
    return Spoken(
        day.speakers, _speakers(day.terms), _speakers(day.aspects), _speakers(day.demands)
    )


def _speakers(tallies: Mapping[Key, Tally]) -> dict[Key, int]:
    return {key: sums.speakers for key, sums in counted(tallies).sums.items()}
