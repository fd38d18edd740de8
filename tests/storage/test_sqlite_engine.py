"""The SQLite engine goes to a connection's thread once for each statement, and loses nothing."""

from __future__ import annotations

import sqlite3
from typing import Any

import aiosqlite
import pytest
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from storage.database import Database
from storage.errors import SQLiteTooOld
from storage.tables import shops
from tests.storage.builders import NOW, shop

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def visits(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is asked of the threads, by the name of the function."""
    asked: list[str] = []
    really: Any = aiosqlite.Connection._execute

    async def note(self: aiosqlite.Connection, function: Any, *rest: Any, **named: Any) -> Any:
        asked.append(function.__name__)
        return await really(self, function, *rest, **named)

    monkeypatch.setattr(aiosqlite.Connection, "_execute", note)
    return asked


async def test_a_statement_is_one_visit(database: Database, visits: list[str]) -> None:
    async with database.writing() as connection:
        await shop(connection)
        visits.clear()
        await connection.execute(select(shops))
        await connection.execute(insert(shops).values(key="a").returning(shops.c.id))
        await connection.execute(update(shops).values(halted_at=NOW))
        await connection.execute(insert(shops), [{"key": "b"}, {"key": "c"}])
        assert len(visits) == 4


async def test_rows_counts_and_new_ids_come_back(database: Database) -> None:
    async with database.writing() as connection:
        made = await connection.execute(
            insert(shops).returning(shops.c.key), [{"key": str(each)} for each in range(2_000)]
        )
        assert {row.key for row in made} == {str(each) for each in range(2_000)}
        one = await connection.execute(insert(shops).values(key="last"))
        assert one.inserted_primary_key is not None
        found = await connection.execute(
            select(shops.c.key).where(shops.c.id == one.inserted_primary_key[0])
        )
        assert found.scalar_one() == "last"
        changed = await connection.execute(update(shops).values(halted_at=NOW))
        assert changed.rowcount == 2_001
        gone = await connection.execute(delete(shops).where(shops.c.key == "last"))
        assert gone.rowcount == 1
        assert (await connection.execute(select(shops).where(shops.c.key == "last"))).all() == []


async def test_what_the_engine_refuses_is_told_as_it_says_it(database: Database) -> None:
    async with database.writing() as connection:
        await shop(connection)
        with pytest.raises(IntegrityError, match="UNIQUE constraint failed"):
            await connection.execute(insert(shops).values(key="shop"))
        with pytest.raises(DBAPIError, match="no such table: nowhere"):
            await connection.execute(text("SELECT * FROM nowhere"))
        assert await connection.scalar(select(func.count()).select_from(shops)) == 1


async def test_connections_that_nobody_closed_do_not_keep_the_process(database: Database) -> None:
    async with database.reading() as connection:
        raw = await connection.get_raw_connection()
        driver = raw.driver_connection
        assert isinstance(driver, aiosqlite.Connection)
        assert driver._thread.daemon


async def test_an_sqlite_that_lacks_what_is_used_is_refused(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 34, 1))
    monkeypatch.setattr(sqlite3, "sqlite_version", "3.34.1")
    with pytest.raises(SQLiteTooOld, match=r"3\.34\.1.*3\.35"):
        Database(database._url.render_as_string())
