"""The ledger: planned once, moved only as drawn, by the holder of the lane, and counted."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import accounts, campaigns, deliveries, groups, shops
from storage.database import Database
from storage.deliveries import DeliveryState, Due, Move
from storage.errors import LaneLost
from storage.tables import attempts
from tests.storage.builders import (
    ACCOUNT,
    HOUR,
    MINUTE,
    NOW,
    SECOND,
    campaign,
    group,
    lane,
    planned,
    sent,
    shop,
    slot_of,
    states,
)


async def written_attempts(connection: AsyncConnection) -> list[dict[str, Any]]:
    rows = await connection.execute(select(attempts).order_by(attempts.c.id))
    return [dict(row._mapping) for row in rows]


# Planning


async def test_a_slot_becomes_one_delivery_for_each_group(connection: AsyncConnection) -> None:
    one, two = await planned(connection, "一群", "二群")
    assert (one.group_name, two.group_name) == ("一群", "二群")
    assert one.key == "c1/2026-11-01/room/group:chat-一群"
    assert one.address == "group:chat-一群"
    assert (one.slot, one.programme, one.campaign_state) == ("2026-11-01", "double11", "active")
    assert (one.not_before, one.not_after, one.tries) == (NOW, NOW + HOUR, 0)
    found = await campaigns.by_id(connection, one.campaign_id)
    assert found is not None
    assert one.version_id == found.approved_version


async def test_planning_twice_makes_nothing_twice(connection: AsyncConnection) -> None:
    of, ids = await campaign(connection), [(await group(connection, name)).id for name in "一二三"]
    assert await deliveries.plan_for_groups(connection, slot_of(of), ids[:2], NOW) == 2
    assert await deliveries.plan_for_groups(connection, slot_of(of), ids, NOW) == 1
    assert await deliveries.plan_for_groups(connection, slot_of(of), ids, NOW) == 0
    assert await deliveries.plan_for_groups(connection, slot_of(of), [], NOW) == 0
    assert await deliveries.plan_for_groups(connection, slot_of(of, "d-6"), ids, NOW) == 3


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
            return await deliveries.plan_for_groups(connection, slot_of(of), order, NOW)

    made = await asyncio.gather(
        plan(database, ids), plan(other, ids[::-1]), plan(database, ids), plan(other, ids)
    )
    assert sum(made) == 30
    async with database.reading() as connection:
        assert len(await deliveries.due(connection, ACCOUNT, NOW, 100)) == 30


# What is due


async def test_due_is_what_is_planned_and_whose_time_has_come_the_oldest_first(
    connection: AsyncConnection,
) -> None:
    of = await campaign(connection)
    ids = [(await group(connection, name)).id for name in ("一群", "二群")]
    for minutes in (0, -5, 1):
        slot = slot_of(of, f"{minutes}", NOW + minutes * MINUTE)
        await deliveries.plan_for_groups(connection, slot, ids, NOW)
    found = await deliveries.due(connection, ACCOUNT, NOW, 100)
    assert [one.slot for one in found] == ["-5", "-5", "0", "0"]
    assert await deliveries.due(connection, ACCOUNT, NOW, 3) == found[:3]
    assert await deliveries.due(connection, "room:2", NOW, 3) == []


async def test_due_tells_whether_the_group_is_still_there(connection: AsyncConnection) -> None:
    (one,) = await planned(connection, "一群")
    assert one.group_present
    await groups.mark_gone(connection, ACCOUNT, ["chat-一群"])
    (found,) = await deliveries.due(connection, ACCOUNT, NOW, 10)
    assert not found.group_present


async def test_the_next_due_is_the_earliest_still_planned(connection: AsyncConnection) -> None:
    assert await deliveries.next_due(connection, ACCOUNT) is None
    of, seat = await campaign(connection), await group(connection, "一群")
    for hours in (2, 1):
        slot = slot_of(of, f"{hours}", NOW + hours * HOUR)
        await deliveries.plan_for_groups(connection, slot, [seat.id], NOW)
    assert await deliveries.next_due(connection, ACCOUNT) == NOW + HOUR
    assert await deliveries.next_due(connection, "room:2") is None
    await deliveries.cancel_planned(connection, of.id, "over", NOW)
    assert await deliveries.next_due(connection, ACCOUNT) is None


# Beginning


async def test_to_begin_is_to_mark_as_sending_and_to_write_the_attempt(
    connection: AsyncConnection,
) -> None:
    (one,) = await planned(connection, "一群")
    right = await lane(connection)
    begun = await deliveries.begin(connection, right, [one], NOW + SECOND)
    assert await states(connection) == {one.id: "sending"}
    (written,) = await written_attempts(connection)
    assert written == {
        "id": begun[one.id],
        "account": ACCOUNT,
        "address": one.address,
        "key": one.key,
        "action": "post",
        "delivery_id": one.id,
        "token": right.token,
        "began_at": NOW + SECOND,
        "ended_at": None,
        "outcome": None,
        "reason": None,
    }
    assert await deliveries.begin(connection, right, [one], NOW) == {}
    assert await deliveries.begin(connection, right, [], NOW) == {}


async def test_what_was_cancelled_meanwhile_is_left_out(connection: AsyncConnection) -> None:
    (one,) = await planned(connection, "一群", key="c1")
    (two,) = await planned(connection, "一群", key="c2")
    await deliveries.cancel_planned(connection, one.campaign_id, "a manager", NOW)
    begun = await deliveries.begin(connection, await lane(connection), [one, two], NOW)
    assert set(begun) == {two.id}
    assert len(await written_attempts(connection)) == 1


async def test_nothing_begins_while_sending_is_stopped(connection: AsyncConnection) -> None:
    ready = await planned(connection, "一群", "二群")
    right, shop_id = await lane(connection), await shop(connection)
    await shops.set_halt(connection, shop_id, NOW)
    assert await deliveries.begin(connection, right, ready, NOW) == {}
    assert set((await states(connection)).values()) == {"planned"}
    assert await written_attempts(connection) == []
    await shops.set_halt(connection, shop_id, None)
    assert len(await deliveries.begin(connection, right, ready, NOW)) == 2


async def test_a_lane_moves_only_what_belongs_to_its_account(connection: AsyncConnection) -> None:
    (one,) = await planned(connection, "一群")
    stranger = await accounts.take_lane(connection, "room:2", "bot-1", NOW)
    assert await deliveries.begin(connection, stranger, [one], NOW) == {}
    await deliveries.move(connection, stranger, [Move(one.id, DeliveryState.SKIPPED)], NOW)
    assert await states(connection) == {one.id: "planned"}


@pytest.mark.parametrize("switch", ["halt", "cancel"])
async def test_a_stop_waits_for_what_is_being_begun_and_nothing_begins_after_it(
    database: Database, other: Database, switch: str
) -> None:
    async with database.writing() as connection:
        one, two = await planned(connection, "一群", "二群")
        right, shop_id = await lane(connection), await shop(connection)

    async def stop() -> None:
        async with other.writing() as connection:
            if switch == "halt":
                await shops.set_halt(connection, shop_id, NOW)
            else:
                await deliveries.cancel_planned(connection, one.campaign_id, "no", NOW)

    async with database.writing() as connection:
        await deliveries.begin(connection, right, [one], NOW)
        stopping = asyncio.create_task(stop())
        await asyncio.sleep(0.1)
        assert not stopping.done()
    await stopping
    async with database.writing() as connection:
        assert await deliveries.begin(connection, right, [two], NOW) == {}


async def test_a_sender_and_a_cancel_never_wait_for_each_other_in_a_circle(
    database: Database, other: Database
) -> None:
    async with database.writing() as connection:
        first, second = await planned(connection, "一群", "二群")
        right = await lane(connection)

    async def cancel() -> int:
        async with other.writing() as connection:
            return await deliveries.cancel_planned(connection, first.campaign_id, "no", NOW)

    async with database.writing() as connection:
        late = Move(second.id, DeliveryState.SKIPPED, "late")
        await deliveries.move(connection, right, [late], NOW)
        cancelling = asyncio.create_task(cancel())
        await asyncio.sleep(0.1)  # it would hold the first by now, and wait for the second
        assert set(await deliveries.begin(connection, right, [first], NOW)) == {first.id}
    assert await cancelling == 0


# Moving


async def in_state(connection: AsyncConnection, state: str) -> tuple[accounts.Lane, Due, int]:
    """One delivery brought to a state in a way that is allowed, with its attempt (or 0)."""
    (one,) = await planned(connection, "一群")
    right = await lane(connection)
    attempt = 0
    if state == "cancelled":
        await deliveries.cancel_planned(connection, one.campaign_id, "a manager", NOW)
    elif state == "skipped":
        await deliveries.move(connection, right, [Move(one.id, DeliveryState.SKIPPED)], NOW)
    elif state != "planned":
        attempt = (await deliveries.begin(connection, right, [one], NOW))[one.id]
        if state != "sending":
            there = Move(one.id, DeliveryState(state), attempt_id=attempt)
            await deliveries.move(connection, right, [there], NOW)
    assert await states(connection) == {one.id: state}
    return right, one, attempt


ALLOWED = {
    ("planned", "planned"),
    ("planned", "skipped"),
    ("sending", "planned"),
    ("sending", "sent"),
    ("sending", "failed"),
    ("sending", "uncertain"),
    ("uncertain", "sent"),
    ("uncertain", "failed"),
    ("uncertain", "planned"),
}


@pytest.mark.parametrize("to", ["planned", "sent", "failed", "uncertain", "skipped"])
@pytest.mark.parametrize("state", [each.value for each in DeliveryState])
async def test_only_the_moves_in_the_drawing_happen(
    connection: AsyncConnection, state: str, to: str
) -> None:
    right, one, attempt = await in_state(connection, state)
    before = await written_attempts(connection)
    wish = Move(one.id, DeliveryState(to), "why", "paper", attempt_id=attempt or None)
    await deliveries.move(connection, right, [wish], NOW + MINUTE)
    allowed = (state, to) in ALLOWED
    assert await states(connection) == {one.id: to if allowed else state}
    if not allowed:
        assert await written_attempts(connection) == before


async def test_a_move_ends_its_attempt_with_the_outcome(connection: AsyncConnection) -> None:
    right, one, attempt = await in_state(connection, "sending")
    doubt = Move(one.id, DeliveryState.UNCERTAIN, "no_answer", attempt_id=attempt)
    await deliveries.move(connection, right, [doubt], NOW + MINUTE)
    (written,) = await written_attempts(connection)
    assert (written["outcome"], written["reason"]) == ("uncertain", "no_answer")
    assert written["ended_at"] == NOW + MINUTE


async def test_many_moves_go_together_each_to_its_own_end(connection: AsyncConnection) -> None:
    ready = await planned(connection, *"一二三四五")
    right = await lane(connection)
    begun = await deliveries.begin(connection, right, ready[:4], NOW)
    ends = [DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.SENT, DeliveryState.UNCERTAIN]
    moves = [
        Move(one.id, end, reason=end.value, receipt=f"r{one.id}", attempt_id=begun[one.id])
        for one, end in zip(ready[:4], ends, strict=True)
    ]
    moves.append(Move(ready[4].id, DeliveryState.SKIPPED, "late"))
    await deliveries.move(connection, right, moves, NOW)
    assert await states(connection) == {move.delivery_id: move.state for move in moves}
    outcomes = {row["delivery_id"]: row["outcome"] for row in await written_attempts(connection)}
    assert outcomes == {move.delivery_id: move.state for move in moves[:4]}


async def test_what_is_tried_again_is_due_at_its_new_time_and_counts_its_tries(
    connection: AsyncConnection,
) -> None:
    right, one, attempt = await in_state(connection, "sending")
    again = Move(
        one.id, DeliveryState.PLANNED, "too_fast", not_before=NOW + MINUTE, attempt_id=attempt
    )
    await deliveries.move(connection, right, [again], NOW)
    assert await deliveries.due(connection, ACCOUNT, NOW, 10) == []
    (found,) = await deliveries.due(connection, ACCOUNT, NOW + MINUTE, 10)
    assert (found.id, found.tries, found.not_before) == (one.id, 1, NOW + MINUTE)
    assert len(await deliveries.begin(connection, right, [found], NOW + MINUTE)) == 1
    assert len(await written_attempts(connection)) == 2


async def test_a_process_that_lost_its_lane_moves_nothing(connection: AsyncConnection) -> None:
    old, one, attempt = await in_state(connection, "sending")
    (two,) = await planned(connection, "一群", key="c2")
    await lane(connection, "bot-2")
    before = (await states(connection), await written_attempts(connection))
    with pytest.raises(LaneLost):
        await deliveries.begin(connection, old, [two], NOW)
    with pytest.raises(LaneLost):
        await deliveries.move(
            connection, old, [Move(one.id, DeliveryState.SENT, attempt_id=attempt)], NOW
        )
    with pytest.raises(LaneLost):
        await deliveries.begin_call(
            connection, old, address="group:1", key="k", action="reply", at=NOW
        )
    assert (await states(connection), await written_attempts(connection)) == before


# Doubts, replies and counts


async def test_in_doubt_is_what_is_sending_with_its_open_attempt_and_what_is_uncertain(
    connection: AsyncConnection,
) -> None:
    left, doubtful, done, _ = await planned(connection, *"一二三四")
    right = await lane(connection)
    begun = await deliveries.begin(connection, right, [left, doubtful], NOW)
    doubt = Move(doubtful.id, DeliveryState.UNCERTAIN, attempt_id=begun[doubtful.id])
    await deliveries.move(connection, right, [doubt], NOW)
    await sent(connection, right, [done])
    assert await deliveries.in_doubt(connection, ACCOUNT, NOW) == [
        deliveries.InDoubt(left.id, left.key, DeliveryState.SENDING, begun[left.id]),
        deliveries.InDoubt(doubtful.id, doubtful.key, DeliveryState.UNCERTAIN, None),
    ]
    assert await deliveries.in_doubt(connection, "room:2", NOW) == []
    # Long after the end of its validity nobody asks about what is uncertain; sending is settled.
    later = await deliveries.in_doubt(connection, ACCOUNT, NOW + 9_999 * HOUR)
    assert [one.id for one in later] == [left.id]


async def test_a_reply_is_an_attempt_without_a_delivery_and_goes_out_during_a_halt(
    connection: AsyncConnection,
) -> None:
    right = await lane(connection)
    await shops.set_halt(connection, await shop(connection), NOW)
    attempt = await deliveries.begin_call(
        connection, right, address="person:1", key="reply/1", action="reply", at=NOW
    )
    await deliveries.end_call(connection, attempt, "done", None, NOW + SECOND)
    (written,) = await written_attempts(connection)
    assert (written["id"], written["delivery_id"], written["action"]) == (attempt, None, "reply")
    assert (written["outcome"], written["ended_at"]) == ("done", NOW + SECOND)


async def test_cancelling_takes_what_is_planned_of_that_campaign_alone(
    connection: AsyncConnection,
) -> None:
    one, two, three = await planned(connection, *"一二三", key="c1")
    (other,) = await planned(connection, "一", key="c2")
    right = await lane(connection)
    await sent(connection, right, [one])
    await deliveries.begin(connection, right, [two], NOW)
    assert await deliveries.cancel_planned(connection, one.campaign_id, "a manager", NOW) == 1
    assert await states(connection) == {
        one.id: "sent",
        two.id: "sending",
        three.id: "cancelled",
        other.id: "planned",
    }


async def test_counts_name_every_state_and_add_up(connection: AsyncConnection) -> None:
    assert await deliveries.counts(connection) == dict.fromkeys(map(str, DeliveryState), 0)
    one, *_ = await planned(connection, *"一二三", key="c1")
    await planned(connection, "一", key="c2")
    await sent(connection, await lane(connection), [one])
    everything = await deliveries.counts(connection)
    assert {state: number for state, number in everything.items() if number} == {
        "planned": 3,
        "sent": 1,
    }
    assert (await deliveries.counts(connection, one.campaign_id))["planned"] == 2
