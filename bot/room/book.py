"""The room's memory: an SQLite file of its own, so that the room is a platform in its own right.

Writes are queued in the order they were made and committed together: while one transaction is on
its way to the disk the next batch gathers, so a busy room pays for one `fsync` per batch and a
quiet one waits for nothing. A write's future is done once it is on the disk; only then do the
room's listeners hear of it. If a commit fails, every waiting and every later write fails with it:
what the room holds in memory must never run ahead of its file.
"""

from __future__ import annotations

import asyncio
import itertools
import operator
import os
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event as engine_events
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.room.errors import RoomFileUnreadable, RoomFileUnwritable
from bot.room.values import EventKind, Person, Role, RoomEvent, RoomGroup, RoomMessage
from scheduler.content import Content
from scheduler.courier import Address

SCHEMA = 1  # PRAGMA user_version of the file
BATCH = 500  # writes in one transaction at most

tables = sa.MetaData()
people = sa.Table(
    "people",
    tables,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
)
groups = sa.Table(
    "groups",
    tables,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
)
memberships = sa.Table(
    "memberships",
    tables,
    sa.Column("group_id", sa.Text, primary_key=True),
    sa.Column("person_id", sa.Text, primary_key=True),
)
tokens = sa.Table(
    "tokens",
    tables,
    sa.Column("digest", sa.Text, primary_key=True),  # the token itself is never stored
    sa.Column("person_id", sa.Text, nullable=False),
    sa.Column("expires", sa.Float, nullable=False),  # real time, seconds since 1970
)
messages = sa.Table(
    "messages",
    tables,
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("sender_id", sa.Text, nullable=False),
    sa.Column("key", sa.Text, index=True),
    sa.Column("content", sa.JSON, nullable=False),
    sa.Column("edited", sa.Boolean, nullable=False, default=False),
    sa.Column("deleted", sa.Boolean, nullable=False, default=False),
    sa.Column("pinned", sa.Boolean, nullable=False, default=False),
    sa.Index("messages_by_address", "address", "seq"),
)
events = sa.Table(
    "events",
    tables,
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("person_id", sa.Text, nullable=False),
    sa.Column("group_id", sa.Text),
    sa.Column("message_seq", sa.Integer),
    sa.Column("says", sa.Text),
)

INSERT_EVENT = sa.insert(events)
_senders = people.alias("senders")
_SELECT_MESSAGES = sa.select(messages, _senders.c.name, _senders.c.role).join(
    _senders, _senders.c.id == messages.c.sender_id
)

Change = tuple[sa.Executable, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Beginning:
    """What the room holds in memory, as the file has it at the start."""

    people: dict[str, Person] = field(default_factory=dict)
    groups: dict[str, RoomGroup] = field(default_factory=dict)
    members: dict[str, set[str]] = field(default_factory=dict)
    tokens: dict[str, tuple[str, float]] = field(default_factory=dict)
    last_seq: int = 0


@dataclass(frozen=True, slots=True)
class _Write:
    changes: tuple[Change, ...]
    events: tuple[RoomEvent, ...]
    written: asyncio.Future[None]


def event_row(event: RoomEvent) -> dict[str, Any]:
    """One event as a row; its message is kept in its own table."""
    return {
        "seq": event.seq,
        "at": event.at.isoformat(),
        "kind": event.kind.value,
        "person_id": event.person.id,
        "group_id": event.group.id if event.group else None,
        "message_seq": event.message.seq if event.message else None,
        "says": event.says,
    }


def message_row(message: RoomMessage) -> dict[str, Any]:
    """One message as a row."""
    return {
        "seq": message.seq,
        "at": message.at.isoformat(),
        "address": str(message.address),
        "sender_id": message.sender.id,
        "key": message.key,
        "content": message.content.to_json(),
        "edited": message.edited,
        "deleted": message.deleted,
        "pinned": message.pinned,
    }


class Book:
    """The open file. Make one with `Book.open`, and close it."""

    def __init__(self, path: Path, engine: AsyncEngine) -> None:
        self._path = path
        self._engine = engine
        self._pending: list[_Write] = []
        self._work = asyncio.Event()
        self._failure: RoomFileUnwritable | None = None
        self._closing = False
        self._writer: asyncio.Task[None] | None = None
        self.on_commit: Callable[[Sequence[RoomEvent]], None] = lambda _: None

    @classmethod
    async def open(cls, path: Path) -> Book:
        """Open the file, or make it, readable by its owner alone.

        Raises:
            RoomFileUnreadable: it is not a room's file, is newer than this release, or the
                system denies it.
        """
        engine = create_async_engine(f"sqlite+aiosqlite:///{path}")
        engine_events.listen(engine.sync_engine, "connect", _set_up_connection)
        try:
            await asyncio.to_thread(_make_private, path)
            version = await _prepare(engine)
        except (OSError, sa.exc.DBAPIError, sqlite3.Error) as error:
            await engine.dispose()
            reason = getattr(error, "orig", None) or error
            raise RoomFileUnreadable(place=path, reason=reason) from error
        if version != SCHEMA:
            await engine.dispose()
            raise RoomFileUnreadable(place=path, reason=f"its schema {version} is not ours")
        book = cls(path, engine)
        book._writer = asyncio.create_task(book._keep_writing(), name="room-book")
        return book

    async def close(self) -> None:
        """Write what is waiting, and close the file. Safe to call twice."""
        self._closing = True
        self._work.set()
        if self._writer is not None:
            await self._writer
        await self._engine.dispose()

    def write(self, *changes: Change, events: tuple[RoomEvent, ...] = ()) -> asyncio.Future[None]:
        """Queue changes and the events that tell of them; the future is done once they are safe.

        Raises:
            RoomFileUnwritable: through the future, when this or an earlier write failed.
        """
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self._failure is not None or self._closing:
            failure = self._failure or RoomFileUnwritable(place=self._path, reason="it is closed")
            written.set_exception(failure)
            return written
        self._pending.append(_Write(changes, events, written))
        self._work.set()
        return written

    async def flush(self) -> None:
        """Return once everything written so far is on the disk."""
        await self.write()

    async def _keep_writing(self) -> None:
        while self._pending or not self._closing:
            await self._work.wait()
            batch, self._pending = self._pending[:BATCH], self._pending[BATCH:]
            if not self._pending and not self._closing:
                self._work.clear()
            try:
                await self._commit(batch)
            except Exception as error:  # noqa: BLE001  # whatever it was, nobody may wait for ever
                self._fail(batch, error)
                return
            self.on_commit([event for write in batch for event in write.events])
            for write in batch:
                if not write.written.done():  # whoever waited may have been cancelled
                    write.written.set_result(None)

    def _fail(self, batch: list[_Write], error: Exception) -> None:
        reason = getattr(error, "orig", None) or error
        self._failure = RoomFileUnwritable(place=self._path, reason=reason)
        for write in itertools.chain(batch, self._pending):
            if not write.written.done():
                write.written.set_exception(self._failure)
        self._pending = []

    async def _commit(self, batch: list[_Write]) -> None:
        changes = [change for write in batch for change in write.changes]
        told = [event_row(event) for write in batch for event in write.events]
        if not changes and not told:
            return
        async with self._engine.begin() as connection:
            for statement, run in itertools.groupby(changes, key=operator.itemgetter(0)):
                await connection.execute(statement, [values for _, values in run])
            if told:
                await connection.execute(INSERT_EVENT, told)

    async def beginning(self) -> Beginning:
        """Everything the room keeps in memory, read once at the start."""
        async with self._engine.connect() as connection:
            members: dict[str, set[str]] = {}
            for row in await connection.execute(sa.select(memberships)):
                members.setdefault(row.group_id, set()).add(row.person_id)
            return Beginning(
                people={
                    row.id: Person(row.id, row.name, Role(row.role))
                    for row in await connection.execute(sa.select(people))
                },
                groups={
                    row.id: RoomGroup(row.id, row.name)
                    for row in await connection.execute(sa.select(groups))
                },
                members=members,
                tokens={
                    row.digest: (row.person_id, row.expires)
                    for row in await connection.execute(sa.select(tokens))
                },
                last_seq=(await connection.scalar(sa.select(sa.func.max(events.c.seq)))) or 0,
            )

    async def message(self, seq: int) -> RoomMessage | None:
        """One message, by its number."""
        found = await self._messages(_SELECT_MESSAGES.where(messages.c.seq == seq))
        return found[0] if found else None

    async def by_key(self, key: str) -> RoomMessage | None:
        """The first post that carried this delivery key."""
        await self.flush()
        query = _SELECT_MESSAGES.where(messages.c.key == key).order_by(messages.c.seq).limit(1)
        found = await self._messages(query)
        return found[0] if found else None

    async def history(
        self, address: Address, before: int | None, limit: int
    ) -> tuple[RoomMessage, ...]:
        """The last `limit` messages at one address before the number `before`, oldest first."""
        query = _SELECT_MESSAGES.where(messages.c.address == str(address))
        if before is not None:
            query = query.where(messages.c.seq < before)
        found = await self._messages(query.order_by(messages.c.seq.desc()).limit(limit))
        return tuple(reversed(found))

    async def comings_and_goings(
        self, group: RoomGroup, after: int, limit: int
    ) -> tuple[RoomEvent, ...]:
        """The last `limit` joins and leaves of one group behind `after`, oldest first."""
        query = (
            sa.select(events.c.seq)
            .where(
                events.c.group_id == group.id,
                events.c.seq > after,
                events.c.kind.in_([EventKind.JOINED.value, EventKind.LEFT.value]),
            )
            .order_by(events.c.seq.desc())
            .limit(limit)
        )
        return await self._events(events.c.seq.in_(query.scalar_subquery()))

    async def events(self, after: int, limit: int) -> tuple[RoomEvent, ...]:
        """The first `limit` events behind the number `after`."""
        return await self._events(events.c.seq.between(after + 1, after + limit))

    async def _messages(self, query: sa.Select[Any]) -> list[RoomMessage]:
        async with self._engine.connect() as connection:
            return [_message(row) for row in await connection.execute(query)]

    async def _events(self, condition: sa.ColumnElement[bool]) -> tuple[RoomEvent, ...]:
        query = (
            sa.select(events, people.c.name, people.c.role, groups.c.name.label("group_name"))
            .join(people, people.c.id == events.c.person_id)
            .outerjoin(groups, groups.c.id == events.c.group_id)
            .where(condition)
            .order_by(events.c.seq)
        )
        async with self._engine.connect() as connection:
            rows = (await connection.execute(query)).all()
            told = await self._messages_of(connection, rows)
        return tuple(
            RoomEvent(
                seq=row.seq,
                at=datetime.fromisoformat(row.at),
                kind=EventKind(row.kind),
                person=Person(row.person_id, row.name, Role(row.role)),
                group=None if row.group_id is None else RoomGroup(row.group_id, row.group_name),
                message=None if row.message_seq is None else told[row.message_seq],
                says=row.says,
            )
            for row in rows
        )

    async def _messages_of(
        self, connection: AsyncConnection, rows: Sequence[sa.Row[Any]]
    ) -> dict[int, RoomMessage]:
        numbers = {row.message_seq for row in rows if row.message_seq is not None}
        if not numbers:
            return {}
        query = _SELECT_MESSAGES.where(messages.c.seq.in_(numbers))
        return {row.seq: _message(row) for row in await connection.execute(query)}


def _message(row: sa.Row[Any]) -> RoomMessage:
    return RoomMessage(
        seq=row.seq,
        at=datetime.fromisoformat(row.at),
        address=Address.parse(row.address),
        sender=Person(row.sender_id, row.name, Role(row.role)),
        content=Content.from_json(row.content),
        key=row.key,
        edited=row.edited,
        deleted=row.deleted,
        pinned=row.pinned,
    )


async def _prepare(engine: AsyncEngine) -> int:
    """Make the tables in an empty file; the answer is the schema the file has now."""
    async with engine.begin() as connection:
        version: int = (await connection.exec_driver_sql("PRAGMA user_version")).scalar_one()
        if version != 0:
            return version
        await connection.run_sync(tables.create_all)
        await connection.exec_driver_sql(f"PRAGMA user_version={SCHEMA}")
        return SCHEMA


def _make_private(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def _set_up_connection(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA busy_timeout=5000")
    cursor.close()
