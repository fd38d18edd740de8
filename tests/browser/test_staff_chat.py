"""A staff chat in the room: tied to fan groups, which are chosen and leafed through by buttons."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from bot.configuration import Configuration
from tests.browser.pages import enter, look, make_group, mark, newest, press, write
from tests.browser.room_process import RoomProcess
from tests.browser.shop import ZONE, living_bot

pytestmark = [pytest.mark.browser, pytest.mark.peer]

GROUPS = [f"护肤{number}群" for number in range(1, 11)]


async def test_a_manager_commands_many_groups_from_one_chat(
    process: RoomProcess, browser: Browser, tmp_path: Path
) -> None:
    configuration = Configuration.model_validate(
        {
            "shop": {"key": "shop", "name": "禾露", "zone": ZONE.key},
            "storage": {"url": f"sqlite+aiosqlite:///{tmp_path / 'nuanqun.sqlite3'}"},
        }
    )
    ready, manager = await process.start(), await look(browser)
    async with living_bot(configuration, ready):
        await enter(manager, ready["sign_in"], "店长小满")
        for name in (*GROUPS, "店员群"):
            await make_group(manager, name)

        await write(manager, "/link @所有群")
        await expect(newest(manager)).to_contain_text("把「店员群」变成工作群？")
        await press(manager, "这是工作群")
        await expect(newest(manager)).to_contain_text("好的，这里是工作群，管：护肤10群、护肤1群")

        await write(manager, "/insights 3")
        await expect(newest(manager)).to_contain_text("护肤10群、护肤1群、护肤2群")
        await press(manager, "只看一个群")
        await expect(newest(manager)).to_contain_text("选哪些群？")
        count = await mark(manager, "message").count()
        choices = mark(manager, "choice")
        await press(manager, "下一页")
        await expect(choices.filter(has_text="上一页")).to_have_count(1)
        await expect(choices.filter(has_text="护肤9群")).to_have_count(1)
        await expect(choices.filter(has_text="下一页")).to_have_count(0)
        assert await mark(manager, "message").count() == count  # in its place

        await press(manager, "护肤9群")
        await expect(newest(manager)).to_contain_text("\n护肤9群 · 0 条 · 0 人")
        await expect(mark(manager, "title")).to_have_text("店员群")
