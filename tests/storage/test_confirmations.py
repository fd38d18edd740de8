"""A confirmation can be used once, in time, and only the last one asked for."""

from __future__ import annotations

import asyncio

from sqlalchemy.ext.asyncio import AsyncConnection

from storage import confirmations
from storage.database import Database
from tests.storage.builders import MINUTE, NOW, SECOND, member

EXPIRY = NOW + 10 * MINUTE


async def ask(connection: AsyncConnection, member_id: int, text: str = "大家好") -> int:
    return await confirmations.ask(connection, member_id, "broadcast", {"text": text}, EXPIRY)


async def test_what_was_asked_waits_with_what_it_will_do(connection: AsyncConnection) -> None:
    boss = await member(connection, "阿玲", staff=True)
    assert await confirmations.latest(connection, boss.id) is None
    number = await ask(connection, boss.id)
    assert await confirmations.latest(connection, boss.id) == confirmations.Confirmation(
        number, "broadcast", {"text": "大家好"}, EXPIRY, used=False
    )


async def test_it_can_be_used_once(connection: AsyncConnection) -> None:
    boss = await member(connection, "阿玲", staff=True)
    number = await ask(connection, boss.id)
    assert await confirmations.use(connection, number, NOW)
    assert not await confirmations.use(connection, number, NOW)
    found = await confirmations.latest(connection, boss.id)
    assert found is not None
    assert found.used


async def test_it_can_be_used_until_its_time_is_over(connection: AsyncConnection) -> None:
    boss = await member(connection, "阿玲", staff=True)
    assert not await confirmations.use(connection, await ask(connection, boss.id), EXPIRY)
    in_time = await ask(connection, boss.id)
    assert await confirmations.use(connection, in_time, EXPIRY - SECOND)


async def test_asking_again_ends_what_was_asked_before_and_only_for_that_member(
    connection: AsyncConnection,
) -> None:
    boss = await member(connection, "阿玲", staff=True)
    other = await member(connection, "小陈", staff=True)
    first, others = await ask(connection, boss.id), await ask(connection, other.id)
    second = await ask(connection, boss.id, "改过")
    found = await confirmations.latest(connection, boss.id)
    assert found is not None
    assert (found.id, found.body) == (second, {"text": "改过"})
    assert not await confirmations.use(connection, first, NOW)
    assert await confirmations.use(connection, second, NOW)
    assert await confirmations.use(connection, others, NOW)


async def test_two_answers_at_once_use_it_once(database: Database, other: Database) -> None:
    async with database.writing() as connection:
        boss = await member(connection, "阿玲", staff=True)
        number = await ask(connection, boss.id)

    async def use(which: Database) -> bool:
        async with which.writing() as connection:
            return await confirmations.use(connection, number, NOW)

    answers = await asyncio.gather(*(use(which) for which in (database, other) * 3))
    assert sorted(answers) == [False] * 5 + [True]


async def test_the_last_choice_of_groups_is_remembered_for_each_manager(
    connection: AsyncConnection,
) -> None:
    boss = await member(connection, "阿玲", staff=True)
    other = await member(connection, "小陈", staff=True)
    assert await confirmations.last_choice(connection, boss.id) is None
    await confirmations.keep_choice(connection, boss.id, "@福利群 -二群")
    await confirmations.keep_choice(connection, boss.id, "@三群")
    assert await confirmations.last_choice(connection, boss.id) == "@三群"
    assert await confirmations.last_choice(connection, other.id) is None
