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
from handlers.periods_read import spoken_in, understood
from handlers.reading_days import read_some
from insights.background import Background
from insights.masking import mask_texts
from insights.report import DemandReport, demand_report
from storage import messages
from storage.groups import Group
from storage.seats import names_in

_PERIODS_BEFORE = 4  # fewer show little of how talk wavers
_READ_AT_ONCE = 5_000  # messages that a report reads by itself: half a second or so


async def report(
    desk: Desk,
    groups: Sequence[Group],
    period: Period,
    *,
    members: Collection[int] | None = None,
    against: Period | None = None,
) -> DemandReport:
    """What fans in these groups care about, mind, like, dislike and ask for in the period.

    Changes are against `compared_with(period, against)`. Quotes are masked. What is still unread
    is missing, and what is stale counts as it was read: see `handlers.progress`.

    Args:
        desk: the shop.
        groups: where it was said.
        period: when it was said.
        members: a segment: only what these members said; None for what everybody did.
        against: compare with this period alone.
    """
    ids = [group.id for group in groups]
    earlier = compared_with(period, against)
    left = await read_some(desk, ids, period, _READ_AT_ONCE)
    await read_some(desk, ids, Period(earlier[0].first, earlier[-1].last), left)
    now = await understood(desk, ids, period, members)
    before = [await spoken_in(desk, ids, one, members) for one in earlier]
    speakers = now.messages.keys()
    async with desk.database.reading() as connection:
        names = await names_in(connection, ids, speakers)
    find = partial(demand_report, now, before, _background(), desk.lexicon, names=names)
    found = await asyncio.to_thread(find)
    async with desk.database.reading() as connection:
        quoted = await messages.quotes(connection, sorted(found.quoted()))
    plain = {one.id: one.text for one in quoted}
    texts = await asyncio.to_thread(mask_texts, plain, names)
    return found.with_quotes(texts)


def compared_with(period: Period, against: Period | None = None) -> list[Period]:
    """The periods that a report compares with, the earliest first.

    They are the four of the same length right before, or the one that is asked for.
    """
    return period.before_it(_PERIODS_BEFORE) if against is None else [against]


@lru_cache(maxsize=1)
def _background() -> Background:
    return Background()
