"""What was understood of a period, merged from its days and remembered until one of them changes.

A report asks for the same weeks again and again, and only today changes from minute to minute. So
finished days are merged once and kept in memory, for the few periods that were asked for last and
as long as they are small enough; of today only what is new is read.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from weakref import WeakKeyDictionary

from handlers.desk import Desk
from handlers.period import Period, day_bounds, today
from handlers.reading_days import in_thread, texts_of, version_now
from insights.days import AnalysedDay, Merging, Utterance, merge_days
from insights.documents import merge_texts, take_texts
from storage import analysis, members
from storage.analysis import UNREAD, DayState
from storage.database import Database
from storage.said import SaidSoFar, said_after, said_so_far

_REMEMBERED = 4  # periods
_MOST_COUNTS = 3_000_000  # of one member and one thing each, in all periods together: some 200 MB

_Key = tuple[frozenset[tuple[int, date, int, str, bool]], tuple[int, ...]]


@dataclass(slots=True)
class _Memory:
    """What this process remembers of one database's days."""

    periods: OrderedDict[_Key, AnalysedDay] = field(default_factory=OrderedDict)
    todays: dict[int, _Today] = field(default_factory=dict)

    def keep(self, key: _Key, merged: AnalysedDay) -> None:
        """Remember a period, and forget those that were asked for longest ago."""
        self.periods[key] = merged
        while self.periods and (
            len(self.periods) > _REMEMBERED or sum(map(_size, self.periods.values())) > _MOST_COUNTS
        ):
            self.periods.popitem(last=False)

    def recall(self, key: _Key) -> AnalysedDay | None:
        """What is remembered of a period."""
        found = self.periods.get(key)
        if found is not None:
            self.periods.move_to_end(key)
        return found


@dataclass(frozen=True, slots=True)
class _Today:
    """What was understood of a group's unfinished day, as far as it had been said."""

    day: date
    version: str
    said: SaidSoFar
    read: AnalysedDay


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
    found = await _finished(desk, group_ids, period)
    if period.first <= today(desk) <= period.last:
        running = await _today(desk, group_ids)
        found = await asyncio.to_thread(merge_days, [found, *running])
    return found if members is None else await asyncio.to_thread(found.only, members)


async def _finished(desk: Desk, group_ids: Collection[int], period: Period) -> AnalysedDay:
    memory = _MEMORIES.setdefault(desk.database, _Memory())
    now = today(desk)
    async with desk.database.reading() as connection:
        states = [
            one
            for one in await analysis.day_states(connection, group_ids, period.first, period.last)
            if one.version != UNREAD and one.day != now
        ]
        unrecorded = await members.unrecorded(connection)
    key = (
        frozenset((s.group_id, s.day, s.claim, s.version, s.dirty) for s in states),
        tuple(unrecorded),
    )
    found = memory.recall(key)
    if found is None:
        found = _without(await _merged(desk, states), unrecorded)
        memory.keep(key, found)
    return found


async def _merged(desk: Desk, states: Sequence[DayState]) -> AnalysedDay:
    """The days as one period, read group by group: no more documents are in memory at once."""
    by_group: dict[int, list[date]] = {}
    for one in states:
        by_group.setdefault(one.group_id, []).append(one.day)
    merging = Merging()
    for group_id, days in sorted(by_group.items()):
        async with desk.database.reading() as connection:
            texts = await analysis.bodies(connection, group_id, days)
        await asyncio.to_thread(take_texts, merging, texts.values())
    return await asyncio.to_thread(merging.close)


async def _today(desk: Desk, group_ids: Collection[int]) -> list[AnalysedDay]:
    """What was understood of today in each group; only what is new is read."""
    memory = _MEMORIES.setdefault(desk.database, _Memory())
    day, version = today(desk), version_now(desk)
    since, until = day_bounds(desk, day)
    async with desk.database.reading() as connection:
        said = await said_so_far(connection, group_ids, since, until)
    found = []
    for group_id, now in said.items():
        known = memory.todays.get(group_id)
        if known is None or (known.day, known.version, known.said) != (day, version, now):
            if known is not None and (known.day, known.version) != (day, version):
                known = None
            known = await _read_on(desk, group_id, day, now, known)
            memory.todays[group_id] = known
        found.append(known.read)
    return found


async def _read_on(
    desk: Desk, group_id: int, day: date, now: SaidSoFar, known: _Today | None
) -> _Today:
    """Today's reading with what is new; from the start, where what was read has changed."""
    since, until = day_bounds(desk, day)
    read = AnalysedDay()
    fresh: list[Utterance] | None = None
    if known is not None:
        async with desk.database.reading() as connection:
            new = await said_after(connection, group_id, since, until, known.said.newest)
        before = now.messages - len(new), now.members - sum(one.member_id for one in new)
        same_edit = now.edited_at == known.said.edited_at
        if same_edit and before == (known.said.messages, known.said.members):
            read = known.read
            fresh = [
                Utterance(one.id, one.member_id, one.at, one.text, one.reply_to) for one in new
            ]
    if fresh is None:
        fresh = await texts_of(desk, group_id, day)
    if fresh:
        reading = await in_thread(desk)(fresh)
        read = await asyncio.to_thread(lambda: merge_days([read, merge_texts([reading.body])]))
    return _Today(day, version_now(desk), now, read)


def _without(day: AnalysedDay, unrecorded: Collection[int]) -> AnalysedDay:
    """The period without those who asked for no record: what they said may be gone by now."""
    for member in day.messages.keys() & set(unrecorded):
        day = day.without(member)
    return day


def _size(day: AnalysedDay) -> int:
    """How many counts, of one member and one thing each, a period holds."""
    return sum(
        len(tally.members)
        for tallies in (day.terms, day.aspects, day.demands)
        for tally in tallies.values()
    )


def forget(desk: Desk) -> None:
    """Remember nothing of this database's days any more: a process that starts knows nothing."""
    _MEMORIES.pop(desk.database, None)
