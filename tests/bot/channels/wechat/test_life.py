"""A fan group's days on WeChat, lived by the whole bot behind a real gateway.

The clock hurries, and jumps to where something is to happen.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Select, select

from scheduler.courier import Address
from storage import tables
from tests.bot.channels.life import Life
from tests.contracts.wechat_counterparts import BOT_NAME, THIN_SPACE, WeChatBehindItsGateway
from tests.peers.hurrying_clock import HurryingClock
from tests.peers.wechat.gateway import ME

pytestmark = pytest.mark.peer

MORNING = datetime(2026, 11, 5, 9, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
COUNTDOWN = timedelta(minutes=48)  # of the morning: its post is due at 10:18
SPEED = 10
AWAY = timedelta(minutes=10)  # what takes less than one minute is no gap to people


class WeChatLife(Life):
    """A group on WeChat, and a bot whose account sits in it."""

    def __init__(self, stage: WeChatBehindItsGateway, clock: HurryingClock) -> None:
        super().__init__(stage, clock)
        self.stage = stage

    @property
    def boss(self) -> str:
        """Who owns the group."""
        return self.stage.owner

    @property
    def private(self) -> Address:
        """Where the boss and the bot speak alone."""
        return Address(person=self.boss)

    async def light(self) -> None:
        """The bot begins, or begins again, and knows its group: before that it hears nobody."""
        managers = {"managers": [f"wechat:{self.boss}"]}
        await self.begin(self.stage.configuration(shop=managers))

        async def knows_its_group() -> bool:
            return bool(await self.remembered(select(tables.groups.c.id)))

        await self.until(knows_its_group, "the bot knows its group")

    async def run_the_group(self) -> None:
        """The bot begins, and the boss lets it run the group."""
        await self.light()
        await self.tell("/accept")
        await self.answered(self.private, "是店里的就点接管")
        await self.choose("接管 福利群")
        await self.answered(self.private, "接管了")

    async def tell(self, text: str) -> None:
        """The boss says something to the bot alone."""
        await self.stage.gateway.say(self.boss, text)

    async def choose(self, label: str) -> None:
        """The boss says the number of a choice in what was said last."""
        last = (await self.standing(self.private))[-1]
        (number,) = (
            line.split(".")[0].strip()
            for line in last.text.splitlines()
            if line.strip().endswith(label) and line.strip()[0].isdigit()
        )
        await self.tell(number)


@pytest.fixture
async def life(tmp_path: Path, migrated_sqlite: Path) -> AsyncIterator[WeChatLife]:
    """A morning in November, before the bot begins."""
    shutil.copy(migrated_sqlite, tmp_path / "bot.sqlite3")
    clock = HurryingClock(MORNING, SPEED)
    stage = WeChatBehindItsGateway(tmp_path, clock.now)
    await stage.start()
    lived = WeChatLife(stage, clock)
    yield lived
    await lived.put_out()
    await stage.stop()


async def test_a_fan_group_s_days(life: WeChatLife) -> None:
    stage, private = life.stage, life.private
    await life.run_the_group()

    # Somebody is brought in, is welcomed, and chats.
    fan = await stage.fan("小雨")
    await life.answered(life.group, "小雨")
    for words in ("这个面霜油皮能用吗", "包装有点难打开", "有没有小样可以试试"):
        await stage.say(fan, words)

    # The manager tags the fan from the group, and asks in private.
    await stage.gateway.say(life.boss, f"/tag @小雨{THIN_SPACE}油皮", stage.group, [fan])
    await life.answered(private, "油皮")
    await life.tell("/insights 7")
    report = await life.answered(private, "小样")
    assert "福利群" in report.text

    # What is taken back is known no more; what is said by hand is not the fans' word.
    slip = await stage.gateway.say(fan, "发错了", stage.group)
    await stage.gateway.command("recall", talker=fan, conversation=stage.group, message=slip)
    await stage.gateway.say(ME, "小样周五到", stage.group)
    await life.until(lambda: _kinds(life, "小样周五到", ["bot"]), "it is the bot's side that spoke")
    assert await _kinds(life, "发错了", [])

    # A campaign by the guided form, with its numbers; the countdown is delivered.
    await life.tell("/campaign")
    for question, choice in (
        ("想发什么", "活动倒计时"),
        ("发到哪些群", "福利群"),
        ("倒数到哪一天", "双11"),
        ("每天说什么", "跳过"),
        ("发到 1 个群", "确认发送"),
    ):
        await life.answered(private, question)
        await life.choose(choice)
    await life.answered(private, "已确认")
    await _to_countdown(life, 6)
    await life.answered(life.group, "6")

    # It becomes the room's announcement, or the manager hears that it did not.
    await life.tell("/pin 1")
    await life.answered(private, "已在 1 个群置顶")
    assert "6" in (await stage.gateway.command("announced"))[stage.group]
    await stage.gateway.command("manners", announce=False)
    await _to_countdown(life, 5)
    await life.answered(life.group, "5")
    await life.tell("/pin 1")
    await life.answered(private, "没能置顶")


async def test_somebody_asks_to_be_a_friend_and_comes_into_the_group(life: WeChatLife) -> None:
    stage, private = life.stage, life.private
    await life.run_the_group()
    await life.tell("/befriend 暗号 暖暖 @福利群")
    await life.answered(private, "请进")
    guest = await stage.gateway.person("阿杰", friend=False)
    await stage.gateway.command("befriend", person=guest, words="想加暖暖")
    await life.answered(Address(person=guest), "福利群")
    await life.answered(life.group, "阿杰")
    assert guest in await stage.gateway.command("members", room=stage.group)

    # Whoever does not say the words waits for a manager.
    stranger = await stage.gateway.person("路人", friend=False)
    await stage.gateway.command("befriend", person=stranger, words="你好")
    await life.answered(private, "路人")
    assert stranger not in await stage.gateway.command("friends")
    await life.choose("通过")
    await life.answered(Address(person=stranger), "福利群")


async def test_a_gateway_that_was_away_leaves_a_gap_that_reports_show(life: WeChatLife) -> None:
    stage, private = life.stage, life.private
    await life.run_the_group()
    fan = await stage.fan("小雨")
    await life.answered(life.group, "小雨")
    await stage.gateway.kill()
    await life.jump_to(life.clock.now() + AWAY)
    await stage.gateway.start()
    await life.until(lambda: _gaps(life), "the gap is stored")
    await stage.say(fan, "有没有小样可以试试")
    await life.until(lambda: _kinds(life, "有没有小样可以试试", ["fan"]), "it hears again")
    await life.tell("/insights 7")
    await life.answered(private, "没听到")


async def test_another_log_in_with_other_ids_keeps_what_is_known(life: WeChatLife) -> None:
    stage, private = life.stage, life.private
    await life.run_the_group()
    for name in ("阿月", "小满"):  # a group is known again by three people and more
        await stage.fan(name)
        await life.answered(life.group, name)
    fan = await stage.fan("小雨")
    await life.answered(life.group, "小雨")
    await stage.say(fan, "这个面霜油皮能用吗")
    await stage.gateway.say(life.boss, f"/tag @小雨{THIN_SPACE}油皮", stage.group, [fan])
    await life.answered(private, "油皮")
    ids = await stage.gateway.renew()
    stage.group, stage.owner = ids[stage.group], ids[stage.owner]
    await life.tell("/who @小雨")
    await life.answered(life.private, "油皮")
    await stage.say(ids[fan], "我又来了")
    speakers = select(tables.messages.c.member_id).where(
        tables.messages.c.text.in_(["这个面霜油皮能用吗", "我又来了"])
    )
    await life.until(lambda: _same(life, speakers), "both were said by one and the same")


async def test_an_account_that_was_logged_out_is_logged_in_by_a_code(life: WeChatLife) -> None:
    stage, private = life.stage, life.private
    await life.run_the_group()
    await stage.gateway.logout()
    await stage.gateway.command("scan", code="https://login.weixin.qq.com/l/abc==")
    state = select(tables.accounts.c.state, tables.accounts.c.scan_code)
    await life.until(lambda: _shows(life, state, "scan"), "the code is stored")
    await life.jump_to(life.clock.now() + AWAY)
    await stage.gateway.login()
    await life.until(lambda: _shows(life, state, "online"), "the account is back")
    back = await life.answered(private, "又在线了")
    assert "没听到（wechat:shop）：11-05 09:30" in back.text
    await life.tell("/accounts")
    await life.answered(private, f"wechat:shop（{BOT_NAME}）：在线")


async def _kinds(life: WeChatLife, text: str, kinds: list[str]) -> bool:
    """Whether messages with this text are stored as these kinds."""
    messages = tables.messages.c
    rows = await life.remembered(select(messages.kind).where(messages.text == text))
    return [kind for (kind,) in rows] == kinds


async def _gaps(life: WeChatLife) -> bool:
    """Whether it is stored that it was away, which it knows when it hears again."""
    gaps = tables.hearing_gaps.c
    # What was told and not looked up before it went away is a gap too, of a moment.
    return any(
        until - since >= AWAY
        for since, until in await life.remembered(select(gaps.since, gaps.until))
    )


async def _same(life: WeChatLife, speakers: Select[Any]) -> bool:
    rows = await life.remembered(speakers)
    return len(rows) == 2 and len(set(rows)) == 1


async def _shows(life: WeChatLife, what: Select[Any], state: str) -> bool:
    return any(row[0] == state for row in await life.remembered(what))


async def _to_countdown(life: WeChatLife, days: int) -> None:
    """Go to the moment of a day's countdown."""
    await life.jump_to(MORNING + COUNTDOWN + timedelta(days=6 - days, minutes=1))
