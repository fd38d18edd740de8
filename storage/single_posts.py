"""One post of a campaign, steered by a manager: left out, taken back in, or moved.

A post that is left out stays so whatever the campaign says later; what of it is planned is
cancelled. What is under way at a platform is never touched. Only a person undoes what a person did.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, literal_column, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bells import Bell, ring
from storage.campaigns import change, hold
from storage.deliveries import DeliveryState
from storage.tables import content_versions, deliveries

LEFT_OUT = "left_out"
"""Why a delivery was cancelled: a manager left this one post out."""

# Written into the statement, for the index over what is planned; see due.py.
_PLANNED = deliveries.c.state == literal_column("'planned'")


@dataclass(frozen=True, slots=True)
class SlotStands:
    """How the deliveries of one slot stand: how many wait, and how many have left or ended.

    `approved` of those that wait say an approved version.
    """

    planned: int = 0
    approved: int = 0
    gone: int = 0


async def slot_stands(connection: AsyncConnection, campaign_id: int, slot: str) -> SlotStands:
    """How far a slot of a campaign has got; nothing where it is not planned yet."""
    waits = deliveries.c.state == DeliveryState.PLANNED
    row = (
        await connection.execute(
            select(
                func.count().filter(waits),
                func.count().filter(waits, content_versions.c.approved_at.is_not(None)),
                func.count().filter(~waits, deliveries.c.state != DeliveryState.CANCELLED),
            )
            .join_from(deliveries, content_versions)
            .where(_of(campaign_id, slot))
        )
    ).one()
    return SlotStands(*row)


async def slots_waiting(connection: AsyncConnection, campaign_id: int) -> list[str]:
    """The slots of a campaign of which something is planned in words that nobody approved."""
    found = await connection.scalars(
        select(deliveries.c.slot)
        .distinct()
        .join(content_versions, content_versions.c.id == deliveries.c.version_id)
        .where(
            deliveries.c.campaign_id == campaign_id,
            _PLANNED,
            content_versions.c.approved_at.is_(None),
        )
    )
    return list(found)


async def slots_gone(
    connection: AsyncConnection, campaign_ids: Sequence[int]
) -> dict[int, set[str]]:
    """Campaign → the slots of which something has reached a platform, as far as anybody knows."""
    reached = (DeliveryState.SENDING, DeliveryState.SENT, DeliveryState.UNCERTAIN)
    rows = await connection.execute(
        select(deliveries.c.campaign_id, deliveries.c.slot)
        .distinct()
        .where(deliveries.c.campaign_id.in_(list(campaign_ids)), deliveries.c.state.in_(reached))
    )
    found: dict[int, set[str]] = {}
    for row in rows:
        found.setdefault(row.campaign_id, set()).add(row.slot)
    return found


async def slots_planned(
    connection: AsyncConnection, campaign_id: int
) -> dict[str, tuple[int, datetime]]:
    """Slot → how many deliveries of it are planned, and the moment of the first."""
    rows = await connection.execute(
        select(deliveries.c.slot, func.count(), func.min(deliveries.c.not_before))
        .where(deliveries.c.campaign_id == campaign_id, _PLANNED)
        .group_by(deliveries.c.slot)
    )
    return {slot: (count, at) for slot, count, at in rows}


async def leave_out(connection: AsyncConnection, campaign_id: int, slot: str, at: datetime) -> int:
    """Leave a slot out; how many deliveries were cancelled for it.

    Raises:
        LookupError: there is no such campaign.
    """
    before = await hold(connection, campaign_id)
    if slot not in before.skipped:
        await change(connection, campaign_id, skipped=[*before.skipped, slot])
    gone = await connection.execute(
        update(deliveries)
        .where(_of(campaign_id, slot), _PLANNED)
        .values(state=DeliveryState.CANCELLED, reason=LEFT_OUT, moved_at=at)
    )
    await ring(connection, Bell.STOP)
    return gone.rowcount


async def take_in(connection: AsyncConnection, campaign_id: int, slot: str, at: datetime) -> int:
    """Let a slot that was left out go out after all; how many deliveries are planned again.

    Those that were planned already come back as long as they are valid; the planner plans the
    others when their moment comes.

    Raises:
        LookupError: there is no such campaign.
    """
    before = await hold(connection, campaign_id)
    kept = [one for one in before.skipped if one != slot]
    await change(connection, campaign_id, skipped=kept or None)
    back = await connection.execute(
        update(deliveries)
        .where(
            _of(campaign_id, slot),
            deliveries.c.state == DeliveryState.CANCELLED,
            deliveries.c.reason == LEFT_OUT,
            deliveries.c.not_after >= at,
        )
        .values(state=DeliveryState.PLANNED, reason=None, version_id=before.version_id, moved_at=at)
    )
    await ring(connection, Bell.PLANNER)
    await ring(connection, Bell.SENDERS)
    return back.rowcount


async def move_planned(
    connection: AsyncConnection,
    campaign_id: int,
    slot: str,
    not_before: datetime,
    not_after: datetime,
    *,
    at: datetime,
) -> int:
    """Give what is planned of a slot another window; how many.

    The caller holds the campaign (see `campaigns.hold`), and knows that nothing of it was approved
    for another moment.
    """
    moved = await connection.execute(
        update(deliveries)
        .where(_of(campaign_id, slot), _PLANNED)
        .values(not_before=not_before, not_after=not_after, reason=None, moved_at=at)
    )
    await ring(connection, Bell.SENDERS)
    return moved.rowcount


def _of(campaign_id: int, slot: str) -> ColumnElement[bool]:
    return and_(deliveries.c.campaign_id == campaign_id, deliveries.c.slot == slot)
