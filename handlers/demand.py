"""The demand report of a shop: from what was understood of its days to one value.

What is unread is read first, if it is little (`reading_days`); more than that is left to the
readers in the background (`rereading`), and a report tells how far they are (`progress`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from functools import lru_cache, partial

from handlers.desk import Desk
from handlers.period import Period
from handlers.periods_read import understood
from handlers.reading_days import read_some
from insights.background import Background
from insights.masking import mask
from insights.report import DemandReport, demand_report
from storage import members, messages
from storage.groups import Group
from storage.messages import Quote

_READ_AT_ONCE = 5_000  # messages that a report reads by itself: half a second or so


async def report(desk: Desk, groups: Sequence[Group], period: Period) -> DemandReport:
    """What fans in these groups care about, mind, like, dislike and ask for in the period.

    Quotes are masked. Changes are against the period of the same length before. What is still
    unread is missing, and what is stale counts as it was read: see `handlers.progress`.
    """
    ids = [group.id for group in groups]
    both = Period(period.before().first, period.last)
    await read_some(desk, ids, both, _READ_AT_ONCE)
    now = await understood(desk, ids, period)
    before = await understood(desk, ids, period.before())
    speakers = now.messages.keys() | before.messages.keys()
    async with desk.database.reading() as connection:
        names = await members.names_in(connection, ids, speakers)
    find = partial(demand_report, [now], [before], _background(), names=names)
    found = await asyncio.to_thread(find)
    async with desk.database.reading() as connection:
        quoted = await messages.quotes(connection, sorted(found.quoted()))
    texts = await asyncio.to_thread(_masked, quoted, names)
    return found.with_quotes(texts)


def _masked(quoted: Sequence[Quote], names: Collection[str]) -> dict[int, str]:
    """Message id → its text without anything that tells who somebody is.

    Fans call each other by name, too; a name of one character is a word more often than a name.
    """
    return {
        one.id: mask(one.text, [name for name in names if len(name) > 1 and name in one.text])
        for one in quoted
    }


@lru_cache(maxsize=1)
def _background() -> Background:
    return Background()
