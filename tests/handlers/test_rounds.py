"""Polls, chains and draws in groups: each fan counts once, and the result is told once."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from handlers import closing_rounds
from handlers.arguments import Unreadable
from handlers.closing_rounds import close_rounds
from handlers.draws import Prize, faults_in
from handlers.round_words import ChainOrder, DrawOrder, PollOrder, choice_in
from scheduler.courier import AddressGone
from storage import rounds
from storage.database import Database
from storage.rounds import Entry
from storage.tables import members as member_table
from storage.tables import rounds as round_table
from tests.handlers.scenes import made
from tests.handlers.shop import (
    DAY,
    MANAGER,
    MINUTE,
    Answers,
    Opener,
    Shop,
    in_group,
    in_private,
    open_shop,
)

POLL = "/poll @一群 先上哪个香味 | 栀子 | 白茶 | 截止 今晚8点"
CHAIN = "/chain @一群 桂花面膜拼单 | 截止 今晚8点"
DRAW = "/draw @一群 @二群 双11抽奖 | 面霜正装 x1 | 小样 x2 | 截止 今晚8点"
FANS = ("小鱼", "小美", "小月", "阿花", "小满")


async def opens(shop: Shop, order: str) -> Answers:
    """A manager opens a round; the posts that announce it."""
    await shop.says(MANAGER, order, group=None)
    await shop.says(MANAGER, "/confirm", group=None)
    return await shop.delivers()


async def newest(shop: Shop) -> int:
    """The number of the last round that was made."""
    async with shop.desk.database.reading() as connection:
        found = await connection.scalar(select(func.max(round_table.c.id)))
    assert found is not None
    return int(found)


async def entries(shop: Shop) -> list[Entry]:
    number = await newest(shop)
    async with shop.desk.database.reading() as connection:
        return await rounds.entries(connection, number)


async def ends(shop: Shop) -> Answers:
    """The deadline of all rounds is over; what the groups are told."""
    shop.clock.advance_to(shop.clock.now() + timedelta(hours=10, minutes=2))
    await close_rounds(shop.desk)
    return await shop.delivers()


async def replies(shop: Shop, name: str, text: str, to: str) -> None:
    """Somebody replies to a message of the platform's id."""
    await shop.hear(replace(shop.heard(name, text), reply_to=to))


async def test_a_poll_is_confirmed_posted_counted_and_told(any_shop: Shop) -> None:
    shop = any_shop
    await shop.joins(*FANS)
    preview = await shop.says(MANAGER, POLL, group=None)
    assert "【投票】先上哪个香味\n1. 栀子\n2. 白茶\n" in preview.text
    assert "11-05 20:00 截止" in preview.text
    number = await newest(shop)
    # Before it is posted nobody can vote.
    assert (await shop.says("小鱼", f"/vote {number} 1")).text == "现在没有可以参加的。"
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
    assert (await shop.presses("小鱼", "/vote 1 1")).text == "现在没有可以参加的。"
    assert (await shop.says("小美", "/vote 9 1")).text == "现在没有可以参加的。"
    assert (await shop.says("小美", "/vote 1 3")).text == "没有第 3 项。"
    assert (await shop.says("小美", "/join 1")).text == "现在没有可以参加的。"


async def test_a_crowd_that_votes_does_not_flood_the_group(shop: Shop) -> None:
    await shop.joins(*FANS)
    await opens(shop, POLL)
    for name in FANS:
        shop.platform.refuses[in_private(name)] = AddressGone("never started")
    said = [len(await shop.presses(name, "/vote 1 1", group="一群")) for name in FANS]
    assert sum(said) == 1
    assert len(await entries(shop)) == len(FANS)


async def test_a_draw_publishes_its_rules_first_and_can_be_checked_by_anybody(
    any_shop: Shop,
) -> None:
    shop = any_shop
    await shop.joins(*FANS)
    posts = await opens(shop, DRAW)
    number = await newest(shop)
    assert posts.addresses == [in_group("一群"), in_group("二群")]
    text = posts[0].content.text
    assert "奖品：面霜正装 1 份；小样 2 份" in text
    assert "11-05 20:00 截止，自动开奖" in text
    promised = re.search(r"承诺：([0-9a-f]{64})", text)
    assert promised is not None
    joined = [await shop.presses(name, f"/join {number}", group="一群") for name in FANS]
    assert joined[2].text == "「双11抽奖」你的号码是 3，11-05 20:00 开奖。"
    await shop.says("小美", f"/quit {number}")
    asked = (await shop.says("小鱼", f"/drawcheck {number}")).text
    assert asked == "你的号码是 1。\n「双11抽奖」还没开奖，11-05 20:00 开。"
    told = await ends(shop)
    assert told.addresses[-2:] == [in_group("一群"), in_group("二群")]
    result = told[-1].content.text
    assert "参加的号码：1,3-5（共 4 位）" in result
    assert not any(name in result for name in FANS)
    record = json.loads((await shop.says("小鱼", f"/drawcheck {number}")).text.splitlines()[-1])
    assert faults_in(record) == []
    assert record["commitment"] == promised[1]
    assert record["seed"] in result
    assert sum(len(some) for some in record["winners"]) == 3
    managers_see = (await shop.says(MANAGER, f"/draw {number}", group=None)).text
    winners = [each for some in record["winners"] for each in some]
    names = {one.number: one.name for one in await entries(shop)}
    assert all(f"{each} 号 {names[each]}" in managers_see for each in winners)
    first = record["winners"][0][0]
    assert f"中了面霜正装：{first} 号 {names[first]}" in managers_see


async def test_winners_are_told_once_in_private(shop: Shop) -> None:
    await shop.joins("小鱼")
    await opens(shop, DRAW)
    await shop.says("小鱼", "/join 1")
    shop.clock.advance_to(shop.clock.now() + timedelta(hours=10, minutes=2))
    before = len(shop.platform.posts)
    await close_rounds(shop.desk)
    await close_rounds(shop.desk)
    (told,) = shop.platform.posts[before:]
    assert told.address == in_private("小鱼")
    assert told.content.text == ("恭喜！「双11抽奖」你的 1 号中了：面霜正装。店里会联系你。")


async def test_a_winner_of_another_process_is_left_to_it(shop: Shop) -> None:
    await shop.joins("小鱼")
    await opens(shop, DRAW)
    await shop.says("小鱼", "/join 1")
    shop.clock.advance_to(shop.clock.now() + timedelta(hours=10, minutes=2))
    before = len(shop.platform.posts)
    await close_rounds(replace(shop.desk, senders={}))
    assert len(shop.platform.posts) == before
    await close_rounds(shop.desk)
    assert [post.address for post in shop.platform.posts[before:]] == [in_private("小鱼")]


async def test_winners_are_not_told_in_the_quiet_hours(shop: Shop) -> None:
    await shop.joins("小鱼")
    await opens(shop, DRAW.replace("8点", "11点"))
    await shop.says("小鱼", "/join 1")
    before = len(shop.platform.posts)
    shop.clock.advance_to(shop.clock.now() + timedelta(hours=13, minutes=2))
    assert await close_rounds(shop.desk) == 1
    assert len(shop.platform.posts) == before
    shop.clock.advance_to(shop.clock.now() + timedelta(hours=10))
    await close_rounds(shop.desk)
    assert "恭喜！" in shop.platform.posts[-1].content.text


async def test_a_round_that_was_recalled_is_over_without_a_result(any_shop: Shop) -> None:
    shop = any_shop
    await shop.joins(*FANS)
    await opens(shop, DRAW)
    number = await newest(shop)
    await shop.presses("小鱼", f"/join {number}")
    (opening,) = await made(shop)
    await shop.says(MANAGER, f"/recall {opening.id}", group=None)
    await shop.says(MANAGER, "/confirm", group=None)
    assert (await shop.presses("小美", f"/join {number}")).text == "现在没有可以参加的。"
    before = len(shop.platform.posts)
    assert not await ends(shop)
    assert len(shop.platform.posts) == before
    assert (
        "已经取消，什么都不算。" in (await shop.says(MANAGER, f"/draw {number}", group=None)).text
    )
    assert "没有开奖" in (await shop.says("小鱼", f"/drawcheck {number}")).text


async def test_a_draw_can_be_called_off_and_its_groups_are_told(shop: Shop) -> None:
    await shop.joins(*FANS)
    await opens(shop, DRAW)
    await shop.presses("小鱼", "/join 1")
    shown = await shop.says(MANAGER, "/draw 1 取消", group=None)
    assert "已经取消，什么都不算。" in shown.text
    told = await shop.delivers()
    assert told.addresses == [in_group("一群"), in_group("二群")]
    assert told[0].content.text.startswith("「双11抽奖」取消了")
    assert (await shop.presses("小美", "/join 1")).text == "「双11抽奖」取消了。"
    assert not await ends(shop)
    log = (await shop.says(MANAGER, "/audit", group=None)).text
    assert "取消了「双11抽奖」，什么都不算" in log


async def test_what_is_called_off_before_it_is_posted_is_never_posted(shop: Shop) -> None:
    await shop.says(MANAGER, POLL, group=None)
    await shop.says(MANAGER, "/confirm", group=None)
    await shop.says(MANAGER, "/poll 1 取消", group=None)
    assert not await shop.delivers()


@pytest.mark.parametrize("order", [POLL, CHAIN, DRAW])
async def test_the_words_of_a_round_are_not_edited(shop: Shop, order: str) -> None:
    await shop.says(MANAGER, order, group=None)
    await shop.says(MANAGER, "/confirm", group=None)
    (one,) = await made(shop)
    refused = await shop.says(MANAGER, f"/edit {one.id} 奖品：手机 1 台", group=None)
    assert "不能改" in refused.text
    regrouped = await shop.says(MANAGER, f"/edit {one.id} @一群", group=None)
    assert "不能改" not in regrouped.text


async def test_who_came_to_be_of_the_staff_or_left_is_not_drawn(shop: Shop) -> None:
    await shop.joins(*FANS)
    await opens(shop, DRAW)
    for name in FANS:
        await shop.presses(name, "/join 1")
    shop.staff.add("小鱼")
    await shop.says("小鱼", "我是新来的店员")
    await shop.leaves("小美")
    told = await ends(shop)
    assert "参加的号码：3-5（共 3 位）" in told[-1].content.text


async def test_a_managers_other_account_is_no_fan(shop: Shop) -> None:
    await shop.joins(*FANS, MANAGER)
    await opens(shop, DRAW)
    receipt = f"receipt-{len(shop.platform.posts) - 1}"
    manager, other = await shop.member(MANAGER), await shop.member("小鱼")
    async with shop.desk.database.writing() as connection:
        await connection.execute(
            update(member_table)
            .where(member_table.c.id == other.id)
            .values(customer_id=manager.customer_id)
        )
    assert "店里的人不参加" in (await shop.presses("小鱼", "/join 1")).text
    await replies(shop, "小鱼", "参加", receipt)
    assert await entries(shop) == []
    await replies(shop, "小美", "参加", receipt)
    assert [one.name for one in await entries(shop)] == ["小美"]


async def test_a_draw_is_drawn_once_though_two_processes_close_it_and_one_is_killed(
    any_shop: Shop,
) -> None:
    shop = any_shop
    await shop.joins(*FANS)
    await opens(shop, DRAW)
    number = await newest(shop)
    for name in FANS:
        await shop.presses(name, f"/join {number}")
    shop.clock.advance_to(shop.clock.now() + timedelta(hours=10, minutes=2))
    # One process closes it, and is gone before anything is told.
    assert await close_rounds(shop.desk) == 1
    async with shop.desk.database.reading() as connection:
        first = await rounds.round_numbered(connection, shop.desk.shop_id, number)
    # Another one comes up on the same database.
    other = await open_shop(shop.desk.database, shop.desk.shop)
    other.clock.advance_to(shop.clock.now() + MINUTE)
    assert await close_rounds(other.desk) == 0
    async with other.desk.database.reading() as connection:
        second = await rounds.round_numbered(connection, shop.desk.shop_id, number)
    assert first == second
    assert len(await made(shop)) == 2  # the announcement and the result
    told = await other.delivers()
    assert told.addresses == [in_group("一群"), in_group("二群")]
    assert not await other.delivers()


async def test_processes_that_close_at_the_same_moment_draw_once(
    any_shop: Shop, database_url: str
) -> None:
    shop = any_shop
    await shop.joins(*FANS)
    await opens(shop, DRAW)
    number = await newest(shop)
    for name in FANS:
        await shop.presses(name, f"/join {number}")
    shop.clock.advance_to(shop.clock.now() + timedelta(hours=10, minutes=2))
    second = await Database.open(database_url)
    other = await open_shop(second, shop.desk.shop)
    other.clock.advance_to(shop.clock.now())
    desks = (shop.desk, other.desk) * 3
    assert sum(await asyncio.gather(*(close_rounds(desk) for desk in desks))) == 1
    assert len(await made(shop)) == 2
    told_alone = [post for one in (shop, other) for post in one.platform.posts]
    winners = [post for post in told_alone if post.content.text.startswith("恭喜！")]
    assert len({post.address for post in winners}) == len(winners)
    await second.close()


async def test_a_draw_that_nobody_joined_says_so_and_a_poll_keeps_quiet(shop: Shop) -> None:
    await opens(shop, DRAW)
    await opens(shop, POLL)
    told = await ends(shop)
    assert {post.content.text for post in told} == {"【开奖】双11抽奖\n这次没有人参加，下次再来。"}


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
    assert "提前结束了「先上哪个香味」" in (await shop.says(MANAGER, "/audit", group=None)).text
    await opens(shop, DRAW)
    refused = await shop.says(MANAGER, "/draw 2 close", group=None)
    assert refused.text.startswith("抽奖到点自动开，不能提前开")
    assert "没有编号 2" in (await shop.says(MANAGER, "/poll 2", group=None)).text


async def test_halting_everything_holds_results_and_winners(shop: Shop) -> None:
    await shop.joins("小鱼")
    await opens(shop, DRAW)
    await shop.says("小鱼", "/join 1")
    await shop.says(MANAGER, "/halt", group=None)
    assert not await ends(shop)
    await shop.says(MANAGER, "/resume", group=None)
    await close_rounds(shop.desk)
    assert shop.platform.posts[-1].address == in_private("小鱼")


async def test_a_round_is_asked_for_its_groups_and_speaks_english(opened: Opener) -> None:
    shop = await opened(language="en")
    await shop.opens("deals", "other")
    asks = await shop.says(MANAGER, "/poll which | a | b | until tonight 8pm", group=None)
    preview = await shop.presses(MANAGER, asks.buttons["deals"])
    assert "[Poll] which\n1. a\n2. b\n" in preview.text
    assert "until 11-05 20:00" in preview.text


@pytest.mark.parametrize(
    ("order", "answer"),
    [
        ("/poll 题目 | 甲", "投票要有 2 到 8 个选项"),
        ("/poll 题目 | 甲 | 甲", "有两个选项是一样的"),
        ("/poll 题目", "投票要写题目和选项"),
        (f"/poll {'长' * 61} | 甲 | 乙", "题目太长了"),
        ("/poll 题目 | 甲 | 乙 | 截止 昨天8点", "这个时间我没看懂"),
        ("/poll 题目 | 甲 | 乙 | 截止 今天9点", "这个时间已经过了"),
        ("/poll 题目 | 甲 | 乙 | 截止 10:03", "截止得太早了"),
        ("/chain 题目", "接龙要写题目和截止时间"),
        ("/chain 题目\n1. 阿玲 2盒", "名单不用写"),
        ("/draw 题目 | 面霜 x1", "抽奖要写题目、奖品和截止时间"),
        ("/draw 题目 | iPhone 17 | 截止 今晚8点", "每样奖品要写上份数"),
        ("/draw 题目 | 面霜 | 截止 今晚8点", "每样奖品要写上份数"),
        ("/draw 题目 | 面霜 x0 | 截止 今晚8点", "每样奖品要写上份数"),
        ("/draw 题目 | 面霜 x501 | 截止 今晚8点", "奖品一共要 1 到 500 份"),
    ],
)
async def test_what_is_wrong_with_an_order_is_said(shop: Shop, order: str, answer: str) -> None:
    assert (await shop.says(MANAGER, order, group=None)).text.startswith(answer)


def test_orders_are_read() -> None:
    poll, _ = PollOrder.read("先上哪个｜栀子｜白茶\n截止：明天 10:00")
    assert (poll.title, poll.options, poll.deadline) == ("先上哪个", ("栀子", "白茶"), "明天 10:00")
    draw, _ = DrawOrder.read("抽奖 | 面霜正装 x1 | 小样5份 | 截止 今晚8点")
    assert draw.prizes == (Prize("面霜正装", 1), Prize("小样", 5))
    draw, _ = DrawOrder.read("抽奖 | iPhone 17 x1 | 到 今晚8点")
    assert (draw.prizes, draw.deadline) == ((Prize("iPhone 17", 1),), "今晚8点")
    poll, _ = PollOrder.read("怎么拿 | 到店 | 到家 | 到8点 | 截止 今晚8点")
    assert (poll.options, poll.deadline) == (("到店", "到家", "到8点"), "今晚8点")
    assert PollOrder.read("怎么拿 | 到店 | 到家")[0].deadline == ""
    assert ChainOrder.read("#3 结束")[0] == ChainOrder(number=3, close=True)
    with pytest.raises(Unreadable):
        PollOrder.read("题目 | 甲 | 乙 | 截止 明天8点 | 截止 后天8点")


@pytest.mark.parametrize(
    ("said", "choice"),
    [("1", 0), ("２", 1), ("2.", 1), ("白茶", 1), ("3", None), ("0", None), ("茶", None)],
)
def test_a_choice_is_its_number_or_its_words(said: str, choice: int | None) -> None:
    assert choice_in(said, ["栀子", "白茶"]) == choice


@pytest.mark.parametrize(
    "order",
    [
        "/draw @一群 转发朋友圈抽奖 | 面霜 x1 | 截止 今晚8点",
        "/draw @一群 晒好评抽奖 | 面霜 x1 | 截止 今晚8点",
        "/draw @一群 邀请3位好友就抽 | 面霜 x1 | 截止 今晚8点",
    ],
)
async def test_no_draw_rewards_sharing_inviting_or_praise(shop: Shop, order: str) -> None:
    answer = await shop.says(MANAGER, order, group=None)
    assert answer.text.startswith("这段话先别发，改一下：")
    assert not answer.buttons
    assert not await shop.delivers()


async def test_words_that_a_manager_let_pass_may_stand_in_the_result(shop: Shop) -> None:
    await shop.joins("小鱼")
    shown = await shop.says(MANAGER, "/poll @一群 全网第一的面霜选哪个 | 栀子 | 白茶", group=None)
    (let_pass,) = [says for says in shown.buttons.values() if says.startswith("/override")]
    await shop.presses(MANAGER, let_pass)
    await shop.says(MANAGER, "/confirm", group=None)
    assert len(await shop.delivers()) == 1
    await shop.says("小鱼", "/vote 1 1")
    shop.clock.advance_to(shop.clock.now() + DAY + 2 * MINUTE)
    await close_rounds(shop.desk)
    (told,) = await shop.delivers()
    assert told.content.text.startswith("【投票结果】全网第一的面霜选哪个")


async def test_a_round_closes_a_day_later_where_no_deadline_is_said(shop: Shop) -> None:
    await shop.joins("小鱼")
    await opens(shop, "/poll @一群 先上哪个 | 栀子 | 白茶")
    shop.clock.advance_to(shop.clock.now() + DAY - MINUTE)
    assert "记下了" in (await shop.says("小鱼", "/vote 1 1")).text
    shop.clock.advance_to(shop.clock.now() + 2 * MINUTE)
    assert "已经截止" in (await shop.says("小鱼", "/vote 1 1")).text


@pytest.mark.parametrize(
    "order",
    [
        "/draw @一群 转发朋友圈抽奖 | 面霜 x1 | 截止 今晚8点",
        "/draw @一群 邀请好友有礼 | 面霜 x1 | 截止 今晚8点",
        "/draw @一群 五星好评抽奖 | 面霜 x1 | 截止 今晚8点",
        "/draw @一群 9.9元抽一次 | 面霜 x1 | 截止 今晚8点",
        "/poll @一群 集赞送哪样 | 面霜 | 精华 | 截止 今晚8点",
    ],
)
async def test_no_round_rewards_sharing_inviting_praise_or_a_stake(shop: Shop, order: str) -> None:
    refused = await shop.says(MANAGER, order, group=None)
    assert refused.text.startswith("这段话先别发，改一下：\n✗ ")
    assert not refused.buttons
    async with shop.desk.database.reading() as connection:
        assert await connection.scalar(select(func.max(round_table.c.id))) is None


async def test_a_winner_whose_telling_ended_before_it_began_is_told_after_all(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def killed(*_: object, **__: object) -> None:
        raise RuntimeError("killed")

    await shop.joins("小鱼")
    await opens(shop, DRAW)
    await shop.says("小鱼", "/join 1")
    shop.clock.advance_to(shop.clock.now() + timedelta(hours=10, minutes=2))
    before = len(shop.platform.posts)
    with monkeypatch.context() as patched:
        patched.setattr(closing_rounds, "tell", killed)
        with pytest.raises(RuntimeError, match="killed"):
            await close_rounds(shop.desk)
    await close_rounds(shop.desk)
    assert len(shop.platform.posts) == before  # it may be under way in another process
    for _ in range(3):
        shop.clock.advance_to(shop.clock.now() + timedelta(minutes=6))
        await close_rounds(shop.desk)
    assert [post.address for post in shop.platform.posts[before:]] == [in_private("小鱼")]
