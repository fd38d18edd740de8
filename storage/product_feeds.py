"""The feeds that products come from: how each was read last, and what of it is not believed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import insert_new
from storage.tables import product_feeds


@dataclass(frozen=True, slots=True)
class Feed:
    """How a feed stands: when it was read and will be, how often it failed, what is not believed.

    `pages` are what its pages said of themselves, as whoever reads them wrote it down.
    """

    id: int
    name: str
    address: str
    baseline_at: datetime | None
    looked_at: datetime | None
    next_look_at: datetime
    pages: list[dict[str, Any]]
    failures: int
    trouble: dict[str, Any] | None
    trouble_told: bool
    held: dict[str, Any] | None
    held_told: bool


_FEED = tuple(product_feeds.c[name] for name in Feed.__dataclass_fields__)


async def ensure_feed(
    connection: AsyncConnection, shop_id: int, name: str, address: str, at: datetime
) -> Feed:
    """The feed of this name; one whose address is another now begins anew, as if never read."""
    fresh = {"address": address, "next_look_at": at, "pages": []}
    await insert_new(
        connection, product_feeds, [{"shop_id": shop_id, "name": name, "failures": 0, **fresh}]
    )
    await connection.execute(
        update(product_feeds)
        .where(
            product_feeds.c.shop_id == shop_id,
            product_feeds.c.name == name,
            product_feeds.c.address != address,
        )
        .values(
            **fresh,
            baseline_at=None,
            failures=0,
            trouble=None,
            trouble_told=False,
            held=None,
            held_told=False,
        )
    )
    rows = await connection.execute(
        select(*_FEED).where(product_feeds.c.shop_id == shop_id, product_feeds.c.name == name)
    )
    return Feed(*rows.one())


async def feeds(connection: AsyncConnection, shop_id: int) -> dict[str, Feed]:
    """Name → feed, of every feed that was ever configured."""
    rows = await connection.execute(
        select(*_FEED).where(product_feeds.c.shop_id == shop_id).order_by(product_feeds.c.name)
    )
    return {row.name: Feed(*row) for row in rows}


async def change_feed(connection: AsyncConnection, feed_id: int, **values: Any) -> None:
    """Write these columns of a feed."""
    await connection.execute(
        update(product_feeds).where(product_feeds.c.id == feed_id).values(**values)
    )
