"""The people of a trial: those of its segment, and the arms that its recipients have already.

Whoever had an arm of a campaign keeps it, whatever is edited later and whoever leaves the segment.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Column, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.audiences import Whom
from storage.bulk import among
from storage.deliveries import DeliveryState
from storage.segments import Segment, people_in
from storage.slots import PlannedSlot
from storage.tables import deliveries, members


async def those_in(
    connection: AsyncConnection, segment: Segment, customer_ids: Collection[int], now: datetime
) -> frozenset[int]:
    """Those of these customers who are in a segment at a moment."""
    found = await connection.scalars(
        select(members.c.customer_id)
        .where(among(members.c.customer_id, customer_ids), people_in(segment, now))
        .distinct()
    )
    return frozenset(found)


async def arms_had(
    connection: AsyncConnection,
    slot: PlannedSlot,
    meant: Whom,
    beyond_reach: Collection[str],
) -> dict[int, str | None]:
    """Customer, or group → the variant of their first delivery; None: the only one.

    What was left out for a reason `beyond_reach` gave nobody an arm, nor did what still waits, but
    in another slot of the version that `slot` is planned with.
    """
    owner: Column[int] = members.c.customer_id if meant.in_private else deliveries.c.group_id
    found = select(owner, deliveries.c.variant).where(
        # Behind the zero no index of campaigns is used: these few are found by who they are.
        deliveries.c.campaign_id + 0 == slot.campaign_id,
        or_(
            deliveries.c.state.in_(_BEGUN),
            and_(
                deliveries.c.state == DeliveryState.SKIPPED,
                deliveries.c.reason.not_in(list(beyond_reach)),
            ),
            and_(
                deliveries.c.state == DeliveryState.PLANNED,
                deliveries.c.version_id == slot.version_id,
                deliveries.c.slot != slot.slot,
            ),
        ),
    )
    if meant.in_private:
        theirs = deliveries.join(members, members.c.id == deliveries.c.member_id)
        found = found.select_from(theirs).where(among(owner, meant.customers))
    else:
        found = found.where(among(owner, {group for group, _ in meant.aims}))
    began = func.coalesce(deliveries.c.began_at, deliveries.c.not_before)
    had: dict[int, str | None] = {}
    for identity, variant in await connection.execute(found.order_by(began, deliveries.c.id)):
        had.setdefault(identity, variant)
    return had


_BEGUN = (
    DeliveryState.SENDING,
    DeliveryState.SENT,
    DeliveryState.UNCERTAIN,
    DeliveryState.FAILED,
)
