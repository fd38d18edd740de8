"""A manager and their groups on the tests' own Telegram, run by the whole bot over HTTP."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.wiring import Bot as WholeBot
from scheduler.clock import RealClock
from tests.peers.telegram.server import TelegramDouble
from tests.peers.telegram.settings import telegram_configuration
from tests.peers.telegram.world import Bot, Chat, Message, User

PATIENCE = 20.0  # seconds


@dataclass
class Scene:
    """A manager with a forum of fans, where the bot is an admin."""

    double: TelegramDouble
    manager: User
    bot: Bot
    forum: Chat
    news: int

    def group(self, title: str) -> Chat:
        """Another group of the manager's, with the bot in it."""
        made = self.double.world.add_group(title, self.manager)
        self.double.people.add_bot(self.bot, made, self.manager)
        return made

    @property
    def private(self) -> Chat:
        return self.double.world.private(self.bot, self.manager)

    def say(self, text: str, chat: Chat, **more: Any) -> None:
        self.double.people.say(self.manager, chat, text, **more)

    def press(self, message: Message, label: str) -> None:
        """The manager presses a button below a message."""
        number = [one["text"] for one in buttons(message)].index(label)
        self.double.people.press(self.manager, self.bot, message, number)

    async def said(self, words: str, chat: Chat) -> Message:
        """What the bot says last in a chat, once it has these words."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while True:
                    said = [one for one in chat.standing() if one.sender.id == self.bot.user.id]
                    if said and words in said[-1].text:
                        return said[-1]
                    await asyncio.sleep(0.02)
        raise AssertionError(f"never said: {words}")


def buttons(message: Message) -> list[dict[str, Any]]:
    """The buttons below a message, in their order."""
    return [one for row in (message.keyboard or {}).get("inline_keyboard", ()) for one in row]


@asynccontextmanager
async def managed(migrated_sqlite: Path, tmp_path: Path) -> AsyncIterator[Scene]:
    """The bot of a manager with a forum, at work until the end of the context."""
    shutil.copy(migrated_sqlite, tmp_path / "bot.sqlite3")
    async with TelegramDouble(allowed=None) as double:
        manager, bot = double.world.add_user("群主"), double.world.add_bot("暖群", "warm_bot")
        forum = double.world.add_group("福利群", manager)
        double.people.add_bot(bot, forum, manager)
        news = double.people.open_topic(forum, "上新", manager)
        configuration = telegram_configuration(
            tmp_path,
            token=bot.token,
            api=double.url,
            shop={"managers": [f"telegram:{manager.id}"]},
            care={"quiet_from": "00:00", "quiet_until": "00:00"},
        )
        whole = await WholeBot.open(configuration, RealClock(), [])
        running = asyncio.create_task(whole.run())
        yield Scene(double, manager, bot, forum, news)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await whole.close()
        assert double.wrong == []
