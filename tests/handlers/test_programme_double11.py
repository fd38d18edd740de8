"""The year's Double-11 is planned by one command, and its countdown is said once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta

import pytest

import handlers.programme_pictures
from handlers.commands import REGISTRY
from handlers.pictures.sheet import CountdownSheet
from scheduler.campaigns import CampaignState
from tests.handlers.conftest import with_groups
from tests.handlers.scenes import OTHER, made, says, second_manager
from tests.handlers.shop import DAY, MANAGER, Opener, Shop


@pytest.fixture(autouse=True)
def _no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Countdowns come without their picture, which a process takes a while to draw."""

    async def nothing(sheets: Sequence[CountdownSheet]) -> list[None]:
        return [None] * len(sheets)

    monkeypatch.setattr(handlers.programme_pictures, "countdown_pictures", nothing)


async def test_one_command_plans_it_and_shows_the_calendar(shop: Shop) -> None:
    preview = await shop.says(MANAGER, "/double11 @所有群", group=None)
    assert "2026」的安排，一共" in preview.text
    assert "【预热 11-01～11-10】" in preview.text
    assert "大促时段 10-14 至 11-14" in preview.text
    assert "下一页" in preview.buttons
    last = await says(shop, "/programme double11 p2")
    assert "【爆发 11-11～11-11】" in last
    assert "开好了" in await says(shop, "/confirm")
    plan = await says(shop, "/plan 14")
    assert "11-08 10:18 #1 " in plan
    assert "双11 倒计时" not in plan.partition("现成的")[2]


async def test_what_the_platform_has_not_announced_is_asked_for_and_not_guessed(
    shop: Shop,
) -> None:
    preview = await says(shop, "/double11 @所有群")
    assert "· 尾款截止提醒、私信提醒付尾款：还不知道「尾款截止」" in preview
    told = await says(shop, "/大促 @所有群 尾款截止=11-10 23:12")
    assert "尾款截止提醒：还不知道" not in told
    await says(shop, "/confirm")
    pages = [await says(shop, f"/programme double11 p{number}") for number in (1, 2, 3)]
    assert "11-10 19:32" in "".join(pages)


async def test_a_standing_countdown_gives_way_to_the_programme(shop: Shop) -> None:
    await says(shop, "/countdown 双11 @所有群")
    await says(shop, "/confirm")
    assert "会代替现在的「" in await says(shop, "/double11 @所有群")
    await says(shop, "/confirm")
    countdown = next(one for one in await made(shop) if one.schedule["kind"] == "countdown")
    assert (countdown.state, countdown.reason) == (CampaignState.CANCELLED, "replaced")


async def test_a_countdown_that_was_previewed_before_the_programme_came_is_not_made(
    any_shop: Shop,
) -> None:
    shop = any_shop
    await second_manager(shop)
    await says(shop, "/countdown 双11 @所有群")
    await shop.says(OTHER, "/double11 @所有群", group=None)
    await shop.says(OTHER, "/confirm", group=None)
    answer = await says(shop, "/confirm")
    assert answer == "没有发：今年的方案已经开着，倒计时也在里面：/programme double11"
    assert "countdown" not in {one.schedule["kind"] for one in await made(shop)}


async def test_a_countdown_that_waits_gives_way_to_the_programme(any_shop: Shop) -> None:
    shop = any_shop
    await second_manager(shop)
    await says(shop, "/countdown 双11 @所有群")
    await says(shop, "/confirm")
    await says(shop, "/double11 @所有群")
    await says(shop, "/confirm")
    waits = await shop.says(OTHER, "/approve programme double11", group=None)
    countdown = next(one for one in await made(shop) if one.schedule["kind"] == "countdown")
    refused = await shop.says(OTHER, f"/approve {countdown.id}", group=None)
    assert "倒计时也在里面" in refused.text
    await shop.presses(OTHER, waits.buttons["批准"])
    countdown = next(one for one in await made(shop) if one.schedule["kind"] == "countdown")
    assert (countdown.state, countdown.reason) == (CampaignState.CANCELLED, "replaced")


async def test_a_countdown_beside_the_programme_is_refused(shop: Shop) -> None:
    await says(shop, "/double11 @所有群")
    await says(shop, "/confirm")
    answer = await says(shop, "/countdown 双11 @所有群")
    assert answer == "今年的双11已经排好了，倒计时也在里面：/programme double11"


async def test_a_countdown_to_the_day_of_another_programme_that_is_on_is_told_of_it(
    shop: Shop,
) -> None:
    alone = await says(shop, "/countdown 双12 @所有群")
    assert "说两遍" not in alone
    await says(shop, "/programme on 双12 @所有群")
    await says(shop, "/confirm")
    beside = await says(shop, "/countdown 双12 @所有群")
    first, *rest = beside.splitlines()
    assert first == (
        "「双12 2026」开着，也是到这天，它在 12-05、12-09、12-11 有话说：/programme double12。"
        "一起发会说两遍。"
    )
    assert any("/confirm" in line for line in rest)
    assert "说两遍" not in await says(shop, "/countdown 12-20 @所有群")


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_its_own_examples_work(opened: Opener, language: str) -> None:
    shop = await with_groups(await opened(language=language))
    command = REGISTRY.find("double11")
    assert command is not None
    preview = await shop.says(MANAGER, shop.desk.say(command.example), group=None)
    assert "/confirm 1" in preview.text
    told = await says(shop, shop.desk.say("/programme facts double11 优惠=全店满199减30"))
    assert "199" in told


async def test_what_was_said_can_be_taken_back(shop: Shop) -> None:
    await says(shop, "/double11 @所有群 优惠=全店满199减30")
    assert "满199减30" in await says(shop, "/programme facts double11")
    assert "· 这次的优惠：" not in await says(shop, "/programme facts double11 优惠=")


async def test_on_the_day_itself_it_opens_with_what_is_to_come(shop: Shop) -> None:
    shop.clock.advance(6 * DAY)
    preview = await shop.says(MANAGER, "/double11 @所有群", group=None)
    shown = preview.text
    assert shown.startswith("「双11 2026」的安排，一共 ")
    assert "11-11 20:12 " in shown
    assert "翻翻相册" not in shown
    assert "[已过]" not in shown
    assert {"确认发送", "上一页"} <= preview.buttons.keys()
    before = await shop.presses(MANAGER, preview.buttons["上一页"])
    assert "[已过]" in before.text
    assert "确认发送" not in before.buttons


async def test_the_calendar_opens_at_the_page_of_the_next_post(shop: Shop) -> None:
    await says(shop, "/double11 @所有群")
    await says(shop, "/confirm")
    shop.clock.advance(timedelta(days=6))
    seen = await shop.says(MANAGER, "/programme double11", group=None)
    assert seen.text.startswith("「双11 2026」开着：")
    assert "上一页" in seen.buttons
    assert seen.text.splitlines()[1].endswith(" 条已过，在上一页）")
    assert "[已过]" not in seen.text
    assert "[已过]" in await says(shop, "/programme double11 p1")


async def test_after_the_sale_only_what_is_left_is_told_and_counted(shop: Shop) -> None:
    shop.clock.advance(18 * DAY)  # 23 November
    preview = await shop.says(MANAGER, "/double11 @所有群", group=None)
    first, count, folded, *rest = preview.text.splitlines()
    assert first == ("「双11 2026」的正日子（11-11）已经过了，只剩后面的；明年的会提前来问你们。")
    left = [line for line in rest if re.match(r"\d+ · 11-", line)]
    private = sum("私信" in line for line in left)
    groups = len(left) - private
    sums = f"一共 {len(left)} 条要发（群里 {groups} 条，私信 {private} 条）"
    assert count == f"「双11 2026」的安排，{sums}："
    assert folded.endswith("条已过，在上一页）")
    for over in ("[已过]", "预售开始", "尾款", "问候新朋友", "直播"):
        assert over not in preview.text
    assert "确认发送" in preview.buttons
    before = preview.buttons["上一页"]
    while True:  # back to the first page, over what is past alone
        page = await shop.presses(MANAGER, before)
        shown = [line for line in page.text.splitlines() if re.match(r"\d+ · ", line)]
        assert all("[已过]" in line for line in shown)
        if "上一页" not in page.buttons:
            break
        before = page.buttons["上一页"]
    assert before == "/programme double11 p1"
    assert "正日子（11-11）已经过了" in await says(shop, "/programme double11")


async def test_of_a_year_that_is_half_over_only_the_rest_is_shown_and_warned_of(
    shop: Shop,
) -> None:
    said = "/programme on 会员日 @所有群 每月几号=28 优惠=满199减30"
    preview = await says(shop, said)
    assert "08-27" not in preview  # 中元节, a day without marketing, and long past
    assert "一共 4 条要发（群里 4 条，私信 0 条）" in preview
    assert "（前面 20 条已过，在上一页）" in preview
    await says(shop, "/confirm")
    seen = await says(shop, "/programme member-day")
    assert seen.splitlines()[1] == "（前面 20 条已过，在上一页）"
    assert "21 · 11-27 20:38" in seen


async def test_behind_the_end_a_button_leads_back_to_the_first_page(shop: Shop) -> None:
    answer = await shop.says(MANAGER, "/programme double11 p99", group=None)
    assert answer.text == "后面没有了。\n第 99 页"
    assert answer.buttons == {"回第一页": "/programme double11 p1"}
