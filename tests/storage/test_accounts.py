"""How far each account's events are stored, and who may send through it."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import accounts
from storage.database import Database
from storage.errors import LaneLost
from tests.storage.builders import ACCOUNT, NOW, PLATFORM, lane


async def test_an_account_never_heard_has_no_cursor(connection: AsyncConnection) -> None:
    assert await accounts.cursor(connection, ACCOUNT) is None


async def test_the_newest_cursor_counts_and_each_account_has_its_own(
    connection: AsyncConnection,
) -> None:
    await accounts.set_cursor(connection, ACCOUNT, PLATFORM, "1")
    await accounts.set_cursor(connection, ACCOUNT, PLATFORM, "2")
    await accounts.set_cursor(connection, "telegram:shop", "telegram", "77")
    assert await accounts.cursor(connection, ACCOUNT) == "2"
    assert await accounts.cursor(connection, "telegram:shop") == "77"


async def test_each_takeover_gets_a_higher_token(connection: AsyncConnection) -> None:
    tokens = [(await lane(connection, f"bot-{number}")).token for number in range(4)]
    assert tokens == sorted(set(tokens))


async def test_two_accounts_have_two_lanes(connection: AsyncConnection) -> None:
    ours = await lane(connection)
    await accounts.take_lane(connection, "telegram:shop", "bot-2", NOW)
    await accounts.guard(connection, ours)


async def test_who_holds_the_lane_passes_the_guard_and_who_held_it_does_not(
    connection: AsyncConnection,
) -> None:
    old = await lane(connection, "bot-1")
    await accounts.guard(connection, old)
    new = await lane(connection, "bot-2")
    await accounts.guard(connection, new)
    with pytest.raises(LaneLost, match=ACCOUNT):
        await accounts.guard(connection, old)


async def test_the_same_holder_taking_again_loses_its_older_token(
    connection: AsyncConnection,
) -> None:
    old = await lane(connection, "bot-1")
    await lane(connection, "bot-1")
    with pytest.raises(LaneLost):
        await accounts.guard(connection, old)


async def test_a_takeover_waits_until_what_was_guarded_is_written(
    database: Database, other: Database
) -> None:
    async with database.writing() as connection:
        ours = await lane(connection)
    order: list[str] = []

    async def take_over() -> None:
        async with other.writing() as connection:
            await lane(connection, "bot-2")
            order.append("taken over")

    async with database.writing() as connection:
        await accounts.guard(connection, ours)
        rival = asyncio.create_task(take_over())
        await asyncio.sleep(0.1)
        order.append("written")
    await rival
    assert order == ["written", "taken over"]


async def test_of_many_who_take_a_lane_at_once_one_ends_up_with_it(
    database: Database, other: Database
) -> None:
    async def take(which: Database, holder: str) -> accounts.Lane:
        async with which.writing() as connection:
            return await lane(connection, holder)

    lanes = await asyncio.gather(
        *(take(which, f"{number}") for which in (database, other) for number in range(4))
    )
    holding = []
    async with database.writing() as connection:
        for each in lanes:
            try:
                await accounts.guard(connection, each)
            except LaneLost:
                continue
            holding.append(each)
    assert holding == [max(lanes, key=lambda each: each.token)]
