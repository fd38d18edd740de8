"""The shop's own days are kept by name, each change of them in the audit log."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from storage import audit
from storage.shop_days import ShopDay, drop_shop_day, keep_shop_day, shop_days_of
from storage.shops import ensure_shop
from tests.storage.builders import NOW, shop

FOUNDING = ShopDay("店庆", "anniversary", "2016-10-18")
MEMBERS = ShopDay("会员日", "member-day", "monthly:18")
MANAGER = "room:boss"


async def test_days_are_kept_by_name(connection: AsyncConnection) -> None:
    shop_id = await shop(connection)
    assert await shop_days_of(connection, shop_id) == []
    for one in (FOUNDING, MEMBERS):
        await keep_shop_day(connection, shop_id, one, by=MANAGER, at=NOW)
    assert await shop_days_of(connection, shop_id) == [MEMBERS, FOUNDING]
    assert await shop_days_of(connection, await ensure_shop(connection, "another")) == []
    entry = await audit.found(connection, "shop_day", "店庆")
    assert entry is not None
    assert (entry.actor, entry.details) == (MANAGER, {"day": "2016-10-18"})


async def test_a_day_of_the_same_name_takes_its_place(connection: AsyncConnection) -> None:
    shop_id = await shop(connection)
    await keep_shop_day(connection, shop_id, FOUNDING, by=MANAGER, at=NOW)
    moved = ShopDay("店庆", "anniversary", "10-19")
    await keep_shop_day(connection, shop_id, moved, by=MANAGER, at=NOW)
    assert await shop_days_of(connection, shop_id) == [moved]


async def test_a_day_is_dropped_once(connection: AsyncConnection) -> None:
    shop_id = await shop(connection)
    await keep_shop_day(connection, shop_id, FOUNDING, by=MANAGER, at=NOW)
    assert await drop_shop_day(connection, shop_id, "店庆", by=MANAGER, at=NOW)
    assert not await drop_shop_day(connection, shop_id, "店庆", by=MANAGER, at=NOW)
    assert await shop_days_of(connection, shop_id) == []
    assert await audit.found(connection, "shop_day_dropped", "店庆") is not None
