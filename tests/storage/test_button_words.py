"""The words behind short signs: kept once, found again, forgotten when their last button is old."""

from __future__ import annotations

import asyncio

from sqlalchemy.ext.asyncio import AsyncConnection

from storage import button_words
from storage.database import Database
from tests.storage.builders import DAY, NOW

WORDS = {"d1": "/broadcast @一群 @二群 双11最后一天", "d2": "/plan 下一页"}


async def test_words_are_found_by_their_digests(connection: AsyncConnection) -> None:
    await button_words.keep(connection, WORDS, NOW)
    assert await button_words.words_of(connection, ["d1", "d2", "d3"]) == WORDS
    assert await button_words.words_of(connection, []) == {}


async def test_no_words_are_nothing_to_keep(connection: AsyncConnection) -> None:
    await button_words.keep(connection, {}, NOW)
    assert await button_words.words_of(connection, ["d1"]) == {}


async def test_what_no_new_button_says_is_forgotten(connection: AsyncConnection) -> None:
    await button_words.keep(connection, WORDS, NOW)
    await button_words.keep(connection, {"d2": WORDS["d2"]}, NOW + 2 * DAY)
    assert await button_words.forget_unused(connection, NOW + DAY, batch=10) == 1
    assert await button_words.words_of(connection, ["d1", "d2"]) == {"d2": WORDS["d2"]}


async def test_a_part_is_forgotten_at_a_time(connection: AsyncConnection) -> None:
    await button_words.keep(connection, {f"d{n}": "/help" for n in range(5)}, NOW)
    forgotten = [await button_words.forget_unused(connection, NOW + DAY, batch=2) for _ in range(4)]
    assert forgotten == [2, 2, 1, 0]


async def test_two_processes_may_keep_the_same_words_at_once(
    database: Database, other: Database
) -> None:
    async def keep(which: Database) -> None:
        async with which.writing() as connection:
            await button_words.keep(connection, WORDS, NOW)

    await asyncio.gather(*(keep(which) for which in (database, other) * 3))
    async with database.reading() as connection:
        assert await button_words.words_of(connection, list(WORDS)) == WORDS
