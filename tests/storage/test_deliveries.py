"""The ledger: moved only as drawn, by the holder of the lane, and counted."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import deliveries, due, lanes, shops, steering
from storage.attempts import End, end_calls
from storage.database import Database
from storage.deliveries import DeliveryState, InDoubt, Move
from storage.due import Due
from storage.errors import LaneLost
from storage.lanes import Lane
from storage.tables import attempts, campaigns
from storage.tables import deliveries as ledger
from tests.storage.builders import (
    ACCOUNT,
    HOUR,
    MINUTE,
    NOW,
    SECOND,
    begun,
    lane,
    planned,
    sent,
    shop,
    states,
)

FAR = NOW + HOUR + SECOND


async def written_attempts(connection: AsyncConnection) -> list[dict[str, Any]]:
    rows = await connection.execute(select(attempts).order_by(attempts.c.id))
    return [dict(row._mapping) for row in rows]


async def row_of(connection: AsyncConnection, delivery: int) -> Any:
    return (await connection.execute(select(ledger).where(ledger.c.id == delivery))).one()


# Beginning


async def test_to_begin_is_to_mark_as_sending_and_to_write_the_attempt(
    connection: AsyncConnection,
) -> None:
    (one,) = await planned(connection, "一群")
    right = await lane(connection)
    calls = await begun(connection, right, [one], NOW + SECOND)
    assert await states(connection) == {one.id: "sending"}
    (written,) = await written_attempts(connection)
    assert written == {
        "id": calls[one.id],
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
        "holds_until": None,
        "messages": 1,
    }
    stands = await row_of(connection, one.id)
    assert (stands.tries, stands.began_at, stands.moved_at) == (1, NOW + SECOND, NOW + SECOND)
    assert await begun(connection, right, [one]) == {}
    assert await begun(connection, right, []) == {}


async def test_any_number_begins_together_each_with_its_own_attempt(
    connection: AsyncConnection,
) -> None:
    ready = await planned(connection, *(f"{number}群" for number in range(60)))
    calls = await begun(connection, await lane(connection), ready)
    assert set(calls) == {one.id for one in ready}
    written = await written_attempts(connection)
    assert {row["delivery_id"]: row["id"] for row in written} == calls
    assert {row["delivery_id"]: row["key"] for row in written} == {one.id: one.key for one in ready}


async def test_an_attempt_says_how_many_messages_its_call_is(connection: AsyncConnection) -> None:
    ready = await planned(connection, "一群", "二群", "三群")
    one, two, three = (each.id for each in ready)
    calls = await deliveries.begin(
        connection, await lane(connection), [one, two, three], NOW, {one: 4, three: 4}
    )
    written = await written_attempts(connection)
    assert {row["delivery_id"]: row["messages"] for row in written} == {one: 4, two: 1, three: 4}
    assert {row["delivery_id"]: row["id"] for row in written} == calls


async def test_what_was_cancelled_meanwhile_is_left_out(connection: AsyncConnection) -> None:
    (one,) = await planned(connection, "一群", key="c1")
    (two,) = await planned(connection, "一群", key="c2")
    await steering.cancel_planned(connection, one.campaign_id, "a manager", NOW)
    calls = await begun(connection, await lane(connection), [one, two])
    assert set(calls) == {two.id}
    assert len(await written_attempts(connection)) == 1


@pytest.mark.parametrize(
    ("state", "begins"),
    [
        ("draft", True),
        ("approved", True),
        ("finished", True),
        ("paused", False),
        ("cancelled", False),
    ],
)
async def test_only_a_pause_or_a_cancellation_of_its_campaign_keeps_one_from_beginning(
    connection: AsyncConnection, state: str, *, begins: bool
) -> None:
    (one,) = await planned(connection, "一群", key="c1")
    (two,) = await planned(connection, "一群", key="c2")
    await connection.execute(
        update(campaigns).where(campaigns.c.id == one.campaign_id).values(state=state)
    )
    calls = await begun(connection, await lane(connection), [one, two])
    assert set(calls) == ({one.id, two.id} if begins else {two.id})


async def test_nothing_begins_while_sending_is_stopped(connection: AsyncConnection) -> None:
    ready = await planned(connection, "一群", "二群")
    right, shop_id = await lane(connection), await shop(connection)
    await shops.set_halt(connection, shop_id, NOW)
    assert await begun(connection, right, ready) == {}
    assert set((await states(connection)).values()) == {"planned"}
    assert await written_attempts(connection) == []
    await shops.set_halt(connection, shop_id, None)
    assert len(await begun(connection, right, ready)) == 2


async def test_a_lane_moves_only_what_belongs_to_its_account(connection: AsyncConnection) -> None:
    (one,) = await planned(connection, "一群")
    stranger = await lane(connection, account="room:2")
    assert await begun(connection, stranger, [one]) == {}
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
                await steering.cancel_planned(connection, one.campaign_id, "no", NOW)

    async with database.writing() as connection:
        await begun(connection, right, [one])
        stopping = asyncio.create_task(stop())
        await asyncio.sleep(0.1)
        assert not stopping.done()
    await stopping
    async with database.writing() as connection:
        assert await begun(connection, right, [two]) == {}


async def test_a_sender_and_a_cancel_never_wait_for_each_other_in_a_circle(
    database: Database, other: Database
) -> None:
    async with database.writing() as connection:
        first, second = await planned(connection, "一群", "二群")
        right = await lane(connection)

    async def cancel() -> int:
        async with other.writing() as connection:
            return await steering.cancel_planned(connection, first.campaign_id, "no", NOW)

    async with database.writing() as connection:
        late = Move(second.id, DeliveryState.SKIPPED, "late")
        await deliveries.move(connection, right, [late], NOW)
        cancelling = asyncio.create_task(cancel())
        await asyncio.sleep(0.1)  # it would hold the first by now, and wait for the second
        assert set(await begun(connection, right, [first])) == {first.id}
    assert await cancelling == 0


# Moving


async def in_state(connection: AsyncConnection, state: str) -> tuple[Lane, Due]:
    """One delivery brought to a state in a way that is allowed."""
    (one,) = await planned(connection, "一群")
    right = await lane(connection)
    if state == "cancelled":
        await steering.cancel_planned(connection, one.campaign_id, "a manager", NOW)
    elif state == "skipped":
        await deliveries.move(connection, right, [Move(one.id, DeliveryState.SKIPPED)], NOW)
    elif state != "planned":
        await begun(connection, right, [one])
        if state != "sending":
            await deliveries.move(connection, right, [Move(one.id, DeliveryState(state))], NOW)
    assert await states(connection) == {one.id: state}
    return right, one


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
    right, one = await in_state(connection, state)
    before = await row_of(connection, one.id)
    wish = Move(one.id, DeliveryState(to), "why", "paper", not_before=NOW + SECOND, resent=True)
    await deliveries.move(connection, right, [wish], NOW + MINUTE)
    after = await row_of(connection, one.id)
    if (state, to) in ALLOWED:
        assert (after.state, after.reason, after.receipt) == (to, "why", "paper")
        assert (after.moved_at, after.not_before) == (NOW + MINUTE, NOW + SECOND)
        assert after.resent
    else:
        assert after == before


@pytest.mark.parametrize("never", ["sending", "cancelled"])
async def test_no_move_leads_to_what_begins_or_is_cancelled(
    connection: AsyncConnection, never: str
) -> None:
    right, one = await in_state(connection, "planned")
    with pytest.raises(KeyError):
        await deliveries.move(connection, right, [Move(one.id, DeliveryState(never))], NOW)


async def test_many_moves_go_together_each_to_its_own_end(connection: AsyncConnection) -> None:
    ready = await planned(connection, *"一二三四五六")
    right = await lane(connection)
    await begun(connection, right, ready[:4])
    ends = [DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.SENT, DeliveryState.UNCERTAIN]
    moves = [
        Move(one.id, end, reason=f"原因{one.id}", receipt=f"r{one.id}")
        for one, end in zip(ready[:4], ends, strict=True)
    ]
    moves.append(Move(ready[4].id, DeliveryState.SKIPPED, "late"))
    moves.append(Move(ready[5].id, DeliveryState.PLANNED, "quiet", not_before=NOW + HOUR))
    await deliveries.move(connection, right, moves, NOW)
    rows = (await connection.execute(select(ledger).order_by(ledger.c.id))).all()
    assert [(row.id, row.state, row.reason, row.receipt) for row in rows] == [
        (one.delivery_id, one.state, one.reason, one.receipt) for one in moves
    ]
    assert [row.not_before for row in rows] == [*[NOW] * 5, NOW + HOUR]


async def test_what_is_tried_again_is_due_at_its_new_time_and_counts_its_tries(
    connection: AsyncConnection,
) -> None:
    right, one = await in_state(connection, "sending")
    again = Move(one.id, DeliveryState.PLANNED, "too_fast", not_before=NOW + MINUTE)
    await deliveries.move(connection, right, [again], NOW)
    assert await due.due(connection, ACCOUNT, NOW, 10) == []
    (found,) = await due.due(connection, ACCOUNT, NOW + MINUTE, 10)
    assert (found.id, found.tries, found.not_before) == (one.id, 1, NOW + MINUTE)
    assert len(await begun(connection, right, [found], NOW + MINUTE)) == 1
    assert len(await written_attempts(connection)) == 2
    assert (await row_of(connection, one.id)).tries == 2


async def test_what_is_planned_again_without_a_time_keeps_its_own(
    connection: AsyncConnection,
) -> None:
    right, one = await in_state(connection, "uncertain")
    await deliveries.move(connection, right, [Move(one.id, DeliveryState.PLANNED)], NOW)
    assert (await row_of(connection, one.id)).not_before == one.not_before


async def test_that_a_notice_was_resent_is_not_taken_back_without_a_proof(
    connection: AsyncConnection,
) -> None:
    right, one = await in_state(connection, "sending")
    once_more = Move(one.id, DeliveryState.PLANNED, not_before=NOW, resent=True)
    await deliveries.move(connection, right, [once_more], NOW)
    for later in (
        Move(one.id, DeliveryState.PLANNED, "put_off", not_before=NOW),
        Move(one.id, DeliveryState.PLANNED),
        Move(one.id, DeliveryState.SKIPPED),
    ):
        await deliveries.move(connection, right, [later], NOW)
        assert (await row_of(connection, one.id)).resent


async def resent_one(connection: AsyncConnection) -> tuple[Lane, Due]:
    """A notice in doubt that is to go out once more."""
    right, one = await in_state(connection, "uncertain")
    await deliveries.move(
        connection, right, [Move(one.id, DeliveryState.PLANNED, "resent", resent=True)], NOW
    )
    return right, one


async def test_a_notice_that_does_not_go_once_more_after_all_is_uncertain_again(
    connection: AsyncConnection,
) -> None:
    right, one = await resent_one(connection)
    wish = Move(one.id, DeliveryState.UNCERTAIN, "too_late")
    await deliveries.move(connection, right, [wish], NOW)
    after = await row_of(connection, one.id)
    assert (after.state, after.reason, after.resent) == ("uncertain", "too_late", True)


async def test_a_notice_cancelled_before_it_went_once_more_is_uncertain(
    connection: AsyncConnection,
) -> None:
    _, one = await resent_one(connection)
    assert await steering.cancel_planned(connection, one.campaign_id, "a manager", NOW) == 1
    assert (await row_of(connection, one.id)).state == "uncertain"


async def test_a_proof_that_nothing_arrived_takes_back_that_a_notice_was_resent(
    connection: AsyncConnection,
) -> None:
    right, one = await resent_one(connection)
    await begun(connection, right, [one])
    for wish in (
        Move(one.id, DeliveryState.UNCERTAIN, "no_answer"),
        Move(one.id, DeliveryState.PLANNED, "looked_up_absent", absent=True),
    ):
        await deliveries.move(connection, right, [wish], NOW)
    assert not (await row_of(connection, one.id)).resent
    before = await row_of(connection, one.id)
    doubted = Move(one.id, DeliveryState.UNCERTAIN, "why")
    await deliveries.move(connection, right, [doubted], NOW)  # nothing is in doubt any more
    assert await row_of(connection, one.id) == before


async def test_a_process_that_lost_its_lane_moves_nothing(connection: AsyncConnection) -> None:
    old, one = await in_state(connection, "sending")
    (two,) = await planned(connection, "一群", key="c2")
    await lane(connection, "bot-2")
    before = (await states(connection), await written_attempts(connection))
    with pytest.raises(LaneLost):
        await begun(connection, old, [two])
    with pytest.raises(LaneLost):
        await begun(connection, old, [])
    with pytest.raises(LaneLost):
        await deliveries.move(connection, old, [Move(one.id, DeliveryState.SENT)], NOW)
    with pytest.raises(LaneLost):
        await deliveries.move(connection, old, [], NOW)
    assert (await states(connection), await written_attempts(connection)) == before


async def test_a_lease_that_ended_moves_on_while_nobody_has_taken_the_lane(
    connection: AsyncConnection,
) -> None:
    """What was begun in time may still be recorded; not beginning late is the sender's part."""
    (one,) = await planned(connection, "一群")
    right = await lanes.lease_lane(connection, ACCOUNT, "bot-1", timedelta(0))
    assert right is not None
    await begun(connection, right, [one])
    await deliveries.move(connection, right, [Move(one.id, DeliveryState.SENT)], NOW)
    assert await states(connection) == {one.id: "sent"}


# Late receipts


@pytest.mark.parametrize("state", [each.value for each in DeliveryState])
async def test_a_late_receipt_turns_uncertain_into_sent_and_nothing_else(
    connection: AsyncConnection, state: str
) -> None:
    _, one = await in_state(connection, state)
    before = await row_of(connection, one.id)
    happened = await deliveries.late_receipt(connection, ACCOUNT, one.key, "paper", NOW + HOUR)
    after = await row_of(connection, one.id)
    assert happened == (state == "uncertain")
    if happened:
        assert (after.state, after.reason, after.receipt) == ("sent", "late_receipt", "paper")
        assert after.moved_at == NOW + HOUR
    else:
        assert after == before


async def test_a_late_receipt_needs_no_lane(connection: AsyncConnection) -> None:
    _, one = await in_state(connection, "uncertain")
    await lane(connection, "bot-2")
    assert await deliveries.late_receipt(connection, ACCOUNT, one.key, "paper", NOW)
    assert await states(connection) == {one.id: "sent"}


@pytest.mark.parametrize(("account", "suffix"), [("room:2", ""), (ACCOUNT, "x")])
async def test_a_late_receipt_of_something_else_changes_nothing(
    connection: AsyncConnection, account: str, suffix: str
) -> None:
    _, one = await in_state(connection, "uncertain")
    assert not await deliveries.late_receipt(connection, account, one.key + suffix, "p", NOW)
    assert await states(connection) == {one.id: "uncertain"}


# Doubts and counts


async def test_in_doubt_is_what_is_sending_with_its_open_attempt_and_what_is_uncertain(
    connection: AsyncConnection,
) -> None:
    left, doubtful, done, _ = await planned(connection, *"一二三四")
    right = await lane(connection)
    calls = await begun(connection, right, [left, doubtful])
    doubt = Move(doubtful.id, DeliveryState.UNCERTAIN)
    await deliveries.move(connection, right, [doubt], NOW)
    await end_calls(connection, [End(calls[doubtful.id], "unclear", "timeout", NOW)])
    await sent(connection, right, [done])
    expected = [
        InDoubt(left.id, left.key, DeliveryState.SENDING, 3, False, left.not_after, calls[left.id]),
        InDoubt(
            doubtful.id, doubtful.key, DeliveryState.UNCERTAIN, 3, False, doubtful.not_after, None
        ),
    ]
    assert await deliveries.in_doubt(connection, ACCOUNT, NOW) == expected
    assert await deliveries.in_doubt(connection, "room:2", NOW) == []
    under_way = {left.id}
    others = await deliveries.in_doubt(connection, ACCOUNT, NOW, under_way=under_way)
    assert others == expected[1:]


async def test_nobody_asks_about_what_is_uncertain_long_after_it_was_valid(
    connection: AsyncConnection,
) -> None:
    left, doubtful = await planned(connection, *"一二")
    right = await lane(connection)
    await begun(connection, right, [left, doubtful])
    await deliveries.move(connection, right, [Move(doubtful.id, DeliveryState.UNCERTAIN)], NOW)
    for since, asked in ((doubtful.not_after, [left.id, doubtful.id]), (FAR, [left.id])):
        found = await deliveries.in_doubt(connection, ACCOUNT, since)
        assert [one.id for one in found] == asked  # what is sending is always settled


async def test_the_attempt_in_doubt_is_the_one_still_open(connection: AsyncConnection) -> None:
    right, one = await in_state(connection, "sending")
    await deliveries.move(connection, right, [Move(one.id, DeliveryState.PLANNED)], NOW)
    first = (await written_attempts(connection))[0]["id"]
    await end_calls(connection, [End(first, "nothing_sent", None, NOW)])
    second = (await begun(connection, right, [one]))[one.id]
    (found,) = await deliveries.in_doubt(connection, ACCOUNT, NOW)
    assert (found.id, found.attempt_id) == (one.id, second)


async def test_cancelling_takes_what_is_planned_of_that_campaign_alone(
    connection: AsyncConnection,
) -> None:
    one, two, three = await planned(connection, *"一二三", key="c1")
    (other,) = await planned(connection, "一", key="c2")
    right = await lane(connection)
    await sent(connection, right, [one])
    await begun(connection, right, [two])
    assert await steering.cancel_planned(connection, one.campaign_id, "a manager", NOW) == 1
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


async def test_what_nobody_serves_is_left_out_once_it_is_over(connection: AsyncConnection) -> None:
    await lane(connection)  # of ACCOUNT
    (served,) = await planned(connection, "一群")
    (alone,) = await planned(connection, "二群", account="elsewhere", key="c2")
    assert await deliveries.leave_out_unserved(connection, NOW + HOUR, NOW + HOUR + MINUTE) == 0
    assert (
        await deliveries.leave_out_unserved(connection, NOW + HOUR + MINUTE, NOW + HOUR + MINUTE)
        == 1
    )
    assert await states(connection) == {served.id: "planned", alone.id: "skipped"}
