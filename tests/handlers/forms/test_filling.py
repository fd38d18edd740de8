"""The guided form, answered by buttons, by numbers and in words, up to the same preview and yes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from handlers.forms.listening import LISTENS_FOR
from handlers.proposals import CONFIRM_WITHIN
from handlers.settings import ShopSettings
from scheduler.content import Picture
from scheduler.courier import Limits
from storage import forms, groups
from storage.forms import Form
from tests.handlers.scenes import OTHER, TONIGHT, made, second_manager, staff_chat, the_one
from tests.handlers.shop import (
    MANAGER,
    MINUTE,
    NOW,
    SECOND,
    Answers,
    Opener,
    Shop,
    in_group,
    in_private,
    open_shop,
)

FIRST = (
    "一步一步来：点按钮、回数字、直接写都行。随时可以说「返回」「先放着」「不做了」。\n"
    "新活动\n想发什么？\n1. 群发一条消息\n2. 活动倒计时\n3. 节日问候\n例如：群发"
)
NONE = "没有在填的活动。要新建一个，发 /campaign。"
QUESTIONS = {
    "kind": "想发什么？",
    "groups": "发到哪些群？",
    "time": "什么时候发？",
    "day": "倒数到哪一天？",
    "festival": "哪个节日？",
    "text": "发什么内容？",
    "words": "每天说什么？",
    "picture": "要配图吗？",
}
BROADCAST = ("/campaign", "群发", "@一群", "现在", TONIGHT)


async def writes(shop: Shop, *texts: str, pictures: tuple[str, ...] = ()) -> Answers:
    """The manager writes to the bot in private; what it says to the last."""
    said = Answers()
    for text in texts:
        said = await shop.says(MANAGER, text, group=None, pictures=pictures)
    return said


async def form_of(shop: Shop, name: str = MANAGER) -> Form | None:
    """Somebody's form as it is stored."""
    member = await shop.member(name)
    async with shop.desk.database.reading() as connection:
        return await forms.of_member(connection, member.id)


async def stands_at(shop: Shop) -> str | None:
    """The step at which the manager's form stands."""
    form = await form_of(shop)
    return None if form is None else form.step


async def test_it_is_filled_in_in_words_and_sent_after_a_yes(any_shop: Shop) -> None:
    shop = any_shop
    assert (await writes(shop, "/campaign")).text == FIRST
    asked = await writes(shop, "群发")
    assert asked.text == (
        "新活动（2/5） · 群发一条消息\n发到哪些群？可以写群名、群标签，减号表示不要。\n"
        "1. 全部 3 个群\n2. 福利群\n3. 一群\n4. 三群\n5. 二群\n例如：@福利群 -二群"
    )
    asked = await writes(shop, "@福利群 -二群")
    assert "1. 确认后马上发\n2. 今晚 20:00\n3. 明天 10:00\n4. 明天 20:00" in asked.text
    asked = await writes(shop, "今晚8点")
    assert "新活动（4/5） · 群发一条消息 · @福利群 -二群 · 11-05 20:00\n" in asked.text
    asked = await writes(shop, TONIGHT)
    assert "要配图吗？" in asked.text
    preview = await writes(shop, "跳过")
    assert preview.text.startswith(f"要发的内容：\n{TONIGHT}\n定在 11-05 20:00 发\n")
    assert "发到 1 个群：一群" in preview.text
    assert await made(shop) == []
    answer = await shop.presses(MANAGER, preview.buttons["确认发送"])
    assert "已确认" in answer.text
    assert await form_of(shop) is None
    assert not await shop.delivers()
    shop.clock.advance_to(shop.clock.now().replace(hour=12, minute=0))  # 20:00 by the shop's clock
    sent = await shop.delivers()
    assert (sent.addresses, sent.text) == ([in_group("一群")], TONIGHT)


async def test_it_is_filled_in_by_buttons_alone_but_for_the_text(shop: Shop) -> None:
    asked = await shop.presses(MANAGER, "/campaign")
    for label in ("群发一条消息", "福利群", "确认后马上发"):
        asked = await shop.presses(MANAGER, asked.buttons[label])
    asked = await writes(shop, TONIGHT)
    preview = await shop.presses(MANAGER, asked.buttons["跳过"])
    assert list(preview.buttons) == ["确认发送", "不发了", "改一改"]
    await shop.presses(MANAGER, preview.buttons["确认发送"])
    sent = await shop.delivers()
    assert sent.addresses == [in_group("一群"), in_group("二群")]


async def test_it_is_filled_in_by_numbers(shop: Shop) -> None:
    preview = await writes(shop, "/campaign", "1", "#3", "1.", "1", "跳过")
    assert preview.text.startswith("要发的内容：\n1\n\n发到 1 个群：一群\n")


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


WRONG = [
    ((), "晚饭吃什么", "没看懂要发哪一种。可以这样写：群发"),
    (
        ("群发",),
        "@四群",
        "没有叫「四群」的群或群标签，可以写：@二群。现有：一群、三群、二群、福利群",
    ),
    (
        ("群发",),
        "四群",
        "没有叫「四群」的群或群标签，可以写：@二群。现有：一群、三群、二群、福利群",
    ),
    (("群发",), "@一群 今晚见", "后面多写了几个字。可以这样写：@福利群 -二群"),
    (("群发",), "-一群 -福利群 -三群", "这样选下来一个群也没有。"),
    (("群发",), "9", "没有叫「9」的群或群标签"),
    (("群发", "@一群"), "改天吧", "这个时间我没看懂。可以这样写：明天 10:00"),
    (("群发", "@一群"), "早上8点", "这个时间已经过了。可以这样写：明天 10:00"),
    (("群发", "@一群"), "今晚", "还少几点。可以这样写：明天 10:00"),
    (("群发", "@一群", "现在"), " ", "还没有写内容。可以这样写：今晚八点直播"),
    (("群发", "@一群", "现在"), "长" * 4097, "内容太长了，最多 4096 个字。"),
    (("群发", "@一群", "现在", "来"), "好看的图", "没看到图。可以这样写：https://"),
    (("群发", "@一群", "现在", "来"), f"https://a/{'a' * 2000}", "图片的网址太长了"),
    (("倒计时", "@一群"), "过几天", "日子要写成 双11、12-12 或 2026-12-12。可以这样写：双11"),
    (("倒计时", "@一群"), "2-30", "日历里没有「2-30」这一天。"),
    (("倒计时", "@一群"), "2020-02-02", "从现在起一年内没有要发的。"),
    (("倒计时", "@一群"), "双11 大促", "后面多写了几个字"),
    (("倒计时", "@一群", "双12"), "还有 {{ dyas }} 天", "这段内容里的花括号没写对。"),
    (("问候", "@一群"), "周年庆", "日历里没有这个节日。可以这样写：春节"),
]


@pytest.mark.parametrize(
    ("before", "says", "trouble"), WRONG, ids=[f"{len(one[0])}-{one[1][:8]}" for one in WRONG]
)
async def test_a_wrong_answer_is_told_how_to_say_it_and_asked_again(
    shop: Shop, before: tuple[str, ...], says: str, trouble: str
) -> None:
    await writes(shop, "/campaign", *before)
    step = await stands_at(shop)
    assert step is not None
    asked = await writes(shop, says)
    assert asked.text.startswith(trouble)
    assert QUESTIONS[step] in asked.text
    assert await stands_at(shop) == step
    assert asked.buttons["不做了"]


async def test_a_festival_that_is_greeted_on_already_is_not_offered_twice(shop: Shop) -> None:
    await writes(shop, "/greet @一群", "/confirm", "/campaign", "问候", "@一群")
    asked = await writes(shop, "春节")
    assert asked.text.startswith("全年问候已经开着（编号 1），春节也包括在内，就不另发了。\n")
    assert await stands_at(shop) == "festival"


ALL_STEPS = [
    ("kind", ()),
    ("groups", ("群发",)),
    ("time", ("群发", "@一群")),
    ("text", ("群发", "@一群", "现在")),
    ("picture", ("群发", "@一群", "现在", TONIGHT)),
    ("preview", ("群发", "@一群", "现在", TONIGHT, "跳过")),
    ("day", ("倒计时", "@一群")),
    ("words", ("倒计时", "@一群", "双11")),
    ("festival", ("问候", "@一群")),
]


@pytest.mark.parametrize(("step", "before"), ALL_STEPS, ids=[step for step, _ in ALL_STEPS])
async def test_every_step_can_be_left_resumed_and_thrown_away(
    shop: Shop, step: str, before: tuple[str, ...]
) -> None:
    shown = await writes(shop, "/campaign", *before)
    assert await stands_at(shop) == step
    left = await writes(shop, "先放着")
    assert left.text == "好的，先放着。填好的都留着，想接着填就发 /campaign。"
    assert not await writes(shop, "明天早上记得补货")
    resumed = await shop.presses(MANAGER, left.buttons["接着填"])
    assert resumed.text.splitlines()[-3:-1] == shown.text.splitlines()[-3:-1]
    assert await stands_at(shop) == step
    dropped = await writes(shop, "不做了")
    assert dropped.text == "好的，这个活动不做了，什么都没发。"
    assert await form_of(shop) is None
    assert (await writes(shop, "/leave")).text == NONE
    assert "没有等着确认的内容" in (await writes(shop, "/confirm")).text
    assert await made(shop) == []


@pytest.mark.parametrize(("step", "before"), ALL_STEPS[1:], ids=[step for step, _ in ALL_STEPS[1:]])
async def test_back_leads_to_the_step_before_and_keeps_what_is_filled_in(
    shop: Shop, step: str, before: tuple[str, ...]
) -> None:
    await writes(shop, "/campaign", *before)
    asked = await writes(shop, "返回")
    assert await stands_at(shop) != step
    assert "现在是：" in asked.text
    await shop.presses(MANAGER, asked.buttons["不改"])
    assert await stands_at(shop) == step


async def test_back_from_the_first_step_and_a_skip_of_what_is_needed_stay_where_they_are(
    shop: Shop,
) -> None:
    assert (await writes(shop, "/campaign", "返回")).text.startswith("这已经是第一步了。\n新活动\n")
    asked = await writes(shop, "群发", "跳过")
    assert asked.text.startswith("这一步不能跳过。\n新活动（2/5）")
    assert "跳过" not in asked.buttons
    preview = await writes(shop, "@一群", "现在", TONIGHT, "跳过", "跳过")
    assert preview.text.startswith("要发的内容")


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


async def test_a_button_pressed_late_answers_its_own_question(shop: Shop) -> None:
    asked = await writes(shop, "/campaign", "群发")
    every = asked.buttons["全部 3 个群"]
    await writes(shop, "@一群", "现在")
    asked = await shop.presses(MANAGER, every)
    assert "新活动（4/5） · 群发一条消息 · @所有群 · 确认后马上发\n发什么内容？" in asked.text
    preview = await writes(shop, TONIGHT, "跳过")
    assert "发到 3 个群" in preview.text
    assert "发到 1 个群" in (await shop.presses(MANAGER, "/campaign groups @二群")).text


async def test_a_button_of_another_flow_or_of_a_step_to_come_changes_nothing(shop: Shop) -> None:
    asked = await writes(shop, "/campaign", "群发")
    for says in ("/campaign day 双11", "/campaign text 嗨", "/campaign nothing 嗨"):
        await shop.presses(MANAGER, says)
        assert await stands_at(shop) == "groups"
    assert "发到哪些群" in asked.text


async def test_buttons_of_a_form_that_is_gone_say_so(shop: Shop) -> None:
    for says in ("/campaign groups @所有群", "/campaign back", "/campaign skip", "/leave"):
        gone = await shop.presses(MANAGER, says)
        assert gone.text == NONE
        assert gone.buttons == {"新活动": "/campaign"}


async def test_to_start_over_throws_the_answers_away(shop: Shop) -> None:
    await writes(shop, *BROADCAST)
    assert "接着填上次的活动。" in (await writes(shop, "/campaign")).text
    asked = await writes(shop, "从头来")
    assert asked.text.startswith("新活动\n想发什么？")
    assert "新活动（2/4） · 活动倒计时\n" in (await writes(shop, "2")).text


async def test_the_kind_may_come_with_the_command(shop: Shop) -> None:
    assert "新活动（2/4） · 活动倒计时\n" in (await writes(shop, "/campaign 倒计时")).text


async def test_another_kind_keeps_the_groups(shop: Shop) -> None:
    await writes(shop, "/campaign", "群发", "@一群", "返回", "返回")
    asked = await writes(shop, "问候")
    assert "新活动（3/3） · 节日问候 · @一群\n哪个节日？" in asked.text


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


async def test_answers_are_nobodys_words_and_survive_as_commands(any_shop: Shop) -> None:
    shop = any_shop
    await writes(shop, "/campaign", "群发", "@一群", "现在")
    event = shop.heard(MANAGER, TONIGHT, group=None)
    (order,) = await shop.orders(event)
    assert order.text == TONIGHT
    assert await shop.dispatcher.left_over() != []
    assert (await shop.obeys([order])).text.endswith("例如：https://example.com/live.jpg")
    assert await shop.dispatcher.left_over() == []


async def test_a_picture_answer_survives_with_its_picture(shop: Shop) -> None:
    await writes(shop, *BROADCAST)
    event = shop.heard(MANAGER, "", group=None)
    await shop.orders(replace(event, pictures=("pictures/one.png",)))
    (order,) = await shop.dispatcher.left_over()
    assert order.pictures == ("pictures/one.png",)


Elsewhere = Callable[[Shop], Awaitable[Answers]]


@pytest.mark.parametrize(
    "say",
    [
        lambda shop: shop.says(MANAGER, "@一群 都在吗"),
        lambda shop: shop.says(MANAGER, "@一群", group=None, forwarded=True),
        lambda shop: shop.says("小鱼", "@一群", group=None),
    ],
    ids=["in a group", "forwarded", "somebody else"],
)
async def test_what_is_no_answer_is_left_alone(shop: Shop, say: Elsewhere) -> None:
    await writes(shop, "/campaign", "群发")
    assert not await say(shop)
    assert await stands_at(shop) == "groups"


async def test_a_form_opened_in_a_group_is_filled_in_in_private(shop: Shop) -> None:
    opened = await shop.says(MANAGER, "/campaign")
    assert opened.addresses == [in_private(MANAGER)]
    assert not await shop.says(MANAGER, "1")
    assert "发到哪些群" in (await writes(shop, "1")).text


async def test_commands_go_on_working_while_a_form_is_open(shop: Shop) -> None:
    await writes(shop, "/campaign", "群发", "@一群", "现在")
    assert "我会这些" in (await writes(shop, "/help")).text or await writes(shop, "/help")
    assert "已急停" in (await writes(shop, "急停")).text
    assert await stands_at(shop) == "text"
    await writes(shop, "计划")
    form = await form_of(shop)
    assert form is not None
    assert form.body["given"]["text"] == "计划"


async def test_a_preview_listens_to_moves_only(shop: Shop) -> None:
    await writes(shop, *BROADCAST, "跳过")
    assert not await writes(shop, "明天记得补货")
    assert "已确认" in (await writes(shop, "确认")).text


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


async def test_a_forgotten_form_does_not_take_what_is_said_for_an_answer(shop: Shop) -> None:
    await writes(shop, "/campaign", "群发")
    shop.clock.advance(LISTENS_FOR + SECOND)
    assert not await writes(shop, "一群")
    assert "发到哪些群" in (await writes(shop, "/campaign")).text
    assert "什么时候发" in (await writes(shop, "一群")).text


async def test_each_manager_has_a_form_of_their_own(shop: Shop) -> None:
    await second_manager(shop)
    await writes(shop, "/campaign", "群发")
    assert (await shop.says(OTHER, "/campaign", group=None)).text == FIRST
    assert "新活动（2/4） · 活动倒计时" in (await shop.says(OTHER, "2", group=None)).text
    assert "什么时候发" in (await writes(shop, "一群")).text


async def test_with_two_managers_the_other_one_approves_and_sees_the_moment(shop: Shop) -> None:
    await second_manager(shop)
    preview = await writes(shop, "/campaign", "群发", "@一群", "今晚8点", TONIGHT, "跳过")
    assert "还要另一位管理员批准才会发" in preview.text
    told = await writes(shop, "确认")
    assert "定在 11-05 20:00 发" in told.text
    assert in_private(OTHER) in told.addresses


async def test_somebody_who_is_no_manager_any_more_fills_in_nothing(shop: Shop) -> None:
    await writes(shop, "/campaign", "群发")
    shop.staff.clear()
    assert not await writes(shop, "@一群")
    assert "我还不会「/campaign」" in (await writes(shop, "/campaign")).text


async def test_a_command_of_this_name_needs_its_slash(shop: Shop) -> None:
    assert not await writes(shop, "新活动 明天开始，大家多留意")
    assert (await writes(shop, "新活动")).text == FIRST


async def test_it_speaks_english(opened: Opener) -> None:
    shop = await opened(language="en")
    await shop.opens("Tea room", "Book club", tagged=["vip"])
    asked = await writes(shop, "/campaign")
    for label in ("One message to groups", "Tea room"):
        asked = await shop.presses(MANAGER, asked.buttons[label])
    await writes(shop, "back", "Tea room")
    assert "11-05 20:00" in (await writes(shop, "tonight 8pm")).text
    preview = await writes(shop, "Live at 8", "skip")
    assert "Scheduled for 11-05 20:00" in preview.text
    asked = await writes(shop, "drop", "/campaign greetings", "1")
    assert "Chinese New Year" in asked.text
    assert "Groups (1): Tea room" in (await writes(shop, "Chinese New Year")).text


async def test_an_answer_handled_again_after_a_crash_counts_once(any_shop: Shop) -> None:
    shop = any_shop
    await writes(shop, "/campaign", "群发", "@一群", "现在")
    (order,) = await shop.orders(shop.heard(MANAGER, TONIGHT, group=None))
    await shop.obeys([order])
    again = await shop.obeys([order])
    assert "要配图吗" in again.text
    form = await form_of(shop)
    assert form is not None
    assert form.body["given"]["text"] == TONIGHT
    (order,) = await shop.orders(shop.heard(MANAGER, "跳过", group=None))
    first, second = await shop.obeys([order]), await shop.obeys([order])
    assert first.text == second.text


async def test_a_restart_in_the_middle_loses_nothing(any_shop: Shop) -> None:
    shop = any_shop
    await writes(shop, "/campaign", "群发", "@福利群 -二群")
    stored = await shop.orders(shop.heard(MANAGER, "今晚8点", group=None))
    assert stored  # and the bot ends before it has answered
    again = await open_shop(shop.desk.database, ShopSettings())
    assert "发什么内容？" in (await again.obeys(await again.dispatcher.left_over())).text
    preview = await writes(again, TONIGHT, "跳过")
    assert "定在 11-05 20:00 发" in preview.text
    assert "发到 1 个群：一群" in preview.text
    last = await open_shop(shop.desk.database, ShopSettings())
    assert "已确认" in (await last.presses(MANAGER, preview.buttons["确认发送"])).text
    assert await form_of(last) is None


async def test_in_a_staff_chat_the_form_is_filled_in_there_for_its_groups(shop: Shop) -> None:
    await staff_chat(shop)
    asked = await shop.says(MANAGER, "/campaign", group="店员群")
    assert asked.addresses == [in_group("店员群")]
    asked = await shop.says(MANAGER, "群发", group="店员群")
    assert list(asked.buttons)[:3] == ["全部 2 个群", "一群", "二群"]
    assert not await writes(shop, "1")
    await second_manager(shop)
    assert not await shop.says(OTHER, "1", group="店员群")
    await shop.says(MANAGER, "1", group="店员群")
    await shop.says(MANAGER, "现在", group="店员群")
    asked = await shop.says(MANAGER, "算了", group="店员群")
    assert asked.addresses == [in_group("店员群")]
    assert not await shop.says(MANAGER, "大家早", group="店员群")
