"""Answers to fans, and the loop that sends while the bot runs."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from scheduler.content import Content
from scheduler.courier import (
    AccountDown,
    Address,
    AddressGone,
    Admit,
    Befriend,
    Done,
    Invite,
    Limits,
    NothingSent,
    Rate,
    TooFast,
    Unclear,
)
from scheduler.sender import Sender
from storage.accounts import set_cursor
from storage.database import Database
from storage.members import Seen, ensure_members
from storage.tables import members
from tests.scheduler.fake_platform import AnswerLost, Meanwhile, Step
from tests.scheduler.stage import MINUTE, NOW, SECOND, SENT, Stage


@pytest.fixture
def stage(database: Database) -> Stage:
    return Stage(database)


# Replies


async def test_a_reply_writes_its_attempt_before_and_after_the_call(stage: Stage) -> None:
    sender = await stage.opened()
    seen: list[object] = []

    async def look() -> None:
        seen.extend(await stage.attempts())

    await stage.groups("一群")
    stage.platform.will("一群", Meanwhile(look), NothingSent("refused"), TooFast(SECOND))
    address = Address(group="chat-一群")
    assert isinstance(await sender.say(address, Content("在的"), "r1"), Done)
    assert isinstance(await sender.say(address, Content("在的"), "r2"), NothingSent)
    assert isinstance(await sender.say(address, Content("在的"), "r3"), TooFast)
    assert isinstance(await sender.say(address, Content("在的"), "r4"), NothingSent)
    stage.clock.advance(SECOND)
    assert isinstance(await sender.take_back(address, "receipt-r1", "r1"), Done)
    assert seen == [("reply", "r1", None, None)]
    assert await stage.attempts() == [
        ("reply", "r1", "done", None),
        ("reply", "r2", "nothing_sent", "refused"),
        ("reply", "r3", "too_fast", None),
        ("reply", "r4", "held_back", None),
        ("delete", "r1/delete", "done", None),
    ]


async def test_who_refuses_an_answer_is_known_to_be_out_of_reach(stage: Stage) -> None:
    async with stage.database.writing() as connection:
        await set_cursor(connection, "room", "room", "1")
        await ensure_members(connection, "room", [Seen("p1", "小鱼"), Seen("p2", "小美")], NOW)
    sender = await stage.opened()
    stage.platform._steps["person:p1"].append(AddressGone("blocked"))
    for person in ("p1", "p2"):
        await sender.say(Address(person=person), Content("在的"), f"r-{person}")
    async with stage.database.reading() as connection:
        rows = await connection.execute(select(members.c.person, members.c.unreachable_at))
    assert {row.person: row.unreachable_at for row in rows} == {"p1": NOW, "p2": None}


async def test_links_admissions_and_friends_have_their_attempts_and_keep_no_answer_waiting(
    stage: Stage,
) -> None:
    await stage.groups("一群")
    stage.platform.limits = Limits(group=(Rate(2, MINUTE),))
    sender = await stage.opened()
    here = Address(group="chat-一群")
    for number in range(4):
        admit = Admit(f"a{number}", here, f"p{number}", refuse=number == 3)
        assert isinstance(await sender.carry_out(admit), Done)
    assert isinstance(await sender.carry_out(Invite("i", here, "小鱼")), Done)
    befriend = Befriend("f", Address(person="p1"), "ask-1")
    assert isinstance(await sender.carry_out(befriend), Done)
    assert isinstance(await sender.say(here, Content("在的"), "r"), Done)
    assert [(kind, outcome) for kind, _, outcome, _ in await stage.attempts()] == [
        *[("admit", "done")] * 4,
        ("invite", "done"),
        ("befriend", "done"),
        ("reply", "done"),
    ]


@pytest.mark.parametrize(
    ("stood", "remembers", "calls"),
    [
        pytest.param(True, True, 0, id="it was said"),
        pytest.param(False, True, 1, id="it was not said"),
        pytest.param(True, False, 1, id="nobody can tell"),
    ],
)
async def test_a_reply_that_may_have_been_said_is_said_only_if_nothing_proves_it(
    stage: Stage, *, stood: bool, remembers: bool, calls: int
) -> None:
    sender = await stage.opened()
    stage.platform.standing["r1"] = int(stood)
    if not stood:
        del stage.platform.standing["r1"]
    stage.platform.remembers = remembers
    outcome = await sender.say(Address(person="p1"), Content("在的"), "r1", again=True)
    assert outcome == Done("receipt-r1")
    assert len(stage.platform.arrived) == calls


async def test_whoever_gave_up_waiting_for_an_answer_to_leave_makes_it_leave_no_more(
    stage: Stage,
) -> None:
    """They ask again, in a next run; answered twice is answered once too often."""
    stage.platform.limits = Limits(chat=(Rate(1, per=30 * SECOND),))
    sender = await stage.opened()
    loop = asyncio.create_task(sender.run())
    address = Address(person="p1")
    assert isinstance(await sender.say(address, Content("在的"), "r1"), Done)
    gate = sender._opened().gate
    waits = asyncio.create_task(sender.say(address, Content("好的"), "r2"))
    await stage.until_asleep(lambda: gate.waiting == 1)
    waits.cancel()
    await asyncio.wait([waits])
    again = asyncio.create_task(sender.say(address, Content("好的"), "r2", again=True))
    await asyncio.wait([again], timeout=0.2)
    for _ in range(2):  # there is room for both
        stage.clock.advance(MINUTE)
        await asyncio.wait([again], timeout=0.2)
    assert again.done()
    assert stage.platform.standing == {"r1": 1, "r2": 1}
    loop.cancel()
    await asyncio.wait([loop])


# The loop


class Looks:
    """Counts how often a running sender looks at the database while the clock stands."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, sender: Sender) -> None:
        self.number = 0
        shift = sender._opened()
        look = shift.next_look

        async def counted() -> object:
            self.number += 1
            return await look()

        monkeypatch.setattr(shift, "next_look", counted)


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(TooFast(timedelta(0)), id="too fast by nothing"),
        pytest.param(NothingSent("refused"), id="nothing sent"),
        pytest.param(AccountDown("logged out"), id="account down"),
        pytest.param(AnswerLost(), id="answer lost"),
        pytest.param(ValueError("fault"), id="fault"),
        pytest.param(None, id="halted"),
    ],
)
async def test_nothing_makes_the_loop_busy_while_the_clock_stands(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, step: Step | None
) -> None:
    await stage.due("一群")
    stage.platform.remembers = False
    if step is None:
        await stage.halt(on=True)
    else:
        stage.platform.will_always("一群", step)
    sender = await stage.opened()
    looks = Looks(monkeypatch, sender)
    running = asyncio.create_task(sender.run())
    await stage.until_asleep(lambda: looks.number > 0)
    await asyncio.sleep(0.2)
    looked = looks.number
    await asyncio.sleep(0.1)
    assert looks.number == looked <= 4
    assert stage.platform.calls_to("一群") == (step is not None)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert stage.clock._sleepers == []


async def test_the_loop_sends_when_rung_and_when_something_falls_due(stage: Stage) -> None:
    await stage.groups("一群", "二群")
    sender = await stage.opened()
    running = asyncio.create_task(sender.run())
    await stage.until_asleep()
    await stage.due("一群")
    await stage.until_asleep(lambda: stage.platform.calls_to("一群") == 1)
    stage.platform.will("二群", TooFast(10 * SECOND))
    await stage.due("二群", key="c2")
    await stage.until_asleep(lambda: stage.platform.calls_to("二群") == 1)
    stage.clock.advance(10 * SECOND)
    await stage.until_asleep(lambda: stage.platform.calls_to("二群") == 2)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert set(stage.platform.standing.values()) == {1}


@pytest.mark.parametrize("held", [pytest.param(True, id="a draft is held for hours"), False])
async def test_what_a_look_up_proved_absent_goes_out_soon_whatever_else_is_planned(
    stage: Stage, *, held: bool
) -> None:
    await stage.due("一群")
    if held:
        await stage.due("二群", key="c2", approved=False)
    stage.platform.will("一群", Unclear("http 502"))
    sender = await stage.opened()
    running = asyncio.create_task(sender.run())
    await stage.until_called("一群")
    await stage.until_asleep()
    for _ in range(10):
        stage.clock.advance(2 * SECOND)
        await stage.until_asleep()
    await stage.until(lambda: stage.stands("一群", SENT))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert stage.platform.calls_to("一群") == 2


async def test_a_bell_that_nobody_heard_costs_a_minute_at_most(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.due("二群", key="c2", approved=False)
    sender = await stage.opened()
    running = asyncio.create_task(sender.run())
    await stage.until_asleep()
    monkeypatch.setattr(stage.database.bells, "strike", lambda _: None)
    await stage.due("一群")
    stage.clock.advance(MINUTE)
    await stage.until(lambda: stage.stands("一群", SENT))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
