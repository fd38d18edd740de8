"""Fans who speak to the bot alone get the shop's answer, or hear once a day where people are."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from handlers.private_words import MAY_ANSWER_FOR
from storage.tables import messages, pending_welcomes
from tests.handlers.shop import DAY, MANAGER, MINUTE, Shop, in_private

SHIPS = "48 小时内发货"
WHO = "我是暖群小店的群助手，只懂几样事，发 /help 就能看到。"


async def test_the_bot_says_once_a_day_what_it_is_and_where_people_are(any_shop: Shop) -> None:
    shop = any_shop
    await shop.says("小鱼", "大家好")
    answer = await shop.says("小鱼", "在吗", group=None)
    assert answer.text == f"{WHO}想找店里的人，到「一群」里说一声就好。"
    assert answer.addresses == [in_private("小鱼")]
    assert not await shop.says("小鱼", "你好？", group=None)
    assert (await shop.says("小美", "🙂", group=None)).text == WHO
    shop.clock.advance_to(shop.clock.now() + DAY)
    assert await shop.says("小鱼", "在吗", group=None)


async def test_who_sits_in_several_groups_is_sent_to_none_of_them(shop: Shop) -> None:
    await shop.says("小鱼", "大家好")
    await shop.says("小鱼", "大家好", group="二群")
    answer = await shop.says("小鱼", "在吗", group=None)
    assert answer.text == f"{WHO}想找店里的人，到群里说一声就好。"


async def test_many_words_at_once_are_answered_once(shop: Shop) -> None:
    words = [shop.heard("小鱼", text, group=None) for text in ("你好", "在吗", "？？")]
    assert len(await shop.hear(*words)) == 1
    assert not await shop.hear(words[0])


async def test_a_question_that_the_shop_answers_is_answered_each_time(any_shop: Shop) -> None:
    shop = any_shop
    await shop.says(MANAGER, f"/faq 多久发货 = {SHIPS}", group=None)
    for _ in range(2):
        answer = await shop.says("小鱼", "什么时候发货呀", group=None)
        assert (answer.text, answer.addresses) == (SHIPS, [in_private("小鱼")])
    event = shop.heard("小鱼", "多久发货", group=None)
    assert len(await shop.hear(event)) == 1
    assert not await shop.hear(event)
    together = [shop.heard("小鱼", text, group=None) for text in ("在吗", "多久发货")]
    assert (await shop.hear(*together)).text == SHIPS


async def test_who_wants_no_record_hears_where_people_are_and_nothing_of_it_is_kept(
    shop: Shop,
) -> None:
    await shop.says(MANAGER, f"/faq 多久发货 = {SHIPS}", group=None)
    await shop.says("小静", "/norecord", group=None)
    before = len(shop.platform.posts)
    await shop.dispatcher.hear([shop.heard("小静", "多久发货", group=None)])
    async with shop.desk.database.reading() as connection:
        kept = [*await connection.scalars(select(pending_welcomes.c.body))]
        texts = [*await connection.scalars(select(messages.c.text).order_by(messages.c.id))]
    assert SHIPS not in str(kept)
    assert not texts[-1]
    await shop.dispatcher.greet()
    assert [one.content.text for one in shop.platform.posts[before:]] == [WHO]


async def test_the_staff_are_left_alone(shop: Shop) -> None:
    await shop.says(MANAGER, f"/faq 多久发货 = {SHIPS}", group=None)
    assert not await shop.says(MANAGER, "在吗", group=None)
    assert not await shop.says(MANAGER, "多久发货", group=None)


async def test_nothing_is_said_under_halt(shop: Shop) -> None:
    await shop.says(MANAGER, f"/faq 多久发货 = {SHIPS}", group=None)
    await shop.says(MANAGER, "/halt", group=None)
    assert not await shop.says("小鱼", "在吗", group=None)
    assert not await shop.says("小鱼", "多久发货", group=None)


@pytest.mark.parametrize("text", ["3", "３", "（三）", "2.", "12、"])
async def test_a_number_may_have_been_meant_for_an_offer(shop: Shop, text: str) -> None:
    assert not await shop.says("小鱼", text, group=None)


async def test_a_reply_is_for_what_it_replies_to(shop: Shop) -> None:
    said = replace(shop.heard("小鱼", "要两份", group=None), reply_to="receipt-1")
    assert not await shop.hear(said)


async def test_who_was_written_to_may_be_answering_that(any_shop: Shop) -> None:
    shop = any_shop
    await shop.says(MANAGER, f"/faq 多久发货 = {SHIPS}", group=None)
    await shop.says("小鱼", "大家好")
    await shop.says(MANAGER, "/tag @小鱼 老客", group=None)
    await shop.says(MANAGER, "/broadcast @标签:老客 想了解什么，直接回我", group=None)
    await shop.says(MANAGER, "/confirm", group=None)
    assert in_private("小鱼") in (await shop.delivers()).addresses
    shop.clock.advance_to(shop.clock.now() + 5 * MINUTE)
    assert not await shop.says("小鱼", "想要面霜", group=None)
    assert (await shop.says("小鱼", "多久发货", group=None)).text == SHIPS
    shop.clock.advance_to(shop.clock.now() + MAY_ANSWER_FOR)
    assert await shop.says("小鱼", "在吗", group=None)


async def test_what_could_not_be_said_in_time_is_not_said_late(shop: Shop) -> None:
    await shop.dispatcher.hear([shop.heard("小鱼", "在吗", group=None)])
    shop.clock.advance_to(shop.clock.now() + timedelta(minutes=11))
    await shop.dispatcher.greet(again=True)
    assert shop.platform.posts == []
