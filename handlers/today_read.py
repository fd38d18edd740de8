"""What was understood of the day that is not over: only what is new in it is read.

What fans said so far is remembered group by group as it was understood. An edit, a wish not to be
recorded or anything else that changes what was said before has the group's day read anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from weakref import WeakKeyDictionary

from handlers.desk import Desk
from handlers.period import day_bounds, today
from handlers.reading_days import in_thread, texts_of, version_now
from insights.days import AnalysedDay, Utterance, merge_days
from insights.documents import merge_texts
from storage.database import Database
from storage.said import SaidSoFar, said_after, said_so_far

_JOINED = 8  # choices of groups


@dataclass(frozen=True, slots=True)
class _Today:
    """What was understood of a group's unfinished day, as far as it had been said.

    `news` is what came last, on top of what was said `before`; None where all was read anew.
    """

    day: date
    version: str
    said: SaidSoFar
    read: AnalysedDay
    before: SaidSoFar | None = None
    news: AnalysedDay | None = None


@dataclass(frozen=True, slots=True)
class _Joined:
    """The unfinished days of some groups as one, and how far each had been said."""

    day: date
    version: str
    said: Mapping[int, SaidSoFar]
    read: AnalysedDay


@dataclass(frozen=True, slots=True)
class _Memory:
    """What this process remembers of one database's unfinished day."""

    groups: dict[int, _Today] = field(default_factory=dict)
    joined: dict[frozenset[int], _Joined] = field(default_factory=dict)


_MEMORIES: WeakKeyDictionary[Database, _Memory] = WeakKeyDictionary()


async def understood_today(desk: Desk, group_ids: Collection[int]) -> AnalysedDay:
    """What fans said today in these groups, all of it."""
    memory = _MEMORIES.setdefault(desk.database, _Memory())
    day, version = today(desk), version_now(desk)
    since, until = day_bounds(desk, day)
    async with desk.database.reading() as connection:
        said = await said_so_far(connection, group_ids, since, until)
        known = {
            group_id: memory.groups[group_id]
            for group_id in said
            if group_id in memory.groups
            and (memory.groups[group_id].day, memory.groups[group_id].version) == (day, version)
        }
        newest = {
            group_id: one.said.newest
            for group_id, one in known.items()
            if one.said != said[group_id]
        }
        new = await said_after(connection, newest, since, until)
    read: dict[int, _Today] = {}
    for group_id, so_far in said.items():
        one = known.get(group_id)
        if one is not None and one.said == so_far:
            read[group_id] = one
            continue
        fresh = [Utterance(u.id, u.member_id, u.at, u.text) for u in new.get(group_id, [])]
        if one is not None and _stands(one.said, so_far, fresh):
            read[group_id] = await _read_on(desk, one, so_far, fresh)
        else:
            everything = await texts_of(desk, group_id, day)
            read[group_id] = _Today(day, version, so_far, await _read(desk, everything))
        memory.groups[group_id] = read[group_id]
    return await asyncio.to_thread(_together, memory, read, day, version)


def _stands(known: SaidSoFar, now: SaidSoFar, new: Sequence[Utterance]) -> bool:
    """Whether what was read still stands, with only `new` messages behind it."""
    before = now.messages - len(new), now.members - sum(one.member for one in new)
    return now.edits == known.edits and before == (known.messages, known.members)


async def _read_on(
    desk: Desk, known: _Today, so_far: SaidSoFar, fresh: Sequence[Utterance]
) -> _Today:
    news = await _read(desk, fresh)
    read = await asyncio.to_thread(merge_days, [known.read, news])
    return _Today(known.day, known.version, so_far, read, known.said, news)


async def _read(desk: Desk, said: Sequence[Utterance]) -> AnalysedDay:
    """What was understood of these, as plain tallies: they are merged again and again."""
    reading = await in_thread(desk)(said)
    return await asyncio.to_thread(lambda: merge_days([merge_texts([reading.body])]))


def _together(memory: _Memory, read: Mapping[int, _Today], day: date, version: str) -> AnalysedDay:
    """The groups' days as one: the one that is remembered and what is new, where that is all."""
    groups = frozenset(read)
    known = memory.joined.get(groups)
    news: list[AnalysedDay] | None = None
    if known is not None and (known.day, known.version) == (day, version):
        changed = [group_id for group_id in groups if known.said[group_id] != read[group_id].said]
        if not changed:
            return known.read
        found = [
            read[group_id].news
            for group_id in changed
            if read[group_id].before == known.said[group_id]
        ]
        if len(found) == len(changed):
            news = [known.read, *(one for one in found if one is not None)]
    together = merge_days(news or [one.read for one in read.values()])
    said = {group_id: one.said for group_id, one in read.items()}
    memory.joined.pop(groups, None)
    memory.joined[groups] = _Joined(day, version, said, together)
    while len(memory.joined) > _JOINED:
        del memory.joined[next(iter(memory.joined))]
    return together


def forget(desk: Desk) -> None:
    """Remember nothing of this database's day any more."""
    _MEMORIES.pop(desk.database, None)
