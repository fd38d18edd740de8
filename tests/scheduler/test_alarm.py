from __future__ import annotations

import asyncio

import pytest

from scheduler.alarm import Alarm
from scheduler.clock import SimulatedClock
from tests.scheduler.stage import HOUR, MINUTE, NOW
from tests.scheduler.test_clock import settle


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock(NOW)


@pytest.fixture
def alarm(clock: SimulatedClock) -> Alarm:
    return Alarm(clock)


async def test_it_wakes_at_its_time(clock: SimulatedClock, alarm: Alarm) -> None:
    sleeping = asyncio.create_task(alarm.sleep_until(NOW + HOUR))
    await settle()
    clock.advance(HOUR - MINUTE)
    await settle()
    assert not sleeping.done()
    clock.advance(MINUTE)
    await asyncio.wait_for(sleeping, 1)


async def test_it_wakes_when_it_is_rung(alarm: Alarm) -> None:
    sleeping = asyncio.create_task(alarm.sleep_until(NOW + HOUR))
    await settle()
    alarm.ring()
    await asyncio.wait_for(sleeping, 1)


async def test_a_ring_before_the_sleep_spares_one_sleep_and_no_more(alarm: Alarm) -> None:
    alarm.ring()
    alarm.ring()
    await asyncio.wait_for(alarm.sleep_until(NOW + HOUR), 1)
    again = asyncio.create_task(alarm.sleep_until(NOW + HOUR))
    await settle()
    assert not again.done()
    again.cancel()
    await asyncio.gather(again, return_exceptions=True)


async def test_no_sleep_leaves_anything_behind(clock: SimulatedClock, alarm: Alarm) -> None:
    before = asyncio.all_tasks()
    for number in range(50):
        alarm.ring()
        await alarm.sleep_until(NOW + number * HOUR)
    cancelled = asyncio.create_task(alarm.sleep_until(NOW + HOUR))
    await settle()
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    assert asyncio.all_tasks() == before
    assert clock._sleepers == []


async def test_a_clock_that_fails_is_heard_of(alarm: Alarm) -> None:
    with pytest.raises(TypeError, match="naive"):
        await alarm.sleep_until(NOW.replace(tzinfo=None))
