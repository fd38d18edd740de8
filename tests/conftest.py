"""Fixtures that more than one package's tests use: the real counterparts, and databases.

A test that takes `database` (or `database_url`, or `empty_url`) runs once on SQLite and once on
PostgreSQL.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from storage.database import Database
from storage.tables import metadata
from tests.peers import postgres as postgres_peer


@pytest.fixture(scope="session")
def postgres() -> Iterator[postgres_peer.PostgresServer]:
    """The run's PostgreSQL server, started for the first test that asks."""
    with postgres_peer.running() as server:
        yield server


@pytest.fixture
def postgres_url(postgres: postgres_peer.PostgresServer) -> Iterator[Callable[[], str]]:
    """Each call makes a fresh, empty database and returns its URL; all are dropped afterwards."""
    with ExitStack() as databases:
        yield lambda: databases.enter_context(postgres.database())


ENGINES = ("sqlite", "postgres")


async def migrate(url: str) -> None:
    """Bring the database behind `url` to the newest schema."""
    await (await Database.open(url)).close()


async def wipe(url: str) -> None:
    """Empty every table of the PostgreSQL database behind `url`.

    Deleting a few rows takes a tenth of the time of TRUNCATE, which makes every table anew.
    """
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        raw = (await connection.get_raw_connection()).driver_connection
        assert raw is not None
        tables = reversed(metadata.sorted_tables)  # what refers to others first
        await raw.execute("; ".join(str(table.delete()) for table in tables))
    await engine.dispose()


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with all tables and no rows, to be copied."""
    file = tmp_path_factory.mktemp("migrated") / "nuanqun.db"
    asyncio.run(migrate(f"sqlite+aiosqlite:///{file}"))
    return file


@pytest.fixture(scope="session")
def migrated_postgres(postgres: postgres_peer.PostgresServer) -> Iterator[str]:
    """The URL of a PostgreSQL database with all tables, to be emptied before each test."""
    with postgres.database() as url:
        asyncio.run(migrate(url))
        yield url


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database with all tables and no rows."""
    if request.param == "sqlite":
        file = tmp_path / "nuanqun.db"
        shutil.copy(request.getfixturevalue("migrated_sqlite"), file)
        return f"sqlite+aiosqlite:///{file}"
    url: str = request.getfixturevalue("migrated_postgres")
    asyncio.run(wipe(url))
    return url


@pytest.fixture(params=ENGINES)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without even tables."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'nuanqun.db'}"
    made: str = request.getfixturevalue("postgres_url")()
    return made


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An open database with all tables and no rows."""
    opened = await Database.open(database_url)
    yield opened
    await opened.close()
