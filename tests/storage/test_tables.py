"""The indexes serve the queries that run often: none of them reads a whole large table."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, delete, event, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import deliveries, members, messages, posts, tags
from storage.accounts import Lane
from storage.deliveries import DeliveryState, Move
from storage.tables import messages as message_table
from tests.storage.builders import ACCOUNT, DAY, NOW, heard, lane, planned, record

LARGE = ("messages", "deliveries", "attempts", "members", "memberships", "tags")

pytestmark = pytest.mark.parametrize("shared_url", ["sqlite"], indirect=True)

Query = Callable[[AsyncConnection], Awaitable[object]]


@contextmanager
def listening(connection: AsyncConnection) -> Iterator[list[tuple[str, Any]]]:
    """Every statement that goes to the engine meanwhile, with its parameters."""
    said: list[tuple[str, Any]] = []

    def note(
        _connection: Connection, _cursor: Any, statement: str, parameters: Any, *_: object
    ) -> None:
        said.append((statement, parameters))

    engine = connection.sync_connection
    assert engine is not None
    event.listen(engine, "before_cursor_execute", note)
    yield said
    event.remove(engine, "before_cursor_execute", note)


async def scans(connection: AsyncConnection, query: Query) -> list[str]:
    """The steps of SQLite's plans for a query that read the whole of a large table."""
    with listening(connection) as said:
        await query(connection)
    assert said
    found = []
    for statement, parameters in said:
        one = parameters[0] if isinstance(parameters, list) else parameters
        plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", one)
        found += [row.detail for row in plan if reads_all(row.detail)]
    return found


def reads_all(step: str) -> bool:
    """Whether a step of a plan goes through all rows of a large table, or of its index."""
    scanned = re.match(r"SCAN (\w+)", step)
    return scanned is not None and scanned[1] in LARGE


@pytest.fixture
async def right(connection: AsyncConnection) -> Lane:
    """The lane, with something planned, heard and known in the database."""
    await planned(connection, "一群", "二群")
    await record(connection, heard("m1"), heard("m2", sender="阿云"))
    return await lane(connection)


def moves(to: DeliveryState) -> list[Move]:
    return [Move(number, to, attempt_id=number) for number in (1, 2)]


LANE = Lane(ACCOUNT, "bot-1", 1)

QUERIES: dict[str, Query] = {
    "due": lambda c: deliveries.due(c, ACCOUNT, NOW, 20),
    "next_due": lambda c: deliveries.next_due(c, ACCOUNT),
    "in_doubt": lambda c: deliveries.in_doubt(c, ACCOUNT, NOW),
    "move": lambda c: deliveries.move(c, LANE, moves(DeliveryState.SENT), NOW),
    "cancel_planned": lambda c: deliveries.cancel_planned(c, 1, "no", NOW),
    "counts of a campaign": lambda c: deliveries.counts(c, 1),
    "sent_posts": lambda c: posts.sent_posts(c, 1),
    "mark_recalled": lambda c: posts.mark_recalled(c, [1, 2], NOW),
    "record": lambda c: record(c, heard("m1"), heard("m9", sender="圆圆")),
    "pending": lambda c: messages.pending(c, ACCOUNT),
    "utterances": lambda c: messages.utterances(c, 1, NOW, NOW + DAY),
    "quotes": lambda c: messages.quotes(c, [1, 2, 3]),
    "retention": lambda c: messages.delete_before(c, NOW),
    "members_named": lambda c: members.members_named(c, "小美"),
    "members_named in a group": lambda c: members.members_named(c, "小美", 1),
    "leave": lambda c: members.leave(c, 1, 1, NOW),
    "no record": lambda c: members.set_no_record(c, 1, no_record=True),
    "tags_of": lambda c: tags.tags_of(c, 1, NOW),
    "members_tagged": lambda c: tags.members_tagged(c, "老客", NOW),
    "remove_rule_tags": lambda c: tags.remove_rule_tags(c, [(1, "老客"), (2, "老客")]),
    "delete_expired": lambda c: tags.delete_expired(c, NOW),
    "activity of some": lambda c: tags.activity(c, NOW - DAY, [1, 2]),
}


@pytest.mark.parametrize("name", QUERIES)
async def test_a_query_that_runs_often_reads_no_large_table_whole(
    connection: AsyncConnection, right: Lane, name: str
) -> None:
    assert right == LANE
    assert await scans(connection, QUERIES[name]) == []


async def test_beginning_reads_no_large_table_whole(
    connection: AsyncConnection, right: Lane
) -> None:
    ready = await deliveries.due(connection, ACCOUNT, NOW, 20)
    assert len(ready) == 2
    assert await scans(connection, lambda c: deliveries.begin(c, right, ready, NOW)) == []


async def test_a_query_without_an_index_would_be_noticed(connection: AsyncConnection) -> None:
    wanted = message_table.c.text == "好用"
    by_text = await scans(connection, lambda c: c.execute(select(message_table).where(wanted)))
    assert len(by_text) == 1
    gone = await scans(connection, lambda c: c.execute(delete(message_table).where(wanted)))
    assert len(gone) == 1
