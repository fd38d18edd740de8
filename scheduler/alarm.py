"""An alarm: waits for a moment of the given clock, or for somebody to ring earlier.

The loops of the planner and the sender sleep on one, so that a confirmed broadcast need not
wait for the next round.
"""

from __future__ import annotations

import asyncio
from datetime import datetime

from scheduler.clock import Clock


class Alarm:
    """One sleeper, any number of ringers."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Wake the sleeper now, or spare it the next sleep."""
        self._rung.set()

    async def wait(self) -> None:
        """Return as soon as the alarm is rung."""
        await self._rung.wait()
        self._rung.clear()

    async def sleep_until(self, moment: datetime) -> None:
        """Return at `moment`, or as soon as the alarm is rung; what the clock raises is raised."""
        rung = asyncio.ensure_future(self._rung.wait())
        due = asyncio.ensure_future(self._clock.sleep_until(moment))
        try:
            await asyncio.wait((rung, due), return_when=asyncio.FIRST_COMPLETED)
            if due.done():
                due.result()
        finally:
            for task in (rung, due):
                task.cancel()
            await asyncio.gather(rung, due, return_exceptions=True)
            self._rung.clear()
