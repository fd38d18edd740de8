"""Managing on Telegram: topics, private answers with a link to the bot, and a staff chat."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.wiring import Bot as WholeBot
from scheduler.clock import RealClock
from tests.peers.telegram.server import TelegramDouble
from tests.peers.telegram.settings import telegram_configuration
from tests.peers.telegram.world import Bot, Chat, Message, User

PATIENCE = 20.0  # seconds
TONIGHT = "今晚八点直播"


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


@pytest.fixture
async def scene(tmp_path: Path, migrated_sqlite: Path) -> AsyncIterator[Scene]:
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


async def test_who_never_started_the_bot_gets_a_link_in_the_topic_and_then_the_answer(
    scene: Scene,
) -> None:
    scene.say("/insights 7", scene.forum, topic=scene.news)
    hint = await scene.said("这个只能私下说：点下面的按钮", scene.forum)
    assert hint.topic == scene.news
    assert buttons(hint) == [{"text": "和我私聊", "url": "https://t.me/warm_bot?start=hello"}]
    scene.double.people.start(scene.manager, scene.bot, "hello")
    await scene.said("你好，群主！", scene.private)
    scene.say("/insights 7", scene.forum, topic=scene.news)
    await scene.said("粉丝在说什么", scene.private)


async def test_a_staff_chat_sends_to_a_topic_and_leafs_through_many_groups(scene: Scene) -> None:
    chat = scene.group("店员群")
    for number in range(9):
        scene.say("大家早", scene.group(f"分群{number}"))
    scene.say("/link @所有群", chat)
    asked = await scene.said("把「店员群」变成工作群？", chat)
    scene.press(asked, "这是工作群")
    await scene.said("好的，这里是工作群", chat)

    scene.say(f"/broadcast @福利群#上新 {TONIGHT}", chat)
    preview = await scene.said("发到 1 个群：福利群#上新", chat)
    scene.press(preview, "确认发送")
    await scene.said("已确认", chat)
    posted = await scene.said(TONIGHT, scene.forum)
    assert posted.topic == scene.news

    scene.say("/choose /insights 7", chat)
    first = await scene.said("选哪些群？", chat)
    scene.press(first, "下一页")
    async with asyncio.timeout(PATIENCE):
        while "上一页" not in [one["text"] for one in buttons(first)]:  # noqa: ASYNC110 (what stands in a chat rings no bell)
            await asyncio.sleep(0.02)
    scene.press(first, buttons(first)[0]["text"])
    await scene.said("粉丝在说什么", chat)
