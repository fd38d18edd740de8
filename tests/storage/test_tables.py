"""The indexes serve the queries that run often: none of them reads a whole large table."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import Connection, delete, event, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import (
    attempts,
    comings,
    customers,
    deliveries,
    due,
    group_days,
    members,
    messages,
    posts,
    questions,
    slots,
    steering,
    tags,
)
from storage.attempts import End
from storage.deliveries import DeliveryState, Move
from storage.lanes import Lane
from storage.nicknames import note_nicknames
from storage.private_ways import ways_to
from storage.seats import leave
from storage.segments import Segment, customers_in
from storage.slots import PlannedSlot
from storage.tables import deliveries as ledger
from storage.tables import messages as message_table
from tests.storage.builders import (
    ACCOUNT,
    DAY,
    HOUR,
    MINUTE,
    NOW,
    campaign,
    heard,
    lane,
    member,
    planned,
    record,
    slot_of,
)
from tests.storage.private_deliveries import deliver_to

LARGE = ("messages", "deliveries", "attempts", "members", "memberships", "tags", "comings")

on_sqlite = pytest.mark.parametrize("shared", ["sqlite"], indirect=True)

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


async def steps(connection: AsyncConnection, query: Query) -> list[str]:
    """What the engine means to do for a query, step by step."""
    with listening(connection) as said:
        await query(connection)
    assert said
    sqlite = connection.dialect.name == "sqlite"
    if not sqlite:  # its tables here are too small for it to care for an index
        await connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
    found: list[str] = []
    for statement, parameters in said:
        one = parameters[0] if isinstance(parameters, list) else parameters
        explain = "EXPLAIN QUERY PLAN" if sqlite else "EXPLAIN"
        plan = await connection.exec_driver_sql(f"{explain} {statement}", one)
        found += [row.detail if sqlite else row[0] for row in plan]
    return found


async def scans(connection: AsyncConnection, query: Query) -> list[str]:
    """The steps of SQLite's plans for a query that read the whole of a large table."""
    return [step for step in await steps(connection, query) if reads_all(step)]


def reads_all(step: str) -> bool:
    """Whether a step of a plan goes through all rows of a large table, or of its index."""
    scanned = re.match(r"SCAN (\w+)", step)
    return scanned is not None and scanned[1] in LARGE


@pytest_asyncio.fixture(loop_scope="session")
async def right(connection: AsyncConnection) -> Lane:
    """The lane, with something planned, heard and known in the database."""
    await planned(connection, "一群", "二群")
    await record(connection, heard("m1"), heard("m2", sender="阿云"))
    return await lane(connection)


def moves(to: DeliveryState, **how: Any) -> list[Move]:
    return [Move(number, to, **how) for number in (1, 2)]


LANE = Lane(ACCOUNT, "bot-1", 1)
LATER = NOW + MINUTE
TAGGED = Segment.parse("tag:老客 and not tag:新客")

LEDGER: dict[str, Query] = {
    "due": lambda c: due.due(c, ACCOUNT, NOW, 20),
    "next_due": lambda c: due.next_due(c, ACCOUNT),
    "addressed_groups": lambda c: due.addressed_groups(c, [1, 2], NOW - DAY),
    "addressed_customers": lambda c: due.addressed_customers(c, [1, 2], NOW - DAY),
    "in_doubt": lambda c: deliveries.in_doubt(c, ACCOUNT, NOW),
    "ways_to": lambda c: ways_to(c, [1, 2]),
    "customers_in": lambda c: customers_in(c, TAGGED, [1], [2], NOW),
    "plan_for_customers": lambda c: slots.plan_for_customers(
        c, PlannedSlot(1, "c1", 1, "once", NOW, LATER), [1, 2], NOW
    ),
    "begin": lambda c: deliveries.begin(c, LANE, [1, 2], NOW),
    "put off": lambda c: deliveries.move(
        c, LANE, moves(DeliveryState.PLANNED, not_before=LATER), NOW
    ),
    "skip": lambda c: deliveries.move(c, LANE, moves(DeliveryState.SKIPPED), NOW),
    "sent": lambda c: deliveries.move(c, LANE, moves(DeliveryState.SENT), NOW),
    "end_calls": lambda c: attempts.end_calls(c, [End(1, "done", None, NOW)]),
    "end_interrupted": lambda c: attempts.end_interrupted(c, LANE, NOW),
    "made_since": lambda c: attempts.made_since(c, ACCOUNT, NOW - HOUR, NOW),
    "late_receipt": lambda c: deliveries.late_receipt(c, ACCOUNT, "key", "paper", NOW),
    "cancel_planned": lambda c: steering.cancel_planned(c, 1, "no", NOW),
    "release": lambda c: steering.release(c, ["campaign_paused"], NOW, 1),
    "counts of a campaign": lambda c: deliveries.counts(c, 1),
}

QUERIES: dict[str, Query] = {
    **LEDGER,
    "sent_posts": lambda c: posts.sent_posts(c, 1),
    "mark_recalled": lambda c: posts.mark_recalled(c, [1, 2], NOW),
    "record": lambda c: record(c, heard("m1"), heard("m9", sender="圆圆")),
    "record with nicknames": lambda c: record(c, replace(heard("m9"), nickname="美美")),
    "pending": lambda c: messages.pending(c, ACCOUNT),
    "utterances": lambda c: messages.utterances(c, 1, NOW, NOW + DAY),
    "talk": lambda c: questions.talk(c, [1, 2], NOW, NOW + DAY),
    "told questions": lambda c: questions.note_told(c, [1, 2], NOW),
    "presence": lambda c: group_days.presence(c, [1, 2], NOW, NOW + DAY),
    "posts of groups": lambda c: group_days.posts_of(c, [1, 2], NOW, NOW + DAY, ["halted"]),
    "quotes": lambda c: messages.quotes(c, [1, 2, 3]),
    "message_saying": lambda c: messages.message_saying(c, ACCOUNT, "x", "好", NOW, NOW + DAY),
    "retention": lambda c: messages.delete_before(c, NOW),
    "members_named": lambda c: members.members_named(c, "小美"),
    "members_named in a group": lambda c: members.members_named(c, "小美", [1]),
    "note_nicknames": lambda c: note_nicknames(c, {(1, 1): "美美", (1, 2): "云云"}),
    "leave": lambda c: leave(c, 1, 1, NOW),
    "comings and goings": lambda c: comings.comings_and_goings(c, [1, 2], NOW, NOW + DAY),
    "retention of comings": lambda c: comings.delete_comings_before(c, NOW),
    "no record": lambda c: customers.set_no_record(c, 1, no_record=True),
    "tags_of": lambda c: tags.tags_of(c, 1, NOW),
    "members_tagged": lambda c: tags.members_tagged(c, "老客", NOW),
    "remove_rule_tags": lambda c: tags.remove_rule_tags(c, [(1, "老客"), (2, "老客")]),
    "delete_expired": lambda c: tags.delete_expired(c, NOW),
    "activity of some": lambda c: tags.activity(c, NOW - DAY, [1, 2]),
}


@on_sqlite
@pytest.mark.parametrize("name", QUERIES)
async def test_a_query_that_runs_often_reads_no_large_table_whole(
    connection: AsyncConnection, right: Lane, name: str
) -> None:
    assert right == LANE
    assert await scans(connection, QUERIES[name]) == []


@on_sqlite
async def test_a_query_without_an_index_would_be_noticed(connection: AsyncConnection) -> None:
    wanted = message_table.c.text == "好用"
    by_text = await scans(connection, lambda c: c.execute(select(message_table).where(wanted)))
    assert len(by_text) == 1
    gone = await scans(connection, lambda c: c.execute(delete(message_table).where(wanted)))
    assert len(gone) == 1


# What stands in an index over some of the rows is small, whatever the ledger's age


PARTIAL = {
    "due": "ix_deliveries_planned",
    "next_due": "ix_deliveries_planned",
    "in_doubt": "ix_deliveries_doubted",
    "addressed_groups": "ix_deliveries_of_group",
    "addressed_customers": "ix_deliveries_of_member",
    "end_interrupted": "ix_attempts_unanswered",
    "made_since": "ix_attempts_held",
}


@pytest.mark.parametrize("name", PARTIAL)
async def test_the_sender_s_questions_use_the_indexes_made_for_them(
    connection: AsyncConnection, right: Lane, name: str
) -> None:
    assert right.account == ACCOUNT
    plan = "\n".join(await steps(connection, LEDGER[name]))
    assert PARTIAL[name] in plan
    # In the order of the index: what is due is not sorted, however much of it there is.
    if name == "due" and connection.dialect.name == "sqlite":
        assert plan.count("USE TEMP B-TREE") == 1  # of the few that were found


@pytest.mark.parametrize("name", ["begin", "put off", "skip", "sent"])
async def test_rows_that_are_named_by_their_ids_are_found_by_them_alone(
    connection: AsyncConnection, right: Lane, name: str
) -> None:
    """SQLite once went through all that an account has planned, to begin a few of it."""
    assert right.account == ACCOUNT
    plan = "\n".join(await steps(connection, LEDGER[name]))
    assert "ix_deliveries" not in plan
    assert "INTEGER PRIMARY KEY" in plan or "pk_deliveries" in plan


@pytest.mark.parametrize("shared", ["postgres"], indirect=True)
async def test_what_was_begun_since_the_engine_last_counted_is_not_all_read(
    connection: AsyncConnection,
) -> None:
    """A campaign of 100,000 messages once read all that it had sent before every batch."""
    people = [await member(connection, f"粉丝{number}") for number in range(200)]
    ids = [one.id for one in people]
    slot = slot_of(await campaign(connection))
    await deliver_to(connection, slot, ACCOUNT, ids, NOW)
    await connection.exec_driver_sql("ANALYZE deliveries")
    await connection.execute(update(ledger).values(state="sent", began_at=NOW))
    some = [one.customer_id for one in people[:20]]
    plan = "\n".join(await steps(connection, lambda c: due.addressed_customers(c, some, NOW - DAY)))
    assert "(member_id = members.id)" in plan


@pytest.mark.parametrize("name", ["ways_to", "plan_for_customers"])
async def test_people_are_planned_for_without_going_through_everybody_else_s_rows(
    connection: AsyncConnection, right: Lane, name: str
) -> None:
    """SQLite once went through all private messages, and all that was planned, for each batch."""
    assert right.account == ACCOUNT
    plan = "\n".join(await steps(connection, LEDGER[name]))
    assert "ix_messages_group_id_at" not in plan
    assert "ix_deliveries_campaign_id_state" not in plan
    if connection.dialect.name == "sqlite":
        assert "ix_messages_member_id_at" in plan
