"""Who was told of a lower price lately, as the ledger knows it: a draft nobody let go told none.

The campaigns that tell of one product have keys that begin alike.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.campaigns import CampaignState
from storage.deliveries import DeliveryState
from storage.tables import campaigns, deliveries, members

_OPEN = (CampaignState.DRAFT, CampaignState.APPROVED, CampaignState.PAUSED)
_TOLD = (DeliveryState.SENDING, DeliveryState.SENT, DeliveryState.UNCERTAIN)


def _of(shop_id: int, key: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return campaigns.c.shop_id == shop_id, campaigns.c.key.startswith(key, autoescape=True)


async def told_since(
    connection: AsyncConnection, shop_id: int, key: str, since: datetime
) -> set[int]:
    """The customers to whom something was sent, or may have been, from a moment on.

    Args:
        connection: an open transaction.
        shop_id: the shop.
        key: how the keys of the campaigns begin.
        since: the moment.
    """
    found = await connection.scalars(
        select(members.c.customer_id)
        .select_from(deliveries.join(campaigns).join(members))
        .where(*_of(shop_id, key), deliveries.c.state.in_(_TOLD), deliveries.c.began_at >= since)
        .distinct()
    )
    return set(found)


async def still_telling(connection: AsyncConnection, shop_id: int, key: str) -> list[int]:
    """The numbers of the campaigns with keys that begin so which may yet send anything."""
    planned = deliveries.c.state == DeliveryState.PLANNED
    waits = select(deliveries.c.id).where(deliveries.c.campaign_id == campaigns.c.id, planned)
    found = await connection.scalars(
        select(campaigns.c.id)
        .where(*_of(shop_id, key), campaigns.c.state.in_(_OPEN) | waits.exists())
        .order_by(campaigns.c.id)
    )
    return list(found)
