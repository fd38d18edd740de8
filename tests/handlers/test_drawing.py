"""A draw is made once, for who may win, and its winners are told once; so are all results."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from handlers import closing_rounds
from handlers.closing_rounds import close_rounds
from handlers.draws import faults_in
from storage import rounds
from storage.database import Database
from storage.tables import members as member_table
from tests.handlers.round_scenes import (
    DRAW,
    FANS,
    POLL,
    ends,
    entries,
    newest,
    opens,
    replies,
)
from tests.handlers.scenes import made
from tests.handlers.shop import (
    MANAGER,
    MINUTE,
    Shop,
    in_group,
    in_private,
    open_shop,
)


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
    promised = re.search(r"公正凭据：([0-9a-f]{64})", text)
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
    assert told.content.text == "恭喜！「双11抽奖」开奖了，你的 1 号中了面霜正装，店里会联系你。"


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


async def test_halting_everything_holds_results_and_winners(shop: Shop) -> None:
    await shop.joins("小鱼")
    await opens(shop, DRAW)
    await shop.says("小鱼", "/join 1")
    await shop.says(MANAGER, "/halt", group=None)
    assert not await ends(shop)
    await shop.says(MANAGER, "/resume", group=None)
    await close_rounds(shop.desk)
    assert shop.platform.posts[-1].address == in_private("小鱼")
