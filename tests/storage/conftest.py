"""What the tests of storage share besides `database`: a transaction, and a second process.

Most tests live in one transaction that is never committed: they take `connection`, and share one
open database of each engine for the whole run. Only the tests that are about committing, or
about two processes, take a `database` of their own.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Database
from tests.conftest import ENGINES
from tests.peers.postgres import PostgresServer


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the tests that share a database in the loop that its connections belong to."""
    for item in items:
        if Path(__file__).parent in item.path.parents and "connection" in getattr(
            item, "fixturenames", ()
        ):
            # In front of the mark that every async test is given by itself.
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_sqlite(
    migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Database]:
    """An open SQLite database with all tables and no rows; nobody commits to it."""
    file = tmp_path_factory.mktemp("shared") / "nuanqun.db"
    shutil.copy(migrated_sqlite, file)
    opened = await Database.open(f"sqlite+aiosqlite:///{file}")
    yield opened
    await opened.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_postgres(
    postgres: PostgresServer, migrated_postgres: str
) -> AsyncIterator[Database]:
    """The same on PostgreSQL."""
    with postgres.database(migrated_postgres) as url:
        opened = await Database.open(url)
        yield opened
        await opened.close()


@pytest.fixture(params=ENGINES)
def shared(request: pytest.FixtureRequest) -> Database:
    """The one of those databases that the test runs on."""
    database: Database = request.getfixturevalue(f"shared_{request.param}")
    return database


@pytest_asyncio.fixture(loop_scope="session")
async def connection(shared: Database) -> AsyncIterator[AsyncConnection]:
    """One transaction for the whole test, rolled back at its end."""
    async with shared.writing() as opened:
        yield opened
        await opened.rollback()


@pytest.fixture
async def other(database_url: str) -> AsyncIterator[Database]:
    """The same database as another process has it open, with connections of its own."""
    opened = await Database.open(database_url)
    yield opened
    await opened.close()
