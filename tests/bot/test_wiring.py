"""Loops that fail and go on, failures that end the bot, and nothing left behind at the end."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from bot.channels.room import RoomChannel
from bot.configuration import Configuration
from bot.demo.life import room_and_bot
from bot.room.connection import LocalConnection
from bot.room.room import Room
from bot.wiring import Bot, _keep_up
from scheduler.clock import RealClock
from scheduler.courier import Address
from storage.errors import DatabaseInUse, LaneLost
from tests.bot.program import until

LOCKED = OperationalError("INSERT", {}, Exception("database is locked"))


@pytest.fixture
def rests(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that loops rested; they pass at once."""
    rested: list[float] = []
    sleep = asyncio.sleep

    async def note(seconds: float) -> None:
        rested.append(seconds)
        await sleep(0)

    monkeypatch.setattr(asyncio, "sleep", note)
    return rested


def restarts(name: str) -> float:
    return REGISTRY.get_sample_value("nuanqun_loops_restarted_total", {"loop": name}) or 0.0


@pytest.mark.parametrize(
    "passing",
    [
        LOCKED,
        ConnectionResetError(),
        NoConnectionFree("pool"),
        ExceptionGroup("tasks", [LOCKED, ExceptionGroup("more", [OSError()])]),
    ],
)
async def test_a_loop_goes_on_after_what_passes_with_growing_rests(
    rests: list[float], passing: Exception
) -> None:
    runs = 0

    async def loop() -> None:
        nonlocal runs
        runs += 1
        if runs > 7:
            raise LaneLost(account="room")
        raise passing

    before = restarts("test")
    with pytest.raises(LaneLost):
        await _keep_up("test", loop)
    assert restarts("test") == before + 7
    assert rests == [1, 2, 4, 8, 16, 30, 30]


async def test_a_loop_that_recovered_rests_as_briefly_as_at_first(
    rests: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = 0
    now = asyncio.get_running_loop().time()

    async def loop() -> None:
        nonlocal runs, now
        runs += 1
        if runs == 4:
            raise LaneLost(account="room")
        now += 31 if runs == 3 else 0
        raise LOCKED

    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: now)
    with pytest.raises(LaneLost):
        await _keep_up("test", loop)
    assert rests == [1, 2, 1]


@pytest.mark.parametrize(
    "final",
    [
        LaneLost(account="room"),
        RuntimeError("a fault of ours"),
        ExceptionGroup("tasks", [LOCKED, LaneLost(account="room")]),
    ],
)
async def test_anything_else_is_final(rests: list[float], final: Exception) -> None:
    async def loop() -> None:
        raise final

    with pytest.raises(type(final)) as caught:
        await _keep_up("test", loop)
    assert caught.value is final
    assert rests == []


async def test_a_bot_runs_until_it_is_cancelled_and_leaves_no_task(
    configured: Configuration,
) -> None:
    async with room_and_bot(configured, RealClock()) as (room, bot):
        before = asyncio.all_tasks()
        running = asyncio.create_task(bot.run())
        fish, _ = await room.people.enter("小鱼")
        before_help = room.log.last
        await LocalConnection(room, fish).say(Address(person=fish.id), "/help")
        await until(lambda: room.log.last >= before_help + 2)  # the question and its answer
        assert len(asyncio.all_tasks()) > len(before) + 5
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        await until(lambda: asyncio.all_tasks() == before)


async def test_a_lost_lane_ends_the_bot(configured: Configuration) -> None:
    async with room_and_bot(configured, RealClock()) as (_, bot):

        async def lost() -> None:
            raise LaneLost(account="room")

        bot.desk.senders["room"].run = lost  # type: ignore[method-assign]  # as if another took it
        with pytest.raises(ExceptionGroup) as caught:
            async with asyncio.timeout(20):
                await bot.run()
        assert caught.group_contains(LaneLost)


async def test_a_second_bot_on_the_same_database_is_refused_and_the_first_goes_on(
    here: Path, configured: Configuration
) -> None:
    async with room_and_bot(configured, RealClock()) as (_, first):
        room = await Room.open(here / "other-room", RealClock())
        channel = RoomChannel(LocalConnection(room), data=here / "other-room")
        try:
            with pytest.raises(
                DatabaseInUse, match=r"Another bot is running on .*nuanqun\.sqlite3"
            ):
                await Bot.open(configured, RealClock(), [channel])
        finally:
            await room.close()
        assert await first.desk.planner.plan_ahead() == 0
