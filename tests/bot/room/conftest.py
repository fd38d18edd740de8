"""A room on a clock of its own, and its door on a port of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.room.room import Room
from bot.room.server import RoomServer
from bot.room.values import Person, RoomGroup
from scheduler.clock import SimulatedClock

NOON = datetime(2026, 11, 1, 4, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock(NOON)


@pytest.fixture
async def room(tmp_path: Path, clock: SimulatedClock) -> AsyncIterator[Room]:
    opened = await Room.open(tmp_path / "room", clock)
    yield opened
    await opened.close()


@pytest.fixture
async def manager(room: Room) -> Person:
    person, _ = await room.people.sign_in(room.people.new_link(), "店长")
    return person


@pytest.fixture
async def group(room: Room, manager: Person) -> RoomGroup:
    return await room.create_group(manager, "福利群")


@pytest.fixture
async def fan(room: Room, group: RoomGroup) -> Person:
    person, _ = await room.people.enter("小雨")
    await room.join(person, group.id)
    return person


@pytest.fixture
async def server(room: Room) -> AsyncIterator[RoomServer]:
    running = RoomServer(room, page=False)
    await running.start()
    yield running
    await running.stop()
