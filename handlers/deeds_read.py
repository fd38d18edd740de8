"""What fans did for others, recommend and answer, read from their words one group's day at a time.

Only one day of one group is in memory while it is read. What was done on a finished day is
remembered in this process for as long as nothing changes there, because the same weeks are asked
for every night.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Collection
from datetime import date
from weakref import WeakKeyDictionary

from handlers.desk import Desk
from handlers.period import Period, day_bounds, today
from handlers.reading_days import texts_of, version_now
from insights.people import Deeds, join_deeds, read_deeds
from storage import analysis
from storage.analysis import UNREAD, DayState
from storage.database import Database

_REMEMBERED = 20_000  # days of groups; of most nobody recommended or answered anything

_Key = tuple[int, date, int, str]
_MEMORIES: WeakKeyDictionary[Database, OrderedDict[_Key, Deeds]] = WeakKeyDictionary()


async def deeds_in(desk: Desk, group_ids: Collection[int], period: Period) -> Deeds:
    """Who recommended and who answered in these groups in the period, as far as texts are kept."""
    memory = _MEMORIES.setdefault(desk.database, OrderedDict())
    spans = {day: day_bounds(desk, day) for day in period.days}
    async with desk.database.reading() as connection:
        spoken = await analysis.spoken_days(connection, group_ids, spans)
        states = {
            (one.group_id, one.day): one
            for one in await analysis.day_states(connection, group_ids, period.first, period.last)
        }
    found = []
    for group_id, day in sorted(spoken):
        key = _key(desk, states.get((group_id, day)))
        deeds = None if key is None else memory.get(key)
        if deeds is None:
            said = await texts_of(desk, group_id, day)
            deeds = await asyncio.to_thread(read_deeds, said, desk.segmenter, desk.lexicon)
        if key is not None:
            memory[key] = deeds
            memory.move_to_end(key)
        found.append(deeds)
    while len(memory) > _REMEMBERED:
        memory.popitem(last=False)
    return join_deeds(found)


def _key(desk: Desk, state: DayState | None) -> _Key | None:
    """What tells that a finished day is as it was; None of one that may change unnoticed."""
    if state is None or state.version == UNREAD or state.dirty or state.day == today(desk):
        return None
    return state.group_id, state.day, state.claim, version_now(desk)
