"""What a manager does to many deliveries at once touches those that are meant, and no others."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import attempts, audit, campaigns, deliveries, steering
from storage.bells import Bell, rung_in
from storage.database import Database
from storage.deliveries import DeliveryState, Move
from storage.due import Due
from storage.lanes import guard
from storage.steering import Retried, Uncertain
from storage.tables import attempts as attempt_rows
from storage.tables import deliveries as ledger
from tests.storage.builders import (
    ACCOUNT,
    HOUR,
    MINUTE,
    NOW,
    begun,
    lane,
    planned,
    put_off,
    sent,
    shop,
    states,
)

LATE = NOW + HOUR + MINUTE


async def ended(
    connection: AsyncConnection, ready: list[Due], state: DeliveryState, reason: str = "why"
) -> None:
    """Bring due deliveries to one of the states that a call ends in."""
    right = await lane(connection)
    await begun(connection, right, ready)
    moves = [Move(one.id, state, reason) for one in ready]
    await deliveries.move(connection, right, moves, NOW)


async def put_off_only(connection: AsyncConnection, one: Due, reason: str) -> None:
    move = Move(one.id, DeliveryState.PLANNED, reason, not_before=LATE)
    await deliveries.move(connection, await lane(connection), [move], NOW)


async def rows(connection: AsyncConnection, *ids: int) -> list[tuple[object, ...]]:
    """State, reason, tries and not_before of these deliveries."""
    of = ledger.c
    found = await connection.execute(
        select(of.state, of.reason, of.tries, of.not_before).where(of.id.in_(ids)).order_by(of.id)
    )
    return [tuple(row) for row in found]


async def test_cancelling_takes_what_is_planned_and_leaves_what_is_under_way_or_over(
    connection: AsyncConnection,
) -> None:
    one, two, three, four = await planned(connection, "一群", "二群", "三群", "四群")
    (other,) = await planned(connection, "一群", key="c2")
    right = await lane(connection)
    await sent(connection, right, [one])
    await begun(connection, right, [two])
    assert await steering.cancel_planned(connection, one.campaign_id, "by_manager", NOW) == 2
    assert await states(connection) == {
        one.id: "sent",
        two.id: "sending",
        three.id: "cancelled",
        four.id: "cancelled",
        other.id: "planned",
    }
    assert (await rows(connection, three.id))[0][:2] == ("cancelled", "by_manager")
    assert Bell.STOP in rung_in(connection)


async def test_letting_go_frees_what_was_put_off_for_that_reason(
    connection: AsyncConnection,
) -> None:
    (one,) = await planned(connection, "一群")
    await put_off(connection, "halted")
    (two,) = await planned(connection, "二群")
    await put_off_only(connection, two, "quiet_hours")
    rung_in(connection).clear()
    assert await steering.release(connection, ["halted", "campaign_paused"], NOW + MINUTE) == 1
    assert await rows(connection, one.id, two.id) == [
        ("planned", None, 0, NOW + MINUTE),
        ("planned", "quiet_hours", 0, LATE),
    ]
    assert Bell.SENDERS in rung_in(connection)


async def test_letting_one_campaign_go_leaves_the_others_held(connection: AsyncConnection) -> None:
    (one,) = await planned(connection, "一群", key="c1")
    (two,) = await planned(connection, "一群", key="c2")
    await put_off(connection, "campaign_paused", LATE)
    freed = await steering.release(connection, ["campaign_paused"], NOW, one.campaign_id)
    assert freed == 1
    assert await rows(connection, one.id, two.id) == [
        ("planned", None, 0, NOW),
        ("planned", "campaign_paused", 0, LATE),
    ]


async def test_retrying_plans_again_only_what_failed(connection: AsyncConnection) -> None:
    ready = await planned(connection, "一群", "二群", "三群", "四群")
    one, two, three, four = ready
    await ended(connection, [one], DeliveryState.FAILED)
    await ended(connection, [two], DeliveryState.UNCERTAIN)
    await ended(connection, [three], DeliveryState.SENT)
    (other,) = await planned(connection, "一群", key="c2")
    await ended(connection, [other], DeliveryState.FAILED)
    rung_in(connection).clear()
    again = await steering.retry_failed(connection, one.campaign_id, NOW + MINUTE)
    assert again == Retried(again=1, too_late=0)
    assert await states(connection) == {
        one.id: "planned",
        two.id: "uncertain",
        three.id: "sent",
        four.id: "planned",
        other.id: "failed",
    }
    assert await rows(connection, one.id) == [("planned", "retried", 0, NOW + MINUTE)]
    assert rung_in(connection) == [Bell.SENDERS]
    kept = select(func.count()).where(attempt_rows.c.delivery_id == one.id)
    assert await connection.scalar(kept) == 1


async def test_retrying_never_brings_back_what_is_too_late(connection: AsyncConnection) -> None:
    (one,) = await planned(connection, "一群")
    await ended(connection, [one], DeliveryState.FAILED)
    at_the_end = await steering.retry_failed(connection, one.campaign_id, one.not_after)
    assert at_the_end == Retried(again=1, too_late=0)
    await ended(connection, [one], DeliveryState.FAILED)
    later = await steering.retry_failed(connection, one.campaign_id, LATE)
    assert later == Retried(again=0, too_late=1)
    assert (await states(connection))[one.id] == "failed"


async def test_retrying_a_cancelled_campaign_sends_nothing(connection: AsyncConnection) -> None:
    (one,) = await planned(connection, "一群")
    await ended(connection, [one], DeliveryState.FAILED)
    await campaigns.set_state(connection, one.campaign_id, "cancelled")
    assert await steering.retry_failed(connection, one.campaign_id, NOW) == Retried(0, 0)
    assert (await states(connection))[one.id] == "failed"


@pytest.mark.parametrize(
    ("was_sent", "state", "reason"),
    [(True, "sent", "resolved_sent"), (False, "failed", "resolved_not_sent")],
)
async def test_a_manager_says_what_became_of_an_uncertain_one(
    connection: AsyncConnection,
    was_sent: bool,  # noqa: FBT001 (a column of the table)
    state: str,
    reason: str,
) -> None:
    (one,) = await planned(connection, "一群")
    await ended(connection, [one], DeliveryState.UNCERTAIN)
    assert await steering.resolve(connection, one.id, sent=was_sent, by="room:p1", at=NOW + MINUTE)
    assert (await rows(connection, one.id))[0][:2] == (state, reason)
    noted = await audit.found(connection, "resolve", one.key)
    assert noted == audit.Entry(NOW + MINUTE, "room:p1", "resolve", one.key, {"sent": was_sent})
    again = await steering.resolve(connection, one.id, sent=not was_sent, by="room:p2", at=NOW)
    assert not again
    assert (await rows(connection, one.id))[0][:2] == (state, reason)
    assert len(await audit.latest(connection, 10)) == 1


async def test_only_what_is_uncertain_can_be_resolved(connection: AsyncConnection) -> None:
    ready = await planned(connection, "一群", "二群")
    await sent(connection, await lane(connection), ready[:1])
    before = await states(connection)
    for number in (*before, 999):
        assert not await steering.resolve(connection, number, sent=True, by="x", at=NOW)
    assert await states(connection) == before


async def test_the_uncertain_are_listed_with_all_that_it_takes_to_look_for_them(
    connection: AsyncConnection,
) -> None:
    one, two, _ = await planned(connection, "一群", "二群", "三群")
    (other,) = await planned(connection, "一群", key="c2", slot="d-3")
    await ended(connection, [one, two, other], DeliveryState.UNCERTAIN, "no_answer")
    shop_id = await shop(connection)
    listed = await steering.uncertain(connection, shop_id, None, 10)
    assert [each.id for each in listed] == [other.id, two.id, one.id]
    assert listed[0] == Uncertain(
        other.id, other.campaign_id, "双十一倒计时", "d-3", "一群", NOW, "no_answer"
    )
    assert [
        each.recipient for each in await steering.uncertain(connection, shop_id, one.campaign_id, 1)
    ] == ["二群"]
    assert await steering.uncertain(connection, shop_id + 1, None, 10) == []


async def test_what_is_under_way_is_not_listed_as_uncertain(connection: AsyncConnection) -> None:
    ready = await planned(connection, "一群")
    await begun(connection, await lane(connection), ready)
    assert await steering.uncertain(connection, await shop(connection), None, 10) == []


TAKE_THE_LANES: dict[str, Callable[[AsyncConnection, int], Awaitable[object]]] = {
    "cancel_planned": lambda c, one: steering.cancel_planned(c, one, "why", NOW),
    "release": lambda c, one: steering.release(c, ["halted"], NOW, one),
    "retry_failed": lambda c, one: steering.retry_failed(c, one, NOW),
    "resume": lambda c, one: campaigns.resume(c, one, NOW),
    "cancel": lambda c, one: campaigns.set_state(c, one, "cancelled"),
}


@pytest.mark.parametrize("name", TAKE_THE_LANES)
async def test_nothing_is_steered_while_a_sender_is_in_the_middle_of_a_decision(
    database: Database, other: Database, name: str
) -> None:
    async with database.writing() as connection:
        (one,) = await planned(connection, "一群")
        right = await lane(connection)

    async def steer() -> None:
        async with other.writing() as connection:
            await TAKE_THE_LANES[name](connection, one.campaign_id)

    async with database.writing() as connection:
        await guard(connection, right)
        steering_now = asyncio.create_task(steer())
        await asyncio.sleep(0.1)
        assert not steering_now.done()
    await steering_now


async def test_a_retried_delivery_counts_its_tries_anew(connection: AsyncConnection) -> None:
    (one,) = await planned(connection, "一群")
    await ended(connection, [one], DeliveryState.FAILED)
    await connection.execute(update(ledger).values(tries=7))
    await steering.retry_failed(connection, one.campaign_id, NOW)
    right = await lane(connection)
    await begun(connection, right, [one])
    assert (await rows(connection, one.id))[0][2] == 1
    made = await attempts.made_since(connection, ACCOUNT, NOW - HOUR, NOW)
    assert len(made) == 2
