"""A clock that runs faster than the machine's, and jumps where nothing is to happen."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta


class HurryingClock:
    """Runs on from `start`, `speed` times as fast as real time."""

    def __init__(self, start: datetime, speed: int) -> None:
        self._start = start.astimezone(UTC)
        self._began = datetime.now(UTC)
        self._speed = speed
        self._jumped = asyncio.Event()

    def now(self) -> datetime:
        """The present moment on this clock."""
        return self._start + (datetime.now(UTC) - self._began) * self._speed

    async def sleep_until(self, moment: datetime) -> None:
        """Return once `moment` has come here, whether it was waited for or jumped over."""
        while (left := (moment - self.now()).total_seconds()) > 0:
            jumped = self._jumped
            try:
                async with asyncio.timeout(left / self._speed):
                    await jumped.wait()
            except TimeoutError:
                continue

    def jump_to(self, moment: datetime) -> None:
        """Be at `moment` now; never backwards."""
        self._start += max(moment - self.now(), timedelta(0))
        jumped, self._jumped = self._jumped, asyncio.Event()
        jumped.set()
