"""Steering: what a manager does to all deliveries of a campaign, or to those that ended badly.

Each of these takes the lanes first, so that no sender is in the middle of a decision; what is
under way at a platform is never touched.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bells import Bell, ring
from storage.deliveries import DeliveryState
from storage.lanes import hold_lanes
from storage.tables import deliveries


async def cancel_planned(
    connection: AsyncConnection, campaign_id: int, reason: str, at: datetime
) -> int:
    """Cancel what a campaign still has planned; how many. What is under way is not touched."""
    await hold_lanes(connection)
    gone = await connection.execute(
        update(deliveries)
        .where(
            deliveries.c.campaign_id == campaign_id,
            deliveries.c.state == DeliveryState.PLANNED,
        )
        .values(state=DeliveryState.CANCELLED, reason=reason, moved_at=at)
    )
    await ring(connection, Bell.STOP)
    return gone.rowcount


async def release(
    connection: AsyncConnection,
    reasons: Collection[str],
    at: datetime,
    campaign_id: int | None = None,
) -> int:
    """Let go at once what was put off for one of these reasons, of one campaign or of all.

    Only what was due already is ever put off by a decision, so nothing leaves too early.
    """
    held = (
        update(deliveries)
        .where(
            deliveries.c.state == DeliveryState.PLANNED,
            deliveries.c.reason.in_(list(reasons)),
            deliveries.c.not_before > at,
        )
        .values(not_before=at, moved_at=at)
    )
    if campaign_id is not None:
        held = held.where(deliveries.c.campaign_id == campaign_id)
    freed = await connection.execute(held)
    await ring(connection, Bell.SENDERS)
    return freed.rowcount
