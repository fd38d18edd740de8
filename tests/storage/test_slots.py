"""An occurrence becomes one delivery for each address, however often it is planned."""

from __future__ import annotations

import asyncio

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import due, slots
from storage.database import Database
from storage.tables import deliveries
from tests.storage.builders import (
    ACCOUNT,
    HOUR,
    NOW,
    campaign,
    group,
    lane,
    planned,
    sent,
    slot_of,
    states,
)


async def test_a_slot_becomes_one_delivery_for_each_group(connection: AsyncConnection) -> None:
    of = await campaign(connection)
    seats = [await group(connection, name) for name in ("一群", "二群")]
    slot = slot_of(of, "d-6", NOW + HOUR, priority=2)
    made = await slots.plan_for_groups(connection, slot, [seat.id for seat in seats], NOW)
    assert made == 2
    rows = (await connection.execute(select(deliveries).order_by(deliveries.c.id))).all()
    assert dict(rows[0]._mapping) == {
        "id": rows[0].id,
        "key": "c1/d-6/room/group:chat-一群",
        "campaign_id": of.id,
        "version_id": of.version_id,
        "slot": "d-6",
        "variant": None,
        "account": ACCOUNT,
        "address": "group:chat-一群",
        "group_id": seats[0].id,
        "member_id": None,
        "priority": 2,
        "state": "planned",
        "reason": None,
        "not_before": NOW + HOUR,
        "not_after": NOW + 2 * HOUR,
        "tries": 0,
        "resent": False,
        "began_at": None,
        "receipt": None,
        "recalled_at": None,
        "moved_at": NOW,
    }
    assert rows[1].key == "c1/d-6/room/group:chat-二群"


async def test_a_slot_for_topics_becomes_one_delivery_for_each_of_them(
    connection: AsyncConnection,
) -> None:
    of = await campaign(connection)
    one, two = [(await group(connection, name)).id for name in ("一群", "二群#1")]
    aims = [(one, None), (one, "7"), (two, "7"), (two, "8")]
    assert await slots.plan_for_aims(connection, slot_of(of), aims, NOW) == 4
    assert await slots.plan_for_aims(connection, slot_of(of), aims, NOW) == 0
    rows = await connection.execute(select(deliveries.c.group_id, deliveries.c.address))
    assert sorted(tuple(row) for row in rows) == [
        (one, "group:chat-一群"),
        (one, "group:chat-一群#7"),
        (two, "group:chat-二群%231#7"),
        (two, "group:chat-二群%231#8"),
    ]


async def test_a_group_is_written_to_through_its_own_account(connection: AsyncConnection) -> None:
    (one,) = await planned(connection, "一群", account="telegram:shop")
    assert one.key == "c1/2026-11-01/telegram:shop/group:chat-一群"
    assert await due.due(connection, ACCOUNT, NOW, 10) == []


async def test_planning_twice_makes_nothing_twice(connection: AsyncConnection) -> None:
    of, ids = await campaign(connection), [(await group(connection, name)).id for name in "一二三"]
    assert await slots.plan_for_groups(connection, slot_of(of), ids[:2], NOW) == 2
    assert await slots.plan_for_groups(connection, slot_of(of), ids, NOW) == 1
    assert await slots.plan_for_groups(connection, slot_of(of), ids, NOW) == 0
    assert await slots.plan_for_groups(connection, slot_of(of), [], NOW) == 0
    assert await slots.plan_for_groups(connection, slot_of(of, "d-6"), ids, NOW) == 3


async def test_planning_again_leaves_alone_what_was_sent(connection: AsyncConnection) -> None:
    (one,) = await planned(connection, "一群")
    await sent(connection, await lane(connection), [one])
    assert await planned(connection, "一群") == []
    assert await states(connection) == {one.id: "sent"}


async def test_any_number_of_processes_may_plan_at_once(
    database: Database, other: Database
) -> None:
    async with database.writing() as connection:
        ids = [(await group(connection, f"{number}群")).id for number in range(30)]
        of = await campaign(connection)

    async def plan(which: Database, order: list[int]) -> int:
        async with which.writing() as connection:
            return await slots.plan_for_groups(connection, slot_of(of), order, NOW)

    made = await asyncio.gather(
        plan(database, ids), plan(other, ids[::-1]), plan(database, ids), plan(other, ids)
    )
    assert sum(made) == 30
    async with database.reading() as connection:
        assert len(await due.due(connection, ACCOUNT, NOW, 100)) == 30


MANY = 25_000
NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 25000)"


async def many(connection: AsyncConnection, statement: str) -> list[int]:
    """Make rows, one for each number `i`, inside the engine; the ids."""
    made = await connection.execute(text(statement.format(numbers=NUMBERS)))
    if connection.dialect.name == "postgresql":  # as it does by itself where tables grow
        await connection.execute(text("ANALYZE groups, members"))
    return list(made.scalars())


async def addresses(connection: AsyncConnection) -> int:
    different = func.count(deliveries.c.address.distinct())
    return await connection.scalar(select(different)) or 0


async def test_any_number_of_groups_is_planned_in_pieces(connection: AsyncConnection) -> None:
    of = await campaign(connection)
    ids = await many(
        connection,
        "INSERT INTO groups (shop_id, account, chat, name, since) {numbers} SELECT shops.id,"
        " 'room', CAST(i AS TEXT), 'group', CURRENT_TIMESTAMP FROM n, shops RETURNING id",
    )
    assert await slots.plan_for_groups(connection, slot_of(of), ids, NOW) == MANY
    assert await slots.plan_for_groups(connection, slot_of(of), ids, NOW) == 0
    assert await addresses(connection) == MANY
