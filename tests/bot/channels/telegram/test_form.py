"""The guided form on Telegram: buttons that change in place, and a picture that is sent to it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.wiring import Bot as WholeBot
from scheduler.clock import RealClock
from tests.peers.telegram.server import TelegramDouble
from tests.peers.telegram.settings import telegram_configuration
from tests.peers.telegram.world import Bot, Chat, Message, User

PATIENCE = 20.0  # seconds
INVITATION = "今晚八点直播，聊聊秋冬怎么保湿 🍂"


@dataclass
class Scene:
    """A manager alone with the bot, and the group that they run."""

    double: TelegramDouble
    manager: User
    bot: Bot
    group: Chat

    @property
    def private(self) -> Chat:
        return self.double.world.private(self.bot, self.manager)

    def write(self, text: str, **more: object) -> None:
        """The manager writes to the bot."""
        self.double.people.whisper(self.manager, self.bot, text, **more)

    def press(self, label: str) -> None:
        """The manager presses the newest button with this label."""
        for message in reversed(self.private.standing()):
            labels = [
                one["text"]
                for row in (message.keyboard or {}).get("inline_keyboard", ())
                for one in row
            ]
            if label in labels:
                self.double.people.press(self.manager, self.bot, message, labels.index(label))
                return
        raise AssertionError(f"no button {label}")

    async def until(self, true: Callable[[], object], what: str) -> None:
        """Wait for something to come true."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not true():  # noqa: ASYNC110 (what happens elsewhere rings no bell)
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"never: {what}") from None

    async def asked(self, words: str) -> Message:
        """The bot's last message in private, once it has these words."""

        def last() -> Message | None:
            found = [one for one in self.private.standing() if one.sender.id == self.bot.user.id]
            return found[-1] if found and words in found[-1].text else None

        await self.until(last, words)
        message = last()
        assert message is not None
        return message


@pytest.fixture
async def scene(tmp_path: Path, migrated_sqlite: Path) -> AsyncIterator[Scene]:
    shutil.copy(migrated_sqlite, tmp_path / "bot.sqlite3")
    async with TelegramDouble(allowed=None) as double:
        manager, bot = double.world.add_user("群主"), double.world.add_bot("暖群", "warm_bot")
        group = double.world.add_group("福利群", manager)
        double.people.add_bot(bot, group, manager)
        made = Scene(double, manager, bot, group)
        configuration = telegram_configuration(
            tmp_path,
            token=bot.token,
            api=double.url,
            shop={"managers": [f"telegram:{manager.id}"]},
            care={"quiet_from": "00:00", "quiet_until": "00:00"},
        )
        whole = await WholeBot.open(configuration, RealClock(), [])
        running = asyncio.create_task(whole.run())
        yield made
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await whole.close()
        assert double.wrong == []


async def test_the_form_is_filled_in_with_buttons_that_change_in_place_and_a_picture(
    scene: Scene,
) -> None:
    scene.double.people.start(scene.manager, scene.bot)
    scene.double.people.say(scene.manager, scene.group, "大家早")
    scene.write("/campaign")
    first = await scene.asked("想发什么？")
    scene.press("群发一条消息")
    await scene.asked("发到哪些群？")
    scene.press("福利群")
    await scene.asked("什么时候发？")
    scene.press("确认后马上发")
    question = await scene.asked("发什么内容？")
    assert question.id == first.id
    picture = scene.double.people.picture(b"\xff\xd8\xff a picture")
    scene.write(INVITATION, pictures=(picture,))
    preview = await scene.asked("要发的内容")
    assert "配 1 张图" in preview.text
    shown = [one.pictures for one in scene.private.standing() if one.sender.id == scene.bot.user.id]
    assert [*shown[-2]] == [picture]
    scene.press("确认发送")
    await scene.asked("已确认")

    def posted() -> list[Message]:
        return [one for one in scene.group.standing() if one.text == INVITATION]

    await scene.until(posted, "the post")
    assert [*posted()[0].pictures] == [picture]
