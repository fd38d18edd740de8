"""What a filled form comes to: the same preview, yes and post as a command's."""

from __future__ import annotations

import pytest

from handlers.proposals import CONFIRM_WITHIN
from scheduler.content import Picture
from scheduler.courier import Limits
from storage import groups
from tests.handlers.forms.scenes import BROADCAST, form_of, stands_at, writes
from tests.handlers.scenes import OTHER, TONIGHT, second_manager, the_one
from tests.handlers.shop import (
    MANAGER,
    MINUTE,
    NOW,
    Shop,
    in_private,
)


@pytest.mark.parametrize(
    ("answers", "parts", "campaign"),
    [
        (
            ("倒计时", "所有群", "双11", "跳过"),
            ("一共 7 条", "11-05 10:18 离双11还有6天", "发到 3 个群"),
            ("double11", "双11 倒计时 2026"),
        ),
        (
            ("活动倒计时", "一群、二群", "12-12", "离{{ group }}的双12还有 {{ days }} 天"),
            ("一共 10 条", "12-02 10:18 离一群的双12还有 10 天", "发到 2 个群：一群、二群"),
            ("countdown", "12-12 2026"),
        ),
        (
            ("问候", "@一群", "全年"),
            ("节日问候", "发到 1 个群：一群"),
            ("festivals", "节日问候"),
        ),
        (
            ("节日问候", "1", "春节"),
            ("一共 1 条", "02-06", "发到 3 个群"),
            ("festivals", "节日问候 春节"),
        ),
    ],
    ids=["double 11", "own words", "the whole year", "one festival"],
)
async def test_each_kind_ends_in_what_its_command_makes(
    shop: Shop, answers: tuple[str, ...], parts: tuple[str, ...], campaign: tuple[str, str]
) -> None:
    preview = await writes(shop, "/campaign", *answers)
    for part in parts:
        assert part in preview.text
    await writes(shop, "确认")
    stored = await the_one(shop)
    assert (stored.programme, stored.name) == campaign
    assert await form_of(shop) is None


async def test_the_form_and_the_command_show_the_same(shop: Shop) -> None:
    of_form = await writes(shop, *BROADCAST, "跳过")
    of_command = await writes(shop, f"/broadcast @一群 {TONIGHT}")
    confirm = of_form.buttons["确认发送"]
    assert of_form.text.replace(confirm, of_command.buttons["确认发送"]) == of_command.text


async def test_a_change_from_the_preview_is_previewed_anew_and_the_old_yes_counts_no_more(
    shop: Shop,
) -> None:
    preview = await writes(shop, *BROADCAST, "跳过")
    old = preview.buttons["确认发送"]
    await shop.presses(MANAGER, preview.buttons["改一改"])
    assert await stands_at(shop) == "picture"
    assert "没有等着确认的内容" in (await shop.presses(MANAGER, old)).text
    await writes(shop, "返回")
    preview = await writes(shop, "改好了")
    assert preview.text.startswith("要发的内容：\n改好了\n\n")
    assert "没有等着确认的内容" in (await shop.presses(MANAGER, old)).text
    await shop.presses(MANAGER, preview.buttons["确认发送"])
    assert [post.content.text for post in await shop.delivers()] == ["改好了"]


async def test_pictures_go_out_with_the_text(shop: Shop) -> None:
    await writes(shop, *BROADCAST)
    shown = await writes(shop, "", pictures=("pictures/one.png",))
    assert [post.content.pictures for post in shown] == [(Picture("pictures/one.png"),), ()]
    assert f"要发的内容：\n{TONIGHT}\n配 1 张图\n" in shown.text
    await writes(shop, "确认")
    (post,) = await shop.delivers()
    assert (post.content.text, post.content.pictures) == (TONIGHT, (Picture("pictures/one.png"),))


async def test_a_picture_may_come_with_its_text(shop: Shop) -> None:
    await writes(shop, *BROADCAST[:-1])
    shown = await writes(shop, TONIGHT, pictures=("pictures/one.png",))
    assert "配 1 张图" in shown.text
    assert await stands_at(shop) == "preview"


async def test_a_picture_that_was_sent_goes_to_groups_of_the_same_account_only(shop: Shop) -> None:
    async with shop.desk.database.writing() as connection:
        elsewhere = [("chat-外群", "外群")]
        await groups.ensure_groups(connection, shop.desk.shop_id, "telegram:two", elsewhere, NOW)
    await writes(shop, "/campaign", "群发", "@一群 @外群", "现在", TONIGHT)
    asked = await writes(shop, "", pictures=("pictures/one.png",))
    assert asked.text.startswith("发来的图只能在同一个账号的群里用，别的群请写图片的网址。\n")
    preview = await writes(shop, "https://example.com/live.jpg")
    assert "发到 2 个群：一群、外群" in preview.text


async def test_a_picture_by_its_address(shop: Shop) -> None:
    await writes(shop, *BROADCAST, "https://example.com/live.jpg")
    await writes(shop, "确认")
    (post,) = await shop.delivers()
    assert post.content.pictures == (Picture("https://example.com/live.jpg"),)


@pytest.mark.parametrize(
    ("limits", "pictures", "trouble", "step"),
    [
        (Limits(caption_length=300), 1, "配图的时候文字最多 300 个字。", "picture"),
        (Limits(pictures=2), 3, "图太多了，一条最多 2 张。", "picture"),
        (Limits(text_length=300), 0, "内容太长了，最多 300 个字。", "text"),
    ],
    ids=["caption", "pictures", "text"],
)
async def test_what_a_platform_does_not_take_is_said_before_the_preview(
    shop: Shop, limits: Limits, pictures: int, trouble: str, step: str
) -> None:
    shop.platform.limits = limits
    await writes(shop, *BROADCAST[:-1], "长" * 301)
    sent = ("pictures/one.png",) * pictures
    asked = await (writes(shop, "", pictures=sent) if pictures else writes(shop, "跳过"))
    assert asked.text.startswith(trouble)
    assert await stands_at(shop) == step


async def test_a_time_that_passes_while_the_form_lies_is_asked_for_again(shop: Shop) -> None:
    await writes(shop, "/campaign", "群发", "@一群", "今晚8点", TONIGHT)
    shop.clock.advance(11 * 60 * MINUTE)
    asked = await writes(shop, "跳过")
    assert asked.text.startswith("这个时间已经过了，换一个吧。\n")
    assert "今晚 20:00" not in asked.buttons
    assert "定在 11-06 10:00 发" in (await writes(shop, "11-06 10:00")).text


async def test_a_yes_a_little_after_the_moment_sends_it_at_once(shop: Shop) -> None:
    await writes(shop, "/campaign", "群发", "@一群", "5分钟后", TONIGHT, "跳过")
    shop.clock.advance(6 * MINUTE)
    assert "已经过了" not in (await writes(shop, "确认")).text
    assert [post.content.text for post in await shop.delivers()] == [TONIGHT]


async def test_groups_that_are_gone_meanwhile_are_asked_for_again(shop: Shop) -> None:
    await writes(shop, "/campaign", "群发", "三群", "现在", TONIGHT)
    await shop.closes("三群")
    asked = await writes(shop, "跳过")
    assert asked.text.startswith("没有叫「三群」的群或群标签")
    assert await stands_at(shop) == "groups"
    assert "发到 1 个群：二群" in (await writes(shop, "二群")).text


async def test_a_post_for_the_night_waits_for_the_morning_and_is_still_sent(shop: Shop) -> None:
    preview = await writes(shop, "/campaign", "群发", "一群", "今晚11点", TONIGHT, "跳过")
    assert "定在 11-05 23:00 发" in preview.text
    assert "一群：免打扰时段，11-06 09:" in preview.text
    await writes(shop, "确认")
    shop.clock.advance(13 * 60 * MINUTE + MINUTE)
    assert not await shop.delivers()
    shop.clock.advance(10 * 60 * MINUTE + 30 * MINUTE)
    assert [post.content.text for post in await shop.delivers()] == [TONIGHT]


async def test_a_no_to_the_preview_throws_the_form_away(shop: Shop) -> None:
    preview = await writes(shop, *BROADCAST, "跳过")
    assert (await shop.presses(MANAGER, preview.buttons["不发了"])).text == "好的，不发了。"
    assert await form_of(shop) is None


async def test_a_yes_that_comes_too_late_loses_nothing(shop: Shop) -> None:
    await writes(shop, *BROADCAST, "跳过")
    shop.clock.advance(CONFIRM_WITHIN)
    assert "已经过了 10 分钟" in (await writes(shop, "/confirm")).text
    preview = await writes(shop, "/campaign")
    assert "已确认" in (await shop.presses(MANAGER, preview.buttons["确认发送"])).text


async def test_a_yes_to_something_else_leaves_the_form(shop: Shop) -> None:
    await writes(shop, *BROADCAST, "跳过", f"/broadcast @二群 {TONIGHT}", "/confirm")
    assert await stands_at(shop) == "preview"


async def test_with_two_managers_the_other_one_approves_and_sees_the_moment(shop: Shop) -> None:
    await second_manager(shop)
    preview = await writes(shop, "/campaign", "群发", "@一群", "今晚8点", TONIGHT, "跳过")
    assert "还要另一位管理员批准才会发" in preview.text
    told = await writes(shop, "确认")
    assert "定在 11-05 20:00 发" in told.text
    assert in_private(OTHER) in told.addresses
