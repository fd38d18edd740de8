"""The staff are told of what is over, once, by whichever process looks first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from handlers.desk import Desk
from handlers.reviewing import telling
from handlers.reviewing.figures import Review
from handlers.reviewing.reading import review_of_campaign
from handlers.reviewing.telling import LATE_FOR, tell_reviews
from handlers.settings import ShopSettings
from scheduler.content import Button
from scheduler.courier import NothingSent, Post
from storage import told_reviews
from storage.campaigns import StoredCampaign
from storage.database import Database
from tests.handlers.programme_scenes import shop_with_sale
from tests.handlers.reviewing.scenes import FANS, HOUR, asked, greeted, lived_sale, sent_broadcast
from tests.handlers.scenes import broadcast, the_one
from tests.handlers.shop import DAY, MANAGER, MINUTE, SECOND, Shop, in_group, in_private, open_shop

WINDOW = 2 * DAY


async def told(shop: Shop, to: str = MANAGER) -> list[str]:
    """What a look says to somebody in private."""
    before = len(shop.platform.posts)
    await tell_reviews(shop.desk)
    found: Sequence[Post] = shop.platform.posts[before:]
    return [one.content.text for one in found if one.address == in_private(to)]


async def untold(shop: Shop) -> int:
    async with shop.desk.database.reading() as connection:
        return len(
            await told_reviews.untold_campaigns(
                connection, shop.desk.shop_id, shop.clock.now() + DAY
            )
        )


async def test_a_campaign_is_told_once_its_window_is_over_and_once_only(any_shop: Shop) -> None:
    shop = any_shop
    await sent_broadcast(shop)
    shop.clock.advance(WINDOW - SECOND)
    assert await told(shop) == []
    shop.clock.advance(SECOND)
    (text,) = await told(shop)
    assert text.splitlines()[:3] == [
        "📊 复盘「今晚八点直播」（11-05）",
        "计划 1 条 · 发出 1",
        "1 个群 12 位粉丝（新客 100%），2 天内：回复 2 · 说话 2 · 退订 0 · 退群 0",
    ]
    assert await told(shop) == []
    assert await untold(shop) == 0


async def test_nobody_is_woken_by_a_review(shop: Shop) -> None:
    await sent_broadcast(shop)
    shop.clock.advance(WINDOW + 13 * HOUR)  # 23:00
    assert await told(shop) == []
    shop.clock.advance(10 * HOUR)
    assert len(await told(shop)) == 1


async def test_what_was_over_days_ago_is_no_news(shop: Shop) -> None:
    await sent_broadcast(shop)
    shop.clock.advance(WINDOW + LATE_FOR + HOUR)
    assert await told(shop) == []
    assert await untold(shop) == 0


async def test_what_was_cancelled_before_anything_went_out_is_not_told(shop: Shop) -> None:
    await broadcast(shop)
    await shop.desk.planner.plan_ahead()
    await asked(shop, f"/cancel {(await the_one(shop)).id}")
    shop.clock.advance(WINDOW + HOUR)
    assert await told(shop) == []
    assert await untold(shop) == 0


async def test_what_reached_nobody_is_reckoned_again_an_hour_later(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    reckoned: list[int] = []

    async def reckon(desk: Desk, campaign: StoredCampaign, *, with_talk: bool) -> Review:
        reckoned.append(campaign.id)
        return await review_of_campaign(desk, campaign, with_talk=with_talk)

    monkeypatch.setattr(telling, "review_of_campaign", reckon)
    campaign = await sent_broadcast(shop)
    shop.clock.advance(WINDOW)
    shop.platform.refuses[in_private(MANAGER)] = NothingSent("no way")
    for _ in range(3):
        assert await told(shop) == []
        shop.clock.advance(MINUTE)
    assert reckoned == [campaign.id]
    assert await untold(shop) == 1
    shop.platform.refuses.clear()
    assert await told(shop) == []
    shop.clock.advance(HOUR)
    assert len(await told(shop)) == 1
    assert await untold(shop) == 0


async def test_what_is_over_on_one_day_is_told_at_once_when_the_last_is(shop: Shop) -> None:
    await sent_broadcast(shop)  # at 10:00
    shop.clock.advance(2 * HOUR)
    await broadcast(shop, "下午茶时间")
    await shop.delivers()
    shop.clock.advance(WINDOW - 2 * HOUR)
    assert await told(shop) == []  # the second is over at 12:00
    shop.clock.advance(2 * HOUR)
    (text,) = await told(shop)
    assert text.splitlines() == [
        "📊 这 2 个活动看完了：",
        "· 1「今晚八点直播」：发出 1/1 条 · 回复 2",
        "· 2「下午茶时间」：发出 1/1 条 · 回复 0",
        "看一个的复盘：/review 加编号",
    ]
    assert shop.platform.posts[-1].content.buttons == (
        Button("1 · 今晚八点直播", "/review 1"),
        Button("2 · 下午茶时间", "/review 2"),
    )
    assert await told(shop) == []
    assert await untold(shop) == 0


async def test_what_is_over_tomorrow_is_not_waited_for(shop: Shop) -> None:
    await sent_broadcast(shop)
    shop.clock.advance(DAY)
    await broadcast(shop, "下午茶时间")
    await shop.delivers()
    shop.clock.advance(DAY)
    (first,) = await told(shop)
    assert first.startswith("📊 复盘「今晚八点直播」")
    shop.clock.advance(DAY)
    (second,) = await told(shop)
    assert second.startswith("📊 复盘「下午茶时间」")


async def test_of_what_runs_on_the_year_is_told_in_january_once(shop: Shop) -> None:
    await shop.joins(*FANS)
    await greeted(shop, "立冬安康", "小雪安康")
    shop.clock.advance(WINDOW)
    (both,) = await told(shop)
    assert both.startswith("📊 这 2 个活动看完了：")
    shop.clock.advance(datetime(2027, 1, 7, 2, 0, tzinfo=UTC) - shop.clock.now())
    assert await told(shop) == []
    shop.clock.advance(DAY)
    (text,) = await told(shop)
    assert text.startswith("📊 复盘「节日问候 2026」（11-05）\n计划 2 条 · 发出 2\n")
    assert "· 立冬安康：发出 1/1 条 · 回复 0" in text
    assert await told(shop) == []
    shop.clock.advance(360 * DAY)  # 3 January 2028, after a year without a greeting
    assert await told(shop) == []
    shop.clock.advance(10 * DAY)
    assert await told(shop) == []


async def test_where_the_staff_are_unknown_it_waits_for_them(sqlite: Database) -> None:
    shop = await open_shop(sqlite, ShopSettings())
    assert await tell_reviews(shop.desk) == 0


async def test_a_process_that_ended_on_the_way_is_not_repeated(shop: Shop) -> None:
    await sent_broadcast(shop)
    shop.clock.advance(WINDOW)
    assert len(await told(shop)) == 1
    async with shop.desk.database.writing() as connection:
        await connection.exec_driver_sql("DELETE FROM told_reviews")
    assert await told(shop) == []
    assert await untold(shop) == 0


async def test_a_trial_with_a_longer_window_is_waited_for(shop: Shop) -> None:
    await shop.joins("小鱼", "小美")
    await broadcast(shop)
    number = (await the_one(shop)).id
    await asked(shop, f"/trial {number} 说话 4天 留10%")
    await asked(shop, "/confirm")
    await shop.delivers()
    shop.clock.advance(3 * DAY)
    assert await told(shop) == []
    shop.clock.advance(DAY + HOUR)
    assert len(await told(shop)) == 1


async def test_the_staff_chat_that_looks_after_the_group_is_told(shop: Shop) -> None:
    await shop.opens("店员群")
    await shop.says(MANAGER, "/link @一群 sure", group="店员群")
    await sent_broadcast(shop)
    shop.clock.advance(WINDOW)
    before = len(shop.platform.posts)
    assert await tell_reviews(shop.desk) == 1
    (post,) = shop.platform.posts[before:]
    assert post.address == in_group("店员群")


async def test_a_programme_is_told_after_its_last_phase_and_its_campaigns_before(
    sqlite: Database, tmp_path: Path
) -> None:
    shop = await shop_with_sale(sqlite, tmp_path / "programmes")
    await lived_sale(shop)  # up to 13 November, 10:00
    (first,) = await told(shop)
    assert first.startswith("📊 复盘「秋季上新节 2026 · 老客先知道」（11-10）")
    shop.clock.advance(DAY)
    (second,) = await told(shop)
    assert second.startswith("📊 复盘「秋季上新节 2026」（11-06 至 11-11）")
    shop.clock.advance(2 * DAY)
    assert await told(shop) == []  # 16 November is the last day
    shop.clock.advance(DAY)
    (whole,) = await told(shop)
    assert "【预热 11-06～11-11】让老朋友记起来：4 次" in whole
    assert await told(shop) == []


async def test_what_ends_with_its_programme_is_told_with_it(
    sqlite: Database, tmp_path: Path
) -> None:
    shop = await shop_with_sale(sqlite, tmp_path / "programmes")
    await lived_sale(shop)
    await asked(shop, "/programme off sale")
    shop.clock.advance(DAY)
    texts = await told(shop)
    assert len(texts) == 1
    assert "【预热" in texts[0]
    assert await untold(shop) == 0
    async with shop.desk.database.reading() as connection:
        assert (
            await told_reviews.untold_programmes(connection, shop.desk.shop_id, shop.clock.now())
            == []
        )


async def test_a_programme_whose_file_is_gone_is_passed_over(
    sqlite: Database, tmp_path: Path
) -> None:
    shop = await shop_with_sale(sqlite, tmp_path / "programmes")
    await lived_sale(shop)
    (tmp_path / "programmes" / "sale.toml").unlink()
    shop.clock.advance(DAY)
    (both,) = await told(shop)
    assert both.startswith("📊 这 2 个活动看完了：")
    async with shop.desk.database.reading() as connection:
        assert (
            await told_reviews.untold_programmes(connection, shop.desk.shop_id, shop.clock.now())
            == []
        )
