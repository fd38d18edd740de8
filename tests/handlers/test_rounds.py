"""Polls, chains and draws in groups: each fan counts once, and the result is told once."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from handlers.closing_rounds import close_rounds
from scheduler.courier import AddressGone
from storage.tables import rounds as round_table
from tests.handlers.round_scenes import (
    CHAIN,
    DRAW,
    FANS,
    POLL,
    ends,
    entries,
    newest,
    opens,
    replies,
)
from tests.handlers.shop import (
    DAY,
    MANAGER,
    MINUTE,
    Answers,
    Opener,
    Shop,
    in_group,
    in_private,
)


async def test_a_poll_is_confirmed_posted_counted_and_told(any_shop: Shop) -> None:
    shop = any_shop
    await shop.joins(*FANS)
    preview = await shop.says(MANAGER, POLL, group=None)
    assert "【投票】先上哪个香味\n1. 栀子\n2. 白茶\n" in preview.text
    assert "11-05 20:00 截止" in preview.text
    number = await newest(shop)
    # Before it is posted nobody can vote.
    assert (await shop.says("小鱼", f"/vote {number} 1")).text == "现在没有可以参加的活动。"
    await shop.says(MANAGER, "/confirm", group=None)
    (post,) = await shop.delivers()
    assert [button.label for button in post.content.buttons] == ["栀子", "白茶"]
    for name, says in zip(FANS, ("1", "2", "2", "2", "1"), strict=True):
        await shop.presses(name, f"/vote {number} {says}", group="一群")
    changed = await shop.presses("小鱼", f"/vote {number} 2", group="一群")
    assert changed.text == "记下了，你投的是「白茶」。"
    assert changed.addresses == [in_private("小鱼")]
    (told,) = await ends(shop)
    assert told.address == in_group("一群")
    assert told.content.text == (
        "【投票结果】先上哪个香味\n白茶：4 票（80%）\n栀子：1 票（20%）\n"
        "一共 5 位投了票，谢谢大家。"
    )
    assert (await shop.presses("小美", f"/vote {number} 1")).text.endswith("已经截止了。")
    assert not await close_rounds(shop.desk)
    assert not await shop.delivers()


async def test_a_reply_with_a_number_or_the_words_is_a_vote(shop: Shop) -> None:
    await shop.joins(*FANS)
    await opens(shop, POLL)
    receipt = f"receipt-{len(shop.platform.posts)}"
    await replies(shop, "小鱼", "2", f"chat-1/{receipt}")
    await replies(shop, "小美", "白茶！", receipt)
    await replies(shop, "小月", "都喜欢", receipt)
    await replies(shop, "阿花", "1", "another")
    await replies(shop, MANAGER, "1", receipt)
    assert [(one.name, one.body) for one in await entries(shop)] == [
        ("小鱼", {"choice": 1}),
        ("小美", {"choice": 1}),
    ]


async def test_a_message_that_is_heard_twice_counts_once(shop: Shop) -> None:
    await opens(shop, CHAIN)
    event = shop.heard("小鱼", "#接龙\n1. 小鱼 2盒")
    await shop.hear(event, event)
    await shop.hear(event)
    (one,) = await entries(shop)
    assert (one.number, one.body) == (1, {"lines": {"小鱼": 2}})


async def test_a_chain_counts_everybody_however_they_add_themselves(any_shop: Shop) -> None:
    shop = any_shop
    await shop.joins(*FANS)
    await opens(shop, CHAIN)
    number = await newest(shop)
    await shop.says("小鱼", "#接龙 桂花面膜\n1. 小鱼 2盒")
    # Two lists grow at once.
    await shop.says("小美", "#接龙 桂花面膜\n1. 小鱼 2盒\n2. 小美 1盒")
    await shop.says("小月", "#接龙 桂花面膜\n1. 小鱼 2盒\n2. 小月 3盒\n3. 月月妈 1盒")
    joined = await shop.presses("阿花", f"/join {number}", group="一群")
    assert joined.text == "「桂花面膜拼单」记下了：1 份。"
    await shop.says("小满", "参加")
    await shop.says("小满", f"/quit {number}")
    shown = await shop.says(MANAGER, f"/chain {number}", group=None)
    assert shown.text.splitlines()[1:] == [
        "目前 4 位，共 8 份",
        "1. 小鱼 2 份",
        "2. 小美 1 份",
        "3. 小月 3 份",
        "3. 月月妈 1 份",
        "4. 阿花 1 份",
        f"提前结束，发 /chain {number} close。",
    ]
    # Nothing of it counts as what fans said.
    assert await shop.fans_words() == []
    (told,) = await ends(shop)
    assert told.content.text == "【接龙截止】桂花面膜拼单\n一共 4 位，8 份，店里都记下了。"


async def test_a_press_takes_away_none_of_the_lines_that_stand(shop: Shop) -> None:
    await shop.joins(*FANS)
    await opens(shop, CHAIN)
    receipt = f"receipt-{len(shop.platform.posts)}"
    await shop.says("小鱼", "#接龙\n1. 小鱼 2盒\n2. 妈妈 3盒")
    assert (await shop.presses("小鱼", "/join 1")).text == "「桂花面膜拼单」记下了：5 份。"
    await replies(shop, "小鱼", "参加", receipt)
    assert [one.body for one in await entries(shop)] == [{"lines": {"小鱼": 2, "妈妈": 3}}]


async def test_two_fans_of_one_name_both_count(shop: Shop) -> None:
    await shop.joins("小月", "小月#2")
    await opens(shop, CHAIN)
    await shop.says("小月", "1. 小月 1盒")
    await shop.says("小月#2", "1. 小月 1盒\n2. 小月 2盒")
    assert [one.body for one in await entries(shop)] == [
        {"lines": {"小月": 1}},
        {"lines": {"小月": 2}},
    ]


async def test_lines_of_those_who_do_not_count_are_nobodys(any_shop: Shop) -> None:
    shop = any_shop
    await shop.joins(*FANS)
    await opens(shop, CHAIN)
    await shop.says(MANAGER, "1. 阿玲 3盒")
    await shop.says("小美", "/norecord", group=None)
    await shop.says("小美", "#接龙\n1. 阿玲 3盒\n2. 小美妈妈 2盒")
    await shop.says("小鱼", "#接龙\n1. 阿玲 3盒\n2. 小美妈妈 2盒\n3. 小鱼 1盒")
    (one,) = await entries(shop)
    assert (one.name, one.body) == ("小鱼", {"lines": {"小鱼": 1}})
    async with shop.desk.database.reading() as connection:
        (options,) = await connection.scalars(select(round_table.c.options))
    assert len(options) == 2
    assert not any("小美" in each for each in options)


async def test_lines_without_an_open_chain_are_talk_that_is_passed_on(shop: Shop) -> None:
    await shop.says("小鱼", "#接龙\n1. 小鱼 2盒")
    await opens(shop, CHAIN)
    await shop.says("小鱼", "#接龙\n1. 小鱼 2盒", group="二群")
    assert await entries(shop) == []


async def test_the_staff_and_who_wants_no_record_do_not_count(shop: Shop) -> None:
    await opens(shop, CHAIN)
    await shop.says("小静", "#接龙\n1. 小静 1盒")
    await shop.says("小静", "/norecord")
    assert await entries(shop) == []
    await shop.says("小静", "#接龙\n1. 小静 1盒")
    await shop.says(MANAGER, "#接龙\n1. 阿玲 1盒")
    assert "店里的人不参加" in (await shop.says(MANAGER, "/join 1")).text
    assert "先发 /record" in (await shop.says("小静", "/join 1")).text
    assert await entries(shop) == []


async def test_a_round_is_for_the_groups_that_were_asked(shop: Shop) -> None:
    await opens(shop, POLL)
    await shop.joins("小鱼", group="二群")
    assert (await shop.presses("小鱼", "/vote 1 1")).text == "现在没有可以参加的活动。"
    assert (await shop.says("小鱼", "/vote 9 1", group="二群")).text == "现在没有可以参加的活动。"
    assert (await shop.says("小美", "/join 1")).text == "现在没有可以参加的活动。"


@pytest.mark.parametrize("group", ["一群", None])
async def test_who_votes_wrongly_is_told_what_there_is(shop: Shop, group: str | None) -> None:
    await opens(shop, POLL)
    await shop.says("小美", "大家好")

    async def answer(said: str) -> Answers:
        return await shop.says("小美", said, group=group)

    wrong = await answer("/vote 1 9")
    assert wrong.text == ("「先上哪个香味」没有「9」这一项，只有 2 项。可以这样写：/vote 1 2")
    assert wrong.buttons == {"栀子": "/vote 1 1", "白茶": "/vote 1 2"}
    assert (await answer("/vote 1")).text == "「先上哪个香味」投哪一项？"
    assert (await answer("/vote 99 1")).text == (
        "没有编号 99 的。你现在能参加：\n· 1. 先上哪个香味"
    )
    for said, voted in (("/vote 栀子", "栀子"), ("/vote 1 白茶", "白茶"), ("/vote #1 １", "栀子")):
        assert (await answer(said)).text == f"记下了，你投的是「{voted}」。"
    assert len(await entries(shop)) == 1


async def test_of_several_polls_one_is_named(shop: Shop) -> None:
    await opens(shop, POLL)
    await opens(shop, POLL.replace("先上哪个香味", "再上哪个香味"))
    await shop.says("小美", "大家好")
    asked = await shop.says("小美", "/vote 栀子", group=None)
    assert asked.text == ("想参加哪一个？写上编号：\n· 2. 再上哪个香味\n· 1. 先上哪个香味")
    assert "记下了" in (await shop.says("小美", "/vote 1 栀子", group=None)).text


async def test_alone_with_the_bot_the_only_draw_is_meant(any_shop: Shop) -> None:
    shop = any_shop
    await opens(shop, DRAW)
    await shop.says("小美", "大家好")
    assert "你的号码是 1" in (await shop.says("小美", "/join", group=None)).text
    assert (await shop.says("小鱼", "/join", group=None)).text == "现在没有可以参加的活动。"


async def test_a_crowd_that_votes_does_not_flood_the_group(shop: Shop) -> None:
    await shop.joins(*FANS)
    await opens(shop, POLL)
    for name in FANS:
        shop.platform.refuses[in_private(name)] = AddressGone("never started")
    said = [len(await shop.presses(name, "/vote 1 1", group="一群")) for name in FANS]
    assert sum(said) == 1
    assert len(await entries(shop)) == len(FANS)


async def test_what_is_called_off_before_it_is_posted_is_never_posted(shop: Shop) -> None:
    await shop.says(MANAGER, POLL, group=None)
    await shop.says(MANAGER, "/confirm", group=None)
    await shop.says(MANAGER, "/poll 1 取消", group=None)
    assert not await shop.delivers()


async def test_what_was_never_confirmed_is_closed_and_nobody_is_told(shop: Shop) -> None:
    await shop.says(MANAGER, DRAW, group=None)
    assert not await ends(shop)
    assert "还没有开过" in (await shop.says(MANAGER, "/draw", group=None)).text


async def test_a_manager_closes_a_poll_early_but_no_draw(shop: Shop) -> None:
    await shop.joins(*FANS)
    await opens(shop, POLL)
    await shop.says("小鱼", "/vote 1 1")
    closed = await shop.says(MANAGER, "/poll 1 close", group=None)
    assert "栀子：1 票（100%）" in closed.text
    assert [post.address for post in await shop.delivers()] == [in_group("一群")]
    assert "已经截止" in (await shop.says("小美", "/vote 1 2")).text
    listed = await shop.says(MANAGER, "/poll", group=None)
    assert listed.text == "· 1. 先上哪个香味：已经截止\n看某一个，发 /poll 1。"
    shown = await shop.says(MANAGER, "/poll 1", group=None)
    assert shown.text.startswith("1. 先上哪个香味（11-05 10:00 提前截止，原定 11-05 20:00）")
    assert "11-05 10:00 已经截止" in (await shop.says("小美", "/vote 1 2")).text
    assert "提前结束了「先上哪个香味」" in (await shop.says(MANAGER, "/audit", group=None)).text
    await opens(shop, DRAW)
    refused = await shop.says(MANAGER, "/draw 2 close", group=None)
    assert refused.text.startswith("抽奖到点自动开，不能提前开")
    assert "没有编号 2" in (await shop.says(MANAGER, "/poll 2", group=None)).text


async def test_a_round_is_asked_for_its_groups_and_speaks_english(opened: Opener) -> None:
    shop = await opened(language="en")
    await shop.opens("deals", "other")
    asks = await shop.says(MANAGER, "/poll which | a | b | until tonight 8pm", group=None)
    preview = await shop.presses(MANAGER, asks.buttons["deals"])
    assert "[Poll] which\n1. a\n2. b\n" in preview.text
    assert "until 11-05 20:00" in preview.text


async def test_a_round_closes_a_day_later_where_no_deadline_is_said(shop: Shop) -> None:
    await shop.joins("小鱼")
    await opens(shop, "/poll @一群 先上哪个 | 栀子 | 白茶")
    shop.clock.advance_to(shop.clock.now() + DAY - MINUTE)
    assert "记下了" in (await shop.says("小鱼", "/vote 1 1")).text
    shop.clock.advance_to(shop.clock.now() + 2 * MINUTE)
    assert "已经截止" in (await shop.says("小鱼", "/vote 1 1")).text
