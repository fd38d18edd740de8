"""Days of mourning: declared, listed, taken back, and what was put off for them let go."""

from __future__ import annotations

from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from storage import audit, deliveries
from storage.bells import Bell, rung_in
from storage.deliveries import DeliveryState, Move
from storage.quiet_days import QUIET_DAY, Mourning, declare, mournings, quiet_days, withdraw
from storage.shops import ensure_shop
from tests.storage.builders import DAY, HOUR, NOW, lane, planned, shop
from tests.storage.test_due import all_due

TODAY = date(2026, 11, 1)
MANAGER = "room:boss"


def mourning(day: date = TODAY, reason: str = "全国哀悼日") -> Mourning:
    return Mourning(day, reason, MANAGER, NOW)


async def test_a_shop_has_no_day_of_mourning_until_one_is_declared(
    connection: AsyncConnection,
) -> None:
    shop_id = await shop(connection)
    assert await quiet_days(connection, shop_id) == frozenset()
    assert await declare(connection, shop_id, mourning())
    assert await quiet_days(connection, shop_id) == {TODAY}
    assert await quiet_days(connection, await ensure_shop(connection, "another")) == frozenset()


async def test_declaring_stops_the_senders_and_is_in_the_audit_log(
    connection: AsyncConnection,
) -> None:
    shop_id = await shop(connection)
    await declare(connection, shop_id, mourning())
    assert Bell.STOP in rung_in(connection)
    entry = await audit.found(connection, "mourn", "2026-11-01")
    assert entry is not None
    assert (entry.actor, entry.details) == (MANAGER, {"reason": "全国哀悼日"})


async def test_a_day_is_declared_once(connection: AsyncConnection) -> None:
    shop_id = await shop(connection)
    await declare(connection, shop_id, mourning())
    assert not await declare(connection, shop_id, mourning(reason="再说一次"))
    assert await mournings(connection, shop_id, TODAY) == [mourning()]


async def test_the_days_to_come_are_listed_in_order(connection: AsyncConnection) -> None:
    shop_id = await shop(connection)
    for days in (3, -1, 0):
        await declare(connection, shop_id, mourning(TODAY + days * DAY))
    found = await mournings(connection, shop_id, TODAY)
    assert [one.day for one in found] == [TODAY, TODAY + 3 * DAY]


async def test_a_day_taken_back_lets_go_what_was_put_off_for_it(
    connection: AsyncConnection,
) -> None:
    shop_id = await shop(connection)
    await declare(connection, shop_id, mourning())
    waiting = await planned(connection, "一群", "二群")
    held = await lane(connection)
    put_off = Move(waiting[0].id, DeliveryState.PLANNED, QUIET_DAY, not_before=NOW + 20 * HOUR)
    await deliveries.move(connection, held, [put_off], NOW)
    assert len(await all_due(connection)) == 1
    assert await withdraw(connection, shop_id, TODAY, by=MANAGER, at=NOW)
    assert len(await all_due(connection)) == 2
    assert await quiet_days(connection, shop_id) == frozenset()
    assert await audit.found(connection, "mourning_withdrawn", "2026-11-01") is not None


async def test_what_was_never_declared_cannot_be_taken_back(connection: AsyncConnection) -> None:
    shop_id = await shop(connection)
    assert not await withdraw(connection, shop_id, TODAY, by=MANAGER, at=NOW)
    assert await audit.found(connection, "mourning_withdrawn", "2026-11-01") is None
