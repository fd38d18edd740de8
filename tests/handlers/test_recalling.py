"""What was sent is taken back: never unasked, and a round that is open only behind a yes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from handlers.closing_rounds import close_rounds
from scheduler.courier import Unable
from tests.handlers.round_scenes import CHAIN, DRAW, FANS, POLL, ends, newest, opens
from tests.handlers.scenes import OTHER, TONIGHT, broadcast, made, says, second_manager
from tests.handlers.shop import DAY, MANAGER, MINUTE, Shop, in_group, in_private

_MEANS = (
    "「双11抽奖」的抽奖还开着，2 位拿了号。撤回了就不开奖，号都作废；"
    "群里会说一声，拿了号的也会私下告诉。"
)


async def _a_draw(shop: Shop) -> int:
    """A draw is open in two groups, and two fans hold a number; the number of its campaign."""
    await shop.joins(*FANS)
    await opens(shop, DRAW)
    number = await newest(shop)
    for name in ("小鱼", "小美"):
        await shop.presses(name, f"/join {number}")
    return (await made(shop))[-1].id


async def _told(shop: Shop) -> dict[str, str]:
    """Whom the bot tells by itself in the next minute, in groups and in private, and what."""
    before = len(shop.platform.posts)
    shop.clock.advance(MINUTE)
    await close_rounds(shop.desk)
    await shop.delivers()
    return {str(one.address): one.content.text for one in shop.platform.posts[before:]}


async def test_recall_alone_lists_what_was_sent_last_and_takes_nothing_back(
    any_shop: Shop,
) -> None:
    shop = any_shop
    await broadcast(shop, "早上好")
    await shop.delivers()
    shop.clock.advance(MINUTE)
    await broadcast(shop, to="@所有群")
    await shop.delivers()
    first, last = (one.id for one in await made(shop))
    listed = await shop.says(MANAGER, "/recall", group=None)
    assert listed.text == (
        "要撤回哪一个？最近发出去的：\n"
        f"· {last} 11-05 10:01「{TONIGHT}」3 个群\n"
        f"· {first} 11-05 10:00「早上好」1 个群\n"
        f"发 /recall {last}，就从所有地方撤回。"
    )
    assert listed.buttons == {f"撤回 {one}": f"/recall {one}" for one in (last, first)}
    assert not shop.platform.deleted
    assert "「早上好」" in (await shop.presses(MANAGER, listed.buttons[f"撤回 {first}"])).text
    assert [one.address for one in shop.platform.deleted] == [in_group("一群")]


async def test_a_draw_is_taken_back_behind_a_yes_and_everybody_is_told_once(
    any_shop: Shop,
) -> None:
    shop = any_shop
    campaign = await _a_draw(shop)
    number = await newest(shop)
    asked = await shop.says(MANAGER, f"/recall {campaign}", group=None)
    yes = asked.buttons["确认撤回"]
    assert asked.text == f"{_MEANS}\n要撤回，10 分钟内发 {yes}；不撤了，发 /dismiss。"
    assert asked.buttons["不撤了"] == "/dismiss"
    assert not shop.platform.deleted
    done = await shop.presses(MANAGER, yes)
    assert done.text == "已从 2 个群撤回「双11抽奖」。"
    # From that moment on all say the same, before and behind the deadline.
    await _all_say_that_it_is_called_off(shop, number)
    assert await _told(shop) == {
        str(in_group(name)): "「双11抽奖」取消了，之前的都不算数，抱歉让大家白等。"
        for name in ("一群", "二群")
    } | {
        str(in_private(name)): f"「双11抽奖」取消了，不开奖，你的 {place} 号不算了。"
        for place, name in enumerate(("小鱼", "小美"), start=1)
    }
    shop.clock.advance(timedelta(hours=12))
    await _all_say_that_it_is_called_off(shop, number)
    shop.clock.advance(timedelta(hours=12))
    assert not await _told(shop), "once"


async def _all_say_that_it_is_called_off(shop: Shop, number: int) -> None:
    assert "已经取消，什么都不算。" in await says(shop, f"/draw {number}")
    assert "双11抽奖：已经取消" in await says(shop, "/draw")
    for name in ("小鱼", "小月"):
        assert await says(shop, f"/drawcheck {number}", name) == "「双11抽奖」取消了，没有开奖。"
        assert (await shop.presses(name, f"/join {number}")).text == "「双11抽奖」取消了。"
        assert (await shop.presses(name, f"/quit {number}")).text == "「双11抽奖」取消了。"


@pytest.mark.parametrize(
    ("order", "means"),
    [
        (POLL, "「先上哪个香味」的投票还开着，0 位投了票。撤回了就没有结果，群里会说一声。"),
        (CHAIN, "「桂花面膜拼单」的接龙还开着，0 位接了。撤回了就都不算，群里会说一声。"),
    ],
)
async def test_polls_and_lists_are_taken_back_behind_a_yes_too(
    shop: Shop, order: str, means: str
) -> None:
    await opens(shop, order)
    asked = await says(shop, "/recall 1")
    assert asked.startswith(f"{means}\n")
    assert await says(shop, "/dismiss") == "好的，那就不动它。"
    assert "没有等着确认的内容" in await says(shop, "/confirm")
    assert not shop.platform.deleted
    await says(shop, "/recall 1")
    assert "已从 1 个群撤回" in await says(shop, "/confirm")
    kind, _, _ = order.partition(" ")
    assert "已经取消" in await says(shop, f"{kind} 1")
    assert list(await _told(shop)) == [str(in_group("一群"))]


async def test_where_the_post_stays_the_round_is_called_off_all_the_same(shop: Shop) -> None:
    campaign = await _a_draw(shop)
    shop.platform.keeps[in_group("二群")] = Unable("too old")
    await says(shop, f"/recall {campaign}")
    assert await says(shop, "/confirm") == ("已从 1 个群撤回「双11抽奖」。\n这些群没能撤回：二群")
    assert (
        await shop.presses("小月", f"/join {await newest(shop)}")
    ).text == "「双11抽奖」取消了。"
    assert str(in_group("二群")) in await _told(shop)


async def test_another_manager_has_to_agree(any_shop: Shop) -> None:
    shop = any_shop
    campaign = await _a_draw(shop)
    await second_manager(shop)
    asked = await says(shop, f"/recall {campaign}")
    assert "你确认以后，还要另一位管理员也同意才撤\n" in asked
    question, wanted = await shop.says(MANAGER, "/confirm", group=None)
    assert wanted.content.text == (
        f"记下了，另一位管理员也同意，才撤回「双11抽奖」。\n已经告诉：{OTHER}"
    )
    assert question.address == in_private(OTHER)
    assert question.content.text == (
        f"阿玲 要撤回「双11抽奖」（编号 {campaign}）。\n{_MEANS}\n"
        f"同意就发 /recall {campaign}；不同意就不用管，不会撤。"
    )
    # Asking again is no second person, and nothing has happened so far.
    await says(shop, f"/recall {campaign}")
    assert "另一位管理员也同意" in await says(shop, "/confirm")
    assert not shop.platform.deleted
    assert "还没开奖" in await says(shop, f"/drawcheck {await newest(shop)}", "小鱼")
    shown = await says(shop, f"/recall {campaign}", OTHER)
    assert "阿玲 要撤回它，你也同意就撤。\n" in shown
    assert await says(shop, "/confirm", OTHER) == "已从 2 个群撤回「双11抽奖」。"
    assert "阿玲 要撤回「双11抽奖」，等另一位同意" in await says(shop, "/audit")
    assert f"{OTHER} 撤回了「双11抽奖」" in await says(shop, "/audit")


async def test_a_yes_that_comes_again_or_too_late_does_nothing(any_shop: Shop) -> None:
    shop = any_shop
    campaign = await _a_draw(shop)
    await says(shop, f"/recall {campaign}")
    shop.clock.advance(11 * MINUTE)
    assert "已经过了 10 分钟" in await says(shop, "/confirm")
    await says(shop, f"/recall {campaign}")
    orders = await shop.orders(shop.heard(MANAGER, "/confirm", group=None))
    assert "已从 2 个群" in (await shop.obeys(orders)).text
    await shop.obeys(orders)
    assert len(shop.platform.deleted) == 2
    assert "没有等着确认的内容" in await says(shop, "/confirm")


async def test_a_draw_that_was_drawn_meanwhile_is_not_taken_back_by_an_old_yes(
    shop: Shop,
) -> None:
    await shop.joins(*FANS)
    await opens(shop, DRAW)
    shop.clock.advance(timedelta(hours=9, minutes=58))
    await says(shop, "/recall 1")
    shop.clock.advance(4 * MINUTE)
    await close_rounds(shop.desk)
    assert "这次没有改" in await says(shop, "/confirm")
    assert not shop.platform.deleted


async def test_numbers_of_a_draw_called_off_are_told_by_day_and_never_twice(shop: Shop) -> None:
    await _a_draw(shop)
    number = await newest(shop)
    shop.clock.advance(timedelta(hours=12, minutes=30))  # 22:30, and quiet
    await says(shop, f"/draw {number} cancel")
    assert not await _told(shop)
    shop.clock.advance(timedelta(hours=11))
    assert str(in_private("小鱼")) in await _told(shop)
    shop.clock.advance(DAY)
    assert not await _told(shop)


async def test_a_draw_is_still_told_to_the_winners(shop: Shop) -> None:
    await _a_draw(shop)
    assert len(await ends(shop)) == 2
