"""The shop, and the switch that stops all sending."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import deliveries, due, shops
from storage.bells import Bell, rung_in
from storage.database import Database
from storage.deliveries import DeliveryState, Move
from storage.holds import HALTED
from tests.storage.builders import ACCOUNT, HOUR, MINUTE, NOW, SECOND, lane, planned


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


@pytest.mark.parametrize(
    ("halted", "since", "rung"),
    [
        (False, NOW, Bell.STOP),
        (True, None, Bell.SENDERS),
        (False, None, None),
        (True, NOW, None),
    ],
)
async def test_a_switch_that_changes_something_rings(
    database: Database, *, halted: bool, since: datetime | None, rung: Bell | None
) -> None:
    async with database.writing() as connection:
        shop = await shops.ensure_shop(connection, "shop")
        if halted:
            await shops.set_halt(connection, shop, NOW)
    async with database.writing() as connection:
        await shops.set_halt(connection, shop, since)
        assert rung_in(connection) == ([] if rung is None else [rung])


async def test_what_a_halt_put_off_is_due_at_once_when_it_is_lifted_and_nothing_else_is(
    connection: AsyncConnection,
) -> None:
    held, again = await planned(connection, "一群", "二群")
    shop, right = await shops.ensure_shop(connection, "shop"), await lane(connection)
    await shops.set_halt(connection, shop, NOW)
    later = NOW + HOUR + SECOND
    await deliveries.move(
        connection,
        right,
        [
            Move(held.id, DeliveryState.PLANNED, HALTED, not_before=later),
            Move(again.id, DeliveryState.PLANNED, "quiet_hours", not_before=later),
        ],
        NOW + MINUTE,
    )
    assert await due.due(connection, ACCOUNT, NOW + 2 * MINUTE, 10) == []
    await shops.set_halt(connection, shop, None)
    found = await due.due(connection, ACCOUNT, NOW + 2 * MINUTE, 10)
    assert [one.id for one in found] == [held.id]
