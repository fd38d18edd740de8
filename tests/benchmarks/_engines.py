"""The databases to measure on: SQLite in a folder, and PostgreSQL where it is installed.

The server of the tests cleans up nothing, which suits short tests; queues slow down without it,
so here it runs as its manual has it, but for fsync.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from storage.database import Database
from tests.peers import postgres
from tests.peers.postgres import PostgresServer


@contextmanager
def sqlite() -> Iterator[str]:
    """The address of a database that does not exist yet, in a folder that goes away again."""
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite+aiosqlite:///{Path(folder) / 'bench.sqlite3'}"


@contextmanager
def postgres_server() -> Iterator[PostgresServer | None]:
    """A server that cleans up behind its writers; None, after saying so, where there is none."""
    if postgres.find_programs() is None:
        print(f"PostgreSQL is not on this machine. {postgres.HOW_TO_GET}")
        yield None
        return
    with postgres.running() as server:
        with server.database() as url:
            asyncio.run(_clean_up(url))
        yield server


async def _clean_up(url: str) -> None:
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text("ALTER SYSTEM SET autovacuum = on"))
        await connection.execute(text("SELECT pg_reload_conf()"))
    await engine.dispose()


def engines(
    server: PostgresServer | None,
) -> list[tuple[str, Callable[[], AbstractContextManager[str]]]]:
    """What there is: its name for people, and how to get a new database's address."""
    found: list[tuple[str, Callable[[], AbstractContextManager[str]]]] = [("SQLite", sqlite)]
    if server is not None:
        found.append(("PostgreSQL", server.database))
    return found


async def settle(database: Database) -> None:
    """Let PostgreSQL look at what it holds, as it does by itself within a minute."""
    if database.is_sqlite:
        return
    async with database.writing() as connection:
        await connection.execute(text("ANALYZE"))
