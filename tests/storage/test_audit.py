"""Every change by a person is written down, and read newest first."""

from __future__ import annotations

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import audit
from storage.audit import Entry
from storage.database import Database
from tests.storage.builders import MINUTE, NOW


def entry(number: int) -> Entry:
    return Entry(NOW + number * MINUTE, "manager:阿玲", "tag", f"member:{number}", {"tag": "老客"})


async def test_the_last_entries_come_newest_first(connection: AsyncConnection) -> None:
    for number in range(4):
        await audit.note(connection, entry(number))
    assert await audit.latest(connection, 3) == [entry(3), entry(2), entry(1)]


async def test_an_entry_stands_and_falls_with_the_change_it_tells_of(database: Database) -> None:
    async def change_and_fail() -> None:
        async with database.writing() as connection:
            await audit.note(connection, entry(1))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await change_and_fail()
    async with database.reading() as connection:
        assert await audit.latest(connection, 10) == []
