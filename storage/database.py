"""The database: one set of queries on SQLite or PostgreSQL.

`Database.open` checks the schema, applies the migrations that are missing (an SQLite file is
copied first) and hands out transactions. On SQLite there is a single writing connection, so
writers queue for it in this process and never fight over the file's lock; readers have
connections of their own and never wait for a writer (WAL). What was rung in a transaction is
struck once it is committed (see `bells.py`).
"""

from __future__ import annotations

import asyncio
import fcntl
import importlib.util
import os
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import timedelta
from pathlib import Path

from sqlalchemy import URL, Connection, func, inspect, make_url, select, table
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool
from sqlalchemy.sql import column

from storage.bells import RUNG, Bell, Bells
from storage.errors import (
    DatabaseAddressWrong,
    DatabaseInUse,
    DatabaseTooNew,
    DatabaseUnreadable,
    DriverMissing,
    SQLiteTooOld,
)
from storage.failures import in_short
from storage.schema import HEAD, KNOWN
from storage.sqlite_engine import OLDEST, sqlite_engine

_READERS = 4
_CONNECT_SECONDS = 10
_MIGRATING = 0x6E75616E71756E  # "nuanqun": the advisory lock of whoever migrates
_PATIENCE = 5.0  # seconds that a start waits while another one migrates the same file
# A process that stands still in the midst of a transaction (stopped, swapped out, cut off) keeps
# its locks, the lanes' too. PostgreSQL ends it after so long: before its lease has ended.
_STANDS_STILL = timedelta(seconds=6)


class Database:
    """Hands out transactions on one database. Open it with `Database.open`."""

    def __init__(self, url: str) -> None:
        self._url = _parsed(url)
        # Without the part behind the question mark, where a password may stand as well.
        self.place = self._url.set(query={}).render_as_string(hide_password=True)
        self.bells = Bells()
        self.is_sqlite = self._url.get_backend_name() == "sqlite"
        if not self.is_sqlite and importlib.util.find_spec("asyncpg") is None:
            raise DriverMissing(place=self.place)
        self._lock_file: int | None = None
        if self.is_sqlite:
            if sqlite3.sqlite_version_info < OLDEST:
                raise SQLiteTooOld(found=sqlite3.sqlite_version)
            self._writer = sqlite_engine(url, begin="BEGIN IMMEDIATE", size=1)
            self._reader = sqlite_engine(url, "PRAGMA query_only=ON", begin="BEGIN", size=_READERS)
        else:
            still = f"{_STANDS_STILL.total_seconds() * 1_000:.0f}ms"
            self._writer = create_async_engine(
                url,
                pool_size=8,
                pool_pre_ping=True,
                connect_args={
                    "timeout": _CONNECT_SECONDS,
                    "server_settings": {
                        "idle_in_transaction_session_timeout": still,
                        # It takes seconds to compile what a review asks, which takes one to answer.
                        "jit": "off",
                    },
                },
            )
            self._reader = self._writer.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )

    @classmethod
    async def open(cls, url: str) -> Database:
        """Connect, and bring the schema to this release.

        Args:
            url: an SQLAlchemy address, `sqlite+aiosqlite:///FILE` or
                `postgresql+asyncpg://USER@HOST/NAME`.

        Raises:
            DatabaseAddressWrong: the address is of another form.
            DatabaseUnreadable: the file or server cannot be read as a database of ours.
            DatabaseTooNew: a newer release wrote it.
            DatabaseInUse: its schema is old, and a bot of that older release runs on the file.
            DriverMissing: the driver is an extra that is not installed.
            SQLiteTooOld: Python was built with an SQLite that lacks what we use.
        """
        database = cls(url)
        try:
            await database._prepare()
        except (DBAPIError, sqlite3.Error, OSError) as trouble:
            await database.close()
            raise DatabaseUnreadable(place=database.place, reason=in_short(trouble)) from trouble
        except BaseException:
            await database.close()
            raise
        return database

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that commits at its end, and rolls back on an error.

        The bells that were rung in it are struck after the commit, and not after a rollback.
        """
        rung: list[Bell] = []
        async with self._writer.connect() as connection:
            await connection.execution_options(**{RUNG: rung})
            async with connection.begin():
                yield connection
        for bell in rung:
            self.bells.strike(bell)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that only reads, in one unchanging picture of the data."""
        async with self._reader.connect() as connection:
            yield connection

    async def hear_others(self) -> None:
        """Strike the bells that other processes ring; runs until cancelled.

        A bell of this process may be struck twice. On SQLite there are no others to hear.
        """
        if self.is_sqlite:
            await asyncio.Event().wait()
        # asyncpg is an extra: it is imported where PostgreSQL is used.
        from storage.hearing import hear  # noqa: PLC0415

        ear = create_async_engine(
            self._url, poolclass=NullPool, connect_args={"timeout": _CONNECT_SECONDS}
        )
        try:
            await hear(ear, self.bells.strike)
        finally:
            await ear.dispose()

    @property
    def alone(self) -> bool:
        """Whether no other bot can be using this database: an SQLite file that we hold."""
        return self._lock_file is not None

    def hold_alone(self) -> None:
        """Keep every other bot off this SQLite file until `close`, or until the process dies.

        PostgreSQL needs no such hold: there lanes are leased, each with a fencing token.

        Raises:
            DatabaseInUse: another bot holds it.
        """
        if self._file is None or self._lock_file is not None:
            return
        handle = os.open(
            f"{os.path.realpath(self._file)}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600
        )
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as taken:
            os.close(handle)
            raise DatabaseInUse(place=self.place) from taken
        self._lock_file = handle

    def _let_go(self) -> None:
        if self._lock_file is not None:
            os.close(self._lock_file)
            self._lock_file = None

    async def close(self) -> None:
        """Close every connection. Safe to call twice."""
        await self._writer.dispose()
        await self._reader.dispose()
        self._let_go()

    @property
    def _file(self) -> Path | None:
        """The SQLite file; None for PostgreSQL."""
        return Path(self._url.database) if self.is_sqlite and self._url.database else None

    async def _prepare(self) -> None:
        if self._file is not None:
            await asyncio.to_thread(_make_private, self._file)
            await asyncio.to_thread(_write_ahead, self._file)
        clock = asyncio.get_running_loop()
        give_up = clock.time() + _PATIENCE
        while not await self._schema_stands():
            try:
                self.hold_alone()  # as a running bot does: a file never changes under one
            except DatabaseInUse:
                if clock.time() > give_up:
                    raise
                await asyncio.sleep(_PATIENCE / 100)
                continue
            try:
                await self._migrate()
            finally:
                self._let_go()
            return

    async def _schema_stands(self) -> bool:
        """Whether the schema is this release's.

        Raises:
            DatabaseTooNew: it is none that this release knows.
        """
        found = await self._schema()
        if found is not None and found not in KNOWN:
            raise DatabaseTooNew(place=self.place, found=found)
        return found == HEAD

    async def _schema(self) -> str | None:
        async with self._reader.connect() as connection:
            return await connection.run_sync(_schema_found)

    async def _migrate(self) -> None:
        found = await self._schema()
        if found == HEAD:  # another start was quicker
            return
        if found is not None and self._file is not None:
            await asyncio.to_thread(_copy_aside, self._file, found)
        # Alembic is imported only when there is something to migrate: it costs memory and time.
        from storage.migrations.apply import upgrade  # noqa: PLC0415

        async with self._writer.begin() as connection:
            if not self.is_sqlite:  # whoever comes second finds the schema new, and does nothing
                await connection.execute(select(func.pg_advisory_xact_lock(_MIGRATING)))
            await connection.run_sync(upgrade)


def missing_file(url: str) -> Path | None:
    """The SQLite file that opening this address would make; None where nothing would be made.

    Raises:
        DatabaseAddressWrong: the address is of another form.
    """
    parsed = _parsed(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return None
    file = Path(parsed.database)
    return None if os.path.lexists(file) else file


def _parsed(url: str) -> URL:
    """The address in its parts.

    Raises:
        DatabaseAddressWrong: it is none, or not one of the two kinds we know.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # Neither the address nor the cause is shown: there may be a password in it.
        raise DatabaseAddressWrong(found="something that is no address") from None
    if parsed.drivername not in {"sqlite+aiosqlite", "postgresql+asyncpg"}:
        raise DatabaseAddressWrong(found=parsed.drivername)
    if parsed.drivername == "sqlite+aiosqlite" and parsed.database in {None, "", ":memory:"}:
        raise DatabaseAddressWrong(found="SQLite without a file")
    return parsed


def _make_private(file: Path) -> None:
    """Make the file where there is none, and its folder, for their owner alone.

    SQLite gives the files it keeps beside a database the same rights. A file that stands already
    keeps the rights its owner gave it.
    """
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(file, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))


def _write_ahead(file: Path) -> None:
    """Have the SQLite file keep a write-ahead log, which it remembers.

    SQLite does not wait for others while it turns a file to that, as connections do later: of
    processes that start at once on a new file, all but one are told that it is locked.
    """
    give_up = time.monotonic() + _PATIENCE
    while True:
        try:
            with closing(sqlite3.connect(file)) as connection:
                connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as trouble:
            if trouble.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                raise
            time.sleep(_PATIENCE / 100)
        else:
            return


def _copy_aside(file: Path, found: str) -> None:
    """Copy the SQLite file before its schema changes, to `FILE.before-NEW-was-OLD`."""
    copy = Path(f"{file}.before-{HEAD}-was-{found}")
    unfinished = Path(f"{copy}.{os.getpid()}")
    _make_private(unfinished)  # VACUUM fills a file that is empty
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("VACUUM INTO ?", (str(unfinished),))
    unfinished.replace(copy)


def _schema_found(connection: Connection) -> str | None:
    """The schema's revision; None for an empty database.

    Raises:
        OSError: there are tables, but they are not ours.
    """
    names = set(inspect(connection).get_table_names())
    if {"alembic_version", "shops", "deliveries"} <= names:
        revision = connection.scalar(select(table("alembic_version", column("version_num")).c[0]))
        if revision is not None:
            return str(revision)
    if names - {"alembic_version"}:
        raise OSError("it holds tables that are not Nuanqun's")
    return None
