"""The ear of one account: from the channel's stream to batches, from batches to orders.

Events wait in a bounded queue, so that a slow database slows the channel instead of filling the
memory. A batch is what came within 20 ms of its first event, at most 500; it is one transaction.
Orders (commands) go to a few workers, always the same one for the same member, so that a
manager's commands run in the order they were given while a long report holds up nobody else;
急停 has a worker of its own.

What was taken from the channel but not recorded is in no one's memory when a run ends: the next
run hears it again from the cursor, and finds the commands that were not finished in storage.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing, suppress
from datetime import timedelta

from bot.channels.port import Channel
from handlers.commanding import Commander, Order
from handlers.desk import Desk
from handlers.dispatch import Dispatcher
from handlers.events import Event
from storage import accounts

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

    async def run(self) -> None:
        """Hear, record, obey. May be called again after it has failed.

        Raises:
            ExceptionGroup: something under it failed; all of its tasks are ended.
        """
        # Queues of this run only: a batch that failed must not be overtaken by the cursor of the
        # one behind it, nor an order be obeyed once from here and once from storage.
        events: asyncio.Queue[Event] = asyncio.Queue(_WAITING)
        orders = [asyncio.Queue[Order](_WAITING) for _ in range(_WORKERS + 1)]
        async with asyncio.TaskGroup() as tasks:
            for queue in orders:
                tasks.create_task(self._obey(queue))
            await self._hand_out(await self._dispatcher.left_over(), orders)
            tasks.create_task(self._record(events, orders))
            tasks.create_task(self._listen(events))

    async def _listen(self, heard: asyncio.Queue[Event]) -> None:
        async with self._desk.database.reading() as connection:
            after = await accounts.cursor(connection, self._channel.account)
        async with aclosing(self._channel.events(after)) as events:
            async for event in events:
                await heard.put(event)

    async def _record(
        self, heard: asyncio.Queue[Event], orders: Sequence[asyncio.Queue[Order]]
    ) -> None:
        while True:
            await self._hand_out(await self._dispatcher.hear(await _next_batch(heard)), orders)

    async def _hand_out(
        self, given: Sequence[Order], workers: Sequence[asyncio.Queue[Order]]
    ) -> None:
        """Give each member's orders to one worker, and urgent ones to one that has no others."""
        for order in given:
            urgent = self._commander.is_urgent(order)
            worker = _WORKERS if urgent else order.member.id % _WORKERS
            await workers[worker].put(order)

    async def _obey(self, queue: asyncio.Queue[Order]) -> None:
        while True:
            await self._commander.obey(await queue.get())


async def _next_batch(heard: asyncio.Queue[Event]) -> list[Event]:
    batch = [await heard.get()]
    with suppress(TimeoutError):
        async with asyncio.timeout(WAIT.total_seconds()):
            while len(batch) < BATCH:
                batch.append(await heard.get())
    return batch
