"""While a change of a programme waits for another manager, what it leaves alone goes out."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage import campaigns
from storage.database import Database
from tests.handlers.programme_scenes import SALE, by_key, shop_with_sale, switched_on
from tests.handlers.scenes import OTHER, second_manager
from tests.handlers.shop import DAY, MANAGER, MINUTE, Answers, Shop, in_private


@pytest.fixture
async def shop(database: Database, tmp_path: Path) -> Shop:
    """A shop with two managers, on each engine, whose programme is on and approved."""
    opened = await shop_with_sale(database, tmp_path / "programmes")
    await second_manager(opened)
    await switched_on(opened)
    await says(opened, "/approve programme sale", OTHER)
    (told,) = [one for one in opened.platform.posts if "等着批准，一共" in one.content.text][-1:]
    await opened.presses(OTHER, Answers([told]).buttons["批准"])
    return opened


async def says(shop: Shop, text: str, name: str = MANAGER) -> str:
    return (await shop.says(name, text, group=None)).text


async def told(shop: Shop, change: str, name: str = OTHER) -> str:
    """A change is asked for and confirmed; what the other manager is told of it."""
    await says(shop, change)
    before = len(shop.platform.posts)
    await says(shop, "/confirm")
    return Answers(
        [one for one in shop.platform.posts[before:] if one.address == in_private(name)]
    ).text


async def goes_out(shop: Shop) -> str:
    """What reaches the groups around the first post's moment, on the next day at 10:18."""
    shop.clock.advance(DAY + 19 * MINUTE)
    return (await shop.delivers()).text


async def test_one_changed_text_holds_no_other_post(shop: Shop) -> None:
    shown = await told(shop, "/programme text sale 2 换个说法")
    assert "换个说法" in shown
    assert "还有 6 天" not in shown  # the other manager reads what waits, and nothing else
    seen = await says(shop, "/programme sale")
    assert "1 · 11-06 10:18 还有 6 天" in seen
    assert "2 · 11-09 10:18 [等批准] [改过文案] 换个说法" in seen
    assert "还有 6 天" in await goes_out(shop)
    shop.clock.advance(3 * DAY)
    assert (await shop.delivers()).text == ""
    number = (await by_key(shop))["sale:2026"].id
    assert "批准了" in await says(shop, f"/approve {number} 2", OTHER)
    assert "换个说法" in (await shop.delivers()).text


async def test_once_what_was_changed_is_over_nothing_is_said_to_wait_for_a_yes(shop: Shop) -> None:
    await told(shop, "/programme text sale 1 换个说法")
    assert "不批准就不会发" in await says(shop, "/waiting", OTHER)
    assert await goes_out(shop) == ""
    shop.clock.advance(DAY)
    seen = await says(shop, "/waiting", OTHER)
    assert "换个说法" not in seen
    assert "这些和批准过的一样，照常发，不用等批准" in seen
    assert "不批准就不会发" not in seen
    number = (await by_key(shop))["sale:2026"].id
    await says(shop, f"/reject {number} 2", OTHER)
    assert "还有 3 天" not in await says(shop, "/waiting", OTHER)
    shop.clock.advance(2 * DAY)
    assert "还有 3 天" in (await shop.delivers()).text


async def test_the_plan_says_of_each_post_whether_it_waits(shop: Shop) -> None:
    await told(shop, "/programme text sale 2 换个说法")
    plan = await says(shop, "/plan 9")
    waits = [line for line in plan.splitlines() if "批准" in line]
    assert any("换个说法" in line for line in plan.splitlines())
    assert not any("还有 6 天" in line for line in waits)


async def test_a_new_fact_holds_what_it_adds_and_changes(shop: Shop) -> None:
    await says(shop, "/programme facts sale 发货日=11-15")
    preview = await says(shop, "/programme on sale")
    assert "批准之前，改了和新加的 1 条等着，其他的照常发" in preview
    await says(shop, "/confirm")
    assert "还有 6 天" in await goes_out(shop)


async def test_other_groups_hold_all_of_it(shop: Shop) -> None:
    preview = await says(shop, "/programme on sale @一群")
    assert "其他的照常发" not in preview
    await says(shop, "/confirm")
    assert await goes_out(shop) == ""


async def test_a_post_that_is_taken_back_in_goes_out_as_approved(shop: Shop) -> None:
    await told(shop, "/programme text sale 2 换个说法")
    await says(shop, "/programme skip sale 1")
    await says(shop, "/programme keep sale 1")
    assert "还有 6 天" in await goes_out(shop)


async def test_one_text_for_the_only_post_that_had_two_ends_its_trial(
    sqlite: Database, tmp_path: Path
) -> None:
    eve = 'zh = "{{ shop }}明天上新，先把购物车看一看。"'
    assert eve in SALE
    text = SALE.replace(eve, 'zh = ["明天上新。", "明天见。"]')
    shop = await shop_with_sale(sqlite, tmp_path / "programmes", text=text)
    await switched_on(shop)
    number = (await by_key(shop))["sale:2026"].id
    await says(shop, f"/trial {number} 说话 6小时")
    await says(shop, "/confirm")
    assert "对照就没有了" not in await says(shop, "/programme text sale 1 早上好")
    assert "改了以后没有可比的，对照就没有了" in await says(
        shop, "/programme text sale eve 明天上新"
    )
    await says(shop, "/confirm")
    version = (await by_key(shop))["sale:2026"].version_id
    async with shop.desk.database.reading() as connection:
        assert "test" not in (await campaigns.bodies(connection, [version]))[version]


async def test_a_change_of_what_leaves_just_now_comes_too_late_at_the_yes(shop: Shop) -> None:
    await says(shop, "/programme text sale 1 换个说法")
    shop.clock.advance(8 * MINUTE)
    shop.clock.advance(DAY - 3 * MINUTE)
    await says(shop, "/programme text sale 1 换个说法")
    await shop.desk.planner.plan_ahead()
    shop.clock.advance(9 * MINUTE)
    await shop.desk.planner.plan_ahead()
    assert "改好了" not in await says(shop, "/confirm")
    assert "换个说法" not in (await shop.delivers()).text
