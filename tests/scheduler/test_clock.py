from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest

from scheduler.clock import RealClock, SimulatedClock
from tests.scheduler.stage import DAY, MINUTE, NOW, SECOND


async def settle() -> None:
    """Let every task that can go on go on."""
    for _ in range(50):
        await asyncio.sleep(0)


async def sleepers(clock: SimulatedClock, *minutes: int) -> list[int]:
    """Tasks that sleep so many minutes; what is given back grows as they wake."""
    woken: list[int] = []

    async def sleep(number: int) -> None:
        await clock.sleep_until(NOW + number * MINUTE)
        woken.append(number)

    clock.tasks = [asyncio.create_task(sleep(number)) for number in minutes]  # type: ignore[attr-defined]  # kept alive as long as the clock
    await settle()
    return woken


async def test_a_simulated_clock_stands_still_until_it_is_told() -> None:
    clock = SimulatedClock(NOW)
    woken = await sleepers(clock, 1)
    assert clock.now() == NOW
    clock.advance(MINUTE - SECOND)
    await settle()
    assert woken == []
    clock.advance(SECOND)
    await settle()
    assert woken == [1]
    assert clock.now() == NOW + MINUTE


async def test_sleepers_wake_in_the_order_of_their_times_then_as_they_came() -> None:
    clock = SimulatedClock(NOW)
    woken = await sleepers(clock, 30, 10, 20, 10)
    clock.advance_to(NOW + DAY)
    await settle()
    assert woken == [10, 10, 20, 30]


async def test_a_moment_that_has_come_is_not_waited_for() -> None:
    clock = SimulatedClock(NOW)
    await clock.sleep_until(NOW)
    await clock.sleep_until(NOW - DAY)


async def test_the_clock_never_goes_backwards() -> None:
    clock = SimulatedClock(NOW)
    clock.advance_to(NOW - DAY)
    assert clock.now() == NOW


async def test_it_tells_utc_whatever_zone_it_was_given() -> None:
    shanghai = timezone(timedelta(hours=8))
    clock = SimulatedClock(datetime(2026, 11, 1, 12, tzinfo=shanghai))
    assert (clock.now(), clock.now().tzinfo) == (NOW, UTC)
    clock.advance_to(datetime(2026, 11, 1, 13, tzinfo=shanghai))
    assert (clock.now(), clock.now().tzinfo) == (NOW + timedelta(hours=1), UTC)


async def test_a_cancelled_sleeper_leaves_nothing_behind() -> None:
    clock = SimulatedClock(NOW)
    tasks = [
        asyncio.create_task(clock.sleep_until(NOW + number * MINUTE)) for number in range(1, 6)
    ]
    await settle()
    for task in tasks[1:]:
        task.cancel()
    await asyncio.gather(*tasks[1:], return_exceptions=True)
    assert len(clock._sleepers) == 1
    clock.advance(MINUTE)
    await tasks[0]
    assert clock._sleepers == []


async def test_one_that_is_cancelled_as_it_wakes_is_gone_as_well() -> None:
    clock = SimulatedClock(NOW)
    task = asyncio.create_task(clock.sleep_until(NOW + MINUTE))
    await settle()
    clock.advance(MINUTE)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert clock._sleepers == []


async def test_the_real_clock_is_aware_and_does_not_wait_for_the_past() -> None:
    clock = RealClock()
    now = clock.now()
    assert now.tzinfo is UTC
    async with asyncio.timeout(1):
        await clock.sleep_until(now - DAY)


async def test_the_real_clock_wakes_no_sooner_than_asked() -> None:
    clock = RealClock()
    moment = clock.now() + timedelta(milliseconds=20)
    await clock.sleep_until(moment)
    assert clock.now() >= moment


async def test_a_sleeper_notices_that_the_machine_s_clock_was_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock, slices = RealClock(), []

    async def pass_at_once(seconds: float) -> None:
        slices.append(seconds)
        if len(slices) == 2:
            monkeypatch.setattr(clock, "now", lambda: NOW + DAY)

    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setattr(asyncio, "sleep", pass_at_once)
    await clock.sleep_until(NOW + DAY)
    assert len(slices) == 2
    assert max(slices) <= 30
