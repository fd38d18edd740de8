"""The whole bot in this process: the room with its page, and the bot that lives in it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from zoneinfo import ZoneInfo

from bot.channels.room import RoomChannel
from bot.configuration import Configuration
from bot.serving import OpenRoom, open_room
from bot.wiring import Bot
from scheduler.clock import Clock, RealClock
from tests.browser.room_process import connection_of

ZONE = ZoneInfo("Asia/Shanghai")


@asynccontextmanager
async def open_shop(configuration: Configuration, clock: Clock) -> AsyncIterator[OpenRoom]:
    """The room, on a free port, with the bot running in it; a bot that fails fails the test."""
    settings = configuration.room.model_copy(update={"port": 0})
    async with open_room(settings, clock, ZONE) as opened:
        bot = await Bot.open(configuration, clock, [opened.channel])
        running = asyncio.create_task(bot.run())
        try:
            yield opened
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
            await bot.close()


@asynccontextmanager
async def living_bot(configuration: Configuration, ready: dict[str, str]) -> AsyncIterator[None]:
    """The bot alone, in a room that runs as a process of its own, until the block ends."""
    channel = RoomChannel(await connection_of(ready))
    bot = await Bot.open(configuration, RealClock(), [channel])
    running = asyncio.create_task(bot.run())
    try:
        yield
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await bot.close()
