"""The room's log as its listeners read it: recent events from memory, older ones from the book.

A listener holds nothing but the number of the last event it has seen and asks for what came
after. So a slow one costs the room no memory and misses nothing: when it falls behind the recent
events it simply reads on from the file.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence

from bot.room.book import Book
from bot.room.values import RoomEvent

RECENT = 4_096  # events kept in memory
PAGE = 500  # events read at a time


class Log:
    """What has happened, in order, and the news of what happens."""

    def __init__(self, book: Book, last_seq: int) -> None:
        self._book = book
        self._recent: deque[RoomEvent] = deque(maxlen=RECENT)
        self._last = last_seq
        self._news = asyncio.Event()
        self._closed = False

    @property
    def last(self) -> int:
        """The number of the last event that is safe on the disk."""
        return self._last

    def append(self, events: Sequence[RoomEvent]) -> None:
        """Tell the listeners of events that have been written."""
        if not events:
            return
        self._recent.extend(events)
        self._last = events[-1].seq
        self._wake()

    def close(self) -> None:
        """End every listener."""
        self._closed = True
        self._wake()

    def _wake(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def read(self, after: int) -> Sequence[RoomEvent]:
        """A page of what came behind `after`; empty if nothing has yet."""
        if after >= self._last:
            return ()
        first = self._recent[0].seq if self._recent else self._last + 1
        if after + 1 < first:
            return await self._book.events(after, PAGE)
        offset = after + 1 - first
        return [self._recent[at] for at in range(offset, min(offset + PAGE, len(self._recent)))]

    async def pages(self, after: int) -> AsyncIterator[Sequence[RoomEvent]]:
        """What came behind `after` and what comes, as much at a time as there is up to `PAGE`.

        Ends when the room closes.
        """
        while not self._closed:
            news = self._news
            page = await self.read(after)
            if page:
                yield page
                after = page[-1].seq
            else:
                await news.wait()

    async def follow(self, after: int) -> AsyncIterator[RoomEvent]:
        """Every event behind `after`, past and to come; ends when the room closes."""
        async for page in self.pages(after):
            for event in page:
                yield event
