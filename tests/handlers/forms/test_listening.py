"""What is said to a form is a command: stored, obeyed once, and nobody's words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from handlers.forms.listening import LISTENS_FOR
from handlers.settings import ShopSettings
from tests.handlers.forms.scenes import BROADCAST, FIRST, form_of, stands_at, writes
from tests.handlers.scenes import OTHER, TONIGHT, second_manager, staff_chat
from tests.handlers.shop import (
    MANAGER,
    SECOND,
    Answers,
    Shop,
    in_group,
    in_private,
    open_shop,
)


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


Elsewhere = Callable[[Shop], Awaitable[Answers]]


@pytest.mark.parametrize(
    "say",
    [
        lambda shop: shop.says(MANAGER, "@一群 都在吗"),
        lambda shop: shop.says(MANAGER, "@一群", group=None, forwarded=True),
    ],
    ids=["in a group", "forwarded"],
)
async def test_what_is_no_answer_is_left_alone(shop: Shop, say: Elsewhere) -> None:
    await writes(shop, "/campaign", "群发")
    assert not await say(shop)
    assert await stands_at(shop) == "groups"


async def test_what_somebody_else_says_is_no_answer(shop: Shop) -> None:
    await writes(shop, "/campaign", "群发")
    said = await shop.says("小鱼", "@一群", group=None)
    assert said.text.startswith("我是暖群小店的群助手")
    assert await stands_at(shop) == "groups"


async def test_a_form_opened_in_a_group_is_filled_in_in_private(shop: Shop) -> None:
    opened = await shop.says(MANAGER, "/campaign")
    assert opened.addresses == [in_private(MANAGER)]
    assert not await shop.says(MANAGER, "1")
    assert "发到哪些群" in (await writes(shop, "1")).text


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


async def test_commands_go_on_working_while_a_form_is_open(shop: Shop) -> None:
    await writes(shop, "/campaign", "群发", "@一群", "现在")
    assert "/群发" in (await writes(shop, "/help")).text
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


async def test_somebody_who_is_no_manager_any_more_fills_in_nothing(shop: Shop) -> None:
    await writes(shop, "/campaign", "群发")
    shop.staff.clear()
    assert (await writes(shop, "@一群")).text.startswith("我是暖群小店的群助手")
    assert "我还不会「/campaign」" in (await writes(shop, "/campaign")).text


async def test_a_command_of_this_name_needs_its_slash(shop: Shop) -> None:
    assert not await writes(shop, "新活动 明天开始，大家多留意")
    assert (await writes(shop, "新活动")).text == FIRST
