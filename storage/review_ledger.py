"""What the ledger tells of campaigns that are looked back on, post by post.

A review is of one campaign or of all campaigns of a programme, and of parts of them: single posts,
or a programme's phases. Here the deliveries are counted; what fans did after them is counted in
`aftermath.py`. Nothing is written.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, union
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.deliveries import DeliveryState
from storage.tables import campaigns, deliveries, groups, memberships


@dataclass(frozen=True, slots=True)
class Stand:
    """How many deliveries of one post stand so, and how many of them were taken back since.

    `since` is when the first was begun or due, `until` when the last was.
    """

    campaign_id: int
    slot: str
    in_private: bool
    state: DeliveryState
    reason: str | None
    count: int
    since: datetime
    until: datetime
    recalled: int = 0


_SINCE = func.coalesce(deliveries.c.began_at, deliveries.c.not_before)


async def stands(connection: AsyncConnection, campaign_ids: Collection[int]) -> list[Stand]:
    """The deliveries of these campaigns by post, state and reason; the earliest post first."""
    in_private = deliveries.c.member_id.is_not(None).label("in_private")
    since = func.min(_SINCE)
    kinds = (
        deliveries.c.campaign_id,
        deliveries.c.slot,
        in_private,
        deliveries.c.state,
        deliveries.c.reason,
    )
    rows = await connection.execute(
        select(*kinds, func.count(), since, func.max(_SINCE), func.count(deliveries.c.recalled_at))
        .where(deliveries.c.campaign_id.in_(list(campaign_ids)))
        .group_by(*kinds)
        .order_by(since, deliveries.c.campaign_id, deliveries.c.slot, deliveries.c.state)
    )
    return [
        Stand(campaign, slot, bool(private), DeliveryState(state), reason, *counted)
        for campaign, slot, private, state, reason, *counted in rows
    ]


async def groups_concerned(
    connection: AsyncConnection, campaign_ids: Collection[int]
) -> frozenset[int]:
    """The groups that they spoke to, and those of their shop where those sit whom they wrote to."""
    which = deliveries.c.campaign_id.in_(list(campaign_ids))
    shop = select(campaigns.c.shop_id).where(campaigns.c.id.in_(list(campaign_ids)))
    spoken_to = select(deliveries.c.group_id).where(which, deliveries.c.group_id.is_not(None))
    theirs = (
        select(memberships.c.group_id)
        .join(deliveries, deliveries.c.member_id == memberships.c.member_id)
        .join(groups, groups.c.id == memberships.c.group_id)
        .where(which, memberships.c.left_at.is_(None), groups.c.shop_id.in_(shop))
    )
    found = await connection.scalars(union(spoken_to, theirs))
    return frozenset(found)
