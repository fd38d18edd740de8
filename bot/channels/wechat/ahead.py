"""Working on what comes next while what came first is still being worked on, in unchanged order.

Each thing that a gateway tells has to be looked up there. Several look-ups run at a time, and what
they found comes out in the order in which the things were told.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import Generic, TypeAlias, TypeVar

T = TypeVar("T")
R = TypeVar("R")

_Turns: TypeAlias = "asyncio.Queue[tuple[T, asyncio.Task[R]] | None]"


class Ahead(Generic[T, R]):
    """Looks things up, at most so many at a time.

    Args:
        look_up: what is found about a thing.
        at_once: how many look-ups may run, or have run and wait for their turn.
    """

    def __init__(self, look_up: Callable[[T], Awaitable[R]], at_once: int) -> None:
        self._look_up = look_up
        self._at_once = at_once
        self._running: set[asyncio.Task[R]] = set()

    async def over(self, things: AsyncIterator[T]) -> AsyncGenerator[tuple[T, R]]:
        """Each thing with what was found about it; ends with the things, or when it is cancelled.

        Raises:
            Exception: what a look-up raised, or the things themselves, in its turn.
        """
        turns: _Turns[T, R] = asyncio.Queue()
        free = asyncio.Semaphore(self._at_once)
        filling = asyncio.create_task(self._fill(things, turns, free))
        try:
            while (turn := await turns.get()) is not None:
                thing, task = turn
                await asyncio.wait([task])
                if task.cancelled():
                    return
                yield thing, task.result()
                free.release()
            await filling
        finally:
            filling.cancel()
            await asyncio.gather(filling, *self.cancel(), return_exceptions=True)

    async def _fill(
        self, things: AsyncIterator[T], turns: _Turns[T, R], free: asyncio.Semaphore
    ) -> None:
        try:
            async for thing in things:
                await free.acquire()
                task = asyncio.ensure_future(self._look_up(thing))
                self._running.add(task)
                task.add_done_callback(self._running.discard)
                turns.put_nowait((thing, task))
        finally:
            turns.put_nowait(None)

    def cancel(self) -> set[asyncio.Task[R]]:
        """Look nothing up any more; the look-ups that end now."""
        running = set(self._running)
        for task in running:
            task.cancel()
        return running
