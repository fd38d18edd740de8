"""Many rows go in, or change, with one statement, whatever stands in them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import bindparam, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import among, insert_new, update_each
from storage.columns import storable
from storage.tables import accounts, analysed_days, audit_log, shops
from tests.storage.builders import DAY, HOUR, NOW, group

SHANGHAI = timezone(timedelta(hours=8))

# Inserting


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


async def test_days_and_flags_go_in_as_well(connection: AsyncConnection) -> None:
    seat = await group(connection, "一群")
    rows = [
        {
            "group_id": seat.id,
            "day": (NOW + number * DAY).date(),
            "version": "1",
            "body": [number, None, "面霜"],
            "dirty": number == 1,
            "analysed_at": NOW,
        }
        for number in range(3)
    ]
    await insert_new(connection, analysed_days, rows)
    columns = [analysed_days.c[name] for name in rows[0]]
    stored = await connection.execute(select(*columns).order_by(analysed_days.c.day))
    assert [dict(row._mapping) for row in stored] == rows


# Updating

ANY = true()
HARD = ["", "面霜 🧴", "a\x00b", 'quote " and \\', "half \ud83d", "123", "1e5", "null", "[1]", "-"]


async def entries(connection: AsyncConnection, number: int) -> list[int]:
    rows = [
        {"at": NOW, "actor": str(each), "action": "x", "subject": "s", "details": {}}
        for each in range(number)
    ]
    await insert_new(connection, audit_log, rows)
    found = await connection.scalars(select(audit_log.c.id).order_by(audit_log.c.id))
    return list(found)


async def stored(connection: AsyncConnection, *names: str) -> list[tuple[Any, ...]]:
    columns = [audit_log.c[name] for name in names]
    rows = await connection.execute(select(*columns).order_by(audit_log.c.id))
    return [tuple(row) for row in rows]


async def test_each_row_gets_its_own_values_and_the_others_keep_theirs(
    connection: AsyncConnection,
) -> None:
    ids = await entries(connection, 4)
    rows = [
        {"id": ids[2], "actor": "阿玲", "at": NOW + HOUR},
        {"id": ids[0], "actor": "小陈", "at": datetime(2026, 11, 11, 0, 0, tzinfo=SHANGHAI)},
        {"id": 999_999, "actor": "nobody", "at": NOW},
    ]
    await update_each(connection, audit_log, rows, ANY)
    assert await stored(connection, "actor", "at", "action") == [
        ("小陈", datetime(2026, 11, 11, 0, 0, tzinfo=SHANGHAI), "x"),
        ("1", NOW, "x"),
        ("阿玲", NOW + HOUR, "x"),
        ("3", NOW, "x"),
    ]


async def test_only_rows_that_are_still_as_said_change(connection: AsyncConnection) -> None:
    ids = await entries(connection, 3)
    wanted = or_(audit_log.c.actor == "0", audit_log.c.actor == bindparam("whose"))
    rows = [{"id": each, "actor": "changed"} for each in ids]
    await update_each(connection, audit_log, rows, wanted, whose="2")
    assert await stored(connection, "actor") == [("changed",), ("1",), ("changed",)]
    again = [{"id": each, "actor": "again"} for each in ids]
    await update_each(connection, audit_log, again, wanted, whose="1")
    assert await stored(connection, "actor") == [("changed",), ("again",), ("changed",)]


async def test_to_update_no_rows_is_no_statement(connection: AsyncConnection) -> None:
    await update_each(connection, audit_log, [], ANY)


async def test_a_value_may_be_taken_away(connection: AsyncConnection) -> None:
    rows = [{"key": key, "halted_at": NOW} for key in "ab"]
    made = await insert_new(connection, shops, rows, shops.c.id)
    first, second = sorted(row.id for row in made)
    news = [{"id": first, "halted_at": None}, {"id": second, "halted_at": NOW + HOUR}]
    await update_each(connection, shops, news, ANY)
    found = await connection.execute(select(shops.c.halted_at).order_by(shops.c.id))
    assert list(found.scalars()) == [None, NOW + HOUR]


async def test_words_stay_words_whatever_is_in_them(connection: AsyncConnection) -> None:
    ids = await entries(connection, len(HARD))
    rows = [
        {"id": each, "actor": word, "details": {word: [word]}}
        for each, word in zip(ids, HARD, strict=True)
    ]
    await update_each(connection, audit_log, rows, ANY)
    assert await stored(connection, "actor") == [(storable(word),) for word in HARD]
    # JSON has an escape for NUL, so a document keeps it.
    kept = [word if "\x00" in word else storable(word) for word in HARD]
    assert await stored(connection, "details") == [({word: [word]},) for word in kept]


async def test_any_number_of_rows_is_updated(connection: AsyncConnection) -> None:
    ids = await entries(connection, 5_000)
    await update_each(
        connection, audit_log, [{"id": each, "actor": str(each)} for each in ids], ANY
    )
    assert await stored(connection, "actor") == [(str(each),) for each in ids]


# One of many


async def actors(connection: AsyncConnection, *words: str) -> set[str]:
    rows = await connection.scalars(
        select(audit_log.c.actor).where(among(audit_log.c.actor, words))
    )
    return set(rows)


async def test_what_is_among_many_values_is_found(connection: AsyncConnection) -> None:
    ids = await entries(connection, 3)
    found = await connection.scalars(
        select(audit_log.c.id).where(among(audit_log.c.id, [ids[0], ids[2], 999_999]))
    )
    assert set(found) == {ids[0], ids[2]}
    many = select(func.count()).where(among(audit_log.c.id, range(40_000)))
    assert await connection.scalar(many) is not None
    assert await actors(connection) == set()


async def test_words_and_moments_are_found_among_their_like(connection: AsyncConnection) -> None:
    ids = await entries(connection, len(HARD))
    rows = [
        {"id": each, "actor": word, "at": NOW + number * HOUR}
        for number, (each, word) in enumerate(zip(ids, HARD, strict=True))
    ]
    await update_each(connection, audit_log, rows, ANY)
    for word in HARD:
        assert await actors(connection, word) == {storable(word)}
    assert await actors(connection, *HARD) == {storable(word) for word in HARD}
    at_two = (NOW + 2 * HOUR).astimezone(SHANGHAI)
    found = select(audit_log.c.id).where(among(audit_log.c.at, [at_two]))
    assert list(await connection.scalars(found)) == [ids[2]]


async def test_values_may_be_given_later_by_name(connection: AsyncConnection) -> None:
    ids = await entries(connection, 3)
    question = select(audit_log.c.id).where(among(audit_log.c.id, "ids"))
    for some in (ids[:1], ids[1:], []):
        found = await connection.scalars(question, {"ids": some})
        assert set(found) == set(some)


async def test_two_conditions_in_one_question_keep_apart(connection: AsyncConnection) -> None:
    ids = await entries(connection, 3)
    both = select(audit_log.c.id).where(
        among(audit_log.c.id, ids[:2]), among(audit_log.c.actor, ["1", "2"])
    )
    assert list(await connection.scalars(both)) == [ids[1]]
    neither = select(audit_log.c.id).where(
        ~among(audit_log.c.id, ids[:1]), ~among(audit_log.c.actor, ["2"])
    )
    assert list(await connection.scalars(neither)) == [ids[1]]
