"""The shop's answers are given to fans who ask in groups, seldom, and never into a talk."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from handlers import faq_matching
from handlers.desk import Desk
from handlers.events import Event
from handlers.faq_answers import APART
from handlers.faq_matching import FaqBook, FaqReader
from handlers.questions import questions_in
from insights.lexicon import Lexicon
from insights.questions import Asking, read_asking
from insights.words import Segmenter
from storage.faqs import Faq, drop_faq
from tests.handlers.shop import (
    MANAGER,
    MINUTE,
    PLATFORM,
    SECOND,
    Opener,
    Shop,
    in_group,
    in_private,
    understanding,
)

SHIPS = "48 小时内发货"


async def taught(shop: Shop, question: str = "多久发货", answer: str = SHIPS) -> None:
    await shop.says(MANAGER, f"/faq {question} = {answer}", group=None)


async def test_a_question_is_answered_in_the_group_and_calls_who_asked(any_shop: Shop) -> None:
    shop = any_shop
    await taught(shop)
    (answer,) = await shop.says("小鱼", "什么时候发货呀")
    assert answer.address == in_group("一群")
    assert answer.content.text == f"@小鱼 {SHIPS}"
    assert [one.person for one in answer.content.mentions] == ["id-小鱼"]
    assert not await shop.says("小鱼", "今天天气真好")
    assert not await shop.says("小鱼", "昨天发货了，谢谢")


async def test_the_same_answer_is_given_once_in_ten_minutes_in_each_group(shop: Shop) -> None:
    await taught(shop)
    assert await shop.says("小鱼", "多久发货")
    assert not await shop.says("小美", "什么时候发货")
    assert await shop.says("小月", "多久发货", group="二群")
    shop.clock.advance_to(shop.clock.now() + APART)
    assert not await shop.says("小美", "多久发货")
    shop.clock.advance_to(shop.clock.now() + SECOND)
    assert await shop.says("小美", "多久发货")
    listed = (await shop.says(MANAGER, "/faq", group=None)).text
    assert f"多久发货：{SHIPS}（答过 3 次）" in listed


async def test_two_who_ask_at_once_get_one_answer(shop: Shop) -> None:
    await taught(shop)
    answers = await shop.hear(shop.heard("小鱼", "多久发货"), shop.heard("小美", "多久发货"))
    assert [post.content.text for post in answers] == [f"@小鱼 {SHIPS}"]


async def test_a_message_that_is_heard_twice_is_answered_once(shop: Shop) -> None:
    await taught(shop)
    event = shop.heard("小鱼", "多久发货")
    assert len(await shop.hear(event)) == 1
    shop.clock.advance_to(shop.clock.now() + 2 * APART)
    assert len(await shop.hear(event)) == 0


async def test_the_bot_is_silent_while_the_staff_are_talking(shop: Shop) -> None:
    await taught(shop)
    await shop.says(MANAGER, "大家好，我在的")
    assert not await shop.says("小鱼", "多久发货")
    assert await shop.says("小鱼", "多久发货", group="二群")
    shop.clock.advance_to(shop.clock.now() + timedelta(minutes=10, seconds=1))
    assert await shop.says("小美", "多久发货")


@pytest.mark.parametrize("question", ["多久发货" + "。" * 120, "/help 多久发货"])
async def test_what_is_no_short_question_of_a_fans_is_left_alone(shop: Shop, question: str) -> None:
    await taught(shop)
    answers = await shop.says("小鱼", question)
    assert SHIPS not in answers.text


async def test_the_staff_and_who_wants_no_record_are_left_alone(shop: Shop) -> None:
    await taught(shop)
    await shop.says("小静", "/norecord")
    assert not await shop.says("小静", "多久发货")
    assert not await shop.says(MANAGER, "多久发货")


async def test_what_those_say_who_want_no_record_is_not_even_read(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    def noted(text: str, *words: Any) -> Asking:
        read.append(text)
        return read_asking(text, *words)

    await taught(shop)
    await shop.says("小静", "/norecord")
    monkeypatch.setattr(faq_matching, "read_asking", noted)
    await shop.says("小静", "多久发货呀")
    await shop.says("小静", "多久发货呢", group=None)
    await shop.says("小鱼", "什么时候发货呀")
    assert read == ["多久发货", "什么时候发货呀"]


async def test_nothing_is_answered_under_halt(shop: Shop) -> None:
    await taught(shop)
    await shop.says(MANAGER, "/halt", group=None)
    assert not await shop.says("小鱼", "多久发货")


@pytest.mark.parametrize(
    "said",
    [
        "@小美 你那单什么时候发货呀",
        "多久发货的问题我早就知道了",
        "怎么还不发货啊，都一周了要投诉",
        "为什么给我发货发错了",
    ],
)
async def test_what_is_meant_for_another_complains_or_tells_is_left_to_people(
    shop: Shop, said: str
) -> None:
    await taught(shop)
    assert not await shop.says("小鱼", said)


async def test_who_calls_another_by_a_mark_is_not_answered_and_who_calls_the_bot_is(
    shop: Shop,
) -> None:
    await taught(shop)
    assert not await shop.hear(replace(shop.heard("小鱼", "多久发货"), mentions=("id-小美",)))
    to_the_bot = replace(shop.heard("小鱼", "多久发货"), mentions=("me",), mentions_bot=True)
    assert await shop.hear(to_the_bot)


async def test_a_question_that_the_shop_wrote_with_such_a_word_is_answered(shop: Shop) -> None:
    await taught(shop, "为什么还没发货")
    assert await shop.says("小鱼", "为什么还没发货呀")


async def test_managers_see_change_and_drop_what_is_answered(shop: Shop) -> None:
    assert "还没有问答" in (await shop.says(MANAGER, "/faq", group=None)).text
    await taught(shop)
    await taught(shop, answer="今天就发")
    listed = await shop.says(MANAGER, "/faq", group=None)
    assert listed.text == (
        "我会答这 1 个问题：\n1. 多久发货：今天就发（答过 0 次）\n不要哪个，发 /unfaq 加编号。"
    )
    dropped = await shop.says(MANAGER, "/unfaq 1", group=None)
    assert dropped.text == "好的，「多久发货」我不答了。"
    assert not await shop.says("小鱼", "多久发货")
    assert "没有编号 1" in (await shop.says(MANAGER, "/unfaq 1", group=None)).text
    await shop.presses(MANAGER, dropped.buttons["恢复"])
    assert (await shop.says("小鱼", "多久发货")).text == "@小鱼 今天就发"
    log = (await shop.says(MANAGER, "/audit", group=None)).text
    assert "写了问答「多久发货」" in log
    assert "删了问答「多久发货」" in log


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("/faq 多久发货", "要写成“问题 = 回答”"),
        (f"/faq {'长' * 61} = 好", "问题太长了"),
        (f"/faq 多久发货 = {'长' * 501}", "回答太长了"),
        ("/faq 多久发货 = 全网第一快，转发朋友圈领红包", "这段话先别发，改一下："),
        ("/faq 吗 = 是", "「吗」太笼统，我怕答错。"),
    ],
)
async def test_what_is_wrong_with_an_answer_is_said(shop: Shop, said: str, answer: str) -> None:
    answers = await shop.says(MANAGER, said, group=None)
    assert answers.text.startswith(answer)
    assert answers.addresses == [in_private(MANAGER)]


async def test_an_answer_that_could_not_be_given_in_time_is_not_given_late(shop: Shop) -> None:
    await taught(shop)
    await shop.dispatcher.hear([shop.heard("小鱼", "多久发货")])
    shop.clock.advance_to(shop.clock.now() + 11 * MINUTE)
    before = len(shop.platform.posts)
    await shop.dispatcher.greet(again=True)
    assert len(shop.platform.posts) == before


async def test_the_staff_are_not_told_of_a_question_that_was_answered(shop: Shop) -> None:
    await taught(shop)
    group = await shop.group("一群")
    shop.clock.advance_to(shop.clock.now() + MINUTE)
    await shop.says("小鱼", "多久发货")
    await shop.says("小美", "面霜多少钱")
    now = shop.clock.now()
    asked = await questions_in(shop.desk, [group], now - MINUTE, now + MINUTE, heard=now + MINUTE)
    assert [(one.question.text, one.question.answered_at) for one in asked] == [
        ("多久发货", now),
        ("面霜多少钱", None),
    ]


async def test_who_asks_behind_an_answer_alarms_nobody_and_does_not_put_the_next_off(
    shop: Shop,
) -> None:
    await taught(shop)
    group = await shop.group("一群")
    first = shop.clock.now()
    assert (await shop.says("小鱼", "多久发货")).text
    for _ in range(3):
        shop.clock.advance(3 * MINUTE)
        assert not await shop.says("小美", "多久发货呀")
    now = shop.clock.now()
    asked = await questions_in(shop.desk, [group], first, now + MINUTE, heard=now + MINUTE)
    assert len(asked) == 4
    assert all(one.question.answered_at is not None for one in asked)
    assert "1 次" in (await shop.says(MANAGER, "/faq", group=None)).text
    shop.clock.advance(2 * MINUTE)  # eleven minutes behind the answer
    assert (await shop.says("小月", "多久发货")).text


async def test_it_answers_in_english_words_too(opened: Opener) -> None:
    shop = await opened(language="en")
    await shop.opens("deals")
    await taught(shop, "多久发货", "within 48 hours")
    assert (await shop.says("小鱼", "多久发货", group="deals")).text == "@小鱼 within 48 hours"


FAQS = {
    question: Faq(number, question, "")
    for number, question in enumerate(
        ["多久发货", "包邮吗", "可以退货吗", "孕妇能用吗", "有没有优惠券"]
    )
}


@pytest.mark.parametrize(
    ("asked", "question"),
    [
        ("什么时候发货呀", "多久发货"),
        ("你们包邮不", "包邮吗"),
        ("不喜欢能退货吗", "可以退货吗"),
        ("有优惠券吗", "有没有优惠券"),
        ("发什么快递", None),  # of deliveries too, but another question
        ("面霜多少钱", None),
        ("地址在哪里", None),
    ],
)
def test_the_closest_question_is_found_or_none(asked: str, question: str | None) -> None:
    segmenter, lexicon = understanding()
    book = FaqBook([*FAQS.values()], segmenter, lexicon)
    found = book.asked_in({"message": asked}).get("message")
    assert (found.question if found else None) == question


async def test_an_answer_that_may_not_be_said_is_not_kept(shop: Shop) -> None:
    refused = (await shop.says(MANAGER, "/faq 面霜有用吗 = 能治疗湿疹", group=None)).text
    assert "普通商品不能说“治疗”" in refused
    assert not await shop.says("小鱼", "面霜有用吗")


async def test_the_shop_s_questions_are_read_once_for_each_change_of_them(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []

    def counted(faqs: Sequence[Faq], segmenter: Segmenter, lexicon: Lexicon) -> FaqBook:
        made.append(len(faqs))
        return FaqBook(faqs, segmenter, lexicon)

    monkeypatch.setattr(faq_matching, "FaqBook", counted)
    await taught(shop)
    reader, asks = FaqReader(PLATFORM), shop.heard("小鱼", "什么时候发货呀")
    for _ in range(3):
        found = await reader.asked_in(shop.desk, [asks])
        assert [faq.question for faq in found.values()] == ["多久发货"]
    await taught(shop, "能不能退货", "七天内可以退")
    assert await reader.asked_in(shop.desk, [asks])
    assert made == [1, 2]


async def test_an_answer_that_was_dropped_while_the_question_was_read_is_not_given(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await taught(shop)
    read = FaqReader.asked_in

    async def slowly(self: FaqReader, desk: Desk, events: Iterable[Event]) -> dict[str, Faq]:
        found = await read(self, desk, events)
        async with desk.database.writing() as connection:
            await drop_faq(connection, desk.shop_id, 1)
        return found

    monkeypatch.setattr(FaqReader, "asked_in", slowly)
    assert not await shop.says("小鱼", "什么时候发货呀")
