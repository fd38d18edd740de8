"""The shop's own days as a manager named them: the anniversary, the members' day.

What kind of day it is and when it falls is kept as `scheduler/own_days.py` reads it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.audit import Entry, note
from storage.bulk import insert
from storage.tables import shop_days


@dataclass(frozen=True, slots=True)
class ShopDay:
    """One day: what the shop calls it, its kind, and the rule of when it falls."""

    name: str
    kind: str
    day: str


async def shop_days_of(connection: AsyncConnection, shop_id: int) -> list[ShopDay]:
    """The days of a shop, by name."""
    rows = await connection.execute(
        select(shop_days.c.name, shop_days.c.kind, shop_days.c.day)
        .where(shop_days.c.shop_id == shop_id)
        .order_by(shop_days.c.name)
    )
    return [ShopDay(*row) for row in rows]


async def keep_shop_day(
    connection: AsyncConnection, shop_id: int, one: ShopDay, *, by: str, at: datetime
) -> None:
    """Keep a day, in the place of the one that had this name. It is in the audit log."""
    values = {"kind": one.kind, "day": one.day, "set_by": by, "set_at": at}
    await connection.execute(
        insert(connection, shop_days)
        .values(shop_id=shop_id, name=one.name, **values)
        .on_conflict_do_update(index_elements=["shop_id", "name"], set_=values)
    )
    await note(connection, Entry(at, by, "shop_day", one.name, {"day": one.day}))


async def drop_shop_day(
    connection: AsyncConnection, shop_id: int, name: str, *, by: str, at: datetime
) -> bool:
    """Keep a day no longer; False where there was none of this name. It is in the audit log."""
    gone = await connection.execute(
        delete(shop_days).where(shop_days.c.shop_id == shop_id, shop_days.c.name == name)
    )
    if gone.rowcount != 1:
        return False
    await note(connection, Entry(at, by, "shop_day_dropped", name, {}))
    return True
