"""The days on which the shop's members hear of their day from a programme, and in which groups.

A shop may keep a members' day as a day of its own (`/shopday 会员日 每月18`), and run the programme
of that name. One word a day about it is enough: where the programme speaks, no greeting does.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.moved_posts import posts_by_slot
from scheduler.own_days import OwnKind
from scheduler.wall_time import zone_named
from storage.audiences import aims_of
from storage.campaigns import StoredCampaign
from storage.running_programmes import RunningProgramme


async def members_days(
    connection: AsyncConnection,
    shop_id: int,
    on: Iterable[RunningProgramme],
    standing: Iterable[StoredCampaign],
) -> dict[date, set[int]]:
    """Local day → the ids of the groups in which the programme, approved, posts on it.

    `on` are the programmes that are on, `standing` the campaigns that stand. The programme is known
    by its key, which is the kind that such a day of the shop's own has.
    """
    running = {one.id for one in on if one.key == OwnKind.MEMBER_DAY}
    found: dict[date, set[int]] = {}
    for one in standing:
        heard = one.approved_version is not None and one.audience.segment is None
        if one.running_id not in running or not heard:
            continue
        groups = {group for group, _ in await aims_of(connection, shop_id, one.audience)}
        zone = zone_named(one.zone)
        for post in posts_by_slot(one).values():
            found.setdefault(post.at.astimezone(zone).date(), set()).update(groups)
    return found
