"""A preview tells what will happen: quiet hours, caps, promotions, and who is left out."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from handlers.previews import in_one_message
from handlers.settings import ShopSettings
from scheduler.caring import CareSettings
from scheduler.content import Content
from scheduler.courier import Limits
from scheduler.priorities import Priority
from storage import groups
from storage.database import Database
from tests.handlers.conftest import with_groups
from tests.handlers.scenes import TONIGHT, broadcast, second_manager, state_counts, the_one
from tests.handlers.shop import MANAGER, MINUTE, Shop, open_shop

LATE = "照现在的情形，这些群不会准时收到："
NEVER = "照现在的情形，这些群这次收不到："
SALE = (
    "大促时段 10-14 至 11-14：每个群 24 小时最多 6 条，7 天最多 42 条；"
    "10-20、10-31、11-10、11-11 这几晚可以发到 24:00"
)

HOUR = timedelta(hours=1)


def at(clock: str, day: int = 5) -> datetime:
    """A moment of November 2026 by the shop's clock."""
    return datetime.combine(
        date(2026, 11, day), time.fromisoformat(clock), ZoneInfo("Asia/Shanghai")
    )


async def proposed(shop: Shop, to: str = "@一群", text: str = TONIGHT) -> str:
    """What the preview of a broadcast says."""
    return (await shop.says(MANAGER, f"/broadcast {to} {text}", group=None)).text


async def test_in_the_day_nothing_is_late_and_nothing_is_said_of_it(shop: Shop) -> None:
    assert LATE not in await proposed(shop, "@所有群")


async def test_a_broadcast_at_night_goes_out_in_the_morning_as_its_preview_said(
    any_shop: Shop,
) -> None:
    shop = any_shop
    shop.clock.advance_to(at("23:10"))
    preview = await proposed(shop, "@一群 @二群")
    title, line = preview.splitlines()[preview.splitlines().index(LATE) :][:2]
    assert title == LATE
    assert line.startswith("· 一群、二群：免打扰时段，11-06 09:")
    assert line.endswith(" 再发")
    answer = await shop.says(MANAGER, "/confirm", group=None)
    assert line in answer.text
    assert not await shop.delivers()
    stands = (await shop.says(MANAGER, f"/preview {(await the_one(shop)).id}")).text
    assert "推迟：免打扰时段（2 条，最早 11-06 09:" in stands
    first, last = line.removesuffix(" 再发").rpartition("，")[2].split(" 到 ")
    shop.clock.advance_to(at(first.split()[1], 6) - MINUTE)
    assert not await shop.delivers()
    shop.clock.advance_to(at(last.split()[1], 6) + MINUTE)
    assert (await shop.delivers()).text == f"{TONIGHT}\n{TONIGHT}"


async def test_two_hours_are_counted_from_the_end_of_the_quiet_hours(shop: Shop) -> None:
    shop.clock.advance_to(at("23:10"))
    await broadcast(shop)
    assert (await the_one(shop)).valid_seconds == (9 * 60 + 50 + 120) * 60
    await shop.delivers()
    shop.clock.advance_to(at("11:01", 6))
    assert not await shop.delivers()
    assert await state_counts(shop) == {"skipped": 1}


async def test_in_the_day_a_broadcast_stays_valid_for_two_hours(shop: Shop) -> None:
    await broadcast(shop)
    assert (await the_one(shop)).valid_seconds == 2 * 60 * 60


async def test_quiet_hours_are_those_of_the_group_s_own_zone(shop: Shop) -> None:
    async with shop.desk.database.writing() as connection:
        await groups.set_zone(connection, (await shop.group("二群")).id, "America/New_York")
    shop.clock.advance_to(at("12:00"))  # 23:00 of the day before in New York
    preview = await proposed(shop, "@一群 @二群")
    assert f"{LATE}\n· 二群：免打扰时段，11-05 22:" in preview
    await shop.says(MANAGER, "/confirm", group=None)
    assert len(await shop.delivers()) == 1
    shop.clock.advance_to(at("22:31"))
    assert (await shop.delivers()).text == TONIGHT


async def test_groups_over_their_cap_are_named_with_what_that_means(shop: Shop) -> None:
    for number in range(3):
        await broadcast(shop, f"第{number}条")
        await shop.delivers()
        shop.clock.advance(MINUTE)
    preview = await proposed(shop, "@一群 @二群")
    assert f"{NEVER}\n· 一群：24 小时内已经发满，11-06 10:00 以后再发一次就行\n" in preview
    assert LATE not in preview
    await shop.says(MANAGER, "/confirm", group=None)
    assert len(await shop.delivers()) == 1
    stands = (await shop.says(MANAGER, "/progress 4")).text
    assert "跳过：24 小时内已经发满（1 条）" in stands


async def test_a_group_where_the_bot_is_muted_is_named(shop: Shop) -> None:
    group = await shop.group("三群")
    async with shop.desk.database.writing() as connection:
        await groups.mark_muted(connection, group.account, [group.chat], shop.clock.now())
    assert f"{NEVER}\n· 三群：在群里被禁言\n" in await proposed(shop, "@所有群")


async def test_minutes_that_the_platform_wants_quiet_are_told(shop: Shop) -> None:
    shop.platform.limits = Limits(quiet_minutes=5)
    assert f"{LATE}\n· 一群：避开整点和半点，11-05 10:0" in await proposed(shop)


async def test_a_halt_is_told_in_the_preview(shop: Shop) -> None:
    await shop.says(MANAGER, "/halt")
    assert f"{LATE}\n· 一群：急停中" in await proposed(shop)


async def test_a_promotion_window_is_shown_before_the_yes_and_in_the_plan(shop: Shop) -> None:
    plan = (await shop.says(MANAGER, "/plan 3")).text
    assert plan.endswith(f"\n「双11 倒计时 2026」的{SALE}")
    preview = (await shop.says(MANAGER, "/countdown 双11 @一群")).text
    assert SALE in preview
    await shop.says(MANAGER, "/confirm")
    campaign = await the_one(shop)
    assert campaign.promotion is not None
    assert campaign.priority == Priority.CAMPAIGN
    assert SALE in (await shop.says(MANAGER, "/preview 1")).text
    assert (await shop.says(MANAGER, "/plan 3")).text.count(SALE) == 1


async def test_a_broadcast_goes_before_campaigns(shop: Shop) -> None:
    await broadcast(shop)
    campaign = await the_one(shop)
    assert (campaign.priority, campaign.promotion) == (Priority.POST, None)


async def test_the_plan_marks_what_waits_and_what_is_paused(shop: Shop) -> None:
    await shop.says(MANAGER, "/countdown 双11 @一群")
    await shop.says(MANAGER, "/confirm")
    await shop.says(MANAGER, "/pause 1")
    await second_manager(shop)
    await shop.says(MANAGER, "/countdown 双12 @一群", group=None)
    await shop.says(MANAGER, "/confirm", group=None)
    plan = (await shop.says(MANAGER, "/plan 40")).text
    assert "#1 双11 倒计时 2026（@一群）活动暂停中 · 离双11" in plan
    assert "#2 双12 2026（@一群）还没有人批准 · 离双12" in plan


async def test_other_hours_and_caps_are_the_shop_s_own_choice(sqlite: Database) -> None:
    care = CareSettings(quiet_from=time(9, 30), quiet_until=time(10, 30), posts_a_day=1)
    shop = await with_groups(await open_shop(sqlite, ShopSettings(), care))
    assert "· 一群：免打扰时段，11-05 10:" in await proposed(shop)
    shop.clock.advance(HOUR)
    await broadcast(shop)
    await shop.delivers()
    assert "· 一群：24 小时内已经发满，11-06 11:00 以后再发一次就行" in await proposed(shop)


@pytest.mark.parametrize("count", [1, 60])
async def test_a_preview_fits_into_one_message_and_keeps_its_question(
    shop: Shop, count: int
) -> None:
    names = [f"{number}群" + "长" * 60 for number in range(count)]
    await shop.opens(*names)
    shop.clock.advance_to(at("23:00"))
    words = "慢慢挑" * 300
    preview = (await shop.says(MANAGER, f"/countdown 双12 @所有群 {words}", group=None)).text
    assert len(preview) <= 4_096
    assert "10 分钟内发 /confirm 1" in preview
    assert words in preview
    if count > 20:
        assert "等 63 个" in preview


def test_what_does_not_fit_ends_where_it_must(shop: Shop) -> None:
    text = in_one_message(shop.desk, ["一" * 5_000], ["", "问题？"])
    assert len(text) == 4_096
    assert text.endswith("一\n……\n\n问题？")
    assert in_one_message(shop.desk, ["一"], ["二"]) == "一\n二"
    assert Content(text).text == text
