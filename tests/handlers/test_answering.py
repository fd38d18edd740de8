"""An answer goes where it was asked, to the asker alone, or in place of what stands there."""

from __future__ import annotations

import pytest

from scheduler.content import Mention
from scheduler.courier import Address, AddressGone, Done, NothingSent, Outcome, Unable, Unclear
from storage.messages import pending
from tests.handlers.scenes import staff_chat
from tests.handlers.shop import ACCOUNT, MANAGER, Shop, in_group, in_private

LINK = "https://t.me/nuan_qun_bot?start=hello"
TOPIC = Address(group="chat-一群", topic="7")
IN_PRIVATE = in_private(MANAGER)


async def test_an_answer_goes_into_the_topic_that_it_was_asked_in(shop: Shop) -> None:
    assert (await shop.says("小鱼", "/help", topic="7")).addresses == [TOPIC]
    assert (await shop.presses("小鱼", "/help", group="一群", topic="7")).addresses == [TOPIC]
    assert (await shop.says("小鱼", "/help")).addresses == [in_group("一群")]
    assert (await shop.says(MANAGER, "/tags", topic="7")).addresses == [IN_PRIVATE]


async def test_the_topic_and_the_button_survive_a_restart(shop: Shop) -> None:
    await shop.orders(shop.heard("小鱼", "/help"))
    (order,) = await shop.dispatcher.left_over()
    assert (order.topic, order.pressed_on) == (None, None)
    await shop.obeys([order])
    shop.platform.refuses[TOPIC] = NothingSent("refused")
    await shop.presses("小鱼", "/help", group="一群", on="m9", topic="7")
    (order,) = await shop.dispatcher.left_over()
    assert (order.topic, order.pressed_on) == ("7", "m9")


@pytest.mark.parametrize("outcome", [AddressGone("never started"), Unable("no private chats")])
async def test_who_cannot_be_told_in_private_gets_a_button_that_opens_the_private_chat(
    shop: Shop, outcome: Outcome
) -> None:
    shop.platform.start_link = LINK
    shop.platform.refuses[IN_PRIVATE] = outcome
    (hint,) = await shop.says(MANAGER, "/tags", topic="7")
    assert hint.address == TOPIC
    assert hint.content.text == (
        f"@{MANAGER} 这个只能私下说：点下面的按钮和我打个招呼，再发一次命令。"
    )
    assert hint.content.mentions == (Mention(f"id-{MANAGER}", MANAGER),)
    (button,) = hint.content.buttons
    assert (button.label, button.link) == ("和我私聊", LINK)


async def test_where_nobody_need_open_a_private_chat_there_is_no_button(shop: Shop) -> None:
    shop.platform.refuses[IN_PRIVATE] = AddressGone("blocked")
    (hint,) = await shop.says(MANAGER, "/tags")
    assert hint.content.text == f"@{MANAGER} 这个只能私下说：先和我私聊一句，再发一次命令。"
    assert hint.content.buttons == ()


async def test_what_was_done_is_said_in_the_group_and_needs_no_private_chat(shop: Shop) -> None:
    shop.platform.start_link = LINK
    shop.platform.refuses[in_private("小鱼")] = AddressGone("never started")
    (done,) = await shop.says("小鱼", "/optout")
    assert (done.content.text, done.content.buttons) == ("@小鱼 好的，照办了。", ())


async def test_what_may_have_arrived_in_private_is_not_hinted_at(shop: Shop) -> None:
    shop.platform.refuses[IN_PRIVATE] = Unclear("answer_lost")
    assert await shop.says(MANAGER, "/tags") == []


async def test_somebody_who_opens_the_private_chat_is_greeted(shop: Shop) -> None:
    greeted = await shop.says("小鱼", "/start hello", group=None)
    assert greeted.text.startswith("你好，小鱼！我是暖群小店的群助手")
    assert greeted.addresses == [in_private("小鱼")]


# In place of what stands there


async def test_the_next_page_takes_the_place_of_the_one_before(shop: Shop) -> None:
    assert await shop.presses(MANAGER, "/audit p1", on="m9") == []
    (edit,) = shop.platform.edits
    assert (edit.address, edit.receipt) == (IN_PRIVATE, "m9")
    assert edit.content.text == "还没有改动。"


async def test_a_page_that_was_asked_for_in_words_is_said_anew(shop: Shop) -> None:
    assert (await shop.says(MANAGER, "/audit p1", group=None)).text == "还没有改动。"
    assert shop.platform.edits == []


async def test_what_cannot_be_changed_any_more_is_said_anew(shop: Shop) -> None:
    shop.platform.keeps[IN_PRIVATE] = Unable("message to edit not found")
    assert (await shop.presses(MANAGER, "/audit p1", on="m9")).text == "还没有改动。"


async def test_a_change_that_is_in_doubt_is_not_said_as_well(shop: Shop) -> None:
    shop.platform.keeps[IN_PRIVATE] = Unclear("answer_lost")
    assert await shop.presses(MANAGER, "/audit p1", on="m9") == []


async def test_a_button_in_a_group_changes_nothing_there_where_the_answer_is_private(
    shop: Shop,
) -> None:
    answer = await shop.presses(MANAGER, "/audit p1", group="一群", on="m9")
    assert answer.addresses == [IN_PRIVATE]
    assert shop.platform.edits == []


async def test_a_change_that_was_certainly_not_made_is_made_later(shop: Shop) -> None:
    shop.platform.keeps[IN_PRIVATE] = NothingSent("refused")
    assert await shop.presses(MANAGER, "/audit p1", on="m9") == []
    shop.platform.keeps[IN_PRIVATE] = Done("m9")
    await shop.obeys(await shop.dispatcher.left_over())
    async with shop.desk.database.reading() as connection:
        assert await pending(connection, ACCOUNT) == []


# In a staff chat


async def test_in_a_staff_chat_managers_are_answered_where_they_ask(shop: Shop) -> None:
    await staff_chat(shop)
    here = in_group("店员群")
    for text in ("/tags", "/who @没有", "/tag", "/tagg"):
        assert (await shop.says(MANAGER, text, group="店员群")).addresses == [here], text
    assert await shop.presses(MANAGER, "/audit p1", group="店员群", on="m9") == []
    (edit,) = shop.platform.edits
    assert edit.address == here


async def test_in_a_staff_chat_too_what_is_about_oneself_stays_between_the_two(shop: Shop) -> None:
    await staff_chat(shop)
    answer = await shop.says(MANAGER, "/me", group="店员群")
    assert answer.addresses == [IN_PRIVATE]
