"""The whole bot in one process, and three people at it through Chromium.

Two fans and a manager live through an evening's worth of what the bot is for: a welcome, chat,
`/me` and `/optout`, a countdown, a broadcast that is taken back, the demand report, and 急停.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from bot.configuration import Configuration
from bot.serving import OpenRoom
from scheduler.clock import RunningClock
from tests.browser.pages import (
    PHONE,
    enter,
    join,
    look,
    make_group,
    mark,
    newest,
    open_chat,
    press,
    say,
    write,
)
from tests.browser.shop import ZONE, open_shop

pytestmark = [pytest.mark.browser, pytest.mark.peer]

BEFORE = datetime(2026, 11, 5, 10, 16, tzinfo=ZONE)
COUNTDOWN = datetime(2026, 11, 5, 10, 18, tzinfo=ZONE)
SIX_DAYS = "离双11还有6天"
TRICK = "<script>window.tricked = 1</script> 哈哈😂"
INVITATION = "今晚八点直播，聊聊秋冬怎么保湿 🍂"
NOT_NOW = "直播改到明天"
A_WHILE = 1.2  # seconds in which a message that is not held back would long have come


class HastyClock(RunningClock):
    """A clock that runs, and that the test may set forward; sleepers notice."""

    def __init__(self, start: datetime) -> None:
        super().__init__(start)
        self._was_set = asyncio.Event()

    def set_forward(self, moment: datetime) -> None:
        self._ahead += max(moment - self.now(), timedelta())
        self._was_set.set()
        self._was_set = asyncio.Event()

    async def sleep_until(self, moment: datetime) -> None:
        while (left := (moment - self.now()).total_seconds()) > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._was_set.wait()


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop whose bot is running, and whose room stands open."""

    room: OpenRoom
    clock: HastyClock

    @property
    def url(self) -> str:
        return self.room.server.url


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    configuration = Configuration.model_validate(
        {
            "shop": {"key": "shop", "name": "禾露", "zone": ZONE.key},
            "storage": {"url": f"sqlite+aiosqlite:///{tmp_path / 'nuanqun.sqlite3'}"},
            "room": {"data": tmp_path / "room"},
        }
    )
    clock = HastyClock(BEFORE)
    async with open_shop(configuration, clock) as opened:
        yield Shop(opened, clock)


async def test_two_fans_and_a_manager_live_with_the_bot(shop: Shop, browser: Browser) -> None:
    manager, rain, jay = await look(browser), await look(browser, PHONE), await look(browser)

    await enter(manager, shop.room.server.new_sign_in_url(), "店长小满")
    await make_group(manager, "护肤一群")
    await make_group(manager, "护肤二群")
    await enter(rain, shop.url, "小雨")
    await enter(jay, shop.url, "阿杰")
    await join(rain, "护肤一群")
    await expect(newest(rain)).to_contain_text("欢迎 @小雨 来到 护肤一群")
    for command in ("/help", "/me", "/optout", "/norecord"):
        await expect(newest(rain)).to_contain_text(command)
    await mark(rain, "menu").click()
    await join(rain, "护肤二群")
    await join(jay, "护肤一群")
    await open_chat(rain, "护肤一群")
    await expect(newest(rain)).to_contain_text("欢迎 @阿杰")

    await fans_chat(rain, jay)
    await fans_command(rain, jay)
    await manager_starts_a_countdown(manager)
    await manager_broadcasts(manager, rain, jay)
    await manager_asks_what_fans_want(manager)

    shop.clock.set_forward(COUNTDOWN - timedelta(seconds=1))
    await expect(newest(jay)).to_contain_text(SIX_DAYS)
    await expect(mark(jay, "message").last.locator("time")).to_have_text("10:18")
    await expect(newest(rain)).to_contain_text(SIX_DAYS)
    await open_chat(rain, "护肤二群")
    await expect(newest(rain)).to_contain_text(SIX_DAYS)

    await manager_takes_it_back(manager, jay)
    await manager_halts(manager, jay)

    await jay.reload()
    await expect(newest(jay)).to_have_text(NOT_NOW)
    await expect(mark(jay, "gone")).to_have_count(1)
    await expect(jay.get_by_text(SIX_DAYS)).to_be_visible()
    await expect(jay.get_by_text(TRICK, exact=True)).to_be_visible()


async def fans_chat(rain: Page, jay: Page) -> None:
    """What one says the other sees, as it was typed."""
    await say(rain, "燕麦精华什么时候补货呀，太干了😭 手机13800138000，到货喊我")
    await say(rain, "白茶乳的味道我好喜欢")
    await expect(newest(jay)).to_have_text("白茶乳的味道我好喜欢")
    await say(jay, "@小雨 我也在等补货，就是泵头老漏")
    await expect(rain.locator(".calls-me .mention").last).to_have_text("@小雨")
    await say(jay, TRICK)
    await expect(newest(rain)).to_have_text(TRICK)
    assert await rain.evaluate("window.tricked") is None


async def fans_command(rain: Page, jay: Page) -> None:
    """A fan is told in private what is known of them; what only managers may is not there."""
    await write(jay, "/broadcast @护肤一群 我也来发一条")
    await expect(newest(jay)).to_contain_text("我还不会「/broadcast」")
    await write(jay, "/无此命令")
    await expect(newest(jay)).to_contain_text("我还不会「/无此命令」")
    await write(rain, "/me")
    await expect(mark(rain, "unread")).to_have_text("1")
    await open_chat(rain, "暖暖")
    await expect(newest(rain)).to_contain_text("小雨，我记得你这些")
    await expect(newest(rain)).to_contain_text("说过的话：2 条")
    await write(rain, "/optout")
    await expect(newest(rain)).to_contain_text("以后不再私下给你发营销消息")
    await open_chat(rain, "护肤一群")
    await expect(rain.get_by_text("我记得你这些")).to_have_count(0)


async def manager_starts_a_countdown(manager: Page) -> None:
    await open_chat(manager, "暖暖")
    await write(manager, "/countdown 双11 @所有群")
    await expect(newest(manager)).to_contain_text("11-05 10:18")
    await press(manager, "确认发送")
    await expect(newest(manager)).to_contain_text("已确认")


async def manager_broadcasts(manager: Page, rain: Page, jay: Page) -> None:
    """Nothing goes out before the yes; then it stands in each group without a reload."""
    await write(manager, f"/broadcast @护肤一群 @护肤二群 {INVITATION}")
    for part in ("护肤一群、护肤二群", "共 2 位粉丝", "其中 1 位不止在一个群", INVITATION):
        await expect(newest(manager)).to_contain_text(part)
    await expect(jay.get_by_text(INVITATION)).to_have_count(0)
    await press(manager, "确认发送")
    for fan in (rain, jay):
        await expect(newest(fan)).to_have_text(INVITATION)


async def manager_asks_what_fans_want(manager: Page) -> None:
    await write(manager, "/insights 1")
    report = newest(manager)
    await expect(report).to_contain_text("护肤一群、护肤二群 · 4 条 · 2 人")
    await expect(report).to_contain_text("补货")
    await expect(report).not_to_contain_text("13800138000")
    await expect(report).not_to_contain_text("小雨")


async def manager_takes_it_back(manager: Page, jay: Page) -> None:
    """`/recall` without a number means the newest post, so the broadcast is named."""
    confirmed = await mark(manager, "text").filter(has_text="已确认").last.text_content()
    assert confirmed is not None
    number = confirmed.partition("编号 ")[2].partition("。")[0]
    await write(manager, f"/recall {number}")
    await expect(newest(manager)).to_contain_text("已从 2 个群撤回")
    await expect(mark(jay, "gone")).to_have_text("这条消息已撤回")
    await expect(jay.get_by_text(INVITATION)).to_have_count(0)


async def manager_halts(manager: Page, jay: Page) -> None:
    """What is confirmed while everything is halted waits for `/resume`."""
    await write(manager, "/halt")
    await expect(newest(manager)).to_contain_text("已急停")
    await write(manager, f"/broadcast @护肤一群 {NOT_NOW}")
    await expect(newest(manager)).to_contain_text("共 2 位粉丝")
    await press(manager, "确认发送")
    await expect(newest(manager)).to_contain_text("已确认")
    await asyncio.sleep(A_WHILE)
    await expect(jay.get_by_text(NOT_NOW)).to_have_count(0)
    await write(manager, "/resume")
    await expect(newest(manager)).to_contain_text("已恢复发送")
    await expect(newest(jay)).to_have_text(NOT_NOW)
