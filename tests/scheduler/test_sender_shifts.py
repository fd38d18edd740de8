"""From one shift to the next: what a sender that lost its lane still may say, and forgets."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from scheduler.bodies import literal_body
from scheduler.content import Content, Picture
from scheduler.courier import AccountDown, Address, Done, Limits, NothingSent, Outcome, Rate
from scheduler.sender import Sender
from storage import deliveries, lanes
from storage.database import Database
from storage.errors import LaneLost
from tests.scheduler.fake_platform import Meanwhile
from tests.scheduler.stage import HASTY, MINUTE, PATIENT, SECOND, SENT, Stage, key_of, sent

TO = Address(person="p1")
ELSEWHERE = NothingSent("lane_elsewhere")


@pytest.fixture
def stage(database: Database) -> Stage:
    return Stage(database)


async def lost_during_a_call(stage: Stage) -> Sender:
    """A sender that lost its lane to bot-2 in the midst of a call that arrived."""
    await stage.due("一群")
    sender = await stage.opened()

    async def take_over() -> None:
        await stage.take_over("bot-2")

    stage.platform.will("一群", Meanwhile(take_over))
    with pytest.raises(LaneLost):
        await sender.drain()
    return sender


# Receipts


@pytest.mark.parametrize(
    "uncertain",
    [
        pytest.param(True, id="its successor is waiting for it"),
        pytest.param(False, id="its successor has not asked yet"),
    ],
)
async def test_a_receipt_that_was_not_recorded_in_time_is_a_late_one(
    stage: Stage, *, uncertain: bool
) -> None:
    sender = await lost_during_a_call(stage)
    stage.platform.remembers = False
    if uncertain:
        await stage.sender().open(await stage.lease("bot-2"))
    await sender.close()
    assert (await stage.ledger())["一群"].state == (SENT if uncertain else "sending")
    if not uncertain:
        await stage.sender().open(await stage.lease("bot-2"))
        await sender.open(await stage.lease("bot-1"))
    assert (await stage.ledger())["一群"] == sent("一群", reason="late_receipt")
    assert stage.platform.calls_to("一群") == 1


async def test_receipts_that_could_not_be_recorded_are_recorded_under_the_next_lease(
    stage: Stage,
) -> None:
    sender = await lost_during_a_call(stage)
    stage.platform.remembers = False
    await sender.close()
    await sender.open(await stage.lease("bot-1"))
    assert (await stage.ledger())["一群"] == sent("一群", reason="late_receipt")
    assert await stage.attempts() == [("post", key_of("一群"), "interrupted", None)]


async def test_a_receipt_waits_for_a_database_that_fails_at_the_end(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender = await lost_during_a_call(stage)
    stage.platform.remembers = False
    await stage.sender().open(await stage.lease("bot-2"))
    writing = stage.database.writing

    def away() -> Any:
        raise OperationalError("BEGIN", {}, Exception("server closed"))

    monkeypatch.setattr(stage.database, "writing", away)
    await sender.close()
    monkeypatch.setattr(stage.database, "writing", writing)
    assert (await stage.ledger())["一群"].state == "uncertain"
    await sender.open(await stage.lease("bot-1"))
    assert (await stage.ledger())["一群"].state == SENT


async def test_a_late_receipt_that_cannot_be_recorded_is_kept_as_well(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.due("一群")
    stage.platform.remembers = False
    answer = asyncio.Event()
    stage.platform.will("一群", Meanwhile(answer.wait))
    sender = await stage.opened(replace(HASTY, call_deadline=2 * SECOND, farewell=SECOND))
    draining = asyncio.create_task(sender.drain())
    await stage.until(lambda: stage.stands("一群", "uncertain"))
    record = deliveries.late_receipt

    async def refuse(*_: object) -> bool:
        raise OperationalError("UPDATE", {}, Exception("server closed"))

    monkeypatch.setattr(deliveries, "late_receipt", refuse)
    answer.set()
    await draining
    assert (await stage.ledger())["一群"].state == "uncertain"
    monkeypatch.setattr(deliveries, "late_receipt", record)
    await sender.close()
    assert (await stage.ledger())["一群"] == sent("一群", reason="late_receipt")


async def test_an_answer_that_comes_before_it_is_written_down_as_late_is_in_time(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.due("一群")
    stage.platform.remembers = False
    answer = asyncio.Event()
    stage.platform.will("一群", Meanwhile(answer.wait))
    sender = await stage.opened(replace(PATIENT, call_deadline=timedelta(milliseconds=100)))
    shift, slow = sender._opened(), asyncio.Event()
    look = shift.next_look

    async def look_slowly() -> datetime:
        await slow.wait()
        return await look()

    monkeypatch.setattr(shift, "next_look", look_slowly)
    running = asyncio.create_task(sender.run())
    await stage.until(lambda: _true(shift.gate.under_way))
    await stage.until(lambda: _true(not shift.gate.under_way))  # it was given up
    answer.set()
    await stage.until(lambda: _true(not list(shift.gate.deliveries())))
    slow.set()
    await stage.until(lambda: stage.stands("一群", SENT))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert (await stage.ledger())["一群"] == sent("一群")


async def _true(thing: object) -> bool:
    return bool(thing)


# Answers


async def test_an_answer_asked_for_without_a_lane_is_not_sent_and_not_kept(stage: Stage) -> None:
    sender = stage.sender()
    assert await sender.say(TO, Content("在的"), "r1") == ELSEWHERE
    await sender.open(await stage.lease())
    assert await sender.say(TO, Content("在的"), "r2") == Done("receipt-r2")
    await sender.close()
    assert await sender.say(TO, Content("在的"), "r3") == ELSEWHERE
    assert [action.key for action in stage.platform.arrived] == ["r2"]


async def test_an_answer_asked_for_while_the_sender_closes_is_not_sent(stage: Stage) -> None:
    sender = await stage.opened()
    async with sender._wheel:  # somebody else has the wheel
        closing = asyncio.create_task(sender.close())
        await asyncio.sleep(0)
        asking = asyncio.create_task(sender.say(TO, Content("在的"), "r1"))
        await asyncio.sleep(0)
    await closing
    assert await asking == ELSEWHERE
    assert stage.platform.arrived == []


async def test_an_answer_that_was_given_before_the_lane_was_seen_to_be_lost_counts(
    stage: Stage,
) -> None:
    sender = await stage.opened()

    async def take_over() -> None:
        await stage.take_over("bot-2")

    stage.platform.will("一群", Meanwhile(take_over))
    said = await sender.say(Address(group="chat-一群"), Content("在的"), "r1")
    assert said == Done("receipt-r1")


# A rest


async def test_a_rest_that_nobody_wrote_down_ends_with_the_shift(stage: Stage) -> None:
    """Who is put out by a newer process is told that its account is down. It is not."""
    await stage.due("一群", "二群")
    sender = await stage.opened()

    async def take_over() -> None:
        await stage.take_over("bot-2")

    stage.platform.will("一群", Meanwhile(take_over))
    stage.platform.will("二群", AccountDown("another session has come"))
    with pytest.raises(LaneLost):
        await sender.drain()
    await sender.close()
    await sender.open(await stage.lease("bot-1"))
    assert not sender._opened()._health.rests(stage.clock.now())
    await stage.due("三群", key="c2")
    await sender.drain()
    assert (await stage.ledger("c2"))["三群"].state == SENT


async def test_a_rest_that_was_written_down_is_kept_from_shift_to_shift(stage: Stage) -> None:
    lane = (await stage.lease("bot-2")).lane
    async with stage.database.writing() as connection:
        await lanes.set_rest(connection, lane, stage.clock.now() + MINUTE, "token revoked")
    sender = await stage.opened()
    await stage.due("一群")
    await sender.drain()
    assert (await stage.ledger())["一群"].reason == "account_down"


async def test_posts_of_several_messages_keep_their_pace_over_a_restart(stage: Stage) -> None:
    stage.platform.limits = Limits(account=(Rate(5, MINUTE),), captions=False)
    album = Content("上新", (Picture("a.png"), Picture("b.png")))
    await stage.due("一群", "二群", body=literal_body(album))
    sender = await stage.opened()
    await sender.drain()
    assert len(stage.platform.arrived) == 1, "three of five, and a quarter is left to answers"
    assert isinstance(await sender.say(TO, Content("在的"), "r1"), Done)
    await sender.close()
    again = await stage.opened()
    await again.drain()
    assert len(stage.platform.arrived) == 2
    stage.clock.advance(MINUTE)
    await again.drain()
    assert len(stage.platform.arrived) == 3


@pytest.mark.parametrize("outcome", [NothingSent("refused"), AccountDown("logged out")])
async def test_what_carried_nothing_counts_in_no_window_live_or_rebuilt(
    stage: Stage, outcome: Outcome
) -> None:
    stage.platform.limits = Limits(account=(Rate(2, 1_440 * MINUTE),))
    await stage.due("一群")
    stage.platform.will("一群", outcome, outcome)
    sender = await stage.opened()
    for _ in range(2):
        await sender.drain()
        stage.clock.advance(5 * MINUTE)
    await sender.close()
    again = await stage.opened()
    await again.drain()
    assert len(stage.platform.arrived) == 3
    assert (await stage.ledger())["一群"].state == SENT
