"""Reads what is unread on all cores: in the background of a running bot, and for a command line.

While nothing is unread there is no process but the bot. A few days are read in a thread of it;
for more, one process for each core is started, and ended with the work. Any number of bots on one
database share the days: each is claimed before it is read. What a bot leaves at its end, or when
it is killed, is read by the next one that looks.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress

import structlog
from prometheus_client import Counter, Gauge

from handlers.desk import Desk
from handlers.period import Period, today
from handlers.readers import Reader, ReaderDied, ReadsOtherwise, cores
from handlers.reading_days import (
    Read,
    UnreadDay,
    first_readable,
    in_thread,
    read_day,
    unread_days,
    version_now,
)
from storage.groups import heard_groups

_log = structlog.get_logger(__name__)

_TO_READ = Gauge("nuanqun_days_to_read", "Days of groups that have to be read, or read again")
_READ = Counter("nuanqun_days_read_total", "Days of groups that were read")
_DIED = Counter("nuanqun_readers_died_total", "Processes that died while they read")

FEW = 4
"""So many days are read in a thread: to start a process takes a second of a core."""

_LOOK_EVERY = 60.0  # seconds
_WAIT_FOR_OTHERS = 0.5  # seconds
_DEATHS = 2  # a day that killed so many readers is left alone

Look = Callable[[], Awaitable[list[UnreadDay]]]
Told = Callable[[int, int], None]
"""Told how many days have been read, of how many."""


async def keep_reading(desk: Desk, *, look_every: float = _LOOK_EVERY) -> None:
    """Read what is unread of all groups, whenever there is something, until cancelled.

    When the shop's words change, all days are, and the look at them is not waited for.
    """
    while True:
        words = desk.vocabulary.number
        async with desk.database.reading() as connection:
            groups = await heard_groups(connection, desk.shop_id)
        ids = [group.id for group in groups]
        await read_unread(desk, ids, Period(first_readable(desk), today(desk)))
        await desk.vocabulary.wait(words, look_every)


async def read_unread(
    desk: Desk,
    group_ids: Collection[int],
    period: Period,
    told: Told = lambda _done, _of: None,
    *,
    processes: int | None = None,
) -> None:
    """Read what is unread of a period, newest first, and wait for what others are reading of it.

    When the shop's words change meanwhile, it begins again with the new ones.
    """

    async def look() -> list[UnreadDay]:
        await desk.vocabulary.refresh()  # beside a bot nobody else here hears of a change
        return await unread_days(desk, group_ids, period)

    round_ = _Round(desk, told)
    unread = await look()
    round_.of = len(unread)
    while unread := [one for one in unread if not round_.is_hopeless(one)]:
        free = [one for one in unread if not one.claimed]
        _TO_READ.set(len(unread))
        if free:
            await round_.read(free, min(processes or cores(), len(free)))
        else:
            await asyncio.sleep(_WAIT_FOR_OTHERS)
        unread = await look()
        round_.tell(len(unread))
    _TO_READ.set(len(unread))


class _Round:
    """Unread days on their way to being read."""

    def __init__(self, desk: Desk, told: Told) -> None:
        self._desk = desk
        self._told = told
        self._deaths: dict[tuple[int, object], int] = {}
        self._done = 0
        self._alone = False  # other processes would read by other rules
        self.of = 0

    def is_hopeless(self, one: UnreadDay) -> bool:
        """Whether the day has killed so many readers that it is left alone."""
        return self._deaths.get((one.group_id, one.day), 0) >= _DEATHS

    def tell(self, left: int) -> None:
        """Say how far the reading is."""
        self.of = max(self.of, left)
        self._done = max(self._done, self.of - left)
        self._told(self._done, self.of)

    async def read(self, unread: Sequence[UnreadDay], processes: int) -> None:
        """Read these days, in that order, as long as the shop's words stay the same."""
        waiting = deque(unread)
        version = version_now(self._desk)
        if len(unread) <= FEW or self._alone:
            await self._read_on(waiting, version, in_thread(self._desk))
            return
        _log.info("reading_days", days=len(unread), processes=processes)
        async with asyncio.TaskGroup() as tasks:
            for _ in range(processes):
                tasks.create_task(self._with_reader(waiting, version))

    async def _with_reader(self, waiting: deque[UnreadDay], version: str) -> None:
        reader = Reader(self._desk)
        try:
            await self._read_on(waiting, version, reader.read)
        except ReadsOtherwise:
            _log.warning("readers_are_of_another_release")
            self._alone = True
        finally:
            await reader.end()

    async def _read_on(self, waiting: deque[UnreadDay], version: str, read: Read) -> None:
        """Take one day after the other until none is left, or the words are others."""
        while waiting and version_now(self._desk) == version:
            one = waiting.popleft()
            with suppress(ReaderDied):
                if await self._read_one(one, read):
                    _READ.inc()
                    self._done += 1
                    self._told(min(self._done, self.of), self.of)

    async def _read_one(self, one: UnreadDay, read: Read) -> bool:
        """Read one day; whether it was kept.

        Raises:
            ReaderDied: the process died, perhaps of this day.
        """
        try:
            return await read_day(self._desk, one, read) is not None
        except ReaderDied:
            _DIED.inc()
            place = one.group_id, one.day
            self._deaths[place] = self._deaths.get(place, 0) + 1
            _log.error("reader_died", group=one.group_id, day=one.day.isoformat())
            raise
