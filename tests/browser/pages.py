"""What somebody does on the room's page, so that a test reads like their visit.

Every part of the page is found by its `data-mark`, never by its place or its style.
"""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, Locator, Page, ViewportSize, expect

DESK: ViewportSize = {"width": 1280, "height": 860}
PHONE: ViewportSize = {"width": 390, "height": 844}
PATIENCE = 10_000.0  # milliseconds


async def look(browser: Browser, size: ViewportSize = DESK, locale: str = "zh-CN") -> Page:
    """A browser of somebody's own, whose every error fails the test."""
    context = await browser.new_context(viewport=size, locale=locale)
    context.set_default_timeout(PATIENCE)
    page = await context.new_page()
    page.on("pageerror", lambda error: pytest.fail(f"the page raised {error}"))
    return page


def mark(page: Page, name: str) -> Locator:
    """The parts of this name that the page shows now, in their order."""
    return page.locator(f'[data-mark="{name}"]')


async def enter(page: Page, url: str, nickname: str) -> None:
    """Come in by the front door, or by a manager's link."""
    await page.goto(url)
    await mark(page, "nickname").fill(nickname)
    await mark(page, "enter").click()
    await expect(mark(page, "me")).to_be_attached(timeout=PATIENCE)


async def make_group(page: Page, name: str) -> None:
    """Make a group, as a manager; it opens."""
    await mark(page, "new-group").click()
    field = page.locator('[data-mark="group-name"] input, input[data-mark="group-name"]')
    await field.fill(name)
    await page.keyboard.press("Enter")
    await expect(mark(page, "title")).to_have_text(name)


async def join(page: Page, group: str) -> None:
    """Join one of the groups that are offered; it opens."""
    offer = mark(page, "other-group").filter(has_text=group).filter(visible=True).first
    await offer.locator('[data-mark="join"]').click()
    await expect(mark(page, "title")).to_have_text(group)


async def open_chat(page: Page, name: str) -> None:
    """Open one of the chats in the list at the side, on a phone through its drawer."""
    if await mark(page, "menu").is_visible():
        await mark(page, "menu").click()
    named = page.locator(".line-name", has_text=name)
    await mark(page, "chat-line").filter(has=named).click()
    await expect(mark(page, "title")).to_contain_text(name)


async def write(page: Page, text: str) -> None:
    """Type something and send it, without waiting for it to appear."""
    await page.locator("textarea").fill(text)
    await page.locator("textarea").press("Enter")


async def say(page: Page, text: str) -> None:
    """Say something into the open chat and see it there."""
    await write(page, text)
    await expect(mark(page, "text").last).to_have_text(text)


def newest(page: Page) -> Locator:
    """What the newest message of the open chat says."""
    return mark(page, "text").last


async def press(page: Page, label: str) -> None:
    """Press the newest button of this name."""
    await mark(page, "choice").filter(has_text=label).last.click()
