"""The whole bot on Telegram, ended at random moments: what is said is stored, all of it, once."""

from __future__ import annotations

import asyncio
import random
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.wiring import Bot
from scheduler.clock import RealClock
from storage.database import Database
from storage.tables import messages
from tests.bot.channels.telegram.living import Living, living
from tests.peers.telegram.settings import accept, telegram_configuration

LIVES = 6
A_LIFE = 0.25  # seconds at most, most of which is hearing
SAID = 8  # in each life


@pytest.fixture
async def shop(migrated_sqlite: Path, tmp_path: Path) -> AsyncIterator[Living]:
    async with living(migrated_sqlite, tmp_path) as made:
        made.bot.inbox.asked_for = ["message"]
        yield made


async def stored(database: Database) -> list[str]:
    """What the bot keeps of what the fan said, in the order it was stored."""
    async with database.reading() as connection:
        found = await connection.scalars(select(messages.c.text).order_by(messages.c.id))
        return list(found)


async def test_telegram_keeps_whatever_a_dying_bot_had_not_stored(
    shop: Living, migrated_sqlite: Path, tmp_path: Path
) -> None:
    chance = random.Random(20261111)  # noqa: S311 (moments, not secrets)
    shutil.copy(migrated_sqlite, tmp_path / "bot.sqlite3")
    configuration = telegram_configuration(tmp_path, token=shop.bot.token, api=shop.proxy.url)
    await accept(configuration, shop.group)
    said: list[str] = []
    kept: list[str] = []
    left: list[int] = []  # what each life had not stored when it ended
    for life in range(LIVES + 1):
        bot = await Bot.open(configuration, RealClock(), [])
        running = asyncio.create_task(bot.run())
        for _ in range(SAID if life < LIVES else 0):
            await asyncio.sleep(chance.uniform(0, A_LIFE / SAID))
            said.append(f"第{len(said)}句")
            shop.say(said[-1])
        if life == LIVES:
            async with asyncio.timeout(20):
                while shop.waiting:  # noqa: ASYNC110 (the double rings no bell)
                    await asyncio.sleep(0.01)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        kept = await stored(bot.desk.database)
        await bot.close()
        assert kept == said[: len(kept)], f"life {life}"
        assert len(kept) + shop.waiting >= len(said), f"life {life}"
        left.append(len(said) - len(kept))
    assert kept == said
    assert any(left), "every life ended between two commits: nothing was tried"
