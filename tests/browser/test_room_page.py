"""The room in Chromium: two fans and a manager, on a desk and on a phone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from bot.room.open_chat import KEPT
from bot.room.remote import SocketConnection
from scheduler.content import Button, Content, Mention
from scheduler.courier import Address
from tests.bot.room.test_entrance import TRICKS
from tests.browser.pages import PHONE, enter, look, make_group, mark, say
from tests.browser.room_process import RoomProcess, connection_of

pytestmark = [pytest.mark.browser, pytest.mark.peer]


async def bot_of(ready: dict[str, str]) -> SocketConnection:
    bot = await connection_of(ready)
    await bot.open()
    return bot


async def test_two_fans_and_a_manager_chat_with_the_bot(
    process: RoomProcess, browser: Browser
) -> None:
    ready = await process.start()
    manager, fan, other = await look(browser), await look(browser, PHONE), await look(browser)
    await enter(manager, ready["sign_in"], "店长小满")
    await make_group(manager, "福利一群")
    for page, name in ((fan, "小雨"), (other, "阿杰")):
        await enter(page, ready["url"], name)
        await page.locator('.welcome-groups [data-mark="join"]').click()
        await expect(mark(page, "title")).to_have_text("福利一群")
    await expect(mark(manager, "system-line").last).to_have_text("阿杰 来了，欢迎")

    # What one says the others see, without loading the page again; names can be called.
    await say(fan, "这款精华敏感肌能用吗？")
    await expect(mark(manager, "text").last).to_have_text("这款精华敏感肌能用吗？")
    await manager.locator("textarea").press_sequentially("@小")
    await expect(mark(manager, "calls")).to_be_visible()
    await manager.keyboard.press("Enter")
    await manager.keyboard.type("可以的")
    await manager.keyboard.press("Shift+Enter")
    await manager.keyboard.type("先在耳后试试")
    await manager.keyboard.press("Enter")
    await expect(mark(fan, "text").last).to_have_text("@小雨 可以的\n先在耳后试试")
    await expect(fan.locator(".calls-me .mention")).to_have_text("@小雨")

    bot = await bot_of(ready)
    try:
        (group,) = await bot.groups()
        here = Address(group=group.id)
        post = await bot.post(
            here,
            Content("双11倒计时 3 天\n20:00 开抢", buttons=(Button("提醒我", "/remind"),)),
            key="c/d-3/group:g1",
        )
        await expect(mark(fan, "text").last).to_have_text("双11倒计时 3 天\n20:00 开抢")
        await mark(fan, "choice").click()
        await expect(fan.locator(".choice.pressed")).to_have_text("提醒我")
        pressed = [event async for event in _until_pressed(bot, post.seq)][-1]
        assert (pressed.says, pressed.person.name) == ("/remind", "小雨")

        await bot.edit(post.seq, Content("双11倒计时 2 天"))
        await expect(mark(fan, "text").last).to_have_text("双11倒计时 2 天")
        await bot.delete(post.seq)
        await expect(mark(fan, "gone")).to_have_text("这条消息已撤回")

        # What comes in another chat is counted until that chat is opened.
        await bot.post(Address(person=pressed.person.id), Content("你的标签：新人"))
        await expect(mark(fan, "unread")).to_have_text("1")
        assert await has_dot(fan)
        await mark(fan, "menu").press("Enter")
        await expect(mark(fan, "chat-line").first).to_be_focused()
        await mark(fan, "chat-line").last.press("Enter")
        await expect(mark(fan, "text").last).to_have_text("你的标签：新人")
        await expect(mark(fan, "unread")).to_have_count(0)
        assert not await has_dot(fan)
    finally:
        await bot.close()

    await mark(other, "leave").click()
    await expect(mark(manager, "system-line").last).to_have_text("阿杰 离开了")


async def test_enter_sends_where_the_only_name_that_fits_stands_there_whole(
    process: RoomProcess, browser: Browser
) -> None:
    ready = await process.start()
    manager, fan = await look(browser), await look(browser)
    await enter(manager, ready["sign_in"], "店长小满")
    await make_group(manager, "福利一群")
    await enter(fan, ready["url"], "小雨")
    await fan.locator('.welcome-groups [data-mark="join"]').click()
    await expect(mark(manager, "system-line").last).to_have_text("小雨 来了，欢迎")
    await manager.locator("textarea").press_sequentially("谢谢 @小雨")
    await expect(mark(manager, "calls")).to_be_visible()
    await manager.keyboard.press("Enter")
    await expect(mark(fan, "text").last).to_have_text("谢谢 @小雨")


async def has_dot(page: Page) -> bool:
    """Whether the button of the list, which is away on a phone, tells of something unread."""
    dot = await mark(page, "menu").evaluate("menu => getComputedStyle(menu, '::after').content")
    return str(dot) != "none"


async def _until_pressed(bot: SocketConnection, after: int) -> AsyncIterator[Any]:
    async with asyncio.timeout(10):
        async for event in bot.events(after):
            yield event
            if event.says is not None:
                return


async def test_history_and_the_signed_in_browser_outlive_a_restart(
    process: RoomProcess, browser: Browser
) -> None:
    ready = await process.start()
    page = await look(browser)
    await enter(page, ready["sign_in"], "店长")
    await make_group(page, "老粉群")
    await say(page, "明天见")
    await process.stop()
    async with page.expect_event("load", timeout=30_000):  # the open page comes back by itself
        await process.start(int(ready["url"].rpartition(":")[2]))
    await expect(mark(page, "text").last).to_have_text("明天见")
    await expect(page.locator(".me .manager-badge")).to_be_visible()
    assert list(process.working.iterdir()) == [], "the page wrote into the working folder"


async def test_what_people_write_is_never_run(process: RoomProcess, browser: Browser) -> None:
    ready = await process.start()
    page = await look(browser)
    await enter(page, ready["sign_in"], TRICKS[0][:24])
    await make_group(page, TRICKS[1][:24])
    for trick in TRICKS:
        await say(page, trick)
    bot = await bot_of(ready)
    try:
        (group,) = await bot.groups()
        for trick in TRICKS:
            buttons, mentions = (Button(trick, trick),), (Mention("m2", trick),)
            content = Content(f"@{trick}", buttons=buttons, mentions=mentions)
            await bot.post(Address(group=group.id), content)
        await expect(mark(page, "text").last).to_have_text(f"@{TRICKS[-1]}")
    finally:
        await bot.close()
    await page.reload()
    await expect(mark(page, "text").last).to_have_text(f"@{TRICKS[-1]}")
    assert await page.evaluate("window.tricked") is None
    assert (
        await page.locator(".messages script, .messages img[onerror], .messages svg").count() == 0
    )


async def test_a_picture_is_sent_and_one_that_is_none_is_refused(
    process: RoomProcess, browser: Browser, tmp_path: Path
) -> None:
    ready = await process.start()
    page = await look(browser)
    await enter(page, ready["sign_in"], "店长")
    await make_group(page, "晒单群")
    shot = tmp_path / "shot.png"
    await page.screenshot(path=shot)
    await mark(page, "picture-file").set_input_files(shot)
    shown = mark(page, "picture-shown")
    await expect(shown).to_be_visible()
    assert await shown.evaluate("image => image.decode().then(() => image.naturalWidth)") == 1280
    async with page.context.expect_page() as opening:
        await shown.click()
    large = await opening.value
    assert await large.evaluate("document.images[0].naturalWidth") == 1280
    await large.close()
    drawing = tmp_path / "drawing.svg"
    drawing.write_text("<svg xmlns='http://www.w3.org/2000/svg' onload='window.tricked=1'/>")
    await mark(page, "picture-file").set_input_files(drawing)
    await expect(page.get_by_text("只能发 PNG")).to_be_visible()
    await expect(shown).to_have_count(1)


async def test_the_page_speaks_english_too_and_remembers_it(
    process: RoomProcess, browser: Browser
) -> None:
    ready = await process.start()
    page = await look(browser, PHONE)
    await enter(page, ready["url"], "Rain")
    await mark(page, "menu").click()
    await mark(page, "language").click()
    await expect(page.locator(".welcome h1")).to_have_text("You are not in a group yet")
    await page.reload()
    await expect(page.locator(".welcome h1")).to_have_text("You are not in a group yet")
    wide = await page.evaluate("document.documentElement.scrollWidth")
    assert wide <= PHONE["width"], "the page must not scroll sideways on a phone"


async def test_a_flood_is_shown_once_and_leaves_the_keyboard_its_place(
    process: RoomProcess, browser: Browser
) -> None:
    ready = await process.start()
    page = await look(browser)
    await enter(page, ready["sign_in"], "店长")
    await make_group(page, "热闹群")
    line = mark(page, "chat-line").first
    await line.focus()
    bot = await bot_of(ready)
    try:
        (group,) = await bot.groups()
        for number in range(300):
            await bot.post(Address(group=group.id), Content(f"第 {number} 条"))
        await expect(mark(page, "text").last).to_have_text("第 299 条")
        await expect(mark(page, "text").last).to_be_in_viewport()
        shown = await mark(page, "text").all_text_contents()
        assert len(shown) <= KEPT
        assert shown == [f"第 {number} 条" for number in range(300 - len(shown), 300)]
        await expect(line).to_be_focused()
    finally:
        await bot.close()
