"""The ear of one account: from the channel's stream to batches, from batches to orders.

Events wait in a bounded queue, so that a slow database slows the channel instead of filling the
memory. A batch is what came within 20 ms of its first event, at most 500; it is one transaction.
Orders (commands) go to a few workers, always the same one for the same member, so that a
manager's commands run in the order they were given while a long report holds up nobody else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from datetime import timedelta

import structlog

from bot.channels.port import Channel
from handlers.commanding import Commander, Order
from handlers.desk import Desk
from handlers.dispatch import Dispatcher
from handlers.events import Event
from storage import accounts

_log = structlog.get_logger(__name__)

BATCH = 500
WAIT = timedelta(milliseconds=20)
_WAITING = 2_000
_WORKERS = 4


class Ear:
    """Hears one channel and has its commands obeyed, until its task is cancelled."""

    def __init__(
        self, *, channel: Channel, desk: Desk, dispatcher: Dispatcher, commander: Commander
    ) -> None:
        self._channel = channel
        self._desk = desk
        self._dispatcher = dispatcher
        self._commander = commander
        self._events: asyncio.Queue[Event] = asyncio.Queue(_WAITING)
        self._orders: tuple[asyncio.Queue[Order], ...] = tuple(
            asyncio.Queue(_WAITING) for _ in range(_WORKERS)
        )

    async def run(self) -> None:
        """Hear, record, obey."""
        await self._hand_out(await self._dispatcher.left_over())
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen())
            tasks.create_task(self._record())
            for queue in self._orders:
                tasks.create_task(self._obey(queue))

    async def _listen(self) -> None:
        async with self._desk.database.reading() as connection:
            after = await accounts.cursor(connection, self._channel.account)
        async with aclosing(self._channel.events(after)) as events:
            async for event in events:
                await self._events.put(event)

    async def _record(self) -> None:
        while True:
            batch = await self._next_batch()
            await self._hand_out(await self._dispatcher.hear(batch))

    async def _next_batch(self) -> list[Event]:
        batch = [await self._events.get()]
        try:
            async with asyncio.timeout(WAIT.total_seconds()):
                while len(batch) < BATCH:
                    batch.append(await self._events.get())
        except TimeoutError:
            pass
        return batch

    async def _hand_out(self, orders: Sequence[Order]) -> None:
        for order in orders:
            await self._orders[order.member.id % _WORKERS].put(order)

    async def _obey(self, queue: asyncio.Queue[Order]) -> None:
        while True:
            await self._commander.obey(await queue.get())
