"""A shop's group on the tests' own Telegram, and a bot there that only hears."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import SecretStr

from bot.channels.telegram.connection import TelegramConnection
from bot.channels.telegram.hearing import Hearing
from bot.channels.telegram.intake import Intake
from handlers.events import Event, MessageHeard
from scheduler.clock import RealClock
from storage.database import Database
from tests.peers.telegram.proxy import Proxy
from tests.peers.telegram.server import TelegramDouble
from tests.peers.telegram.world import Bot, Chat, User

ACCOUNT = "telegram:shop"


class ShiftedClock(RealClock):
    """The machine's clock, or one that is ahead of it."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        """The moment on this clock."""
        return datetime.now(UTC) + self.ahead


@dataclass
class Living:
    """A group with its owner, a fan in it, and a bot that runs it with them."""

    double: TelegramDouble
    proxy: Proxy
    clock: ShiftedClock
    database: Database
    owner: User
    fan: User
    bot: Bot
    group: Chat

    def connection(self) -> TelegramConnection:
        """A new connection of the bot's, through the proxy."""
        return TelegramConnection(SecretStr(self.bot.token), self.proxy.url)

    def intake(self, connection: TelegramConnection) -> Intake:
        return Intake(
            account=ACCOUNT, connection=connection, database=self.database, clock=self.clock
        )

    def say(self, *texts: str) -> None:
        """The fan says something, one after the other."""
        for text in texts:
            self.double.people.say(self.fan, self.group, text)

    @property
    def waiting(self) -> int:
        """How many updates Telegram still keeps for the bot."""
        return len(self.bot.inbox.waiting)


@asynccontextmanager
async def living(migrated_sqlite: Path, folder: Path) -> AsyncIterator[Living]:
    file = folder / "nuanqun.db"
    shutil.copy(migrated_sqlite, file)
    database = await Database.open(f"sqlite+aiosqlite:///{file}")
    try:
        async with TelegramDouble(allowed=None) as double, Proxy(double.url) as proxy:
            owner, fan = double.world.add_user("群主"), double.world.add_user("小雨")
            bot = double.world.add_bot("暖群", "nuanqun_bot")
            group = double.world.add_group("一群", owner)
            double.people.add_bot(bot, group, owner)
            double.people.join(fan, group)
            bot.inbox.forget_all()
            yield Living(double, proxy, ShiftedClock(), database, owner, fan, bot, group)
    finally:
        await database.close()


async def hear(
    hearing: Hearing, count: int, after: str | None = None, *, confirm: bool = True
) -> list[Event]:
    """The next `count` events, each confirmed as soon as it is heard."""
    heard: list[Event] = []
    async with asyncio.timeout(10), aclosing(hearing.events(after)) as events:
        async for event in events:
            heard.append(event)
            if confirm:
                await hearing.confirm(event.cursor)
            if len(heard) == count:
                break
    return heard


def texts(events: list[Event]) -> list[str]:
    """What was said."""
    return [event.text for event in events if isinstance(event, MessageHeard)]
