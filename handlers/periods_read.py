"""What was understood of a period, merged from its days and remembered until one of them changes.

A report asks for the same weeks again and again, and only today changes from minute to minute. So
finished days are merged once and kept in memory, packed (`insights.packed`), and of a period that
is only compared with no more than how many said what; those asked for last stay, as long as all
of them together are small enough. What today holds (`handlers.today_read`) is laid on top.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from handlers import today_read
from handlers.desk import Desk
from handlers.period import Period, today
from insights import packed
from insights.counted import Spoken, spoken
from insights.days import AnalysedDay
from insights.documents import take_texts
from insights.packed import Merging
from storage import analysis, members
from storage.analysis import UNREAD, Standing
from storage.database import Database

_MOST_BYTES = 256_000_000  # of the periods remembered of one database
_SPOKEN_BYTES = 120  # of a key and how many said it

Held = TypeVar("Held", AnalysedDay, Spoken)


@dataclass(frozen=True, slots=True)
class _Key:
    """Whose finished days of which groups and period, and how these stood."""

    groups: frozenset[int]
    period: Period
    members: frozenset[int] | None
    unrecorded: frozenset[int]
    standing: tuple[Standing, ...]


@dataclass(slots=True)
class _Shelf(Generic[Held]):
    """What is remembered of one kind, and its bytes; the one asked for longest ago first."""

    held: OrderedDict[_Key, tuple[Held, int]] = field(default_factory=OrderedDict)

    @property
    def bytes(self) -> int:
        """Of all of them."""
        return sum(size for _, size in self.held.values())

    def recall(self, key: _Key) -> Held | None:
        """What is remembered of a period."""
        if key not in self.held:
            return None
        self.held.move_to_end(key)
        return self.held[key][0]


@dataclass(frozen=True, slots=True)
class _Memory:
    """What this process remembers of one database's finished days."""

    whole: _Shelf[AnalysedDay] = field(default_factory=_Shelf)
    counts: _Shelf[Spoken] = field(default_factory=_Shelf)
    joined: dict[_Key, AnalysedDay] = field(default_factory=dict)  # with today, as it last was

    def keep(self, shelf: _Shelf[Held], key: _Key, held: Held, size: int) -> None:
        """Remember one more, and forget what is too much: whole periods first, they are large."""
        for known in [one for one in shelf.held if _same_question(one, key)]:
            del shelf.held[known]
        shelf.held[key] = held, size
        while self.whole.bytes + self.counts.bytes > _MOST_BYTES:
            oldest = self.whole if self.whole.held else self.counts
            oldest.held.popitem(last=False)
        for known in self.joined.keys() - self.whole.held.keys():
            del self.joined[known]


_MEMORIES: WeakKeyDictionary[Database, _Memory] = WeakKeyDictionary()


async def understood(
    desk: Desk,
    group_ids: Collection[int],
    period: Period,
    members: Collection[int] | None = None,
) -> AnalysedDay:
    """What fans said in these groups in the period, as far as it has been read.

    Stale days count as they were read; who asked for no record is left out. With `members`, only
    what these said.
    """
    key = await _key(desk, group_ids, period, members)
    finished = await _finished(desk, key)
    if not _holds_today(desk, period):
        return finished
    running = await today_read.understood_today(desk, group_ids)
    if members is not None:
        running = running.only(members)
    memory = _MEMORIES.setdefault(desk.database, _Memory())
    known = memory.joined.get(key)
    joined = await asyncio.to_thread(packed.join, finished, running, known)
    if key in memory.whole.held:
        memory.joined[key] = joined
    return joined


async def spoken_in(
    desk: Desk,
    group_ids: Collection[int],
    period: Period,
    members: Collection[int] | None = None,
) -> Spoken:
    """How many said what, as `understood` understands it: enough to compare with."""
    if _holds_today(desk, period):
        found = await understood(desk, group_ids, period, members)
        return await asyncio.to_thread(spoken, found)
    memory = _MEMORIES.setdefault(desk.database, _Memory())
    key = await _key(desk, group_ids, period, members)
    known = memory.counts.recall(key)
    if known is None:
        whole = memory.whole.recall(key) or await _merged(desk, key)
        known = await asyncio.to_thread(spoken, whole)
        keys = len(known.terms) + len(known.aspects) + len(known.demands)
        memory.keep(memory.counts, key, known, _SPOKEN_BYTES * keys)
    return known


def _holds_today(desk: Desk, period: Period) -> bool:
    return period.first <= today(desk) <= period.last


async def _key(
    desk: Desk, group_ids: Collection[int], period: Period, only: Collection[int] | None
) -> _Key:
    async with desk.database.reading() as connection:
        return _Key(
            frozenset(group_ids),
            period,
            None if only is None else frozenset(only),
            frozenset(await members.unrecorded(connection)),
            await analysis.standing(
                connection, group_ids, period.first, period.last, but=today(desk)
            ),
        )


def _same_question(one: _Key, other: _Key) -> bool:
    """Whether two keys tell of the same days, so that the older answer is worth nothing."""
    return (one.groups, one.period, one.members) == (other.groups, other.period, other.members)


async def _finished(desk: Desk, key: _Key) -> AnalysedDay:
    memory = _MEMORIES.setdefault(desk.database, _Memory())
    found = memory.whole.recall(key)
    if found is None:
        found = await _merged(desk, key)
        memory.keep(memory.whole, key, found, packed.size(found))
    return found


async def _merged(desk: Desk, key: _Key) -> AnalysedDay:
    """The days as one period, read group by group: no more documents are in memory at once."""
    first, last, now = key.period.first, key.period.last, today(desk)
    async with desk.database.reading() as connection:
        states = await analysis.day_states(connection, key.groups, first, last)
    by_group: dict[int, list[date]] = {}
    for one in states:
        if one.version != UNREAD and one.day != now:
            by_group.setdefault(one.group_id, []).append(one.day)
    merging = Merging(only=key.members, without=key.unrecorded)
    for group_id, days in sorted(by_group.items()):
        async with desk.database.reading() as connection:
            texts = await analysis.bodies(connection, group_id, days)
        await asyncio.to_thread(take_texts, merging, texts.values())
    return await asyncio.to_thread(merging.close)


def forget(desk: Desk) -> None:
    """Remember nothing of this database's days any more: a process that starts knows nothing."""
    _MEMORIES.pop(desk.database, None)
    today_read.forget(desk)
