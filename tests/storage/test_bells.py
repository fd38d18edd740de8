"""A bell is heard when what rang it is committed, in every process, and never before."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import hearing
from storage.bells import CHANNEL, Bell, Bells, ring
from storage.database import Database
from storage.tables import shops
from tests.storage.builders import shop

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)


@pytest.fixture
def heard(database: Database) -> list[Bell]:
    """What is struck on `database`, in order."""
    struck: list[Bell] = []
    database.bells.listen(struck.append)
    return struck


# In this process


def test_everybody_who_listens_is_called_until_they_stop() -> None:
    bells, first, second = Bells(), list[Bell](), list[Bell]()
    stop = bells.listen(first.append)
    bells.listen(second.append)
    bells.strike(Bell.PLANNER)
    stop()
    bells.strike(Bell.STOP)
    assert first == [Bell.PLANNER]
    assert second == [Bell.PLANNER, Bell.STOP]


def test_who_stops_listening_while_called_disturbs_nobody() -> None:
    bells, last = Bells(), list[Bell]()
    stop = bells.listen(lambda _: stop())
    bells.listen(last.append)
    bells.strike(Bell.SENDERS)
    bells.strike(Bell.SENDERS)
    assert last == [Bell.SENDERS, Bell.SENDERS]


async def test_a_bell_is_struck_after_the_commit_once_each_in_order(
    database: Database, heard: list[Bell]
) -> None:
    async with database.writing() as connection:
        for bell in (Bell.STOP, Bell.PLANNER, Bell.STOP):
            await ring(connection, bell)
        assert heard == []
    assert heard == [Bell.STOP, Bell.PLANNER]


async def test_who_hears_a_bell_sees_what_was_written(database: Database) -> None:
    seen: list[asyncio.Task[int]] = []

    async def count() -> int:
        async with database.reading() as connection:
            return len((await connection.execute(shops.select())).all())

    database.bells.listen(lambda _: seen.append(asyncio.create_task(count())))
    async with database.writing() as connection:
        await shop(connection)
        await ring(connection, Bell.SENDERS)
    assert await asyncio.gather(*seen) == [1]


async def test_what_is_rolled_back_rings_nothing_then_or_later(
    database: Database, heard: list[Bell]
) -> None:
    async def ring_and_fail() -> None:
        async with database.writing() as connection:
            await ring(connection, Bell.STOP)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await ring_and_fail()
    async with database.writing() as connection:
        await shop(connection)
    assert heard == []


async def test_a_bell_rings_again_in_the_next_transaction(
    database: Database, heard: list[Bell]
) -> None:
    for _ in range(2):
        async with database.writing() as connection:
            await ring(connection, Bell.SENDERS)
    assert heard == [Bell.SENDERS, Bell.SENDERS]


async def test_who_only_reads_strikes_nothing(database: Database, heard: list[Bell]) -> None:
    async with database.reading() as connection:
        with pytest.raises(KeyError):
            await ring(connection, Bell.SENDERS)
    assert heard == []


# Between processes


@asynccontextmanager
async def hearing_others(database: Database) -> AsyncIterator[None]:
    """Hear other processes meanwhile; what is struck at the beginning is over."""
    beginning = asyncio.Event()
    stop = database.bells.listen(lambda bell: beginning.set() if bell is list(Bell)[-1] else None)
    task = asyncio.create_task(database.hear_others())
    try:
        async with asyncio.timeout(5):
            await beginning.wait()
        stop()
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not true():  # noqa: ASYNC110 (what is waited for is a list that fills)
            await asyncio.sleep(0.01)


async def ring_in(database: Database, *bells: Bell) -> None:
    async with database.writing() as connection:
        for bell in bells:
            await ring(connection, bell)


async def backends(connection: AsyncConnection) -> list[int]:
    """The server's processes for connections that listen on this database."""
    found = await connection.execute(
        text(
            "SELECT pid FROM pg_stat_activity"
            " WHERE datname = current_database() AND query ILIKE '%LISTEN%'"
            " AND pid <> pg_backend_pid()"
        )
    )
    return [row.pid for row in found]


@on_postgresql
async def test_a_bell_is_heard_in_another_process_after_its_commit(
    database: Database, other: Database, heard: list[Bell]
) -> None:
    async with hearing_others(database):
        heard.clear()
        async with other.writing() as connection:
            await ring(connection, Bell.STOP)
            await ring(connection, Bell.SENDERS)
            await asyncio.sleep(0.1)
            assert heard == []
        await until(lambda: len(heard) == 2)
    assert heard == [Bell.STOP, Bell.SENDERS]


@on_postgresql
async def test_what_another_process_rolls_back_is_not_heard(
    database: Database, other: Database, heard: list[Bell]
) -> None:
    async with hearing_others(database):
        heard.clear()
        async with other.writing() as connection:
            await ring(connection, Bell.STOP)
            await connection.rollback()
        await ring_in(other, Bell.PLANNER)
        await until(lambda: heard != [])
    assert heard == [Bell.PLANNER]


@on_postgresql
async def test_who_begins_to_hear_looks_again_whatever_was_rung_before(
    database: Database, other: Database, heard: list[Bell]
) -> None:
    await ring_in(other, Bell.SENDERS)
    async with hearing_others(database):
        assert set(heard) == set(Bell)


@on_postgresql
async def test_a_bell_of_a_newer_release_is_passed_over(
    database: Database, other: Database, heard: list[Bell]
) -> None:
    async with hearing_others(database):
        heard.clear()
        async with other.writing() as connection:
            await connection.execute(text(f"NOTIFY {CHANNEL}, 'gong'"))
        await ring_in(other, Bell.STOP)
        await until(lambda: heard != [])
    assert heard == [Bell.STOP]


@on_postgresql
async def test_a_connection_that_was_cut_is_made_again_and_nothing_is_missed(
    database: Database, other: Database, heard: list[Bell]
) -> None:
    async with hearing_others(database):
        heard.clear()
        async with other.writing() as connection:
            (ear,) = await backends(connection)
            await connection.execute(text("SELECT pg_terminate_backend(:ear)"), {"ear": ear})
        await until(lambda: set(heard) == set(Bell))  # whatever was rung meanwhile
        heard.clear()
        await ring_in(other, Bell.STOP)
        await until(lambda: heard == [Bell.STOP])


@on_postgresql
async def test_a_connection_that_went_dumb_is_noticed(
    database: Database, other: Database, heard: list[Bell], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hearing, "_PROOF_EVERY", 0.05)
    async with hearing_others(database):
        await asyncio.sleep(0.2)  # it answers, and goes on
        heard.clear()
        await ring_in(other, Bell.STOP)
        await until(lambda: heard == [Bell.STOP])
        monkeypatch.setattr(hearing, "_PROOF", "SELECT pg_sleep(60)")
        await until(lambda: set(heard) == set(Bell))


@on_postgresql
async def test_an_ear_that_finds_no_server_tries_again(
    database: Database, heard: list[Bell], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hearing, "_FIRST_PAUSE", 0.01)
    lost = database._url
    database._url = lost.set(port=1)
    task = asyncio.create_task(database.hear_others())
    await asyncio.sleep(0.2)
    assert not task.done()
    assert heard == []
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@on_postgresql
async def test_who_stops_hearing_leaves_no_connection(database: Database, other: Database) -> None:
    async with hearing_others(database), other.reading() as connection:
        assert len(await backends(connection)) == 1
    async with other.reading() as connection:
        assert await backends(connection) == []


@on_sqlite
async def test_on_sqlite_there_is_nobody_else_to_hear(database: Database) -> None:
    task = asyncio.create_task(database.hear_others())
    await asyncio.sleep(0.05)
    assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
