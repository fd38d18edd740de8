"""The throw-away PostgreSQL gives every test a database of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from tests.peers import postgres as postgres_peer
from tests.peers.postgres import PostgresServer

pytestmark = pytest.mark.peer


async def run(url: str, *statements: str) -> list[str]:
    """The first column of the last statement's rows."""
    engine = create_async_engine(url)
    try:
        async with engine.begin() as connection:
            for statement in statements[:-1]:
                await connection.execute(text(statement))
            return list((await connection.execute(text(statements[-1]))).scalars())
    finally:
        await engine.dispose()


TABLES = "select tablename from pg_tables where schemaname = 'public'"


async def test_what_one_database_holds_another_does_not_see(
    postgres_url: Callable[[], str],
) -> None:
    first, second = postgres_url(), postgres_url()
    assert await run(first, "create table fans (name text)", TABLES) == ["fans"]
    assert await run(second, TABLES) == []


async def test_a_database_made_from_a_template_starts_with_its_tables(
    postgres: PostgresServer,
) -> None:
    with postgres.database() as template:
        await run(template, "create table fans (name text)", TABLES)
        with postgres.database(template) as copy:
            assert await run(copy, TABLES) == ["fans"]


async def test_a_database_is_dropped_under_whoever_is_still_connected(
    postgres: PostgresServer,
) -> None:
    with postgres.database() as observer:
        engine = create_async_engine(postgres.create_database())
        async with engine.connect() as connection:
            await connection.execute(text("select 1"))
            name = engine.url.database
            postgres.drop_database(engine.url.render_as_string(hide_password=False))
            assert name not in await run(observer, "select datname from pg_database")
            await connection.invalidate()
        await engine.dispose()


async def test_text_is_stored_as_utf_8(postgres_url: Callable[[], str]) -> None:
    assert await run(postgres_url(), "select '暖群 🎉'") == ["暖群 🎉"]


def test_a_refused_statement_is_an_error_that_says_why(postgres: PostgresServer) -> None:
    with pytest.raises(RuntimeError, match="does not exist"):
        postgres.create_database(template="postgresql://nowhere/missing")


@pytest.mark.parametrize(
    ("ci", "outcome"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)]
)
def test_a_missing_server_skips_and_in_ci_fails_saying_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, ci: str, outcome: type[BaseException]
) -> None:
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr(postgres_peer, "find_programs", lambda: None)
    with (
        pytest.raises(outcome, match=r"PostgreSQL is not on this machine.*apt-get install"),
        postgres_peer.running(),
    ):
        raise AssertionError


def test_a_stopped_server_leaves_no_folder_behind() -> None:
    with postgres_peer.running() as server:
        folder: Path = server.folder
        assert folder.exists()
    assert not folder.exists()
