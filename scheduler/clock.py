"""Time is handed in: the clock that everything which waits or dates is given.

`RealClock` is the machine's, `RunningClock` runs beside it from another moment. `SimulatedClock`
stands still until it is told to advance; the demo, previews and tests live on it. Leases and the
deadlines of calls never use this clock: they always mean real time.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time, and wakes a task when a time has come."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...

    async def sleep_until(self, moment: datetime) -> None:
        """Return once `moment` has come; at once if it is past."""
        ...


class RealClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present moment in UTC."""
        return datetime.now(UTC)

    async def sleep_until(self, moment: datetime) -> None:
        """Sleep in slices, so that a change of the machine's clock is noticed."""
        left = (moment - self.now()).total_seconds()
        while left > 0:
            await asyncio.sleep(min(left, 30.0))
            left = (moment - self.now()).total_seconds()


class SimulatedClock:
    """A clock that moves only by `advance_to`; sleepers wake in the order of their times."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)
        self._order = itertools.count()
        self._sleepers: list[tuple[datetime, int, asyncio.Event]] = []

    def now(self) -> datetime:
        """The simulated moment in UTC."""
        return self._now

    async def sleep_until(self, moment: datetime) -> None:
        """Wait until somebody has advanced the clock to `moment`."""
        if moment <= self._now:
            return
        woken = asyncio.Event()
        sleeper = (moment, next(self._order), woken)
        heapq.heappush(self._sleepers, sleeper)
        try:
            await woken.wait()
        except asyncio.CancelledError:
            # A clock may stand still for long while somebody is rung again and again.
            if not woken.is_set():
                self._sleepers.remove(sleeper)
                heapq.heapify(self._sleepers)
            raise

    def advance_to(self, moment: datetime) -> None:
        """Move to `moment`, never backwards, and wake every sleeper whose time has come."""
        self._now = max(self._now, moment.astimezone(UTC))
        while self._sleepers and self._sleepers[0][0] <= self._now:
            heapq.heappop(self._sleepers)[2].set()

    def advance(self, step: timedelta) -> None:
        """Move on by `step`."""
        self.advance_to(self._now + step)


class RunningClock:
    """A clock that was set to a moment and runs on from there at real speed.

    The demo's room goes live on it: it is still the evening on which the simulated days ended.
    """

    def __init__(self, start: datetime) -> None:
        self._ahead = start.astimezone(UTC) - datetime.now(UTC)

    def now(self) -> datetime:
        """The present moment on this clock, in UTC."""
        return datetime.now(UTC) + self._ahead

    async def sleep_until(self, moment: datetime) -> None:
        """Sleep until this clock shows `moment`."""
        await RealClock().sleep_until(moment - self._ahead)
