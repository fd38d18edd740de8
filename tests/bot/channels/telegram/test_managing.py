"""Managing on Telegram: topics, private answers with a link to the bot, and a staff chat."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.bot.channels.telegram.managed import PATIENCE, Scene, buttons, managed

TONIGHT = "今晚八点直播"


@pytest.fixture
async def scene(tmp_path: Path, migrated_sqlite: Path) -> AsyncIterator[Scene]:
    async with managed(migrated_sqlite, tmp_path) as made:
        yield made


async def test_who_never_started_the_bot_gets_a_link_in_the_topic_and_then_the_answer(
    scene: Scene,
) -> None:
    scene.say("/insights 7", scene.forum, topic=scene.news)
    hint = await scene.said("这个只能私下说：点下面的按钮", scene.forum)
    assert hint.topic == scene.news
    assert buttons(hint) == [{"text": "和我私聊", "url": "https://t.me/warm_bot?start=hello"}]
    scene.double.people.start(scene.manager, scene.bot, "hello")
    await scene.said("你好，群主！", scene.private)
    scene.say("/insights 7", scene.forum, topic=scene.news)
    await scene.said("粉丝在说什么", scene.private)


async def test_a_staff_chat_sends_to_a_topic_and_leafs_through_many_groups(scene: Scene) -> None:
    chat = scene.group("店员群")
    for number in range(9):
        scene.say("大家早", scene.group(f"分群{number}"))
    scene.say("/link @所有群", chat)
    asked = await scene.said("把「店员群」变成工作群？", chat)
    scene.press(asked, "这是工作群")
    await scene.said("好的，这里是工作群", chat)

    scene.say(f"/broadcast @福利群#上新 {TONIGHT}", chat)
    preview = await scene.said("发到 1 个群：福利群#上新", chat)
    scene.press(preview, "确认发送")
    await scene.said("已确认", chat)
    posted = await scene.said(TONIGHT, scene.forum)
    assert posted.topic == scene.news

    scene.say("/choose /insights 7", chat)
    first = await scene.said("选哪些群？", chat)
    scene.press(first, "下一页")
    async with asyncio.timeout(PATIENCE):
        while "上一页" not in [one["text"] for one in buttons(first)]:  # noqa: ASYNC110 (what stands in a chat rings no bell)
            await asyncio.sleep(0.02)
    scene.press(first, buttons(first)[0]["text"])
    await scene.said("粉丝在说什么", chat)
