"""The gate: who leaves first, who waits, who is given back, and that every call has its end.

The pace is the real one and the clock a simulated one; only the deadline of a call is real time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from scheduler.clock import SimulatedClock
from scheduler.content import Content
from scheduler.courier import Action, Address, Done, Limits, Outcome, Post, Rate, Unclear
from scheduler.gate import Gate, Leaving
from scheduler.pace import Pace
from scheduler.priorities import Priority
from tests.scheduler.situations import due
from tests.scheduler.stage import HOUR, MINUTE, NOW, SECOND
from tests.scheduler.test_clock import settle

ANSWER, NOTICE, POST, CAMPAIGN = Priority
ONE_A_SECOND = Limits(account=(Rate(1, SECOND),))
A_CHAT_A_SECOND = Limits(chat=(Rate(1, SECOND),))
PATIENT = timedelta(hours=1)
HASTY = timedelta(milliseconds=30)
MOMENT = timedelta(milliseconds=1)


@dataclass(slots=True)
class Stage:
    """A gate with a platform behind it that answers at once, or when the test does."""

    limits: Limits = field(default_factory=Limits)
    at_once: int = 64
    deadline: timedelta = PATIENT
    clock: SimulatedClock = field(default_factory=lambda: SimulatedClock(NOW))
    answers_at_once: bool = True
    safe: bool = True
    asked_whether_safe: int = 0
    calls: list[str] = field(default_factory=list)
    open: dict[str, asyncio.Future[Outcome]] = field(default_factory=dict)
    answered: list[tuple[str, Outcome]] = field(default_factory=list)
    late: list[tuple[str, Outcome]] = field(default_factory=list)
    held_back: list[tuple[str, datetime | None]] = field(default_factory=list)
    gate: Gate = field(init=False)

    def __post_init__(self) -> None:
        self.gate = Gate(
            pace=Pace(self.limits),
            clock=self.clock,
            perform=self._perform,
            answered=lambda one, outcome: self.answered.append((one.action.key, outcome)),
            late=self._late,
            held_back=lambda one, until: self.held_back.append((one.action.key, until)),
            open_now=self._is_safe,
            at_once=self.at_once,
            deadline=self.deadline,
        )

    async def _perform(self, action: Action) -> Outcome:
        self.calls.append(action.key)
        if self.answers_at_once:
            return Done(f"receipt-{action.key}")
        self.open[action.key] = asyncio.get_running_loop().create_future()
        return await self.open[action.key]

    async def _late(self, one: Leaving, outcome: Outcome) -> None:
        await asyncio.sleep(0)
        self.late.append((one.action.key, outcome))

    def _is_safe(self) -> bool:
        self.asked_whether_safe += 1
        return self.safe

    def push(
        self,
        key: str,
        priority: Priority = CAMPAIGN,
        *,
        chat: str | None = None,
        not_after: datetime = NOW + HOUR,
    ) -> Leaving:
        """Something that is written down and ready; each to a chat of its own, unless named."""
        to = Address(group=chat or key)
        carries = due(
            id=len(self.gate._waiting[priority]) + 10 * priority + 1,
            address=str(to),
            priority=priority,
            not_after=not_after,
        )
        one = Leaving(
            priority,
            Post(key, to, Content("好")),
            attempt_id=1,
            due=None if priority is ANSWER else carries,
            told=asyncio.get_running_loop().create_future() if priority is ANSWER else None,
        )
        self.gate.push(one)
        return one

    def answer(self, key: str) -> None:
        """The platform answers a call that is under way."""
        self.open.pop(key).set_result(Done(f"receipt-{key}"))

    async def let_out(self) -> list[str]:
        """Let out whatever may leave; the calls that were begun since the last time."""
        self.gate.let_out()
        await settle()
        begun, self.calls = self.calls, []
        return begun

    async def passes(self, time: timedelta) -> list[str]:
        """Time passes; the calls that the gate begins by itself."""
        self.clock.advance(time)
        await settle()
        begun, self.calls = self.calls, []
        return begun

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """The gate runs, and leaves no task behind when it has ended."""
        before = asyncio.all_tasks()
        task = asyncio.create_task(self.gate.run())
        await settle()
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self.gate.end(timedelta(0))
            assert asyncio.all_tasks() == before
            assert (self.gate.waiting, self.gate.planned_under_way) == (0, 0)
            assert list(self.gate.deliveries()) == []


async def until(truth: Callable[[], object]) -> None:
    """Wait, in real time, until something is true."""
    async with asyncio.timeout(10):
        while not truth():  # noqa: ASYNC110 (nothing rings when a deadline is over)
            await asyncio.sleep(MOMENT.total_seconds())


# Who goes first


async def test_the_most_urgent_leaves_first_and_of_equals_the_first() -> None:
    stage = Stage(ONE_A_SECOND)
    for key, priority in (
        ("campaign", CAMPAIGN),
        ("post", POST),
        ("answer", ANSWER),
        ("notice", NOTICE),
        ("second campaign", CAMPAIGN),
        ("second answer", ANSWER),
    ):
        stage.push(key, priority)
    order = []
    async with stage.running():
        order += await stage.let_out()
        for _ in range(500):
            order += await stage.passes(10 * MOMENT)
            if not stage.gate.waiting:
                break
    assert order == ["answer", "second answer", "notice", "post", "campaign", "second campaign"]


async def test_an_answer_waits_for_no_campaign() -> None:
    stage = Stage(Limits(account=(Rate(30, SECOND),)), answers_at_once=False)
    for number in range(200):
        stage.push(f"c{number}")
    async with stage.running():
        await stage.let_out()
        for _ in range(700):
            for key in list(stage.open):
                stage.answer(key)
            await stage.passes(MOMENT)
        assert stage.gate.planned_waiting > 100
        stage.push("answer", ANSWER)
        left = await stage.let_out()
        waited = timedelta(0)
        while "answer" not in left and waited < SECOND:
            for key in list(stage.open):
                stage.answer(key)
            left += await stage.passes(MOMENT)
            waited += MOMENT
    assert waited <= SECOND / 30


async def test_what_is_ready_leaves_when_the_pace_lets_it_and_not_before() -> None:
    stage = Stage(ONE_A_SECOND)
    async with stage.running():
        stage.push("first")
        stage.push("second")
        assert await stage.let_out() == ["first"]
        assert await stage.passes(SECOND - MOMENT) == []
        assert await stage.passes(MOMENT) == ["second"]
    assert stage.answered == [("first", Done("receipt-first")), ("second", Done("receipt-second"))]


async def test_a_slot_is_free_one_window_after_the_answer_and_not_after_the_departure() -> None:
    stage = Stage(ONE_A_SECOND, answers_at_once=False)
    async with stage.running():
        stage.push("first")
        stage.push("second")
        assert await stage.let_out() == ["first"]
        assert await stage.passes(10 * SECOND) == []
        stage.answer("first")
        await settle()
        assert await stage.passes(SECOND - MOMENT) == []
        assert await stage.passes(MOMENT) == ["second"]


async def test_who_cannot_leave_holds_up_no_other_chat_and_keeps_its_place() -> None:
    stage = Stage(A_CHAT_A_SECOND)
    async with stage.running():
        for key in ("a1", "a2", "b1", "a3", "b2"):
            stage.push(key, chat=key[0])
        assert await stage.let_out() == ["a1", "b1"]
        stage.push("c1", chat="c")
        assert await stage.let_out() == ["c1"]
        assert await stage.passes(SECOND) == ["a2", "b2"]
        assert await stage.passes(SECOND) == ["a3"]


# How many at once


async def test_so_many_planned_calls_are_under_way_and_answers_pass_them() -> None:
    stage = Stage(at_once=2, answers_at_once=False)
    async with stage.running():
        for number in range(4):
            stage.push(f"c{number}")
        assert await stage.let_out() == ["c0", "c1"]
        stage.push("answer", ANSWER)
        assert await stage.let_out() == ["answer"]
        stage.answer("answer")
        await settle()
        assert stage.calls == []  # a call of its own makes no room for a planned one
        stage.answer("c1")
        await settle()
        assert stage.calls == ["c2"]
        assert (stage.gate.under_way, stage.gate.planned_under_way) == (2, 2)


# What does not leave


async def test_what_would_wait_for_longer_than_a_moment_is_given_back_but_no_answer() -> None:
    stage = Stage(Limits(chat=(Rate(1, MINUTE),)))
    async with stage.running():
        stage.push("first", chat="a")
        stage.push("planned", chat="a")
        stage.push("answer", ANSWER, chat="a")
        assert await stage.let_out() == ["answer"]
        assert stage.held_back == [("first", NOW + MINUTE), ("planned", NOW + MINUTE)]
        stage.push("second answer", ANSWER, chat="a")
        assert await stage.let_out() == []
        assert stage.gate.waiting == 1
        assert await stage.passes(MINUTE) == ["second answer"]


@pytest.mark.parametrize(
    ("wait", "left"),
    [
        pytest.param(timedelta(0), ["late"], id="at its last moment"),
        pytest.param(MOMENT, [], id="after it"),
    ],
)
async def test_nothing_leaves_after_its_time_however_long_it_was_ready(
    wait: timedelta, left: list[str]
) -> None:
    stage = Stage(ONE_A_SECOND)
    async with stage.running():
        stage.push("first")
        stage.push("late", not_after=NOW + SECOND - wait)
        assert await stage.let_out() == ["first"]
        assert await stage.passes(SECOND) == left
    assert stage.held_back == [("late", None) for _ in range(1 - len(left))]


async def test_nothing_leaves_while_the_lease_is_not_safe_and_then_by_itself() -> None:
    stage = Stage(safe=False)
    async with stage.running():
        stage.push("answer", ANSWER)
        stage.push("campaign")
        assert await stage.let_out() == []
        assert await stage.passes(MINUTE) == []
        assert stage.gate.waiting == 2
        stage.safe = True
        assert await stage.passes(SECOND) == ["answer", "campaign"]
    assert stage.held_back == []


@pytest.mark.parametrize("why", ["the lease", "its time"])
async def test_a_process_that_stood_still_since_it_let_a_call_out_takes_it_back(why: str) -> None:
    stage = Stage(ONE_A_SECOND)
    stage.push("c1", not_after=NOW + SECOND)
    stage.gate.let_out()
    assert stage.gate.under_way == 1
    if why == "the lease":
        stage.safe = False
    else:
        stage.clock.advance(2 * SECOND)
    await settle()
    assert (stage.calls, stage.held_back) == ([], [("c1", None)])
    assert stage.gate.under_way == stage.gate.planned_under_way == 0
    assert list(stage.gate.deliveries()) == []


async def test_everything_planned_is_given_back_at_a_word_and_answers_are_not() -> None:
    stage = Stage(safe=False)
    for key, priority in (("a", ANSWER), ("n", NOTICE), ("p", POST), ("c", CAMPAIGN)):
        stage.push(key, priority)
    stage.gate.hold_back_planned()
    assert stage.held_back == [("n", None), ("p", None), ("c", None)]
    stage.safe = True
    assert await stage.let_out() == ["a"]


async def test_what_nobody_waits_for_any_more_does_not_leave() -> None:
    stage = Stage(safe=False)
    one = stage.push("answer", ANSWER)
    assert one.told is not None
    one.told.cancel()
    stage.safe = True
    assert await stage.let_out() == []
    assert stage.held_back == [("answer", None)]


# The deadline


async def test_a_call_without_an_answer_is_given_up_and_its_late_answer_is_told() -> None:
    stage = Stage(at_once=1, deadline=20 * HASTY, answers_at_once=False)
    async with stage.running():
        hanging = stage.push("hanging")
        stage.push("next")
        await stage.let_out()
        await until(lambda: stage.answered)
        assert stage.answered == [("hanging", Unclear("no_answer"))]
        assert stage.late == []
        await settle()
        assert stage.calls == ["next"]  # it is counted as ended
        assert hanging.due is not None
        assert hanging.due.id in stage.gate.deliveries()  # and is not, yet
        stage.answer("hanging")
        await settle()
        assert hanging.due.id not in stage.gate.deliveries()
    assert stage.late == [("hanging", Done("receipt-hanging"))]
    assert [key for key, _ in stage.answered].count("hanging") == 1


async def test_a_call_that_was_given_up_is_ended_after_as_long_again() -> None:
    stage = Stage(deadline=HASTY, answers_at_once=False)
    async with stage.running():
        stage.push("hanging")
        await stage.let_out()
        await until(lambda: not list(stage.gate.deliveries()))
        assert stage.open["hanging"].cancelled()
    assert stage.answered == [("hanging", Unclear("no_answer"))]
    assert stage.late == []


# The end


@pytest.mark.parametrize("grace", [timedelta(0), MINUTE])
async def test_at_the_end_what_has_not_left_is_given_back_and_nothing_stays(
    grace: timedelta,
) -> None:
    stage = Stage(ONE_A_SECOND, answers_at_once=False)
    async with stage.running():
        stage.push("first")
        stage.push("second")
        stage.push("answer", ANSWER)
        await stage.let_out()
        ending = asyncio.create_task(stage.gate.end(grace))
        await settle()
        assert stage.held_back == [("first", None), ("second", None)]
        assert ending.done() is not bool(grace)
        if grace:
            stage.answer("answer")
        assert await ending is not bool(grace)
    assert stage.answered == ([("answer", Done("receipt-answer"))] if grace else [])


async def test_a_call_that_is_cut_off_is_told_to_whoever_waits_for_it() -> None:
    stage = Stage(answers_at_once=False)
    async with stage.running():
        one = stage.push("answer", ANSWER)
        await stage.let_out()
        assert await stage.gate.end(HASTY)
        assert one.told is not None
        assert one.told.result() == Unclear("ended")


async def test_a_call_that_is_ended_before_its_first_step_is_accounted_for_as_well() -> None:
    stage = Stage(answers_at_once=False)
    one = stage.push("answer", ANSWER)
    stage.push("planned")
    stage.gate.let_out()
    assert await stage.gate.end(timedelta(0))
    assert one.told is not None
    assert one.told.result() == Unclear("ended")
    assert (stage.gate.under_way, stage.gate.planned_under_way) == (0, 0)
    assert list(stage.gate.deliveries()) == []


# No unrest


@pytest.mark.parametrize("safe", [True, False])
async def test_a_gate_that_waits_for_a_moment_sleeps_until_then(*, safe: bool) -> None:
    stage = Stage(ONE_A_SECOND, safe=safe)
    async with stage.running():
        stage.push("first", ANSWER)
        stage.push("second", ANSWER)
        await stage.let_out()
        stage.asked_whether_safe = 0
        for _ in range(20):
            await settle()
        assert stage.asked_whether_safe <= 1
