"""A fan group's day on Telegram, lived by the whole bot over HTTP: once polling, once by webhook.

On another hand's emulator, and on the project's own double. The clock hurries, and jumps to where
something is to happen. What the emulator cannot play stands in its `lacks`.
"""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Select, select

from bot.wiring import Bot
from scheduler.courier import Address
from storage import tables
from tests.contracts.counterpart import Ability, Posted
from tests.contracts.telegram_counterparts import TelegramOfAnotherHand, TelegramOfOurOwn
from tests.peers.telegram.hurrying_clock import HurryingClock

STAGES = {"our double": TelegramOfOurOwn, "another hand's emulator": TelegramOfAnotherHand}
MORNING = datetime(2026, 11, 5, 9, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
COUNTDOWN = timedelta(minutes=48)  # of the morning: its post is due at 10:18
SPEED = 10
PATIENCE = 20.0  # seconds of real time


class Life:
    """A stage, with a bot that can be put out and lit again."""

    def __init__(
        self,
        stage: TelegramOfOurOwn | TelegramOfAnotherHand,
        clock: HurryingClock,
        telegram: dict[str, str | int],
    ) -> None:
        self.stage = stage
        self.clock = clock
        self._telegram = telegram
        self._seen: set[tuple[Address, str, str]] = set()
        self._bot: Bot | None = None
        self._running: asyncio.Task[None] | None = None

    @property
    def group(self) -> Address:
        """Where the group is now."""
        return Address(group=self.stage.group)

    async def light(self) -> None:
        """The bot begins, or begins again."""
        configuration = self.stage.configuration(**self._telegram)
        passed = self.stage.proxy.passed
        before = len(passed)
        self._bot = await Bot.open(configuration, self.clock, [])
        self._running = asyncio.create_task(self._bot.run())

        async def listens() -> bool:
            # Telegram keeps who comes and goes only for bots that have asked for it once.
            asked = ("getUpdates", "setWebhook")
            return any(one.call.method in asked for one in passed[before:])

        await self.until(listens, "the bot listens")
        await self.stage.deliver()

    async def put_out(self) -> None:
        """The bot ends."""
        bot, running = self._bot, self._running
        if bot is None or running is None:
            return
        self._bot = self._running = None
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await bot.close()

    async def answered(self, where: Address, words: str) -> Posted:
        """The next thing with these words that the bot says somewhere; each counts once."""
        found: Posted | None = None

        async def said() -> bool:
            nonlocal found
            for one in await self.standing(where):
                if words in one.text and (where, one.receipt, one.text) not in self._seen:
                    self._seen.add((where, one.receipt, one.text))
                    found = one
                    return True
            return False

        await self.until(said, f"{words} in {where}")
        assert found is not None
        return found

    async def standing(self, where: Address) -> list[Posted]:
        """What the bot has said somewhere and not taken back."""
        return [one for one in await self.stage.posted(where) if not one.deleted]

    async def until(self, true: Callable[[], Awaitable[bool]], what: str) -> None:
        """Wait for something to come true."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not await true():  # noqa: ASYNC110 (what happens elsewhere rings no bell)
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"never: {what}") from None

    async def jump_to(self, moment: datetime) -> None:
        """Go to a moment, once everything that has happened is heard."""

        async def heard() -> bool:
            return not await self.stage.unheard()

        await self.until(heard, "everything is heard")
        self.clock.jump_to(moment)

    async def remembered(self, what: Select[Any]) -> list[tuple[Any, ...]]:
        """Rows of the bot's database."""
        assert self._bot is not None
        async with self._bot.desk.database.reading() as connection:
            return [tuple(row) for row in await connection.execute(what)]


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        port: int = place.getsockname()[1]
        return port


@pytest.fixture(params=["polling", "webhook"])
def telegram(request: pytest.FixtureRequest) -> dict[str, str | int]:
    """How updates come in."""
    if request.param == "polling":
        return {"mode": "polling"}
    port = free_port()
    return {"mode": "webhook", "url": f"http://127.0.0.1:{port}/hook", "port": port}


@pytest.fixture(params=list(STAGES.values()), ids=list(STAGES))
async def life(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    migrated_sqlite: Path,
    telegram: dict[str, str | int],
) -> AsyncIterator[Life]:
    """A morning in November, before the bot begins."""
    shutil.copy(migrated_sqlite, tmp_path / "bot.sqlite3")
    clock = HurryingClock(MORNING, SPEED)
    stage = request.param(tmp_path, lambda: clock.now().timestamp())
    await stage.start()
    lived = Life(stage, clock, telegram)
    yield lived
    await lived.put_out()
    await stage.stop()


async def test_a_fan_group_s_days(life: Life) -> None:
    stage = life.stage
    boss = await stage.boss()
    private = Address(person=boss)
    await life.light()
    await stage.speak("大家早")  # the emulator's group is first heard of by this
    if isinstance(stage, TelegramOfAnotherHand):  # and it does not tell who brought the bot in
        await stage.say(boss, "/accept", private=True)
        await life.answered(private, "是店里的就点接管")
        await stage.press_in_private(boss, "接管 福利群")
        await life.answered(private, "接管了")

    # Somebody comes, is welcomed, and chats; the welcome passes.
    fan = await stage.fan("小雨")
    await life.answered(life.group, "小雨")
    for words in ("这个面霜油皮能用吗", "包装有点难打开", "有没有小样可以试试"):
        await stage.say(fan, words)
    await life.jump_to(life.clock.now() + timedelta(minutes=10))
    await life.until(lambda: _gone(life, "小雨"), "the welcome passes")

    # The manager tags the fan from the group, and asks in private.
    await stage.say(boss, "/tag @小雨 油皮")
    await life.answered(private, "油皮")
    await stage.say(boss, "/insights 7", private=True)
    report = await life.answered(private, "小样")
    assert "福利群" in report.text

    # A campaign by the guided form, with its buttons; the countdown is delivered.
    await stage.say(boss, "/campaign", private=True)
    for question, button in (
        ("想发什么", "活动倒计时"),
        ("发到哪些群", "福利群"),
        ("倒数到哪一天", "双11"),
        ("每天说什么", "跳过"),
        ("发到 1 个群", "确认发送"),
    ):
        await life.answered(private, question)
        await stage.press_in_private(boss, button)
    await life.answered(private, "已确认")
    await _to_countdown(life, 6)
    await life.answered(life.group, "6")

    # Muted, it says nothing, and the next day goes on without it.
    if Ability.MUTES not in stage.lacks:
        assert isinstance(stage, TelegramOfOurOwn)
        await stage.mute()
        before = len(await life.standing(life.group))
        await _to_countdown(life, 5)
        await life.until(lambda: _was_not_sent(life, "d-5"), "the ledger says why")
        assert len(await life.standing(life.group)) == before
        await stage.unmute()

    # The group moves to another id, and keeps its fans' tags and its campaign.
    await stage.move()
    await stage.say(boss, "/who @小雨", private=True)
    await life.answered(private, "油皮")
    await _to_countdown(life, 4)
    await life.answered(life.group, "4")

    # What is said while the bot is away is recorded, and neither obeyed nor welcomed late.
    await life.put_out()
    await stage.say(fan, "小样什么时候发")
    await stage.say(boss, "/broadcast @所有群 晚上直播", private=True)
    await stage.fan("来晚了")
    life.clock.jump_to(life.clock.now() + timedelta(minutes=15))
    await life.light()
    await life.answered(private, "没有执行")
    heard = await life.remembered(select(tables.messages.c.text))
    assert ("小样什么时候发",) in heard
    assert not any("来晚了" in one.text for one in await life.standing(life.group))


async def _gone(life: Life, words: str) -> bool:
    return not any(words in one.text for one in await life.standing(life.group))


async def _was_not_sent(life: Life, slot: str) -> bool:
    """Whether a slot's delivery is over: skipped, or refused where the bot tried after a day."""
    deliveries = tables.deliveries.c
    found = await life.remembered(
        select(deliveries.state).where(deliveries.key.contains(f"/{slot}/"))
    )
    return found in ([("skipped",)], [("failed",)])


async def _to_countdown(life: Life, days: int) -> None:
    """Go to the moment of a day's countdown."""
    await life.jump_to(MORNING + COUNTDOWN + timedelta(days=6 - days, minutes=1))
