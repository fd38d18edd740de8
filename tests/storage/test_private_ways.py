"""One customer is written to by one way, and always by the same."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import due, groups, lanes, reach, slots, tables
from storage.account_stops import Stop, lift_stop, stop_account
from storage.members import Member, Seen
from storage.private_ways import ways_to
from storage.reach import mark_reachable, mark_unreachable
from tests.storage.builders import (
    ACCOUNT,
    MINUTE,
    NOW,
    PLATFORM,
    campaign,
    group,
    heard,
    member,
    record,
    slot_of,
    states,
)
from tests.storage.test_segments import are_one

OTHER = "room:2"
MANY = 2_500


async def way(connection: AsyncConnection, of: Member) -> tuple[str, str] | None:
    """The account and the platform's id by which a customer is written to."""
    found = await ways_to(connection, [of.customer_id])
    assert len(found) <= 1
    return (found[0].account, found[0].person) if found else None


async def test_whom_no_account_meets_cannot_be_written_to(connection: AsyncConnection) -> None:
    alone = await member(connection, "小鱼")
    left = await group(connection, "一群")
    was_there = await member(connection, "小美", left)
    await groups.set_present(connection, left.id, present=False)
    assert await way(connection, alone) is None
    assert await way(connection, was_there) is None


async def test_the_account_that_shares_a_group_may_write(connection: AsyncConnection) -> None:
    fan = await member(connection, "小鱼", await group(connection, "一群"))
    assert await way(connection, fan) == (ACCOUNT, fan.person)
    (found,) = await ways_to(connection, [fan.customer_id])
    assert (found.started, found.closed, found.opted_out, found.zone) == (False, False, False, None)


async def test_of_two_accounts_the_one_spoken_to_writes_else_the_first(
    connection: AsyncConnection,
) -> None:
    here = await group(connection, "一群")
    there = await group(connection, "二群", account=OTHER)
    fan = await member(connection, "小鱼", there, here)
    assert await way(connection, fan) == (ACCOUNT, fan.person)
    private = heard(chat=None, sender=Seen(fan.person, fan.name))
    await record(connection, private, account=OTHER)
    assert await way(connection, fan) == (OTHER, fan.person)


async def test_an_account_that_is_served_writes_before_one_that_is_gone_or_stopped(
    connection: AsyncConnection,
) -> None:
    here = await group(connection, "一群")
    there = await group(connection, "二群", account=OTHER)
    fan = await member(connection, "小鱼", there, here)
    private = heard(chat=None, sender=Seen(fan.person, fan.name))
    await record(connection, private, account=OTHER)
    lane = await lanes.lease_lane(connection, ACCOUNT, "a", MINUTE)
    assert lane is not None
    assert await way(connection, fan) == (ACCOUNT, fan.person)
    await stop_account(connection, ACCOUNT, PLATFORM, Stop(NOW, "restricted"))
    assert await way(connection, fan) == (OTHER, fan.person)
    await lanes.lease_lane(connection, OTHER, "a", MINUTE)
    await lift_stop(connection, ACCOUNT)
    assert await way(connection, fan) == (OTHER, fan.person)


async def test_a_friend_is_written_to_by_their_friend(connection: AsyncConnection) -> None:
    here = await group(connection, "一群")
    fan = await member(connection, "小鱼", here)
    await connection.execute(
        insert(tables.friend_requests).values(
            account=OTHER,
            request="r1",
            member_id=fan.id,
            words="",
            asked_at=NOW,
            friends_at=NOW,
        )
    )
    assert await way(connection, fan) == (OTHER, fan.person)


@pytest.mark.parametrize(
    ("started", "closed", "taken"),
    [
        ((), (), 0),
        ((1,), (), 1),
        ((0, 1), (), 0),
        ((0, 1), (0,), 1),
        ((0,), (0,), 1),  # rather a chat that was never opened than one that is closed
        ((), (0, 1), 0),
    ],
)
async def test_of_two_members_the_one_whose_private_chat_is_open_is_written_to(
    connection: AsyncConnection,
    started: tuple[int, ...],
    closed: tuple[int, ...],
    taken: int,
) -> None:
    here = await group(connection, "一群")
    two = [await member(connection, name, here) for name in ("小鱼", "小鱼二")]
    await are_one(connection, *two)
    await mark_reachable(connection, [two[one].id for one in started], NOW)
    await mark_unreachable(connection, [two[one].id for one in closed], NOW)
    assert await way(connection, two[0]) == (ACCOUNT, two[taken].person)


async def test_staff_members_are_never_written_to(connection: AsyncConnection) -> None:
    here = await group(connection, "一群")
    clerk = await member(connection, "阿玲", here, staff=True)
    assert await way(connection, clerk) is None


async def test_each_customer_gets_a_slot_once_by_whichever_way(connection: AsyncConnection) -> None:
    here = await group(connection, "一群")
    two = [await member(connection, name, here) for name in ("小鱼", "小鱼二")]
    await are_one(connection, *two)
    other = await member(connection, "小美", here)
    alone = await member(connection, "小陈")
    of = await campaign(connection)
    ids = sorted({two[0].customer_id, other.customer_id, alone.customer_id})
    assert await slots.plan_for_customers(connection, slot_of(of), ids, NOW) == 2
    # The way to one of them is another by now.
    await reach.mark_reachable(connection, [two[1].id], NOW)
    assert await slots.plan_for_customers(connection, slot_of(of), ids, NOW) == 0
    assert await slots.plan_for_customers(connection, slot_of(of, "d-6"), ids, NOW) == 2
    ledger = tables.deliveries
    rows = await connection.execute(
        select(ledger.c.slot, ledger.c.key, ledger.c.member_id, ledger.c.group_id).order_by(
            ledger.c.id
        )
    )
    assert [tuple(row) for row in rows] == [
        ("2026-11-01", f"c1/2026-11-01/room/person:{two[0].person}", two[0].id, None),
        ("2026-11-01", f"c1/2026-11-01/room/person:{other.person}", other.id, None),
        ("d-6", f"c1/d-6/room/person:{two[1].person}", two[1].id, None),
        ("d-6", f"c1/d-6/room/person:{other.person}", other.id, None),
    ]
    (first, *_) = await due.due(connection, ACCOUNT, NOW, 9)
    assert first.recipient.customer_id == two[0].customer_id


async def test_any_number_of_customers_is_planned_in_pieces(
    connection: AsyncConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slots, "_AT_ONCE", MANY // 2 - 1)
    here = await group(connection, "一群")
    born = await connection.execute(
        insert(tables.customers).returning(tables.customers.c.id),
        [{"no_record": False} for _ in range(MANY)],
    )
    ids = list(born.scalars())
    await connection.execute(
        insert(tables.members),
        [
            {
                "customer_id": one,
                "platform": PLATFORM,
                "person": f"p{one}",
                "name": f"粉丝{one}",
                "first_seen_at": NOW,
            }
            for one in ids
        ],
    )
    rows = await connection.execute(
        select(tables.members.c.id).where(tables.members.c.customer_id >= min(ids))
    )
    await connection.execute(
        insert(tables.memberships),
        [{"group_id": here.id, "member_id": row.id, "joined_at": NOW} for row in rows],
    )
    await connection.execute(update(tables.members).values(started_at=NOW))
    of = await campaign(connection)
    assert await slots.plan_for_customers(connection, slot_of(of), ids, NOW) == MANY
    assert await slots.plan_for_customers(connection, slot_of(of), ids, NOW) == 0
    assert len(await states(connection)) == MANY
