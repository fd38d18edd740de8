"""The shop itself, and the switch that stops all sending (急停)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bells import Bell, ring
from storage.bulk import insert
from storage.holds import HALTED
from storage.lanes import hold_lanes
from storage.steering import release
from storage.tables import shops


async def ensure_shop(connection: AsyncConnection, key: str) -> int:
    """The id of the shop with this key; the row is made at the first call."""
    await connection.execute(insert(connection, shops).values(key=key).on_conflict_do_nothing())
    found = await connection.execute(select(shops.c.id).where(shops.c.key == key))
    return int(found.scalar_one())


async def shop_of(connection: AsyncConnection, key: str) -> int | None:
    """The id of the shop with this key, if there is one."""
    found: int | None = await connection.scalar(select(shops.c.id).where(shops.c.key == key))
    return found


async def set_halt(connection: AsyncConnection, shop_id: int, since: datetime | None) -> bool:
    """Stop all sending (since a moment), or let it go on (None). False where it stood so already.

    Once this transaction is committed, nothing new is begun. What was put off while all sending
    was stopped is due at once when it goes on.
    """
    await hold_lanes(connection)
    stood = await halted_at(connection, shop_id)
    if (stood is None) == (since is None):
        return False
    await connection.execute(update(shops).where(shops.c.id == shop_id).values(halted_at=since))
    if since is not None:
        await ring(connection, Bell.STOP)
    elif stood is not None:
        # Nothing is put off for a halt before it falls due, so the halt's own moment is late
        # enough for all of them.
        await release(connection, [HALTED], stood)
        await ring(connection, Bell.SENDERS)
    return True


async def halted_at(connection: AsyncConnection, shop_id: int) -> datetime | None:
    """Since when all sending is stopped; None while it goes on."""
    found = await connection.execute(select(shops.c.halted_at).where(shops.c.id == shop_id))
    moment: datetime | None = found.scalar_one()
    return moment
