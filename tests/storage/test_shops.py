"""The shop, and the switch that stops all sending."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from storage import shops
from tests.storage.builders import MINUTE, NOW


async def test_the_shop_is_made_once(connection: AsyncConnection) -> None:
    first = await shops.ensure_shop(connection, "shop")
    assert await shops.ensure_shop(connection, "shop") == first
    assert await shops.ensure_shop(connection, "another") != first


async def test_sending_goes_on_until_somebody_stops_it(connection: AsyncConnection) -> None:
    shop = await shops.ensure_shop(connection, "shop")
    assert await shops.halted_at(connection, shop) is None


async def test_a_halt_stands_until_it_is_lifted(connection: AsyncConnection) -> None:
    shop = await shops.ensure_shop(connection, "shop")
    assert await shops.set_halt(connection, shop, NOW)
    assert await shops.halted_at(connection, shop) == NOW
    assert await shops.set_halt(connection, shop, None)
    assert await shops.halted_at(connection, shop) is None


async def test_halting_twice_keeps_the_first_moment_and_says_so(
    connection: AsyncConnection,
) -> None:
    shop = await shops.ensure_shop(connection, "shop")
    await shops.set_halt(connection, shop, NOW)
    assert not await shops.set_halt(connection, shop, NOW + MINUTE)
    assert await shops.halted_at(connection, shop) == NOW


async def test_lifting_a_halt_that_does_not_stand_says_so(connection: AsyncConnection) -> None:
    shop = await shops.ensure_shop(connection, "shop")
    assert not await shops.set_halt(connection, shop, None)
