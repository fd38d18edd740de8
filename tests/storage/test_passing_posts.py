"""Posts that pass wait until their time is over, each account's own."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.passing_posts import forget_passing, keep_passing, next_passing, passed
from tests.storage.builders import ACCOUNT, MINUTE, NOW, SECOND

PLACE = "group:chat-一群"


async def test_a_post_has_passed_once_its_time_is_over(connection: AsyncConnection) -> None:
    for number in range(3):
        until = NOW + number * MINUTE
        await keep_passing(connection, ACCOUNT, PLACE, f"receipt-{number}", until)
    await keep_passing(connection, "room:2", PLACE, "elsewhere", NOW)
    (first,) = await passed(connection, ACCOUNT, NOW, limit=9)
    assert (first.address, first.receipt, first.until) == (PLACE, "receipt-0", NOW)
    assert await passed(connection, ACCOUNT, NOW - SECOND, limit=9) == []
    first, second = await passed(connection, ACCOUNT, NOW + 2 * MINUTE, limit=2)
    assert (first.receipt, second.receipt) == ("receipt-0", "receipt-1")
    (third,) = await passed(connection, ACCOUNT, NOW + 2 * MINUTE, after=second.id, limit=2)
    assert third.receipt == "receipt-2"


async def test_the_next_one_is_known_by_its_time(connection: AsyncConnection) -> None:
    assert await next_passing(connection, ACCOUNT, NOW) is None
    for until in (NOW, NOW + 2 * MINUTE, NOW + MINUTE):
        await keep_passing(connection, ACCOUNT, PLACE, "receipt", until)
    await keep_passing(connection, "room:2", PLACE, "elsewhere", NOW + SECOND)
    assert await next_passing(connection, ACCOUNT, NOW) == NOW + MINUTE


async def test_what_was_taken_back_is_forgotten(connection: AsyncConnection) -> None:
    await keep_passing(connection, ACCOUNT, PLACE, "receipt", NOW)
    (one,) = await passed(connection, ACCOUNT, NOW, limit=9)
    await forget_passing(connection, one.id)
    assert await passed(connection, ACCOUNT, NOW, limit=9) == []
