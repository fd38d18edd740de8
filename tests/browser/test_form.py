"""The guided form on the room's page: a manager fills it in by buttons, over a restart of the bot.

The form's questions stand in the private chat with the bot; pressing a button answers one, and
the next takes its place. What is typed, and a picture that is sent, answers as well.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from bot.configuration import Configuration
from tests.browser.pages import (
    enter,
    join,
    look,
    make_group,
    mark,
    newest,
    open_chat,
    press,
    write,
)
from tests.browser.room_process import RoomProcess
from tests.browser.shop import ZONE, living_bot

pytestmark = [pytest.mark.browser, pytest.mark.peer]

INVITATION = "今晚八点直播，聊聊秋冬怎么保湿 🍂"


@pytest.fixture
def configuration(tmp_path: Path) -> Configuration:
    """A shop with nothing in it, and no quiet hours, so that the test may run at night."""
    return Configuration.model_validate(
        {
            "shop": {"key": "shop", "name": "禾露", "zone": ZONE.key},
            "storage": {"url": f"sqlite+aiosqlite:///{tmp_path / 'nuanqun.sqlite3'}"},
            "care": {"quiet_from": "00:00", "quiet_until": "00:00"},
        }
    )


async def asked(page: Page, question: str) -> None:
    """Wait until this is the question that stands last."""
    await expect(newest(page)).to_contain_text(question)


async def test_a_manager_fills_the_form_in_by_buttons_and_the_bot_ends_in_the_middle(
    configuration: Configuration, process: RoomProcess, browser: Browser, tmp_path: Path
) -> None:
    ready = await process.start()
    manager, fan = await look(browser), await look(browser)
    async with living_bot(configuration, ready):
        await enter(manager, ready["sign_in"], "店长小满")
        await make_group(manager, "护肤一群")
        await make_group(manager, "护肤二群")
        await enter(fan, ready["url"], "小雨")
        await join(fan, "护肤一群")
        await open_chat(manager, "暖暖")
        await write(manager, "/campaign")
        await asked(manager, "想发什么？")
        await press(manager, "群发一条消息")
        await asked(manager, "发到哪些群？")
        await press(manager, "护肤一群")
        await asked(manager, "什么时候发？")
        await expect(mark(manager, "choice").filter(has_text="明天 10:00")).to_have_count(1)

    async with living_bot(configuration, ready):
        await press(manager, "确认后马上发")
        await asked(manager, "发什么内容？")
        await expect(newest(manager)).to_contain_text("新活动（4/5） · 群发一条消息 · @护肤一群")
        await write(manager, INVITATION)
        await asked(manager, "要配图吗？")
        shot = tmp_path / "shot.png"
        await manager.screenshot(path=shot)
        await mark(manager, "picture-file").set_input_files(shot)
        await asked(manager, "发到 1 个群：护肤一群")
        await expect(newest(manager)).to_contain_text("配 1 张图")
        await expect(fan.get_by_text(INVITATION)).to_have_count(0)
        await press(manager, "确认发送")
        await asked(manager, "已确认")
        await expect(newest(fan)).to_have_text(INVITATION)
        shown = mark(fan, "picture-shown").last
        width = "image => image.decode().then(() => image.naturalWidth)"
        assert await shown.evaluate(width) == 1280

        await write(manager, "/campaign")
        await press(manager, "不做了")
        await asked(manager, "好的，这个活动不做了")


async def test_an_answer_that_was_stored_when_the_bot_ended_counts_when_it_is_back(
    configuration: Configuration, process: RoomProcess, browser: Browser
) -> None:
    ready, manager = await process.start(), await look(browser)
    async with living_bot(configuration, ready):
        await enter(manager, ready["sign_in"], "店长小满")
        await make_group(manager, "护肤一群")
        await open_chat(manager, "暖暖")
        await write(manager, "/campaign")
        await asked(manager, "想发什么？")
    await write(manager, "倒计时")
    await expect(newest(manager)).to_have_text("倒计时")
    async with living_bot(configuration, ready):
        await asked(manager, "发到哪些群？")
        await write(manager, "1")
        await asked(manager, "倒数到哪一天？")
        await press(manager, "双12")
        await asked(manager, "每天说什么？")
        await press(manager, "跳过")
        await asked(manager, "发到 1 个群：护肤一群")
        await press(manager, "改一改")
        await asked(manager, "每天说什么？")
