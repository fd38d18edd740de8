"""The guided form, from step to step: by buttons, by numbers and in words, there and back."""

from __future__ import annotations

import pytest

from tests.handlers.forms.scenes import BROADCAST, FIRST, form_of, stands_at, writes
from tests.handlers.scenes import TONIGHT, made
from tests.handlers.shop import (
    MANAGER,
    Opener,
    Shop,
    in_group,
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
