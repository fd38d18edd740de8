"""Pauses between the calls of an account: one call at a time, and never at a clock's beat."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.clock import Clock, SimulatedClock
from scheduler.content import Content
from scheduler.courier import Action, Address, Admit, Done, Limits, Outcome, Post, Rate, paced_at
from scheduler.pace import Pace, longest_window
from scheduler.priorities import Priority
from storage.attempts import Past
from storage.database import Database
from tests.scheduler.fake_platform import FakePlatform
from tests.scheduler.stage import NOW, Stage

START = datetime(2026, 11, 11, tzinfo=UTC)
SECOND = timedelta(seconds=1)
FANS = "group:fans"
LIKE_A_PERSON = Limits(pauses=(SECOND, 3 * SECOND))
ANSWER, CAMPAIGN = Priority.ANSWER, Priority.CAMPAIGN


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


@pytest.mark.parametrize("priority", [ANSWER, CAMPAIGN])
@pytest.mark.parametrize(("chance", "pause"), [(0.0, 1), (0.5, 2), (1.0, 3)])
def test_the_next_call_leaves_once_the_pause_behind_the_answer_is_over(
    priority: Priority, chance: float, pause: int
) -> None:
    pace = Pace(LIKE_A_PERSON, lambda: chance)
    assert pace.leaves_at(FANS, priority, after(0)) == after(0)
    pace.begin(FANS, after(0))
    assert pace.leaves_at("person:ann", priority, after(9)) is None, "one call at a time"
    pace.end(FANS, after(10))
    assert pace.leaves_at("person:ann", priority, after(10)) == after(10 + pause)
    assert pace.leaves_at("person:ann", priority, after(20)) == after(20)


def test_each_pause_is_drawn_anew() -> None:
    chances = iter((0.0, 1.0, 0.5))
    pace = Pace(LIKE_A_PERSON, lambda: next(chances))
    for began, free in ((0, 1), (1, 4), (4, 6)):
        pace.begin(FANS, after(began))
        pace.end(FANS, after(began))
        assert pace.leaves_at(FANS, ANSWER, after(began)) == after(free)


def test_whichever_limit_lasts_longer_binds() -> None:
    pace = Pace(
        Limits(
            account=(Rate(1, 2 * SECOND),),
            group=(Rate(1, timedelta(minutes=1)),),
            pauses=LIKE_A_PERSON.pauses,
        ),
        lambda: 0.0,
    )
    pace.begin(FANS, after(0))
    pace.end(FANS, after(0))
    assert pace.leaves_at(FANS, ANSWER, after(0)) == after(60)
    assert pace.leaves_at("person:ann", ANSWER, after(0)) == after(2)
    pace.hold(None, after(5))
    assert pace.leaves_at("person:ann", ANSWER, after(0)) == after(5)


def test_letting_somebody_in_makes_the_account_pause_as_speaking_does() -> None:
    pace = Pace(LIKE_A_PERSON, lambda: 0.0)
    group = Address(group="fans")
    pace.begin(paced_at(Admit("a", group, "ann")), after(0))
    pace.end(paced_at(Admit("a", group, "ann")), after(0))
    assert pace.leaves_at(paced_at(Post("p", group, Content("早"))), ANSWER, after(0)) == after(1)


def test_there_is_room_for_one_call_while_none_is_under_way() -> None:
    pace = Pace(LIKE_A_PERSON, lambda: 0.0)
    assert pace.room(after(0)) == 1
    pace.begin(FANS, after(0))
    assert pace.room(after(60)) == 0
    pace.end(FANS, after(1))
    assert pace.room(after(1.9)) == 0
    assert pace.room(after(2)) == 1
    bound = Pace(Limits(account=(Rate(4, timedelta(minutes=1)),), pauses=LIKE_A_PERSON.pauses))
    assert bound.room(after(0)) == 1


def test_a_pause_goes_on_over_a_restart() -> None:
    assert longest_window(LIKE_A_PERSON) == 3 * SECOND
    past = [
        Past(FANS, after(80), after(99), "done", None),
        Past(FANS, after(70), after(90), "done", None),
    ]
    pace = Pace.rebuilt(LIKE_A_PERSON, past, after(100), lambda: 1.0)
    assert pace.leaves_at(FANS, ANSWER, after(100)) == after(102)
    interrupted = [Past(FANS, after(99), None, None, None)]
    pace = Pace.rebuilt(LIKE_A_PERSON, interrupted, after(100), lambda: 1.0)
    assert pace.leaves_at(FANS, ANSWER, after(100)) == after(103)


def test_a_clock_that_is_set_back_makes_no_pause_longer() -> None:
    pace = Pace(LIKE_A_PERSON, lambda: 0.0)
    pace.begin(FANS, after(7200))
    pace.end(FANS, after(7200))
    assert pace.leaves_at(FANS, ANSWER, after(0)) == after(1)


class Watched(FakePlatform):
    """A platform that notes when each call comes and how many are under way."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.limits = LIKE_A_PERSON
        self.moments: list[datetime] = []
        self.under_way = self.most = 0
        self._clock = clock

    async def perform(self, action: Action) -> Outcome:
        self.moments.append(self._clock.now())
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await asyncio.sleep(0.001)
        self.under_way -= 1
        return await super().perform(action)


async def test_a_sender_makes_one_call_at_a_time_and_an_answer_passes_what_is_planned(
    database: Database,
) -> None:
    clock = SimulatedClock(NOW)
    platform = Watched(clock)
    stage = Stage(database, clock, platform)
    await stage.due(*(f"{number}群" for number in range(4)))
    sender = await stage.opened()
    running = asyncio.create_task(sender.run())
    answer: asyncio.Task[Outcome] | None = None
    async with asyncio.timeout(20):
        while len(platform.arrived) < 5:
            await asyncio.sleep(0.02)
            if len(platform.arrived) == 2 and answer is None:
                answer = asyncio.create_task(
                    sender.say(Address(person="p1"), Content("在的"), "r1")
                )
                await asyncio.sleep(0.1)
            clock.advance(timedelta(milliseconds=250))
    running.cancel()
    await asyncio.wait([running])
    pauses = [later - earlier for earlier, later in pairwise(platform.moments)]
    assert min(pauses) >= SECOND
    assert len(set(pauses)) > 1
    assert platform.most == 1
    assert "r1" in [action.key for action in platform.arrived[2:4]]
    assert answer is not None
    assert isinstance(await answer, Done)


@given(
    bounds=st.tuples(st.integers(0, 5_000), st.integers(0, 5_000)).map(sorted),
    seed=st.integers(0, 2**32),
    calls=st.lists(
        st.tuples(
            st.sampled_from(["person:ann", FANS]),
            st.sampled_from(Priority),
            st.integers(0, 9_000),  # how long it is on its way, in milliseconds
            st.integers(0, 9_000),  # how long nobody wants anything before it
        ),
        max_size=20,
    ),
)
def test_between_any_two_calls_a_pause_within_the_bounds_is_let_pass(
    bounds: list[int], seed: int, calls: list[tuple[str, Priority, int, int]]
) -> None:
    shortest, longest = (timedelta(milliseconds=one) for one in bounds)
    chance = Random(seed).random  # noqa: S311 (the dice of a test)
    pace = Pace(Limits(pauses=(shortest, longest)), chance)
    now, answered = START, None
    for address, priority, travel, idle in calls:
        at = pace.leaves_at(address, priority, now)
        assert at is not None
        if answered is not None:
            assert answered + shortest <= at <= answered + longest
        now = max(at, now + timedelta(milliseconds=idle))
        assert pace.leaves_at(address, priority, now) == now
        pace.begin(address, now)
        assert pace.leaves_at(address, ANSWER, now) is None
        now += timedelta(milliseconds=travel)
        pace.end(address, now)
        answered = now
