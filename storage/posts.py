"""Posts that reached their groups or people, as a manager may want them back (撤回)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.deliveries import DeliveryState
from storage.tables import campaigns, deliveries, groups, members


@dataclass(frozen=True, slots=True)
class SentPost:
    """A post that reached its group or (`in_private`) fan of this name, as it can be taken back."""

    id: int
    account: str
    address: str
    name: str
    receipt: str
    key: str
    in_private: bool


_NAME = func.coalesce(groups.c.name, members.c.name)
_WITH_NAMES = deliveries.outerjoin(groups, groups.c.id == deliveries.c.group_id).outerjoin(
    members, members.c.id == deliveries.c.member_id
)


async def sent_posts(connection: AsyncConnection, campaign_id: int) -> list[SentPost]:
    """The posts of a campaign that were sent and not taken back yet."""
    rows = await connection.execute(
        select(
            deliveries.c.id,
            deliveries.c.account,
            deliveries.c.address,
            _NAME,
            deliveries.c.receipt,
            deliveries.c.key,
            deliveries.c.group_id.is_(None),
        )
        .select_from(_WITH_NAMES)
        .where(
            deliveries.c.campaign_id == campaign_id,
            deliveries.c.state == DeliveryState.SENT,
            deliveries.c.receipt.is_not(None),
            deliveries.c.recalled_at.is_(None),
        )
        .order_by(_NAME, deliveries.c.id)
    )
    return [SentPost(*row) for row in rows]


async def mark_recalled(connection: AsyncConnection, ids: Sequence[int], at: datetime) -> None:
    """Note that these posts were taken back."""
    await connection.execute(
        update(deliveries).where(deliveries.c.id.in_(list(ids))).values(recalled_at=at)
    )


async def latest_campaign_sent(connection: AsyncConnection, shop_id: int) -> int | None:
    """The campaign that sent something most recently."""
    found = await connection.execute(
        select(deliveries.c.campaign_id)
        .select_from(deliveries.join(campaigns, campaigns.c.id == deliveries.c.campaign_id))
        .where(
            campaigns.c.shop_id == shop_id,
            deliveries.c.state == DeliveryState.SENT,
            deliveries.c.recalled_at.is_(None),
        )
        .order_by(deliveries.c.moved_at.desc(), deliveries.c.id.desc())
        .limit(1)
    )
    campaign: int | None = found.scalar_one_or_none()
    return campaign


@dataclass(frozen=True, slots=True)
class Sent:
    """One post to a group, or (`in_private`) a fan, as the calendar of what went out shows it."""

    at: datetime
    campaign: str
    slot: str
    version_id: int
    name: str
    in_private: bool


async def all_sent(connection: AsyncConnection) -> list[Sent]:
    """Every post that was sent, the oldest first."""
    rows = await connection.execute(
        select(
            deliveries.c.moved_at,
            campaigns.c.name,
            deliveries.c.slot,
            deliveries.c.version_id,
            _NAME,
            deliveries.c.group_id.is_(None),
        )
        .select_from(_WITH_NAMES.join(campaigns, campaigns.c.id == deliveries.c.campaign_id))
        .where(deliveries.c.state == DeliveryState.SENT)
        .order_by(deliveries.c.moved_at, _NAME, deliveries.c.id)
    )
    return [Sent(*row) for row in rows]
