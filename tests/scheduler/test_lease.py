"""A lease: waited for, kept, lost, given back; and never trusted longer than it lasts.

The terms are scaled down so that seconds pass in tenths. Where a moment matters, the test moves
this process's clock itself.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler import lease as lease_room
from scheduler.lease import Lease, LeaseTerms, lease, try_lease
from storage.database import Database
from storage.errors import LaneLost
from storage.lanes import guard

ACCOUNT = "room"
PATIENCE = 30.0  # seconds: machines that run many tests at once are slow
BRIEF = LeaseTerms(
    lasts=timedelta(milliseconds=600),
    renew_every=timedelta(milliseconds=150),
    safety=timedelta(milliseconds=150),
    poll_every=timedelta(milliseconds=20),
)
LONG = LeaseTerms(poll_every=BRIEF.poll_every)


@pytest.fixture
async def other(database_url: str) -> AsyncIterator[Database]:
    """The same database as another process has it open."""
    opened = await Database.open(database_url)
    yield opened
    await opened.close()


@dataclass(slots=True)
class Monotonic:
    """This process's clock; it moves when the test says so."""

    now: float = 1_000.0

    def monotonic(self) -> float:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Monotonic:
    """The clock that leases look at; everything else goes on by the machine's."""
    clock = Monotonic()
    monkeypatch.setattr(lease_room, "time", SimpleNamespace(monotonic=clock.monotonic))
    return clock


@dataclass(slots=True)
class Failing:
    """A database that can be made to fail, or to fall silent."""

    inside: Database
    trouble: Exception | None = None
    silent: bool = False
    asked: int = 0
    refused: int = 0
    while_asked: Callable[[], None] = lambda: None

    @property
    def alone(self) -> bool:
        return self.inside.alone

    def writing(self) -> AbstractAsyncContextManager[AsyncConnection]:
        return self._writing()

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[AsyncConnection]:
        self.asked += 1
        if self.silent:
            self.refused += 1
            await asyncio.Event().wait()
        if self.trouble is not None:
            self.refused += 1
            raise self.trouble
        async with self.inside.writing() as connection:
            self.while_asked()
            yield connection


async def held(database: Any, holder: str = "bot-1", terms: LeaseTerms = LONG) -> Lease:
    """The lease on a lane that is free."""
    found = await try_lease(database, ACCOUNT, holder, terms)
    assert found is not None
    return found


async def is_ours(database: Database, ours: Lease) -> bool:
    async with database.writing() as connection:
        try:
            await guard(connection, ours.lane)
        except LaneLost:
            return False
    return True


async def until(truth: Any) -> None:
    async with asyncio.timeout(PATIENCE):
        while not truth():  # noqa: ASYNC110 (nothing rings when a lease changes)
            await asyncio.sleep(0.002)


async def end(task: asyncio.Task[Any]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


# Waiting


async def test_a_free_lane_is_leased_at_once(database: Database) -> None:
    ours = await asyncio.wait_for(lease(database, ACCOUNT, "bot-1", LONG), PATIENCE)
    assert (ours.lane.account, ours.lane.holder) == (ACCOUNT, "bot-1")
    assert ours.safe


async def test_a_lane_that_another_process_holds_is_waited_for_until_it_is_given_back(
    database: Database, other: Database
) -> None:
    theirs = await held(database)
    assert await try_lease(other, ACCOUNT, "bot-2", LONG) is None
    waiting = asyncio.create_task(lease(other, ACCOUNT, "bot-2", LONG))
    await asyncio.sleep(0.2)
    assert not waiting.done()
    await theirs.release()
    ours = await asyncio.wait_for(waiting, PATIENCE)
    assert ours.safe
    assert ours.lane.token > theirs.lane.token


async def test_a_dead_process_s_lane_is_had_as_soon_as_its_lease_has_ended(
    database: Database, other: Database
) -> None:
    dead = await held(database, terms=BRIEF)
    rarely = replace(BRIEF, poll_every=timedelta(hours=1))
    ours = await asyncio.wait_for(lease(other, ACCOUNT, "bot-2", rarely), PATIENCE)
    assert not dead.safe
    assert not await is_ours(database, dead)
    assert await is_ours(other, ours)


async def test_who_is_alone_on_an_sqlite_file_waits_for_no_dead_process(
    database: Database,
) -> None:
    await held(database)
    database.hold_alone()
    taken = await try_lease(database, ACCOUNT, "bot-2", LONG)
    assert (taken is not None) is database.is_sqlite


# Safe


@pytest.mark.parametrize(
    ("passed", "safe"),
    [(0.0, True), (5.999, True), (6.0, False), (8.0, False), (1_000.0, False)],
)
async def test_a_call_may_begin_until_two_seconds_before_the_end_by_this_process_s_clock(
    database: Database, clock: Monotonic, passed: float, *, safe: bool
) -> None:
    ours = await held(database, terms=LeaseTerms())
    clock.now += passed
    assert ours.safe is safe


async def test_the_lease_is_reckoned_from_before_the_database_was_asked(
    database: Database, clock: Monotonic
) -> None:
    ours = await held(Failing(database, while_asked=partial(clock.pass_by, 7.0)))
    assert not ours.safe


async def test_a_process_that_was_stopped_knows_at_once_that_it_must_ask_first(
    database: Database, clock: Monotonic
) -> None:
    ours = await held(database, terms=LONG)
    clock.now += 60.0
    assert not ours.safe
    keeping = asyncio.create_task(
        Lease(database, ours.lane, BRIEF, asked_at=clock.now - 60.0).keep()
    )
    await asyncio.sleep(2 * BRIEF.renew_every.total_seconds())
    assert not keeping.done()  # nobody had taken the lane meanwhile
    await end(keeping)


# Keeping


async def test_a_lease_that_is_kept_lasts_and_stays_safe(
    database: Database, other: Database
) -> None:
    terms = LeaseTerms(
        lasts=timedelta(seconds=3),
        renew_every=timedelta(milliseconds=100),
        safety=timedelta(milliseconds=100),
    )
    ours = await held(database, terms=terms)
    keeping = asyncio.create_task(ours.keep())
    ends = asyncio.get_running_loop().time() + 1.2 * terms.lasts.total_seconds()
    while asyncio.get_running_loop().time() < ends:
        assert ours.safe
        assert await try_lease(other, ACCOUNT, "bot-2", terms) is None
        await asyncio.sleep(0.05)
    assert not keeping.done()
    await end(keeping)


async def test_who_is_taken_over_from_hears_of_it_at_the_next_renewal(
    database: Database, other: Database
) -> None:
    ours = await held(database, terms=BRIEF)
    await asyncio.sleep(BRIEF.lasts.total_seconds())
    await asyncio.wait_for(lease(other, ACCOUNT, "bot-2", LONG), PATIENCE)
    with pytest.raises(LaneLost, match=ACCOUNT):
        await asyncio.wait_for(ours.keep(), PATIENCE)
    assert not ours.safe


TROUBLES = [
    pytest.param(OperationalError("UPDATE", {}, Exception("server closed")), id="refuses"),
    pytest.param(NoConnectionFree("pool"), id="has no connection free"),
    pytest.param(ConnectionRefusedError(), id="is away"),
]


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_a_database_that_fails_for_less_than_the_lease_costs_nothing(
    database: Database, clock: Monotonic, trouble: Exception
) -> None:
    failing = Failing(database)
    ours = await held(failing, terms=BRIEF)
    failing.trouble = trouble
    keeping = asyncio.create_task(ours.keep())
    clock.now += 0.4  # of the 0.6 s
    await until(lambda: failing.refused >= 2)
    assert not keeping.done()
    assert ours.safe
    failing.trouble = None
    asked = failing.asked
    await until(lambda: failing.asked > asked + 1)  # so that one renewal has been answered
    clock.now += 0.4
    assert ours.safe
    assert not keeping.done()
    await end(keeping)


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_a_database_that_fails_for_longer_is_a_lost_lane(
    database: Database, clock: Monotonic, trouble: Exception
) -> None:
    failing = Failing(database)
    ours = await held(failing, terms=BRIEF)
    failing.trouble = trouble
    keeping = asyncio.create_task(ours.keep())
    await until(lambda: failing.refused >= 1)
    clock.now += 0.5
    assert not ours.safe
    assert not keeping.done()  # it may still answer in time
    clock.now += 0.1
    with pytest.raises(LaneLost, match=ACCOUNT) as lost:
        await asyncio.wait_for(keeping, PATIENCE)
    assert lost.value.__cause__ is trouble


async def test_a_database_that_falls_silent_is_not_waited_for_for_ever(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = Failing(database)
    ours = await held(silent, terms=BRIEF)
    silent.silent = True
    monkeypatch.setattr(lease_room, "_ANSWER_WITHIN", BRIEF.lasts.total_seconds())
    with pytest.raises(LaneLost, match=ACCOUNT):
        await asyncio.wait_for(ours.keep(), PATIENCE)
    assert silent.refused == 1
    assert not ours.safe
    await asyncio.wait_for(ours.release(), PATIENCE)
    assert silent.refused == 2
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(held(silent), PATIENCE)


# Giving back


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_a_lease_that_cannot_be_given_back_ends_by_itself(
    database: Database, trouble: Exception
) -> None:
    failing = Failing(database)
    ours = await held(failing)
    failing.trouble = trouble
    await ours.release()
    assert not ours.safe
    assert await is_ours(database, ours)


async def test_a_lease_given_back_is_worth_nothing_and_the_lane_is_free_at_once(
    database: Database, other: Database
) -> None:
    ours = await held(database)
    await ours.release()
    assert not ours.safe
    assert await try_lease(other, ACCOUNT, "bot-2", LONG) is not None
    await ours.release()  # changes nothing: somebody else has it
    assert await try_lease(database, ACCOUNT, "bot-1", LONG) is None


# Together


async def test_of_processes_that_contend_one_at_a_time_may_send(
    database: Database, other: Database
) -> None:
    """Some give the lane back, some die and some only lose their renewals: at no time are two safe.

    A dead process is the worst case of a slow one: its lease is looked at as if it still ran.
    """
    chance = random.Random(7)  # noqa: S311 (how processes end is no secret)
    given: list[Lease] = []
    took: list[str] = []

    def check() -> None:
        safe = [one.lane for one in given if one.safe]
        assert len(safe) <= 1, safe

    async def live(database: Database, name: str) -> None:
        while True:
            ours = await lease(database, ACCOUNT, name, BRIEF)
            given.append(ours)
            took.append(name)
            check()
            assert await is_ours(database, ours)
            keeping = asyncio.create_task(ours.keep())
            await asyncio.sleep(chance.uniform(0, 1.5 * BRIEF.renew_every.total_seconds()))
            await end(keeping)
            if chance.random() < 0.5:
                await ours.release()
            # Otherwise it is dead, and another one of the same name begins.
            name = f"{name.partition('/')[0]}/{len(given)}"

    lives = [
        asyncio.create_task(live(which, f"{place}-{number}"))
        for place, which in (("here", database), ("there", other))
        for number in range(2)
    ]
    try:
        async with asyncio.timeout(PATIENCE):
            while len(took) < 12:
                check()
                for one in lives:
                    if one.done():
                        one.result()
                await asyncio.sleep(0.001)
    finally:
        for one in lives:
            await end(one)
    assert len({name.partition("/")[0] for name in took}) > 1
    assert [one.lane.token for one in given] == sorted({one.lane.token for one in given})
