"""The database opens, refuses what is not ours, and lets writers and readers by."""

from __future__ import annotations

import asyncio
import gc
import importlib.util
import os
import pwd
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import (
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError

from storage import database as database_room
from storage import tables
from storage.database import Database
from storage.errors import (
    DatabaseAddressWrong,
    DatabaseInUse,
    DatabaseUnreadable,
    DriverMissing,
)
from storage.tables import shops
from tests.storage.builders import shop
from tests.storage.refusals import refused

SQLITE = "sqlite+aiosqlite:///"

# What is not ours


async def test_a_database_of_somebody_else_is_refused_and_left_alone(empty_url: str) -> None:
    engine = Database(empty_url)
    async with engine.writing() as connection:
        await connection.execute(text("CREATE TABLE guests (name TEXT)"))
    assert "tables that are not Nuanqun's" in await refused(empty_url)
    async with engine.writing() as connection:
        # Somebody else may use Alembic as well.
        await connection.execute(text("CREATE TABLE alembic_version (version_num TEXT)"))
        await connection.execute(text("INSERT INTO alembic_version VALUES ('abc')"))
    assert "tables that are not Nuanqun's" in await refused(empty_url)
    async with engine.reading() as connection:
        names = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
        assert set(names) == {"guests", "alembic_version"}
    await engine.close()


def garbage(place: Path) -> Path:
    place.write_bytes(b"not a database at all" * 400)
    return place


def folder(place: Path) -> Path:
    place.mkdir()
    return place


def below_a_file(place: Path) -> Path:
    place.write_text("a file")
    return place / "nuanqun.db"


def cut_off(place: Path) -> Path:
    with closing(sqlite3.connect(place)) as connection:
        connection.execute("CREATE TABLE shops AS SELECT 1")
        connection.commit()
    place.write_bytes(place.read_bytes()[:1000])
    return place


@pytest.mark.parametrize("spoil", [garbage, folder, below_a_file, cut_off])
async def test_a_file_that_cannot_be_read_is_told_in_one_sentence(
    tmp_path: Path, spoil: Callable[[Path], Path]
) -> None:
    place = spoil(tmp_path / "spoilt.db")
    with pytest.raises(DatabaseUnreadable) as caught:
        await Database.open(f"{SQLITE}{place}")
    assert str(place) in str(caught.value)
    assert "\n" not in str(caught.value)


@contextmanager
def without_rights(place: Path) -> Iterator[None]:
    """Nobody may read or write `place`; root, who always may, is nobody meanwhile."""
    place.touch(mode=0o000)
    root = os.geteuid() == 0
    if root:
        os.seteuid(pwd.getpwnam("nobody").pw_uid)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


async def test_a_file_without_permission_is_told_in_one_sentence(tmp_path: Path) -> None:
    place = tmp_path / "closed.db"
    # Whatever is imported at the first opening is imported while it may be.
    await (await Database.open(f"{SQLITE}{tmp_path / 'other.db'}")).close()
    with without_rights(place):
        said = await refused(f"{SQLITE}{place}")
    assert str(place) in said
    assert "\n" not in said


async def test_folders_that_are_missing_are_made(tmp_path: Path) -> None:
    place = tmp_path / "data" / "shop" / "nuanqun.db"
    await (await Database.open(f"{SQLITE}{place}")).close()
    assert place.exists()


def open_to_all(folder: Path) -> Path:
    folder.chmod(0o755)
    return folder


def rights(folder: Path) -> dict[str, int]:
    return {file.name: file.stat().st_mode & 0o777 for file in folder.iterdir()}


async def test_a_new_file_is_its_owner_s_alone_also_in_an_open_folder(tmp_path: Path) -> None:
    database = await Database.open(f"{SQLITE}{open_to_all(tmp_path) / 'nuanqun.db'}")
    async with database.writing() as connection:
        await shop(connection)
    made = rights(tmp_path)
    await database.close()
    beside = ("", "-wal", "-shm", ".lock")
    assert made == dict.fromkeys((f"nuanqun.db{end}" for end in beside), 0o600)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nuanqun.db",
        "sqlite:///nuanqun.db",
        "sqlite+aiosqlite://",
        "sqlite+aiosqlite:///:memory:",
        "mysql+aiomysql://owner:hunter2@shop.example/nuanqun",
        "postgresql://owner:hunter2@shop.example/nuanqun",
        "postgresql+asyncpg://owner:hunter2@shop.example:port/nuanqun",
    ],
)
async def test_an_address_of_another_kind_is_refused_and_its_password_not_told(url: str) -> None:
    with pytest.raises(DatabaseAddressWrong) as caught:
        await Database.open(url)
    assert "postgresql+asyncpg://USER:PASSWORD@HOST/NAME" in caught.value.advice
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+asyncpg://owner:hunter2@127.0.0.1:1/nuanqun",
        "postgresql+asyncpg://127.0.0.1:1/nuanqun?user=owner&password=hunter2",
    ],
)
async def test_a_server_that_does_not_answer_is_told_without_the_password(url: str) -> None:
    assert "hunter2" not in Database(url).place
    with pytest.raises(DatabaseUnreadable) as caught:
        await Database.open(url)
    assert "127.0.0.1" in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("part", "wrong", "expected"),
    [
        ("test_", "missing_", "does not exist"),
        ("owner:", "owner:wrong", "password authentication failed"),
    ],
)
async def test_a_server_that_refuses_is_told_in_its_own_words(
    postgres_url: Callable[[], str], part: str, wrong: str, expected: str
) -> None:
    url = postgres_url()
    said = await refused(url.replace(part, wrong, 1))
    assert expected in said
    assert url.split(":")[2].split("@")[0] not in said


def test_a_missing_driver_is_told_with_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(DriverMissing, match=r"nuanqun\[postgres\]"):
        Database("postgresql+asyncpg://owner:hunter2@shop.example/nuanqun")


# Transactions


async def test_a_transaction_is_kept_whole_or_not_at_all(database: Database) -> None:
    async def write_and_fail() -> None:
        async with database.writing() as connection:
            await shop(connection)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await write_and_fail()
    async with database.reading() as connection:
        assert list(await connection.scalars(select(shops))) == []


async def test_who_only_reads_cannot_write_by_mistake(database: Database) -> None:
    async with database.reading() as connection:
        with pytest.raises(DBAPIError, match=r"read.?only"):
            await connection.execute(insert(shops).values(key="shop"))


async def test_a_reader_sees_one_unchanging_picture(database: Database) -> None:
    async with database.reading() as connection:
        assert list(await connection.scalars(select(shops.c.key))) == []
        async with database.writing() as writing:
            await shop(writing)
        assert list(await connection.scalars(select(shops.c.key))) == []


async def test_readers_do_not_wait_for_a_writer(database: Database) -> None:
    async with database.writing() as writing:
        await shop(writing)
        async with asyncio.timeout(2), database.reading() as connection:
            assert list(await connection.scalars(select(shops.c.key))) == []


async def test_many_writers_queue_up_and_none_is_turned_away(
    database: Database, other: Database
) -> None:
    async def write(which: Database, key: str) -> None:
        async with which.writing() as connection:
            await connection.execute(select(shops.c.id))
            await asyncio.sleep(0)
            await connection.execute(insert(shops).values(key=key))

    await asyncio.gather(
        *(
            write(which, f"{number}-{id(which)}")
            for which in (database, other)
            for number in range(40)
        )
    )
    async with database.reading() as connection:
        assert len(list(await connection.scalars(select(shops.c.key)))) == 80


# As many rows as take either engine some tenths of a second to count.
LONG = text(
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000)"
    " SELECT count(*) FROM n"
)


async def test_who_is_cancelled_in_the_middle_of_a_statement_holds_up_nobody(
    database: Database,
) -> None:
    """An SQLite connection that was only closed kept its lock until a garbage collection."""
    inside = asyncio.Event()

    async def write() -> None:
        async with database.writing() as connection:
            await shop(connection)
            inside.set()
            await connection.execute(LONG)

    task = asyncio.create_task(write())
    gc.disable()  # a collection by chance would hide what is left behind
    try:
        await inside.wait()
        await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        async with asyncio.timeout(5), database.writing() as connection:
            await shop(connection)
    finally:
        gc.enable()


async def test_a_transaction_cancelled_at_any_moment_is_kept_whole_or_not_at_all(
    database: Database,
) -> None:
    async def write(key: str) -> None:
        async with database.writing() as connection:
            await connection.execute(insert(shops).values(key=f"{key}/1"))
            await connection.execute(insert(shops).values(key=f"{key}/2"))

    rival = asyncio.create_task(write("rival"))  # so that the first ones wait to begin
    for moment in range(120):
        task = asyncio.create_task(write(str(moment)))
        for _ in range(moment % 60):
            await asyncio.sleep(0)
        await asyncio.sleep(moment % 7 / 2_000)
        task.cancel()
        async with asyncio.timeout(5):
            await asyncio.wait([task])
        assert task.cancelled() or task.exception() is None
    await rival
    async with asyncio.timeout(5):
        await write("last")
    async with database.reading() as connection:
        kept = list(await connection.scalars(select(shops.c.key)))
    assert Counter(key.partition("/")[0] for key in kept) == dict.fromkeys(
        {key.partition("/")[0] for key in kept}, 2
    )
    assert "last/2" in kept
    assert len(asyncio.all_tasks()) == 1


async def test_closing_twice_is_harmless(database: Database) -> None:
    await database.close()
    await database.close()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("way", ["reading", "writing"])
async def test_the_promises_asked_of_sqlite_are_in_force(database: Database, way: str) -> None:
    async with getattr(database, way)() as connection:
        found = {
            name: (await connection.execute(text(f"PRAGMA {name}"))).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    full = 2
    assert found == {
        "journal_mode": "wal",
        "synchronous": full,
        "foreign_keys": 1,
        "busy_timeout": 10_000,
    }


async def test_a_row_that_points_nowhere_is_refused(database: Database) -> None:
    async def point_nowhere() -> None:
        async with database.writing() as connection:
            await connection.execute(insert(tables.group_tags).values(group_id=7, tag="x"))

    with pytest.raises(DBAPIError, match=r"(?i)foreign key"):
        await point_nowhere()


# One bot for each SQLite file

HOLD = """
import asyncio, sys, time
from storage.database import Database
database = asyncio.run(Database.open(sys.argv[1]))
database.hold_alone()
print("held", flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_file_is_held_by_one_bot_until_it_closes(
    database: Database, other: Database
) -> None:
    database.hold_alone()
    database.hold_alone()
    with pytest.raises(DatabaseInUse, match=r"nuanqun\.db"):
        other.hold_alone()
    await database.close()
    other.hold_alone()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_file_by_another_name_is_the_same_file(database: Database, tmp_path: Path) -> None:
    (tmp_path / "link.db").symlink_to(tmp_path / "nuanqun.db")
    linked = await Database.open(f"{SQLITE}{tmp_path / 'link.db'}")
    database.hold_alone()
    with pytest.raises(DatabaseInUse):
        linked.hold_alone()
    await linked.close()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_file_is_held_by_one_process_until_it_is_killed(database: Database) -> None:
    url = database._url.render_as_string()
    holder = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", HOLD, url),
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert holder.stdout is not None
    try:
        assert await holder.stdout.readline() == b"held\n"
        with pytest.raises(DatabaseInUse):
            database.hold_alone()
    finally:
        holder.send_signal(signal.SIGKILL)
        await holder.wait()
    database.hold_alone()


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
async def test_on_postgresql_several_bots_may_work(database: Database, other: Database) -> None:
    database.hold_alone()
    other.hold_alone()


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
async def test_a_process_that_stands_still_in_a_transaction_holds_others_up_for_a_moment_only(
    database_url: str, other: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_room, "_STANDS_STILL", timedelta(milliseconds=300))
    still = await Database.open(database_url)

    async def stand_still() -> None:
        async with still.writing() as connection:
            await shop(connection)
            async with asyncio.timeout(30), other.writing() as waiting:
                await shop(waiting)  # it makes the same row
            await shop(connection)

    with pytest.raises(DBAPIError):
        await stand_still()
    async with still.writing() as connection:  # and goes on when it wakes up
        assert await shop(connection)
    await still.close()
