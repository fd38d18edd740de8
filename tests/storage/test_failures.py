"""A failure of the database may pass; a value that it refuses stays refused. On real refusals."""

from __future__ import annotations

import random
import shutil
import string
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Executable, insert, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.ext.asyncio import create_async_engine

from storage.database import Database
from storage.failures import in_short, may_pass
from storage.tables import members, memberships, messages, shops
from tests.storage.builders import NOW

# Letters by chance, which no engine can squeeze into the longest value that an index takes.
ENDLESS = "".join(random.Random(7).choices(string.ascii_letters, k=20_000))  # noqa: S311 (no secret)


async def failure_of(database: Database, *statements: Executable) -> Exception:
    """How the last of the statements fails."""
    try:
        async with database.writing() as connection:
            for statement in statements:
                await connection.execute(statement)
    except Exception as failure:  # noqa: BLE001 (which class it is, is the question)
        return failure
    pytest.fail("it was not refused")


def seat(**values: Any) -> Executable:
    return insert(memberships).values({"group_id": 1, "member_id": 1, "joined_at": NOW, **values})


@pytest.mark.parametrize(
    "statements",
    [
        [seat(member_id=2**70)],
        [seat()],
        [insert(shops).values(key=None)],
        [insert(shops).values(key="shop"), insert(shops).values(key="shop")],
        [seat(joined_at=NOW.replace(tzinfo=None))],
        [seat(joined_at="yesterday")],
        [insert(members).values(person=7)],
    ],
    ids=[
        "a number too large",
        "a row that points nowhere",
        "nothing where something must be",
        "a key that is taken",
        "a moment without a zone",
        "a moment that is none",
        "a number for a text",
    ],
)
async def test_a_value_that_is_refused_is_refused_for_ever(
    database: Database, statements: list[Executable]
) -> None:
    assert not may_pass(await failure_of(database, *statements))


@pytest.mark.parametrize(
    "statement", [text("SELECT * FROM nowhere"), text("SELECT nothing FROM shops")]
)
async def test_what_is_missing_in_the_database_is_its_own_failure(
    database: Database, statement: Executable
) -> None:
    assert may_pass(await failure_of(database, statement))


async def test_a_database_that_is_busy_may_be_free_later(
    migrated_sqlite: Path, tmp_path: Path
) -> None:
    file = tmp_path / "busy.db"
    shutil.copy(migrated_sqlite, file)
    database = await Database.open(f"sqlite+aiosqlite:///{file}")
    impatient = create_async_engine(f"sqlite+aiosqlite:///{file}", connect_args={"timeout": 0})
    async with database.writing() as connection:
        await connection.execute(insert(shops).values(key="shop"))
        with pytest.raises(OperationalError, match="locked") as caught:
            async with impatient.begin() as other:
                await other.execute(insert(shops).values(key="another"))
    await impatient.dispose()
    await database.close()
    assert may_pass(caught.value)


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
async def test_on_postgresql_a_text_too_long_for_an_index_is_refused_for_ever(
    database: Database,
) -> None:
    assert not may_pass(await failure_of(database, insert(shops).values(key=ENDLESS)))


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
async def test_on_postgresql_a_connection_that_is_cut_may_be_made_again(database: Database) -> None:
    cut = text("SELECT pg_terminate_backend(pg_backend_pid())")
    assert may_pass(await failure_of(database, cut))


@pytest.mark.parametrize(
    ("failure", "passes"),
    [
        (NoConnectionFree(), True),
        (ConnectionRefusedError(), True),
        (TimeoutError(), True),
        (OverflowError(), False),
        (KeyError("text"), False),
    ],
)
def test_whether_other_failures_may_pass(failure: Exception, passes: bool) -> None:  # noqa: FBT001 (a column of the table)
    assert may_pass(failure) is passes


async def test_a_failure_is_told_in_the_driver_s_own_words(database: Database) -> None:
    failure = await failure_of(database, insert(messages).values(text="一\n二"))
    assert "constraint" in in_short(failure)
    assert "[SQL" not in in_short(failure)
    assert "\n" not in in_short(failure)
    assert in_short(TimeoutError()) == "TimeoutError"
