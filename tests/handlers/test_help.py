"""What `/help` shows: topics to a manager, commands to a fan, and one of either when asked."""

from __future__ import annotations

import pytest

from handlers.commands import REGISTRY
from handlers.help_topics import FANS_TOPIC, MANAGERS_TOPICS, Topic, topics_for
from handlers.roles import Role
from tests.handlers.shop import MANAGER, Opener, Shop, in_group, in_private


def test_every_command_stands_in_one_topic_of_its_role() -> None:
    """A command that is declared and forgotten here would be known to nobody."""
    assert sorted(name for one in MANAGERS_TOPICS for name in one.names) == sorted(
        one.name for one in REGISTRY if one.role is Role.MANAGER
    )
    assert sorted(FANS_TOPIC.names) == sorted(one.name for one in REGISTRY if one.role is Role.FAN)


def test_no_title_is_a_commands_word() -> None:
    assert not [one.title for one in topics_for(Role.MANAGER) if REGISTRY.find(one.title)]


def test_a_topic_that_names_no_command_is_a_mistake() -> None:
    with pytest.raises(LookupError, match="胡萝卜"):
        list(Topic("发消息", ("胡萝卜",)).commands())


async def test_a_fan_is_told_what_a_fan_may_ask_and_nothing_else(shop: Shop) -> None:
    answer = await shop.says("小鱼", "/help")
    assert answer.addresses == [in_group("一群")]
    lines = answer.text.splitlines()
    assert lines[0] == "我是暖群小店的群助手，会做这些："
    assert lines[1] == "/me 我的信息：看我记住了你什么"
    assert len(lines) == 1 + len(FANS_TOPIC.names) + 1


async def test_a_manager_is_told_the_topics_in_private(shop: Shop) -> None:
    answer = await shop.says(MANAGER, "/help")
    assert answer.addresses == [in_private(MANAGER)]
    lines = answer.text.splitlines()
    assert lines[1].startswith("1 发消息：/群发 /新活动 ")
    assert lines[-2].startswith(f"{len(MANAGERS_TOPICS) + 1} 大家都能用的：/我的信息 ")
    assert len(answer.text) < 1_000


@pytest.mark.parametrize("asked", ["2", "批准流程"])
async def test_a_topic_is_shown_by_its_number_or_its_title(shop: Shop, asked: str) -> None:
    assert (await shop.says(MANAGER, f"/help {asked}")).text == (
        "批准流程：\n"
        "/waiting 待批：看哪些内容等着批准\n"
        "/approve 批准：批准别的管理员提交的内容\n"
        "/reject 退回：退回别的管理员提交的内容\n"
        "/override 放行：措辞核对过没问题，让它发出去（会记下来）\n"
        "想看某个命令怎么用，发 /help 加命令名，例如 /help waiting。"
    )


@pytest.mark.parametrize("word", ["optout", "/optout", "退订", "／退订"])
async def test_one_command_is_explained_by_either_word(shop: Shop, word: str) -> None:
    assert (await shop.says("小鱼", f"/help {word}")).text == (
        "/optout\n/optout 退订：不再收营销消息\n例如：/optout"
    )


@pytest.mark.parametrize("asked", ["tag", "批准流程", "7", "0", "99", "²"])
async def test_a_fan_who_asks_about_a_managers_learns_nothing(shop: Shop, asked: str) -> None:
    everything = (await shop.says("小鱼", "/help")).text
    assert (await shop.says("小鱼", f"/help {asked}")).text == f"没有这个命令。\n{everything}"


async def test_in_english_topics_and_words_are_english(opened: Opener) -> None:
    shop = await opened(language="en", name="Dew", managers=("id-Amy",))
    answer = await shop.says("Amy", "/help")
    assert "\n1 Sending: /broadcast /campaign " in answer.text
    assert (await shop.says("Amy", "/help Approval")).text.startswith("Approval:\n/waiting: ")
