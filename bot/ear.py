"""The ear of one account: from the channel's stream to batches, and from batches into storage.

Events wait in a bounded queue, so that a slow database slows the channel instead of filling the
memory. A batch is what came within 20 ms of its first event, at most 500; it is one transaction.
What is to be done about it is left to the hands (`hands.py`), whom a bell tells of it.

What was taken from the channel but not recorded is in no one's memory when a run ends: the next
run hears it again from the cursor.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress
from datetime import timedelta

from bot.channels.port import Channel
from bot.hands import Hands
from handlers.commanding import Commander
from handlers.desk import Desk
from handlers.dispatch import Dispatcher
from handlers.events import (
    AccountChanged,
    Event,
    FriendAsked,
    GroupChanged,
    IdsChanged,
    JoinAsked,
    MemberJoined,
    MessageHeard,
    ReachChanged,
)
from storage import accounts

BATCH = 500
WAIT = timedelta(milliseconds=20)
_WAITING = 2_000
_TO_GREET = (MemberJoined, MessageHeard)
"""Who comes is welcomed, and what is asked may have an answer of the shop's."""
_TO_SETTLE = (JoinAsked, GroupChanged, FriendAsked, ReachChanged, IdsChanged)
"""What rules or managers decide about, and what shows that it is done."""


class Ear:
    """Hears one channel and has done what follows, until its task is cancelled."""

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
        # A queue of this run only: a batch that failed must not be overtaken by the cursor of the
        # one behind it.
        events: asyncio.Queue[Event] = asyncio.Queue(_WAITING)
        left_over = await self._dispatcher.last_left_over()
        hands = Hands(self._dispatcher, self._commander, left_over=left_over)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(hands.run())
            tasks.create_task(self._record(events, hands))
            tasks.create_task(self._listen(events))

    async def _listen(self, heard: asyncio.Queue[Event]) -> None:
        async with self._desk.database.reading() as connection:
            after = await accounts.cursor(connection, self._channel.account)
        async with aclosing(self._channel.events(after)) as events:
            async for event in events:
                await heard.put(event)

    async def _record(self, heard: asyncio.Queue[Event], hands: Hands) -> None:
        while True:
            batch = await _next_batch(heard)
            hands.obey(await self._dispatcher.hear(batch))
            await self._channel.confirm(batch[-1].cursor)
            if any(isinstance(event, _TO_GREET) for event in batch):
                hands.greet()
            if any(isinstance(event, _TO_SETTLE) for event in batch):
                hands.settle()
            if any(isinstance(event, AccountChanged) for event in batch):
                hands.announce()


async def _next_batch(heard: asyncio.Queue[Event]) -> list[Event]:
    batch = [await heard.get()]
    with suppress(TimeoutError):
        async with asyncio.timeout(WAIT.total_seconds()):
            while len(batch) < BATCH:
                batch.append(await heard.get())
    return batch
