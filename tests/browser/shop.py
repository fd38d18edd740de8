"""The whole bot in this process: the room with its page, and the bot that lives in it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from zoneinfo import ZoneInfo

from bot.configuration import Configuration
from bot.serving import OpenRoom, open_room
from bot.wiring import Bot
from scheduler.clock import Clock

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
