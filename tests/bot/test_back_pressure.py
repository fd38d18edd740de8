"""However much waits in a room, a stalled storage holds a fixed number of it in memory.

Counted are the events that were made from what the room's file, or its door, holds: whatever is
in memory anywhere on the way to the ear has been made so.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bot import ear as ear_room
from bot.channels.room import RoomChannel
from bot.ear import Ear
from bot.room import log, remote
from bot.room.book import Book
from bot.room.connection import LocalConnection, RoomConnection
from bot.room.frames import event_from
from bot.room.remote import SocketConnection
from bot.room.room import Room
from bot.room.server import RoomServer, bot_token
from bot.room.values import RoomEvent
from handlers.commanding import Order
from handlers.events import Event
from scheduler.clock import RealClock
from scheduler.courier import Address
from tests.bot.program import until
from tests.handlers.shop import Shop

WAITING = 100_000
IN_THE_EAR = ear_room._WAITING + ear_room.BATCH + 1  # what waits, a batch, the one that knocks


@pytest.fixture(scope="module")
def busy_room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a room in which so much was said while the bot was away."""
    folder = tmp_path_factory.mktemp("busy") / "room"
    asyncio.run(_talk(folder))
    return folder


async def _talk(folder: Path) -> None:
    room = await Room.open(folder, RealClock())
    manager, _ = await room.people.sign_in(room.people.new_link(), "店长")
    group = await room.create_group(manager, "福利群")
    first = await room.say(manager, Address(group=group.id), "大家好")
    async with room._book._engine.begin() as connection:
        for statement in AS_OFTEN_AGAIN:
            await connection.execute(statement, {"first": first.seq, "more": WAITING - 1})
    await room.close()


# The first message and its event, told as often again as there are to be more.
AS_OFTEN_AGAIN = [
    text(
        "INSERT INTO messages"
        " (seq, at, address, sender_id, key, content, edited, deleted, pinned)"
        " WITH RECURSIVE numbers(n) AS"
        " (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :more)"
        " SELECT seq + n, at, address, sender_id, key, content, edited, deleted, pinned"
        " FROM messages, numbers WHERE seq = :first"
    ),
    text(
        "INSERT INTO events (seq, at, kind, person_id, group_id, message_seq, says)"
        " WITH RECURSIVE numbers(n) AS"
        " (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :more)"
        " SELECT seq + n, at, kind, person_id, group_id, message_seq + n, says"
        " FROM events, numbers WHERE seq = :first"
    ),
]


@dataclass(slots=True)
class Storage:
    """A storage that takes what it is given, unless it is stalled."""

    taken: int = 0
    flows: asyncio.Event = field(default_factory=asyncio.Event)

    def has_taken(self, number: int) -> bool:
        return self.taken >= number

    async def hear(self, events: Sequence[Event]) -> list[Order]:
        await self.flows.wait()
        self.taken += len(events)
        return []


@pytest.fixture
def storage(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Storage:
    slow = Storage()
    monkeypatch.setattr(shop.dispatcher, "hear", slow.hear)
    return slow


@asynccontextmanager
async def within(room: Room) -> AsyncIterator[RoomConnection]:
    yield LocalConnection(room)


@asynccontextmanager
async def through_the_door(room: Room) -> AsyncIterator[RoomConnection]:
    server = RoomServer(room, page=False)
    await server.start()
    yield SocketConnection(server.door_url, await bot_token(room))
    await server.stop()


@dataclass(frozen=True, slots=True)
class Way:
    """How the bot is in the room, and how many events that may hold beside what the ear holds."""

    into: Callable[[Room], AbstractAsyncContextManager[RoomConnection]]
    holds: int


@dataclass(slots=True)
class Made:
    """How many events were made so far, in this process of all that the room has."""

    from_file: int = 0
    from_door: int = 0


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Made:
    count = Made()
    read = Book.events

    async def from_file(book: Book, after: int, limit: int) -> tuple[RoomEvent, ...]:
        events = await read(book, after, limit)
        count.from_file += len(events)
        return events

    def from_door(document: Any) -> RoomEvent:
        count.from_door += 1
        return event_from(document)

    monkeypatch.setattr(Book, "events", from_file)
    monkeypatch.setattr(remote, "event_from", from_door)
    return count


@pytest.mark.parametrize(
    "way",
    [Way(within, 0), Way(through_the_door, remote.WINDOW)],
    ids=["in the process", "through the door"],
)
async def test_a_stalled_storage_stalls_the_room(
    shop: Shop, busy_room: Path, made: Made, storage: Storage, way: Way
) -> None:
    room = await Room.open(busy_room, shop.clock)
    async with way.into(room) as connection:
        channel = RoomChannel(connection)
        await channel.open()
        ear = Ear(
            channel=channel,
            desk=shop.desk,
            dispatcher=shop.dispatcher,
            commander=shop.commander,
        )
        hearing = asyncio.create_task(ear.run())
        for taken in (0, 5_000, 15_000):
            # Stalled again and again: what is held does not grow with what has been heard.
            storage.flows.set()
            await until(partial(storage.has_taken, taken))
            storage.flows.clear()
            await at_rest(lambda: made.from_file)
            assert made.from_file - storage.taken <= IN_THE_EAR + way.holds + log.PAGE
            assert made.from_door - storage.taken <= IN_THE_EAR + way.holds
            assert made.from_file < WAITING  # else nothing was held back
        hearing.cancel()
        await asyncio.wait([hearing])
        await channel.close()
    await room.close()


async def at_rest(number: Callable[[], int]) -> None:
    """Wait until a number has not changed for a while."""
    seen, since = -1, 0
    while since < 20:
        seen, since = number(), since + 1 if number() == seen else 0
        await asyncio.sleep(0.01)
