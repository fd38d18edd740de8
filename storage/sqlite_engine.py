"""The engine for an SQLite file: how its connections behave, and how a statement reaches one.

Each connection of aiosqlite has a thread of its own. SQLAlchemy would go there four times for
each statement: for a cursor, to execute, to fetch, to close; here it goes once. A visit costs
50 µs when nobody is busy, and many times that when somebody is.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Sequence
from functools import partial
from typing import Any, Self

import aiosqlite
from sqlalchemy import Connection, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

OLDEST = (3, 35)
"""The first SQLite with RETURNING, and with columns that can be dropped."""

_BUSY_TIMEOUT_MS = 10_000
_WAIT_FOR_A_CONNECTION = 60  # seconds

_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    f"PRAGMA busy_timeout={_BUSY_TIMEOUT_MS}",
)


def sqlite_engine(url: str, *pragmas: str, begin: str, size: int) -> AsyncEngine:
    """An engine with at most `size` connections; its transactions begin with the words `begin`."""
    engine = create_async_engine(
        url,
        pool_size=size,
        max_overflow=0,
        pool_timeout=_WAIT_FOR_A_CONNECTION,
        connect_args={"async_creator_fn": _connect},
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _set_up(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        for pragma in (*_PRAGMAS, *pragmas):
            cursor.execute(pragma)
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    @event.listens_for(engine.sync_engine, "invalidate")
    def _roll_back(connection: DBAPIConnection, *_: object) -> None:
        # A connection is given up when its task is cancelled in the middle of a statement. SQLite
        # keeps it alive, and its lock, until Python has collected that statement.
        connection.rollback()

    return engine


def _connect(file: str, **options: Any) -> _OneVisit:
    """A connection, to be awaited."""
    # The driver must not begin transactions by itself: it would begin them deferred, and a
    # deferred transaction that turns to writing fails at once when another one wrote.
    return _OneVisit(partial(sqlite3.connect, file, isolation_level=None, **options), 1)


class _OneVisit(aiosqlite.Connection):
    """A connection whose cursors do all their work in one visit to its thread."""

    def __init__(self, *how: Any) -> None:
        super().__init__(*how)
        # A connection that nobody closed must not keep the process from ending.
        self._thread.daemon = True

    def cursor(self) -> _Cursor:  # type: ignore[override]  # SQLAlchemy awaits it like the other
        """A cursor, which need not be closed."""
        return _Cursor(self)

    async def visit(
        self, cursor: _Cursor, statement: str, parameters: Sequence[Any], *, many: bool
    ) -> None:
        """Execute the statement, and leave in the cursor what came of it."""
        await self._execute(self._run, cursor, statement, parameters, many)  # type: ignore[no-untyped-call]  # aiosqlite's

    def _run(
        self,
        cursor: _Cursor,
        statement: str,
        parameters: Sequence[Any],
        many: bool,  # noqa: FBT001 (the thread takes arguments by their place)
    ) -> None:
        execute = self._conn.executemany if many else self._conn.execute
        done = execute(statement, parameters)
        cursor.rows = done.fetchall()
        cursor.description = done.description
        cursor.rowcount = done.rowcount
        cursor.lastrowid = done.lastrowid
        done.close()


class _Cursor:
    """What SQLAlchemy asks of an asynchronous cursor."""

    def __init__(self, connection: _OneVisit) -> None:
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1
        self.rows: list[Any] = []
        self._connection = connection

    async def execute(self, statement: str, parameters: Sequence[Any] = ()) -> Self:
        await self._connection.visit(self, statement, parameters, many=False)
        return self

    async def executemany(self, statement: str, parameters: Sequence[Sequence[Any]]) -> Self:
        await self._connection.visit(self, statement, parameters, many=True)
        return self

    async def fetchall(self) -> list[Any]:
        rows, self.rows = self.rows, []
        return rows

    async def close(self) -> None:
        """Its statement was closed when it was executed."""

    def __await__(self) -> Generator[Any, None, Self]:
        return self.__aenter__().__await__()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """There is nothing to let go of."""
