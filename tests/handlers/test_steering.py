"""A campaign that runs: paused, resumed, cancelled, sent again where it failed, and looked at."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scheduler.courier import AddressGone, Limits, Rate, TooFast, Unclear
from tests.handlers.scenes import TONIGHT, broadcast, state_counts, the_one
from tests.handlers.shop import DAY, MANAGER, MINUTE, Shop, in_group, in_private

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    "name", ["pause", "resume", "cancel", "retry", "progress", "preview", "test", "edit"]
)
async def test_a_number_that_is_no_campaign_s_is_told_so(shop: Shop, name: str) -> None:
    answer = await shop.says(MANAGER, f"/{name} 99")
    assert answer.text == "没有编号 99 的活动。发 /plan 看编号。"
    assert answer.addresses == [in_private(MANAGER)]


@pytest.mark.parametrize(
    "name", ["pause", "cancel", "retry", "progress", "preview", "test", "edit"]
)
async def test_without_a_number_the_right_example_is_shown(shop: Shop, name: str) -> None:
    assert f"可以这样写：/{name} 12" in (await shop.says(MANAGER, f"/{name}")).text


async def test_a_paused_campaign_waits_and_goes_on_where_it_was(any_shop: Shop) -> None:
    shop = any_shop
    await broadcast(shop)
    number = (await the_one(shop)).id
    await shop.desk.planner.plan_ahead()
    paused = await shop.says(MANAGER, f"/pause {number}")
    assert paused.text == (
        f"「{TONIGHT}」暂停了，1 条待发的先等着，过时不补。恢复就发 /resume {number}。"
    )
    assert not await shop.delivers()
    assert "已经暂停着" in (await shop.says(MANAGER, f"暂停 #{number}")).text
    resumed = await shop.says(MANAGER, f"恢复 {number}")
    assert resumed.text == f"「{TONIGHT}」恢复了，1 条待发的接着发，过了时间的不补发。"
    assert (await shop.delivers()).text == TONIGHT
    assert "没有暂停" in (await shop.says(MANAGER, f"/resume {number}")).text
    assert "没有要暂停的" in (await shop.says(MANAGER, f"/pause {number}")).text


async def test_what_is_yet_to_be_planned_counts_as_to_come(any_shop: Shop) -> None:
    shop = any_shop
    await shop.says(MANAGER, "/countdown 双12 @一群 @二群")
    await shop.says(MANAGER, "/confirm")
    number = (await the_one(shop)).id
    assert (await shop.says(MANAGER, f"/progress {number}", group=None)).text.endswith(
        "\n还没开始发：10 条，第一条 12-02 10:18"
    )
    assert (await shop.says(MANAGER, f"/pause {number}", group=None)).text == (
        "「双12 2026」暂停了，10 条待发的先等着（下一条 12-02 10:18），过时不补。"
        f"恢复就发 /resume {number}。"
    )
    assert (await shop.says(MANAGER, f"/resume {number}", group=None)).text == (
        "「双12 2026」恢复了，10 条待发的接着发（下一条 12-02 10:18），过了时间的不补发。"
    )
    shop.clock.advance(27 * DAY + 20 * MINUTE)
    await shop.delivers()
    stands = (await shop.says(MANAGER, f"/progress {number}", group=None)).text
    assert "\n已发 2\n后面还有 9 条，下一条 12-03 10:18" in stands
    shop.clock.advance(20 * DAY)
    await shop.delivers()
    stands = (await shop.says(MANAGER, f"/progress {number}", group=None)).text
    assert "后面" not in stands


async def test_what_falls_due_during_a_pause_is_planned_afterwards(shop: Shop) -> None:
    await shop.says(MANAGER, "/countdown 双11 @一群")
    await shop.says(MANAGER, "/confirm")
    await shop.says(MANAGER, "/pause 1")
    shop.clock.advance(DAY + HOUR)
    assert not await shop.delivers()
    await shop.says(MANAGER, "/resume 1")
    assert (await shop.delivers()).text.startswith("离双11还有5天")
    assert await state_counts(shop) == {"sent": 1, "skipped": 1}


async def test_a_pause_is_too_late_for_what_has_ended(shop: Shop) -> None:
    await broadcast(shop)
    await shop.says(MANAGER, "/pause 1")
    shop.clock.advance(3 * HOUR)
    await shop.says(MANAGER, "/resume 1")
    assert not await shop.delivers()
    assert await state_counts(shop) == {"skipped": 1}
    assert "跳过：过了时间（1 条）" in (await shop.says(MANAGER, "/progress 1")).text


async def test_only_what_failed_and_is_still_valid_is_sent_again(any_shop: Shop) -> None:
    shop = any_shop
    shop.platform.refuses[in_group("二群")] = AddressGone("chat is full")
    await broadcast(shop, to="@所有群")
    number = (await the_one(shop)).id
    await shop.delivers()
    stands = await shop.says(MANAGER, f"/progress {number}")
    assert stands.text == (
        f"「{TONIGHT}」（编号 {number}）都排好了\n已发 2、失败 1\n失败：chat is full（1 条）"
    )
    assert stands.buttons == {"失败的再发": f"/retry {number}"}
    del shop.platform.refuses[in_group("二群")]
    await shop.opens("二群", tagged=["福利群"])  # the bot was let in again
    answer = await shop.presses(MANAGER, stands.buttons["失败的再发"])
    assert answer.text == f"「{TONIGHT}」失败的 1 条再发一次。"
    sent = await shop.delivers()
    assert sent.addresses == [in_group("二群")]
    assert await state_counts(shop) == {"sent": 3}
    assert "没有可以再发的" in (await shop.says(MANAGER, f"/retry {number}")).text


async def test_what_failed_and_is_past_its_time_is_not_sent_late(shop: Shop) -> None:
    shop.platform.refuses[in_group("一群")] = AddressGone("kicked")
    await broadcast(shop)
    await shop.delivers()
    shop.clock.advance(DAY)
    answer = await shop.says(MANAGER, "/retry 1")
    assert answer.text == f"「{TONIGHT}」没有可以再发的。\n失败的里有 1 条过了时间，不补发。"
    await shop.says(MANAGER, "/cancel 1")
    assert await state_counts(shop) == {"failed": 1}


async def test_a_cancelled_campaign_is_not_sent_again(shop: Shop) -> None:
    shop.platform.refuses[in_group("一群")] = AddressGone("kicked")
    await broadcast(shop, to="@一群 @三群")
    shop.platform.refuses[in_group("三群")] = TooFast(5 * MINUTE)
    await shop.delivers()
    await shop.says(MANAGER, "/cancel 1")
    assert (await shop.says(MANAGER, "/retry 1")).text == f"「{TONIGHT}」已经取消了，不再发。"
    assert await state_counts(shop) == {"cancelled": 1, "failed": 1}


async def test_progress_tells_what_waits_and_until_when(shop: Shop) -> None:
    shop.platform.refuses[in_group("一群")] = TooFast(5 * MINUTE)
    shop.platform.refuses[in_group("二群")] = Unclear("no_answer")
    await broadcast(shop, to="@所有群")
    assert (await shop.says(MANAGER, "/progress 1")).text == (
        f"「{TONIGHT}」（编号 1）已批准\n还没开始发：1 条，第一条 11-05 10:00"
    )
    await shop.delivers()
    stands = await shop.says(MANAGER, "进度 1")
    assert "待发 1、已发 1、存疑 1" in stands.text
    assert "推迟：平台嫌快，让慢一点（1 条，最早 11-05 10:05）" in stands.text
    assert "大约 11-05 10:05 发完" in stands.text
    assert stands.buttons == {"暂停它": "/pause 1", "看存疑的": "/uncertain 1"}


async def test_progress_of_what_a_person_holds_names_no_moment(shop: Shop) -> None:
    await broadcast(shop)
    await shop.desk.planner.plan_ahead()
    await shop.says(MANAGER, "/halt")
    await shop.delivers()
    stands = await shop.says(MANAGER, "/progress 1")
    assert "推迟：急停中（1 条）" in stands.text
    assert "发完" not in stands.text


async def test_progress_reckons_with_the_account_s_own_limits(shop: Shop) -> None:
    shop.platform.limits = Limits(account=(Rate(1, MINUTE),))
    await broadcast(shop, to="@所有群")
    await shop.desk.planner.plan_ahead()
    assert "待发 3\n大约 11-05 10:02 发完" in (await shop.says(MANAGER, "/progress 1")).text


async def test_a_test_goes_to_the_manager_alone_word_for_word(shop: Shop) -> None:
    await shop.says(MANAGER, "/countdown 双11 @一群")
    await shop.says(MANAGER, "/confirm")
    tried = await shop.says(MANAGER, "/test 1")
    assert tried.addresses == [in_private(MANAGER), in_private(MANAGER)]
    mark, post = (one.content.text for one in tried)
    assert mark == "下面是「双11 倒计时 2026」的试发，没有发到粉丝群："
    shop.clock.advance(20 * MINUTE)
    assert (await shop.delivers()).text == post
    await shop.says(MANAGER, "/cancel 1")
    await shop.says(MANAGER, "/confirm")
    assert "没有要发的了" in (await shop.says(MANAGER, "/test 1")).text


async def test_a_preview_of_a_campaign_shows_words_reach_and_what_holds_it(shop: Shop) -> None:
    await shop.joins("小鱼", "小美")
    await shop.says(MANAGER, "/countdown 双11 @一群")
    await shop.says(MANAGER, "/confirm")
    shown = (await shop.says(MANAGER, "/preview 1")).text
    assert shown.startswith(
        "「双11 倒计时 2026」（编号 1）已批准\n"
        "双11 倒计时 2026，一共 7 条：\n· 11-05 10:18 离双11还有6天"
    )
    assert "发到 1 个群：一群\n共 2 位粉丝\n大促时段 10-14 至 11-14" in shown
    assert "不会准时收到" not in shown
    await shop.says(MANAGER, "/pause 1")
    paused = (await shop.says(MANAGER, "/preview 1")).text
    assert "（编号 1）暂停中，管理员暂停了\n" in paused
    assert "照现在的情形，这些群不会准时收到：\n· 一群：活动暂停中" in paused


async def test_a_fan_steers_nothing(shop: Shop) -> None:
    await broadcast(shop)
    for name in ("pause", "cancel", "approve", "retry"):
        assert "我还不会" in (await shop.says("小鱼", f"/{name} 1")).text
    assert (await shop.delivers()).text == TONIGHT
