"""The README's pictures, taken of the sample shop on its fourth day.

The simulated days are lived through up to noon, then the room is opened and its people go on in
Chromium. `NUANQUN_KEEP_PICTURES=1` writes the pictures into `docs/images/`; else they go away with
the test, which still sees that everything they show is there.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, ViewportSize, expect

from bot.room.entrance import SESSION_COOKIE
from tests.browser.pages import DESK, PHONE, look, mark, newest, open_chat, press, say, write

pytestmark = [pytest.mark.browser, pytest.mark.peer]

REPOSITORY = Path(__file__).parents[2]
IMAGES = REPOSITORY / "docs" / "images"
LARGEST = 250_000  # bytes; a README is read on phones too
MANAGER, COLLEAGUE, FAN = "店长阿苓", "禾露小禾", "汤圆不加糖"
INVITATION = "今晚八点直播，聊聊秋冬怎么保湿 🍂 想问的可以先发在群里。"
ANSWER = f"@{MANAGER} 带着我的干皮准时到🧡"


@dataclass(frozen=True, slots=True)
class SampleShop:
    """The sample shop in its own process."""

    url: str
    tokens: dict[str, str]


@asynccontextmanager
async def sample_shop(folder: Path) -> AsyncIterator[SampleShop]:
    program = (
        sys.executable,
        "-m",
        "tests.browser.sample_shop",
        str(folder),
        MANAGER,
        COLLEAGUE,
        FAN,
    )
    process = await asyncio.create_subprocess_exec(
        *program, cwd=REPOSITORY, stdin=PIPE, stdout=PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        async with asyncio.timeout(90):
            ready = json.loads(await process.stdout.readline())
        yield SampleShop(**ready)
    finally:
        process.stdin.close()
        async with asyncio.timeout(20):
            assert await process.wait() == 0


async def look_as(browser: Browser, shop: SampleShop, name: str, size: ViewportSize) -> Page:
    """The page as somebody of the sample shop, who has signed in before."""
    page = await look(browser, size)
    await page.context.add_cookies(
        [{"name": SESSION_COOKIE, "value": shop.tokens[name], "url": shop.url}]
    )
    await page.goto(shop.url)
    await expect(mark(page, "me")).to_be_attached()
    return page


async def take(page: Page, name: str, folder: Path) -> None:
    """Take a picture, when everything stands still; nothing may stick out at the side."""
    if await mark(page, "messages").is_visible():
        await page.evaluate("roomToEnd()")
    await page.evaluate("document.fonts.ready")
    wide = await page.evaluate("document.documentElement.scrollWidth")
    assert page.viewport_size is not None
    assert wide <= page.viewport_size["width"]
    picture = await page.screenshot(path=folder / f"{name}.png", animations="disabled")
    assert len(picture) < LARGEST, f"{name}.png has {len(picture)} bytes"


async def test_a_lively_room_is_a_pleasure_to_look_at(tmp_path: Path, browser: Browser) -> None:
    folder = IMAGES if os.environ.get("NUANQUN_KEEP_PICTURES") == "1" else tmp_path
    async with sample_shop(tmp_path) as shop:
        manager = await look_as(browser, shop, MANAGER, DESK)
        fan = await look_as(browser, shop, FAN, PHONE)
        await expect(mark(manager, "title")).to_have_text("禾露一群")

        await manager.set_viewport_size(PHONE)
        await open_chat(manager, "暖暖")
        await write(manager, f"/broadcast @老客群 {INVITATION}")
        await expect(newest(manager)).to_contain_text("发到 1 个群：禾露一群")
        await take(manager, "preview", folder)
        await press(manager, "确认发送")
        colleague = await look_as(browser, shop, COLLEAGUE, PHONE)
        await open_chat(colleague, "暖暖")
        await press(colleague, "批准")
        await expect(newest(fan)).to_have_text(INVITATION)
        await say(fan, ANSWER)
        await take(fan, "fan", folder)

        await manager.set_viewport_size(DESK)
        await write(manager, "/insights 7")
        await expect(newest(manager)).to_contain_text("粉丝在说什么")
        await take(manager, "insights", folder)
        await open_chat(manager, "禾露一群")
        await expect(newest(manager)).to_have_text(ANSWER)
        countdown = mark(manager, "text").filter(has_text="离双11还有7天")
        await expect(countdown).to_be_in_viewport()
        await take(manager, "room", folder)
