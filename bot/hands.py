"""The hands of one account: they do what the ear has stored to be done.

Commands and welcomes are taken from storage, where hearing put them; only a bell passes between
the two. So a slow command neither stalls hearing nor fills the memory, and what an ended process
left is found like everything else. Commands have a few workers, always the same one for the same
member, so that a manager's commands run in the order they were given while a long report holds up
nobody else; 急停 has a worker of its own, and so have the welcomes and those who ask to be let in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

from handlers.commanding import Commander, Order
from handlers.dispatch import Dispatcher

_WORKERS = 4
_URGENT = _WORKERS
_LOOK_AGAIN = 30.0  # seconds
_LOOK_SOON = 1.0  # seconds, where a change may be over before it is worth telling


class Hands:
    """Obeys and greets, until the task of `run` is cancelled.

    `left_over` is the number of the newest command that was stored before this run.
    """

    def __init__(self, dispatcher: Dispatcher, commander: Commander, *, left_over: int) -> None:
        self._dispatcher = dispatcher
        self._commander = commander
        self._left_over = left_over
        self._bells = [asyncio.Event() for _ in range(_WORKERS + 1)]
        self._somebody_came = asyncio.Event()
        self._somebody_asked = asyncio.Event()
        self._account_changed = asyncio.Event()

    async def run(self) -> None:
        """Do what is stored, and what will be.

        Raises:
            ExceptionGroup: something under it failed; all of its tasks are ended.
        """
        async with asyncio.TaskGroup() as tasks:
            for worker in range(len(self._bells)):
                tasks.create_task(self._obey(worker))
            tasks.create_task(self._greet())
            tasks.create_task(self._settle())
            tasks.create_task(self._announce())

    def obey(self, orders: Iterable[Order]) -> None:
        """These were stored: have them obeyed."""
        for order in orders:
            self._bells[self._worker_for(order)].set()

    def greet(self) -> None:
        """Somebody came or asked: have said what was stored for them."""
        self._somebody_came.set()

    def settle(self) -> None:
        """Somebody asked to be let in, or brought the bot in: have rules or managers decide."""
        self._somebody_asked.set()

    def announce(self) -> None:
        """The account came or went: have the managers told, if they want to know."""
        self._account_changed.set()

    def _worker_for(self, order: Order) -> int:
        return _URGENT if self._commander.is_urgent(order) else order.member.id % _WORKERS

    async def _obey(self, worker: int) -> None:
        before: set[int] = set()
        while True:
            self._bells[worker].clear()
            last, met = 0, set[int]()
            while some := await self._dispatcher.waiting(after=last, left_over=self._left_over):
                for order in some:
                    last = order.message_id
                    if self._worker_for(order) == worker:
                        met.add(order.message_id)
                        # Its answer could not leave: it was carried out, and what it did may have
                        # been undone since.
                        begun = order.begun or order.message_id in before
                        late = order.late or begun
                        await self._commander.obey(replace(order, late=late, begun=begun))
                        self.settle()  # it may have been a manager's word about who asks
            before = met
            await self._bells[worker].wait()

    async def _greet(self) -> None:
        again = True  # what stands there at the start, an ended process may have begun
        while True:
            self._somebody_came.clear()
            await self._dispatcher.greet(again=again)
            again = False
            await self._somebody_came.wait()

    async def _settle(self) -> None:
        while True:
            self._somebody_asked.clear()
            await self._dispatcher.settle_requests()
            await self._dispatcher.ask_about_groups()
            # Another process may have taken a manager's word, and what failed is tried again.
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_AGAIN):
                    await self._somebody_asked.wait()

    async def _announce(self) -> None:
        while True:
            self._account_changed.clear()
            all_told = await self._dispatcher.announce_state()
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_AGAIN if all_told else _LOOK_SOON):
                    await self._account_changed.wait()
