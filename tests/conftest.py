"""Fixtures that more than one package's tests use: the real counterparts, and databases.

A test that takes `database` (or `database_url`, or `empty_url`) runs once on SQLite and once on
PostgreSQL.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import asyncpg
import pytest
from xdist.remote import Producer

from storage.database import Database
from storage.tables import metadata
from tests.compiled_once import CompiledOnce
from tests.peers import postgres as postgres_peer
from tests.shared_out import SharedOut


def pytest_configure() -> None:
    """Have statements compiled once."""
    CompiledOnce().serve_every_engine()


@pytest.hookimpl(optionalhook=True)  # of pytest-xdist's
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> SharedOut:
    """Share the tests out, where there are several processes."""
    return SharedOut(config, log)


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


@contextmanager
def emptying(url: str) -> Iterator[Callable[[], object]]:
    """A connection to the PostgreSQL database behind `url`; each call empties every table.

    Deleting a few rows takes a tenth of the time of TRUNCATE, which makes every table anew, and
    connecting takes twenty times as long as deleting them.
    """
    tables = reversed(metadata.sorted_tables)  # what refers to others first
    statement = "; ".join(str(table.delete()) for table in tables)
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        connection = runner.run(asyncpg.connect(url.replace("+asyncpg", "")))
        yield lambda: runner.run(connection.execute(statement))
        runner.run(connection.close())


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with all tables and no rows, to be copied."""
    file = tmp_path_factory.mktemp("migrated") / "nuanqun.db"
    asyncio.run(migrate(f"sqlite+aiosqlite:///{file}"))
    return file


@pytest.fixture(scope="session")
def migrated_postgres(postgres: postgres_peer.PostgresServer) -> Iterator[str]:
    """The URL of a PostgreSQL database with all tables and no rows, to be copied."""
    with postgres.database() as url:
        asyncio.run(migrate(url))
        yield url


@pytest.fixture(scope="session")
def used_postgres(
    postgres: postgres_peer.PostgresServer, migrated_postgres: str
) -> Iterator[Callable[[], str]]:
    """Each call empties the PostgreSQL database that tests use in turn, and returns its URL."""
    with postgres.database(migrated_postgres) as url, emptying(url) as empty:

        def emptied() -> str:
            empty()
            return url

        yield emptied


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database with all tables and no rows."""
    if request.param == "sqlite":
        file = tmp_path / "nuanqun.db"
        shutil.copy(request.getfixturevalue("migrated_sqlite"), file)
        return f"sqlite+aiosqlite:///{file}"
    emptied: str = request.getfixturevalue("used_postgres")()
    return emptied


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
