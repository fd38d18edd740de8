"""The newest start says what the shop's words are, and everybody sees that they changed."""

from __future__ import annotations

import asyncio

from sqlalchemy.ext.asyncio import AsyncConnection

from storage import shop_words
from storage.bells import Bell, rung_in
from storage.database import Database
from tests.storage.builders import DAY, NOW, shop

ONE, OTHER = {"words": ["云絮霜"]}, {"words": ["绝绝子"]}


async def test_nothing_is_known_of_the_words_before_the_first_start(
    connection: AsyncConnection,
) -> None:
    shop_id = await shop(connection)
    assert await shop_words.number_of_words(connection, shop_id) == 0
    assert await shop_words.configured_words(connection, shop_id) is None


async def test_the_newest_start_wins(connection: AsyncConnection) -> None:
    shop_id = await shop(connection)
    assert await shop_words.adopt(connection, shop_id, ONE, NOW)
    assert await shop_words.adopt(connection, shop_id, OTHER, NOW + DAY)
    assert await shop_words.configured_words(connection, shop_id) == OTHER
    assert await shop_words.number_of_words(connection, shop_id) == 2
    assert rung_in(connection) == [Bell.WORDS]


async def test_a_start_with_the_same_words_changes_nothing(connection: AsyncConnection) -> None:
    shop_id = await shop(connection)
    await shop_words.adopt(connection, shop_id, ONE, NOW)
    rung_in(connection).clear()
    assert not await shop_words.adopt(connection, shop_id, dict(ONE), NOW + DAY)
    assert await shop_words.number_of_words(connection, shop_id) == 1
    assert rung_in(connection) == []


async def test_a_change_before_the_first_start_says_nothing_of_the_configuration(
    connection: AsyncConnection,
) -> None:
    shop_id = await shop(connection)
    await shop_words.note_change(connection, shop_id, NOW)
    await shop_words.note_change(connection, shop_id, NOW)
    assert await shop_words.number_of_words(connection, shop_id) == 2
    assert await shop_words.configured_words(connection, shop_id) is None
    assert await shop_words.adopt(connection, shop_id, ONE, NOW)
    await shop_words.note_change(connection, shop_id, NOW)
    assert await shop_words.configured_words(connection, shop_id) == ONE
    assert await shop_words.number_of_words(connection, shop_id) == 4


async def test_of_changes_at_the_same_time_each_counts(database: Database, other: Database) -> None:
    async with database.writing() as connection:
        shop_id = await shop(connection)

    async def change(where: Database) -> None:
        async with where.writing() as connection:
            await shop_words.note_change(connection, shop_id, NOW)

    await asyncio.gather(*(change(where) for where in (database, other) for _ in range(5)))
    async with database.reading() as connection:
        assert await shop_words.number_of_words(connection, shop_id) == 10
