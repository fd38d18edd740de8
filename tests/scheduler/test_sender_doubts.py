"""What an ended process left behind, lost answers, and what settles them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from scheduler.courier import AddressGone, Lookup
from scheduler.doubts import Doubts, Recovery
from scheduler.notices import AccountBack, AccountPaused
from scheduler.priorities import Priority
from storage import deliveries
from storage.database import Database
from storage.deliveries import Move
from storage.lanes import Lane
from tests.scheduler.fake_platform import AnswerLost, Hangs, Meanwhile
from tests.scheduler.stage import (
    DAY,
    HASTY,
    HOUR,
    MINUTE,
    NOW,
    ONE_BY_ONE,
    PATIENT,
    SECOND,
    SENT,
    Delivered,
    Stage,
    key_of,
    sent,
)


@pytest.fixture
def stage(database: Database) -> Stage:
    return Stage(database)


async def test_cancelled_between_calls_it_records_what_was_answered_and_settles_the_rest(
    stage: Stage,
) -> None:
    await stage.due("一群", "二群", "三群")
    stage.platform.will("二群", Hangs(stands=True))
    sender = await stage.opened(ONE_BY_ONE)
    draining = asyncio.create_task(sender.drain())
    async with asyncio.timeout(5):
        while stage.platform.calls_to("二群") == 0:  # noqa: ASYNC110 (the platform rings nobody)
            await asyncio.sleep(0.002)
    draining.cancel()
    with pytest.raises(asyncio.CancelledError):
        await draining
    assert {group: one.state for group, one in (await stage.ledger()).items()} == {
        "一群": SENT,
        "二群": "sending",
        "三群": "planned",
    }
    again = stage.sender()
    assert await again.open(await stage.lease()) == Recovery(1, 0, 0)
    await again.drain()
    assert await stage.ledger() == {
        "一群": sent("一群"),
        "二群": sent("二群", reason="looked_up"),
        "三群": sent("三群"),
    }
    assert set(stage.platform.standing.values()) == {1}


@pytest.mark.parametrize("uncertain", [False, True], ids=["sending", "uncertain"])
@pytest.mark.parametrize("found", ["sent", "absent", "unknown", "silent"])
async def test_what_an_ended_process_left_in_doubt_is_settled_by_asking(
    stage: Stage, found: str, *, uncertain: bool
) -> None:
    await stage.due("一群")
    await stage.left_behind("一群", uncertain=uncertain)
    if found == "sent":
        stage.platform.standing[key_of("一群")] = 1
    stage.platform.remembers = found != "unknown"
    stage.platform.lookup_hangs = found == "silent"
    recovery = await stage.sender(HASTY).open(await stage.lease())
    nothing = Recovery(sent=0, planned_again=0, uncertain=0)
    stands, counted = {
        ("sent", False): (sent("一群", reason="looked_up"), replace(nothing, sent=1)),
        ("sent", True): (sent("一群", reason="looked_up"), replace(nothing, sent=1)),
        ("absent", False): (
            Delivered("planned", "looked_up_absent"),
            replace(nothing, planned_again=1),
        ),
        ("absent", True): (
            Delivered("planned", "looked_up_absent"),
            replace(nothing, planned_again=1),
        ),
        ("unknown", False): (Delivered("uncertain", "interrupted"), replace(nothing, uncertain=1)),
        ("unknown", True): (Delivered("uncertain", "no_answer"), replace(nothing, uncertain=1)),
        ("silent", False): (Delivered("uncertain", "interrupted"), replace(nothing, uncertain=1)),
        ("silent", True): (Delivered("uncertain", "no_answer"), replace(nothing, uncertain=1)),
    }[found, uncertain]
    assert (await stage.ledger())["一群"] == stands
    assert recovery == counted
    ((_, _, outcome, _),) = await stage.attempts()
    assert outcome == ("unclear" if uncertain else "interrupted")


async def test_a_platform_that_falls_silent_is_not_asked_about_every_delivery(
    stage: Stage,
) -> None:
    names = [f"{number}群" for number in range(9)]
    await stage.due(*names)
    await stage.left_behind(*names, uncertain=False)
    stage.platform.lookup_hangs = True
    recovery = await stage.sender(HASTY).open(await stage.lease())
    assert recovery.uncertain == 9
    assert len(stage.platform.asked) == 1


async def test_what_was_proved_absent_goes_out_while_it_is_valid(
    stage: Stage,
) -> None:
    await stage.due("一群", "二群")
    await stage.left_behind("一群", uncertain=False)
    await stage.left_behind("二群", uncertain=True)
    sender = await stage.opened()
    await sender.drain()
    assert {one.state for one in (await stage.ledger()).values()} == {SENT}
    assert stage.platform.standing == {key_of("一群"): 1, key_of("二群"): 1}


async def test_what_is_doubted_is_never_sent_again_by_itself(stage: Stage) -> None:
    await stage.due("一群")
    await stage.left_behind("一群", uncertain=True)
    stage.platform.remembers = False
    sender = await stage.opened()
    stage.clock.advance(HOUR)
    await sender.drain()
    assert (await stage.ledger())["一群"].state == "uncertain"
    assert stage.platform.standing == {}


async def test_while_it_runs_the_platform_is_asked_again_about_a_lost_answer(
    stage: Stage,
) -> None:
    await stage.due("一群")
    stage.platform.will("一群", AnswerLost())
    stage.platform.remembers = False
    sender = await stage.opened()
    for _ in range(9):
        await sender.drain()
        stage.clock.advance_to(await sender.next_look())
    assert stage.platform.asked
    assert (await stage.ledger())["一群"] == Delivered("uncertain", "answer_lost")
    stage.platform.remembers = True
    stage.clock.advance(5 * MINUTE)
    await sender.drain()
    assert (await stage.ledger())["一群"] == sent("一群", reason="looked_up")
    asked = len(stage.platform.asked)
    stage.clock.advance(DAY)
    await sender.drain()
    assert len(stage.platform.asked) == asked
    assert stage.platform.calls_to("一群") == 1


async def test_the_first_question_comes_soon_and_the_pauses_double(stage: Stage) -> None:
    await stage.due("一群")
    stage.platform.will("一群", AnswerLost())
    stage.platform.remembers = False
    sender = await stage.opened()
    asked_at: list[float] = []
    for second in range(400):
        await sender.drain()
        if len(stage.platform.asked) > len(asked_at):
            asked_at.append(second)
        stage.clock.advance(SECOND)
    assert asked_at == [5, 10, 20, 40, 80, 160, 320]


async def test_what_is_still_under_way_is_asked_about_later_when_the_rest_is_settled(
    stage: Stage,
) -> None:
    await stage.due("一群", "二群")
    await stage.left_behind("一群", "二群", uncertain=True)
    stage.platform.standing = Counter([key_of("一群"), key_of("二群")])
    lease = await stage.lease()
    async with stage.database.reading() as connection:
        found = await deliveries.in_doubt(connection, lease.lane.account, NOW)
    under_way = {one.id for one in found if one.key == key_of("二群")}
    doubts = Doubts(
        database=stage.database,
        courier=stage.platform,
        account=lease.lane.account,
        clock=stage.clock,
        settings=PATIENT,
        books=asyncio.Lock(),
        under_way=lambda: under_way,
    )
    assert await doubts.settle(lease.lane) == Recovery(1, 0, 0)
    asks_again_at = doubts.next_question
    assert asks_again_at is not None
    under_way.clear()
    stage.clock.advance_to(asks_again_at)
    assert await doubts.settle(lease.lane) == Recovery(1, 0, 0)
    assert doubts.next_question is None
    assert {one.state for one in (await stage.ledger()).values()} == {SENT}


async def test_answers_the_database_refused_are_recorded_by_the_next_turn(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.due("一群", "二群")
    sender = await stage.opened()
    move = deliveries.move
    asked: list[bool] = []

    async def refuse(connection: Any, lane: Lane, moves: Sequence[Move], at: datetime) -> None:
        if moves and len(asked) < 2:  # the turn that fails, and the last one of its drain
            asked.append(True)
            raise OperationalError("UPDATE", {}, OSError("the server has gone away"))
        await move(connection, lane, moves, at)

    monkeypatch.setattr(deliveries, "move", refuse)
    with pytest.raises(OperationalError):
        await sender.drain()
    assert {one.state for one in (await stage.ledger()).values()} == {"sending"}
    await sender.drain()
    assert {one.state for one in (await stage.ledger()).values()} == {SENT}
    assert set(stage.platform.standing.values()) == {1}


async def test_a_receipt_that_comes_late_turns_uncertain_into_sent(stage: Stage) -> None:
    await stage.due("一群")
    stage.platform.remembers = False
    answer = asyncio.Event()
    stage.platform.will("一群", Meanwhile(answer.wait))
    # A late answer counts for one deadline more: long enough on a busy machine.
    sender = await stage.opened(replace(HASTY, call_deadline=3 * SECOND, farewell=SECOND))
    draining = asyncio.create_task(sender.drain())
    await stage.until(lambda: stage.stands("一群", "uncertain"))
    answer.set()
    await draining
    assert (await stage.ledger())["一群"] == sent("一群", reason="late_receipt")


async def test_answers_that_come_late_end_the_rest_that_their_lack_began(stage: Stage) -> None:
    groups = ("一群", "二群", "三群")
    await stage.due(*groups)
    stage.platform.remembers = False
    answer = asyncio.Event()
    for group in groups:
        stage.platform.will(group, Meanwhile(answer.wait))
    # A late answer counts for one deadline more: long enough on a busy machine.
    sender = await stage.opened(replace(HASTY, call_deadline=3 * SECOND, farewell=SECOND))
    draining = asyncio.create_task(sender.drain())
    await stage.until(lambda: stage.stands("三群", "uncertain"))
    answer.set()
    await draining
    assert [type(notice) for notice in stage.told] == [AccountPaused, AccountBack]
    assert {one.state for one in (await stage.ledger()).values()} == {SENT}
    await stage.due("四群", key="c2")
    await sender.drain()
    assert (await stage.ledger("c2"))["四群"].state == SENT, "nothing rests"


@pytest.mark.parametrize("remembers", [True, False])
async def test_a_notice_in_doubt_is_sent_once_more_and_never_again(
    stage: Stage, *, remembers: bool
) -> None:
    await stage.due("一群", priority=Priority.NOTICE)
    stage.platform.remembers = remembers
    stage.platform.will_always("一群", AnswerLost())
    sender = await stage.opened()
    for _ in range(20):
        await sender.drain()
        stage.clock.advance(5 * SECOND)
    assert stage.platform.calls_to("一群") == (1 if remembers else 2)
    assert (await stage.ledger())["一群"].state == (SENT if remembers else "uncertain")


async def test_a_notice_that_could_not_go_once_more_is_asked_about_again(stage: Stage) -> None:
    await stage.due("一群", priority=Priority.NOTICE)
    stage.platform.remembers = False
    stage.platform.will("一群", AnswerLost(), AddressGone("kicked"))
    sender = await stage.opened()
    for _ in range(2):
        await sender.drain()
        stage.clock.advance(5 * SECOND)
    assert (await stage.ledger())["一群"] == Delivered("uncertain", "kicked", 5 * SECOND)
    stage.platform.remembers = True
    await sender.drain()
    assert (await stage.ledger())["一群"].state == SENT
    assert stage.platform.standing == {key_of("一群"): 1}


async def test_a_look_up_that_fails_leaves_one_delivery_in_doubt_and_settles_the_others(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.due("一群", "二群")
    for name in ("一群", "二群"):
        stage.platform.will(name, AnswerLost())
    sender = await stage.opened()
    await sender.drain()
    look_up = stage.platform.lookup

    async def fails_once(key: str) -> Lookup:
        if "一群" in key:
            raise KeyError(key)
        return await look_up(key)

    monkeypatch.setattr(stage.platform, "lookup", fails_once)
    recovery = await sender.open(await stage.lease())
    assert (recovery.sent, recovery.uncertain) == (1, 1)
    assert [one.state for one in (await stage.ledger()).values()] == ["uncertain", SENT]
