"""Who comes into a group on Telegram: by a manager's word, by the group's rule, by a fan's link."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.bot.channels.telegram.managed import Scene, buttons, managed
from tests.peers.telegram.world import Link, User


@pytest.fixture
async def scene(tmp_path: Path, migrated_sqlite: Path) -> AsyncIterator[Scene]:
    async with managed(migrated_sqlite, tmp_path) as made:
        made.double.people.start(made.manager, made.bot)
        await made.said("你好，群主！", made.private)
        yield made


def asks(scene: Scene, name: str, words: str = "") -> User:
    """Somebody asks to be let into the forum."""
    who = scene.double.world.add_user(name)
    link = Link("https://t.me/+owner", scene.manager, "老板的链接", needs_approval=True)
    scene.double.people.ask(who, scene.forum, link, words)
    return who


async def test_a_manager_lets_one_in_and_turns_another_away(scene: Scene) -> None:
    rain = asks(scene, "小雨", "老客带我来的")
    told = await scene.said("小雨 想进 福利群。留言：「老客带我来的」", scene.private)
    scene.press(told, "通过")
    await scene.said("好的，小雨 可以进 福利群 了。", scene.private)
    assert scene.forum.member(rain).is_in
    await scene.said("欢迎 @小雨 来到 福利群", scene.forum)

    snow = asks(scene, "小雪")
    told = await scene.said("小雪 想进 福利群。", scene.private)
    scene.press(told, "拒绝")
    await scene.said("好的，没让 小雪 进 福利群。", scene.private)
    assert not scene.forum.member(snow).is_in
    assert scene.forum.asked == {}


async def test_a_rule_lets_everybody_in(scene: Scene) -> None:
    scene.double.people.whisper(scene.manager, scene.bot, "/admit @福利群 所有人")
    await scene.said("谁申请都放进来", scene.private)
    rain = asks(scene, "小雨")
    await scene.said("欢迎 @小雨 来到 福利群", scene.forum)
    assert scene.forum.member(rain).is_in


async def test_a_fan_brings_a_friend_along_by_their_own_link(scene: Scene) -> None:
    rain, snow = (scene.double.world.add_user(name) for name in ("小雨", "小雪"))
    people, world = scene.double.people, scene.double.world
    people.join(rain, scene.forum)
    await scene.said("欢迎 @小雨", scene.forum)
    people.start(rain, scene.bot)
    private = world.private(scene.bot, rain)
    await scene.said("你好，小雨！", private)
    people.say(rain, scene.forum, "/invite")
    given = await scene.said("这是你进 福利群 的邀请链接", private)
    (link,) = scene.forum.links.values()
    assert link.url in given.text
    assert (link.name, link.needs_approval) == ("小雨", False)
    people.join(snow, scene.forum, link)
    await scene.said("欢迎 @小雪", scene.forum)
    people.say(rain, scene.forum, "/invite")
    await scene.said("已经有 1 位朋友用它进来了", private)
    assert len(scene.forum.links) == 1
    assert buttons(given) == []
