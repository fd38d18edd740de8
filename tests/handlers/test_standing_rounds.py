"""A round's own post shows how it stands, seldom changed, and never under 急停."""

from __future__ import annotations

from handlers.closing_rounds import close_rounds
from handlers.standing_rounds import APART, Shown, show_standing
from scheduler.courier import Unable
from tests.handlers.shop import ACCOUNT, DAY, MANAGER, MINUTE, Shop, in_group

POLL = "/poll @一群 先上哪个香味 | 栀子 | 白茶 | 截止 今晚8点"


async def opens(shop: Shop) -> None:
    await shop.joins("小鱼", "小美")
    await shop.says(MANAGER, POLL, group=None)
    await shop.says(MANAGER, "/confirm", group=None)
    await shop.delivers()


async def test_the_post_shows_how_the_votes_stand_at_most_once_in_five_minutes(
    any_shop: Shop,
) -> None:
    shop, shown = any_shop, Shown()
    await opens(shop)
    await show_standing(shop.desk, ACCOUNT, shown)
    assert shop.platform.edits == []  # nobody has voted
    (post,) = [
        one
        for one in shop.platform.posts
        if one.address == in_group("一群") and one.content.buttons
    ]
    first, second = (button.says for button in post.content.buttons)
    await shop.presses("小鱼", first)
    await show_standing(shop.desk, ACCOUNT, shown)
    await shop.presses("小美", second)
    await show_standing(shop.desk, ACCOUNT, shown)
    (edit,) = shop.platform.edits
    assert edit.address == in_group("一群")
    assert edit.content.text.endswith("截止。\n目前 1 票：栀子 1 · 白茶 0")
    assert edit.content.buttons == post.content.buttons
    shop.clock.advance_to(shop.clock.now() + APART)
    await show_standing(shop.desk, ACCOUNT, shown)
    await show_standing(shop.desk, ACCOUNT, shown)
    assert [one.content.text.splitlines()[-1] for one in shop.platform.edits] == [
        "目前 1 票：栀子 1 · 白茶 0",
        "目前 2 票：栀子 1 · 白茶 1",
    ]


async def test_when_it_is_over_the_buttons_go(shop: Shop) -> None:
    shown = Shown()
    await opens(shop)
    shop.clock.advance_to(shop.clock.now() + DAY)
    await close_rounds(shop.desk)
    await show_standing(shop.desk, ACCOUNT, shown)
    await show_standing(shop.desk, ACCOUNT, shown)
    (edit,) = shop.platform.edits
    assert edit.content.text.endswith("已经截止。")
    assert edit.content.buttons == ()
    shop.clock.advance_to(shop.clock.now() + DAY)
    await show_standing(shop.desk, ACCOUNT, Shown())
    assert len(shop.platform.edits) == 1


async def test_a_post_that_cannot_be_changed_is_left_and_nothing_is_changed_under_halt(
    shop: Shop,
) -> None:
    shown = Shown()
    await opens(shop)
    await shop.says("小鱼", "/vote 1 1")
    await shop.says(MANAGER, "/halt", group=None)
    await show_standing(shop.desk, ACCOUNT, shown)
    assert shown == Shown()
    await shop.says(MANAGER, "/resume", group=None)
    shop.platform.keeps[in_group("一群")] = Unable("no edits here")
    await show_standing(shop.desk, ACCOUNT, shown)
    assert len(shown.given_up) == 1
    shop.platform.keeps.clear()
    shop.clock.advance_to(shop.clock.now() + APART + MINUTE)
    await show_standing(shop.desk, ACCOUNT, shown)
    assert shop.platform.edits == []
