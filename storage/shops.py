"""The shop itself, and the switch that stops all sending (急停)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.accounts import hold_lanes
from storage.bulk import insert
from storage.tables import shops


async def ensure_shop(connection: AsyncConnection, key: str) -> int:
    """The id of the shop with this key; the row is made at the first call."""
    await connection.execute(insert(connection, shops).values(key=key).on_conflict_do_nothing())
    found = await connection.execute(select(shops.c.id).where(shops.c.key == key))
    return int(found.scalar_one())


async def set_halt(connection: AsyncConnection, shop_id: int, halted_at: datetime | None) -> bool:
    """Stop all sending (a moment), or let it go on (None). False where it stood so already.

    Once this transaction is committed, nothing new is begun.
    """
    await hold_lanes(connection)
    standing = shops.c.halted_at.is_(None) if halted_at else shops.c.halted_at.is_not(None)
    changed = await connection.execute(
        update(shops).where(shops.c.id == shop_id, standing).values(halted_at=halted_at)
    )
    return changed.rowcount == 1


async def halted_at(connection: AsyncConnection, shop_id: int) -> datetime | None:
    """Since when all sending is stopped; None while it goes on."""
    found = await connection.execute(select(shops.c.halted_at).where(shops.c.id == shop_id))
    moment: datetime | None = found.scalar_one()
    return moment
