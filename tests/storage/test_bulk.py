"""Many rows go in with one statement, and those that are there already are left alone."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import insert_new
from storage.tables import accounts, audit_log, shops
from tests.storage.builders import NOW


async def test_no_rows_are_no_statement(connection: AsyncConnection) -> None:
    assert await insert_new(connection, shops, [], shops.c.id) == ()


async def test_new_rows_go_in_and_come_back_with_what_was_asked(
    connection: AsyncConnection,
) -> None:
    made = await insert_new(
        connection, shops, [{"key": "a"}, {"key": "b"}], shops.c.id, shops.c.key
    )
    stored = await connection.execute(select(shops.c.id, shops.c.key))
    assert sorted(tuple(row) for row in made) == sorted(tuple(row) for row in stored)
    assert {row.key for row in made} == {"a", "b"}


async def test_only_the_rows_really_inserted_come_back(connection: AsyncConnection) -> None:
    await insert_new(connection, shops, [{"key": "a"}])
    made = await insert_new(connection, shops, [{"key": "a"}, {"key": "b"}], shops.c.key)
    assert [row.key for row in made] == ["b"]


async def test_a_row_that_stands_twice_in_one_call_goes_in_once(
    connection: AsyncConnection,
) -> None:
    made = await insert_new(connection, shops, [{"key": "a"}, {"key": "a"}], shops.c.key)
    assert [row.key for row in made] == ["a"]


async def test_a_row_that_is_there_already_keeps_its_values(connection: AsyncConnection) -> None:
    await insert_new(connection, accounts, [{"account": "a", "platform": "p", "cursor": "1"}])
    await insert_new(connection, accounts, [{"account": "a", "platform": "p", "cursor": "2"}])
    assert await connection.scalar(select(accounts.c.cursor)) == "1"


async def test_every_column_type_goes_through(connection: AsyncConnection) -> None:
    rows = [
        {"at": NOW, "actor": "阿玲", "action": "x", "subject": "s", "details": {"第": number}}
        for number in range(3)
    ]
    await insert_new(connection, audit_log, rows)
    columns = [audit_log.c[name] for name in rows[0]]
    stored = await connection.execute(select(*columns).order_by(audit_log.c.id))
    assert [dict(row._mapping) for row in stored] == rows


async def test_a_missing_value_goes_in_as_none(connection: AsyncConnection) -> None:
    rows: list[dict[str, Any]] = [
        {"account": "a", "platform": "p", "cursor": None},
        {"account": "b", "platform": "p", "cursor": "7"},
    ]
    await insert_new(connection, accounts, rows)
    stored = await connection.execute(select(accounts.c.account, accounts.c.cursor))
    assert {row.account: row.cursor for row in stored} == {"a": None, "b": "7"}


@pytest.mark.parametrize("number", [1, 1_000, 33_000])
async def test_any_number_of_rows_goes_in(connection: AsyncConnection, number: int) -> None:
    made = await insert_new(
        connection, shops, [{"key": str(each)} for each in range(number)], shops.c.id
    )
    assert len(made) == number
    assert await connection.scalar(select(func.count()).select_from(shops)) == number
