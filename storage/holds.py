"""Holds: what only a person lifts, by approving, by resuming a campaign, by ending 急停.

A sender puts off what is held to just behind its end, with the reason, so that it costs nothing
meanwhile; whoever lifts the hold makes it due again (`steering.release`). Both happen while the
sender's lane is guarded or held, so one of them comes first: a sender that decided before a hold
was lifted, and records it after, finds here that the reason is gone.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import among
from storage.deliveries import DeliveryState, Move
from storage.tables import campaigns, content_versions, deliveries, shops

NOT_APPROVED = "not_approved"
CAMPAIGN_PAUSED = "campaign_paused"
HALTED = "halted"
"""Why a delivery is held: its version waits for approval, its campaign is paused, 急停."""

HOLDS = frozenset({NOT_APPROVED, CAMPAIGN_PAUSED, HALTED})


async def still_standing(connection: AsyncConnection, moves: Sequence[Move]) -> Sequence[Move]:
    """The moves without those that put off what nobody holds any more: that stays due.

    The caller guards the lane in the same transaction.
    """
    held = {
        one.delivery_id: one.reason
        for one in moves
        if one.state is DeliveryState.PLANNED and one.reason in HOLDS
    }
    if not held:
        return moves
    rows = await connection.execute(
        select(
            deliveries.c.id,
            content_versions.c.approved_at.is_(None).label(NOT_APPROVED),
            (campaigns.c.state == "paused").label(CAMPAIGN_PAUSED),
            shops.c.halted_at.is_not(None).label(HALTED),
        )
        .select_from(
            deliveries.join(content_versions, content_versions.c.id == deliveries.c.version_id)
            .join(campaigns, campaigns.c.id == deliveries.c.campaign_id)
            .join(shops, shops.c.id == campaigns.c.shop_id)
        )
        .where(among(deliveries.c.id, held))
    )
    lifted = {row.id for row in rows if not getattr(row, str(held[row.id]))}
    return [one for one in moves if one.delivery_id not in lifted]
