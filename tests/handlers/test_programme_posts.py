"""One post of a programme is reworded, moved or left out, for this year only."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from storage.database import Database
from tests.handlers.programme_scenes import SALE, by_key, shop_with_sale, switched_on
from tests.handlers.scenes import OTHER, made, says, second_manager, state_counts
from tests.handlers.shop import DAY, MANAGER, MINUTE, Shop


@pytest.fixture
async def shop(sqlite: Database, tmp_path: Path) -> Shop:
    """A shop whose folder holds a small programme."""
    return await shop_with_sale(sqlite, tmp_path / "programmes")


@pytest.fixture
async def any_shop(database: Database, tmp_path: Path) -> Shop:
    """The same on SQLite and on PostgreSQL."""
    return await shop_with_sale(database, tmp_path / "programmes")


async def test_a_post_is_shown_whole_with_what_can_be_done_to_it(shop: Shop) -> None:
    await switched_on(shop)
    answer = await shop.says(MANAGER, "/programme sale 1", group=None)
    assert answer.text.startswith("1 · 预告（hello:1）\n11-06 10:18 发\n发到 @所有群\n")
    assert "还有 6 天，买就送护手霜小样。" in answer.text
    assert "/programme move sale 1 11-06 10:18" in answer.text
    assert answer.buttons == {"今年跳过这一条": "/programme skip sale hello:1"}


async def test_other_words_are_previewed_and_change_this_one_post(any_shop: Shop) -> None:
    shop = any_shop
    await switched_on(shop)
    preview = await says(shop, "/programme text sale 1 {{ shop }}送{{ gift }}，还有 {{ days }} 天")
    assert preview.startswith("1 · 预告，11-06 10:18 发，改成：\n暖群小店送护手霜小样，还有 6 天\n")
    await says(shop, "/confirm")
    shop.clock.advance(DAY + 19 * MINUTE)
    assert set((await shop.delivers()).text.splitlines()) == {"暖群小店送护手霜小样，还有 6 天"}
    shop.clock.advance(3 * DAY)
    assert set((await shop.delivers()).text.splitlines()) == {"还有 3 天，买就送护手霜小样。"}


async def test_words_to_people_may_call_them_by_name(shop: Shop) -> None:
    await switched_on(shop)
    assert "小鱼，快来" in await says(shop, "/programme text sale 3 {{ fan }}，快来")
    wrong = await says(shop, "/programme text sale 3 {{ group }}，快来")
    assert wrong.startswith("这段内容里的花括号没写对。这一条能用的有：")
    assert "{{ fan }}" in wrong
    assert "{{ gift }}" in wrong


async def test_a_post_is_moved_and_goes_out_at_its_new_moment_alone(any_shop: Shop) -> None:
    shop = any_shop
    await switched_on(shop)
    preview = await says(shop, "/programme move sale 1 11-07 12:12")
    assert preview.startswith("1 · 预告，从 11-06 10:18 改到 11-07 12:12：\n")
    await says(shop, "/confirm")
    shop.clock.advance(DAY + 30 * MINUTE)
    assert (await shop.delivers()).text == ""
    shop.clock.advance(DAY + 103 * MINUTE)
    assert (await shop.delivers()).text.count("买就送护手霜小样") == 3
    assert "1 · 11-07 12:12 [已过] [改过时间] " in await says(shop, "/programme sale p1")


async def test_what_is_already_planned_is_not_moved_or_reworded_and_that_is_said(
    shop: Shop,
) -> None:
    await switched_on(shop)
    shop.clock.advance(DAY + 10 * MINUTE)
    await shop.desk.planner.plan_ahead()
    late = "来不及了：1 · 预告 已经排好，马上就发。不想发了，发 /programme skip sale hello:1"
    assert await says(shop, "/programme text sale 1 换个说法") == late
    assert await says(shop, "/programme move sale 1 11-08 12:12") == late
    answer = await says(shop, "/programme skip sale hello:1")
    assert "1 · 预告（11-06 10:18）今年跳过，不发了。" in answer
    assert "已经排好的 3 条也取消了。" in answer
    shop.clock.advance(10 * MINUTE)
    assert (await shop.delivers()).text == ""


async def test_a_post_that_has_gone_out_cannot_be_changed_and_that_is_said(shop: Shop) -> None:
    await switched_on(shop)
    shop.clock.advance(DAY + 19 * MINUTE)
    await shop.delivers()
    gone = "1 · 预告 已经发出去了，改不了。"
    assert await says(shop, "/programme text sale 1 换个说法") == gone
    assert await says(shop, "/programme move sale 1 11-08 12:12") == gone
    answer = await says(shop, "/programme skip sale 1")
    assert "有 3 条已经发出去了，拦不住。要撤回，发 /recall 1。" in answer


async def test_a_moment_that_is_too_near_is_refused(shop: Shop) -> None:
    await switched_on(shop)
    answer = await says(shop, "/programme move sale 1 11-05 10:10")
    assert answer == "来不及了：新的时间至少要在 30 分钟以后。"


@pytest.mark.parametrize(
    ("written", "why", "example"),
    [
        ("text sale", "没看懂。", "text sale 1 新的文案"),
        ("text sale 3", "没看懂。", "text sale 3 新的文案"),
        ("move sale", "没看懂。", "move sale 1 11-06 10:18"),
        ("move sale 3", "没看懂。", "move sale 3 11-10 11:12"),
        ("move sale 3 11-31 10:00", "没有「11-31」这一天。", "move sale 3 11-10 11:12"),
        ("move sale eve 明天", "没有「明天」这一天。", "move sale 4 11-11 20:12"),
        ("move sale 3 11-9", "还没写几点。", "move sale 3 11-10 11:12"),
        ("move sale 3 11-9 25:00", "没有「25:00」这个时间。", "move sale 3 11-10 11:12"),
        ("skip sale", "没看懂。", "skip sale 1"),
        ("keep sale", "没看懂。", "keep sale 1"),
    ],
)
async def test_what_is_not_understood_is_named_with_an_example_of_the_same_post(
    shop: Shop, written: str, why: str, example: str
) -> None:
    await switched_on(shop)
    answer = await says(shop, f"/programme {written}")
    assert answer == f"{why}可以这样写：/programme {example}"


async def test_a_post_is_left_out_and_taken_back_in(any_shop: Shop) -> None:
    shop = any_shop
    await switched_on(shop)
    await says(shop, "/programme skip sale 1")
    assert await says(shop, "/programme skip sale 1") == "1 · 预告 本来就跳过了。"
    assert "1 · 11-06 10:18 [跳过] " in await says(shop, "/programme sale")
    assert "11-06 10:18" not in (await says(shop, "/plan 3")).partition("现成的")[0]
    assert "先恢复它" in await says(shop, "/programme move sale 1 11-07 12:12")
    assert await says(shop, "/programme keep sale 1") == "1 · 预告 恢复了，11-06 10:18 照常发。"
    assert await says(shop, "/programme keep sale 1") == "1 · 预告 没有跳过。"
    shop.clock.advance(DAY + 19 * MINUTE)
    assert (await shop.delivers()).text.count("还有 6 天") == 3


async def test_a_post_whose_moment_is_past_is_not_taken_back_in(shop: Shop) -> None:
    await switched_on(shop)
    await says(shop, "/programme skip sale 1")
    shop.clock.advance(DAY + timedelta(hours=2))
    await shop.delivers()
    answer = await says(shop, "/programme keep sale 1")
    assert answer == "1 · 预告 的时间（11-06 10:18）已经过了，这次不会再发。"
    assert (await shop.delivers()).text == ""


async def test_a_change_waits_for_the_other_manager_and_a_refusal_brings_the_old_back(
    any_shop: Shop,
) -> None:
    shop = any_shop
    await switched_on(shop)
    await second_manager(shop)
    await says(shop, "/programme move sale 1 11-06 19:12")
    assert "另一位管理员批准后才会发" in await says(shop, "/confirm")
    number = (await by_key(shop))["sale:2026"].id
    assert "1 · 11-06 19:12 [等批准] [改过时间] " in await says(shop, "/programme sale")
    shop.clock.advance(DAY + 30 * MINUTE)  # its old moment is past, and nobody has approved
    assert (await shop.delivers()).text == ""
    assert "还按原来批准的内容发" in await says(shop, f"/reject {number} 2", OTHER)
    assert (await shop.delivers()).text.count("还有 6 天") == 3
    shop.clock.advance(timedelta(hours=9))
    assert (await shop.delivers()).text == ""
    assert await state_counts(shop) == {"sent": 3}


async def test_a_change_says_what_waits_with_it_and_how_to_go_on(shop: Shop) -> None:
    await switched_on(shop)
    preview = await says(shop, "/programme text sale 1 换个说法")
    assert "也会等着" not in preview
    assert await says(shop, "/confirm") == (
        "好的，「秋季上新节 2026」改好了。看每一条：/programme sale"
    )
    await second_manager(shop)
    preview = await says(shop, "/programme text sale 1 再换个说法")
    assert "批准之前，改过的等着，同一组里没改的照常发" in preview


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        (f"text sale 1 {'长' * 4097}", "内容太长了，最多 4096 个字。"),
        ("text sale 1 {% for a in b %}", "这段内容里的花括号没写对。这一条能用的有："),
        ("text sale 2 换个说法", "2 · 预告 已经跳过了。先恢复它：/programme keep sale hello:2"),
        ("move sale 2 11-09 12:12", "2 · 预告 已经跳过了。先恢复它：/programme keep sale hello:2"),
        ("text sale 9 换个说法", "没有「9」这一条。编号看日历：/programme sale"),
        ("text sale sent 换个说法", "没有「sent」这一条。编号看日历：/programme sale"),
        ("move sale 1 11-05 10:29", "来不及了：新的时间至少要在 30 分钟以后。"),
    ],
)
async def test_what_cannot_be_changed_is_refused_with_the_reason(
    shop: Shop, change: str, answer: str
) -> None:
    await switched_on(shop)
    await says(shop, "/programme skip sale 2")
    assert (await says(shop, f"/programme {change}")).startswith(answer)
    await says(shop, "/confirm")
    assert {one.version_number for one in await made(shop)} == {1}


async def test_a_post_that_was_not_taken_in_yet_is_not_changed(shop: Shop) -> None:
    await switched_on(shop)
    await says(shop, "/programme facts sale 发货日=11-15")
    assert "没有「sent」这一条" in await says(shop, "/programme text sale sent 发啦")
    await says(shop, "/programme on sale")
    await says(shop, "/confirm")
    assert "改成：\n发啦" in await says(shop, "/programme text sale sent 发啦")


async def test_all_posts_are_not_made_one_by_an_edit(shop: Shop) -> None:
    await switched_on(shop)
    number = (await by_key(shop))["sale:2026"].id
    assert "/programme text sale 1 新的文案" in await says(shop, f"/edit {number} 都说这一句")


async def test_a_change_before_the_first_approval_is_what_is_approved(shop: Shop) -> None:
    await second_manager(shop)
    await switched_on(shop)
    await says(shop, "/programme text sale 1 今天开始预热")
    await says(shop, "/confirm")
    await says(shop, "/programme move sale 1 11-06 12:12")
    await says(shop, "/confirm")
    number = (await by_key(shop))["sale:2026"].id
    assert "改过了" in await says(shop, f"/approve {number}", OTHER)
    assert "批准了" in await says(shop, f"/approve {number} 3", OTHER)
    shop.clock.advance(DAY + 133 * MINUTE)
    assert set((await shop.delivers()).text.splitlines()) == {"今天开始预热"}


async def test_what_waits_and_is_planned_moves_with_its_post(shop: Shop) -> None:
    await second_manager(shop)
    await switched_on(shop)
    shop.clock.advance(DAY + 10 * MINUTE)
    await shop.desk.planner.plan_ahead()
    assert "改到 11-06 12:12" in await says(shop, "/programme move sale 1 11-06 12:12")
    await says(shop, "/confirm")
    number = (await by_key(shop))["sale:2026"].id
    await says(shop, f"/approve {number} 2", OTHER)
    shop.clock.advance(20 * MINUTE)
    assert (await shop.delivers()).text == ""
    shop.clock.advance(timedelta(hours=2))
    assert (await shop.delivers()).text.count("还有 6 天") == 3
    assert len(await made(shop)) == 2


async def test_a_yes_that_comes_after_the_post_was_planned_moves_nothing(shop: Shop) -> None:
    await switched_on(shop)
    shop.clock.advance(DAY - MINUTE)
    await says(shop, "/programme move sale 1 11-06 12:12")
    shop.clock.advance(5 * MINUTE)
    await shop.desk.planner.plan_ahead()
    assert "别人改过或停了它，这次没有改" in await says(shop, "/confirm")
    shop.clock.advance(15 * MINUTE)
    assert (await shop.delivers()).text.count("还有 6 天") == 3


async def test_a_post_tells_the_days_that_are_left_on_its_new_day(any_shop: Shop) -> None:
    shop = any_shop
    await switched_on(shop)
    preview = await says(shop, "/programme move sale 1 11-08 12:12")
    assert "还有 4 天，买就送护手霜小样。" in preview
    await says(shop, "/confirm")
    assert "已经开着，没有要变的" in await says(shop, "/programme on sale")
    shop.clock.advance(3 * DAY + 133 * MINUTE)
    assert (await shop.delivers()).text.count("还有 4 天") == 3


@pytest.mark.parametrize(
    ("to", "line"),
    [
        ("11-09 10:18", "挤在同一分钟：预告（11-09 10:18）、预告（11-09 10:18）"),
        ("11-12 10:18", "不在自己的阶段里：预热、预告（11-12 10:18）"),
    ],
)
async def test_what_is_wrong_with_the_new_moment_is_said(shop: Shop, to: str, line: str) -> None:
    await switched_on(shop)
    preview = await says(shop, f"/programme move sale 1 {to}")
    assert f"· {line}" in preview


async def test_another_year_is_shown_with_its_year(shop: Shop) -> None:
    await switched_on(shop)
    assert "改到 2027-11-11 11:12：" in await says(shop, "/programme move sale 3 2027-11-11 11:12")


async def test_a_post_that_counts_days_is_not_moved_behind_its_day(shop: Shop) -> None:
    await switched_on(shop)
    answer = await says(shop, "/programme move sale 1 11-13 10:18")
    assert answer == "1 · 预告 说的是还有几天，移到那天就不对了。"


async def test_a_reminder_is_not_moved_behind_what_it_reminds_of(
    sqlite: Database, tmp_path: Path
) -> None:
    text = SALE.replace('on = "d-1"\nat = "20:12"', 'at = "node:end-2h"\nuntil = "node:end"')
    shop = await shop_with_sale(sqlite, tmp_path / "programmes", text=text)
    await says(shop, "/programme on sale @所有群 赠品=小样 结束=11-10 21:00")
    await says(shop, "/confirm")
    answer = await says(shop, "/programme move sale eve 11-11 12:12")
    assert answer.endswith("前一晚 说的事到 11-10 21:00 为止，移到那以后就不对了。")
