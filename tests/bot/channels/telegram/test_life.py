"""A fan group's day on Telegram, lived by the whole bot over HTTP: once polling, once by webhook.

On another hand's emulator, and on the project's own double. The clock hurries, and jumps to where
something is to happen. What the emulator cannot play stands in its `lacks`.
"""

from __future__ import annotations

import shutil
import socket
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from scheduler.courier import Address
from storage import tables
from tests.bot.channels.life import Life
from tests.contracts.counterpart import Ability
from tests.contracts.telegram_counterparts import TelegramOfAnotherHand, TelegramOfOurOwn
from tests.peers.hurrying_clock import HurryingClock

STAGES = {"our double": TelegramOfOurOwn, "another hand's emulator": TelegramOfAnotherHand}
MORNING = datetime(2026, 11, 5, 9, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
COUNTDOWN = timedelta(minutes=48)  # of the morning: its post is due at 10:18
SPEED = 10


class TelegramLife(Life):
    """A group on Telegram, and a bot there."""

    def __init__(
        self,
        stage: TelegramOfOurOwn | TelegramOfAnotherHand,
        clock: HurryingClock,
        telegram: dict[str, str | int],
    ) -> None:
        super().__init__(stage, clock)
        self.stage = stage
        self._telegram = telegram

    async def light(self) -> None:
        """The bot begins, or begins again."""
        passed = self.stage.proxy.passed
        before = len(passed)
        await self.begin(self.stage.configuration(**self._telegram))

        async def listens() -> bool:
            # Telegram keeps who comes and goes only for bots that have asked for it once.
            asked = ("getUpdates", "setWebhook")
            return any(one.call.method in asked for one in passed[before:])

        await self.until(listens, "the bot listens")
        await self.stage.deliver()

    async def jump_to(self, moment: datetime) -> None:
        """Go to a moment, once everything that has happened is heard."""

        async def heard() -> bool:
            return not await self.stage.unheard()

        await self.until(heard, "everything is heard")
        await super().jump_to(moment)


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
) -> AsyncIterator[TelegramLife]:
    """A morning in November, before the bot begins."""
    shutil.copy(migrated_sqlite, tmp_path / "bot.sqlite3")
    clock = HurryingClock(MORNING, SPEED)
    stage = request.param(tmp_path, lambda: clock.now().timestamp())
    await stage.start()
    lived = TelegramLife(stage, clock, telegram)
    yield lived
    await lived.put_out()
    await stage.stop()


async def test_a_fan_group_s_days(life: TelegramLife) -> None:
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
    await life.until(lambda: _passed(life, "小雨"), "the welcome passes")

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
    assert not await life.stands("来晚了")


async def _passed(life: TelegramLife, words: str) -> bool:
    return not await life.stands(words)


async def _was_not_sent(life: TelegramLife, slot: str) -> bool:
    """Whether a slot's delivery is over: skipped, or refused where the bot tried after a day."""
    deliveries = tables.deliveries.c
    found = await life.remembered(
        select(deliveries.state).where(deliveries.key.contains(f"/{slot}/"))
    )
    return found in ([("skipped",)], [("failed",)])


async def _to_countdown(life: TelegramLife, days: int) -> None:
    """Go to the moment of a day's countdown."""
    await life.jump_to(MORNING + COUNTDOWN + timedelta(days=6 - days, minutes=1))
