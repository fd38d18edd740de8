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


_CAN_COME_BACK = (
    deliveries.c.state == DeliveryState.SENT,
    deliveries.c.receipt.is_not(None),
    deliveries.c.recalled_at.is_(None),
)
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
        .where(deliveries.c.campaign_id == campaign_id, *_CAN_COME_BACK)
        .order_by(_NAME, deliveries.c.id)
    )
    return [SentPost(*row) for row in rows]


async def mark_recalled(connection: AsyncConnection, ids: Sequence[int], at: datetime) -> None:
    """Note that these posts were taken back."""
    await connection.execute(
        update(deliveries).where(deliveries.c.id.in_(list(ids))).values(recalled_at=at)
    )


async def stands(connection: AsyncConnection, campaign_id: int) -> bool:
    """Whether a post of a campaign was sent, can be taken back, and was not yet."""
    found = select(deliveries.c.id).where(deliveries.c.campaign_id == campaign_id, *_CAN_COME_BACK)
    return await connection.scalar(found.limit(1)) is not None


@dataclass(frozen=True, slots=True)
class LastSent:
    """A campaign of which `count` posts stand, in groups or `in_private`; the last left `at`."""

    campaign_id: int
    name: str
    count: int
    in_private: bool
    at: datetime


async def last_sent(connection: AsyncConnection, shop_id: int, most: int) -> list[LastSent]:
    """The campaigns whose posts stand and can be taken back, what was sent last first."""
    last = func.max(deliveries.c.moved_at)
    rows = await connection.execute(
        select(
            campaigns.c.id,
            campaigns.c.name,
            func.count(),
            func.count(deliveries.c.group_id) == 0,
            last,
        )
        .select_from(deliveries.join(campaigns, campaigns.c.id == deliveries.c.campaign_id))
        .where(campaigns.c.shop_id == shop_id, *_CAN_COME_BACK)
        .group_by(campaigns.c.id, campaigns.c.name)
        .order_by(last.desc(), campaigns.c.id.desc())
        .limit(most)
    )
    return [LastSent(*row) for row in rows]


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
