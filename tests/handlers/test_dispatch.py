"""From a channel's events to answers: welcomes, repetitions, and what a restart finds."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handlers.commanding import STALE_AFTER
from handlers.commands import REGISTRY
from handlers.settings import ShopSettings
from scheduler.courier import NothingSent, Unclear
from storage import campaigns
from tests.handlers.shop import DAY, MANAGER, NOW, SECOND, Shop, in_group, in_private, open_shop


async def test_joiners_of_one_batch_get_one_welcome(shop: Shop) -> None:
    welcome = await shop.joins("小鱼", "小美", MANAGER)
    assert welcome.addresses == [in_group("一群")]
    assert welcome.text == (
        "欢迎 @小鱼、@小美 来到 一群！有什么想问的、想聊的，直接在群里说就好。\n"
        "想知道我会做什么，发 /help；想看我记住了你什么，发 /me；"
        "不想收营销消息，发 /optout；不想让我记聊天，发 /norecord。"
    )
    mentioned = welcome[0].content.mentions
    assert [one.person for one in mentioned] == ["id-小鱼", "id-小美"]


async def test_many_joiners_are_counted(shop: Shop) -> None:
    welcome = await shop.joins(*(f"粉丝{number}" for number in range(12)))
    assert welcome.text.startswith(
        "欢迎 @粉丝0、@粉丝1、@粉丝2、@粉丝3、@粉丝4 等 12 位新朋友 来到 一群！"
    )
    assert len(welcome[0].content.mentions) == 5


async def test_staff_are_not_welcomed(shop: Shop) -> None:
    assert not await shop.joins(MANAGER)


async def test_who_speaks_before_being_seen_to_come_is_not_welcomed(shop: Shop) -> None:
    assert not await shop.says("小鱼", "大家好")


async def test_a_message_that_comes_twice_is_answered_once(any_shop: Shop) -> None:
    shop = any_shop
    assert await shop.says("小鱼", "/me", message="7")
    assert not await shop.says("小鱼", "/me", message="7")
    await shop.says("小鱼", "补水", message="8")
    await shop.says("小鱼", "补水", message="8")
    assert await shop.fans_words() == ["补水"]
    twice = shop.heard("小鱼", "/me", message="9")
    assert len(await shop.hear(twice, twice)) == 1


async def test_nothing_heard_is_nothing_done(shop: Shop) -> None:
    assert not await shop.hear()


async def test_a_batch_keeps_its_order(shop: Shop) -> None:
    answers = await shop.hear(
        shop.heard(MANAGER, "/halt"),
        shop.heard(MANAGER, "/resume"),
        shop.heard(MANAGER, "/resume"),
    )
    assert [post.content.text[:4] for post in answers] == ["已急停：", "已恢复发", "没有急停"]


async def test_young_commands_run_after_a_restart_and_old_ones_are_named(any_shop: Shop) -> None:
    old = any_shop.heard("小鱼", "/me", at=NOW - STALE_AFTER - SECOND)
    young = any_shop.heard("小鱼", "/optout", at=NOW - STALE_AFTER)
    alone = any_shop.heard("小美", "/me", group=None, at=NOW)
    await any_shop.orders(old, young, alone)

    again = await open_shop(any_shop.desk.database, ShopSettings())
    answers = await again.obeys(await again.dispatcher.left_over())
    assert answers.addresses == [in_private("小鱼"), in_private("小鱼"), in_private("小美")]
    # It was stored before the end, and perhaps carried out in part: nobody can say it was not.
    assert answers[0].content.text.startswith("我刚才断开过，「/me」可能没有做完。")
    assert answers[1].content.text.startswith("好的，以后不再私下给你发营销消息")
    assert answers[2].content.text.startswith("小美，我记得你这些：")
    assert await again.dispatcher.left_over() == []


async def test_more_commands_than_are_read_at_once_are_left_over_in_their_order(
    any_shop: Shop,
) -> None:
    given = [any_shop.heard(f"粉丝{number % 7}", "/me") for number in range(120)]
    await any_shop.orders(*given)
    again = await open_shop(any_shop.desk.database, ShopSettings())
    left = await again.dispatcher.left_over()
    assert [order.message for order in left] == [one.message for one in given]
    assert all(order.begun and order.late for order in left)
    few = await again.dispatcher.waiting(after=left[99].message_id, left_over=left[109].message_id)
    assert [order.message for order in few] == [one.message for one in given[100:]]
    assert [order.begun for order in few] == [True] * 10 + [False] * 10


async def test_what_was_commanded_while_the_bot_was_away_is_not_run_when_it_is_old(
    shop: Shop,
) -> None:
    old = shop.heard("小鱼", "/optout", at=NOW - STALE_AFTER - SECOND)
    assert (await shop.hear(old)).text == "我刚才不在，「/optout」没有执行。还需要的话请再说一次。"
    young = shop.heard("小鱼", "/optout", at=NOW - STALE_AFTER)
    assert (await shop.hear(young)).text.startswith("好的，以后不再私下给你发营销消息")


async def test_a_command_that_waited_in_the_queue_still_runs(shop: Shop) -> None:
    """Only after a restart is a command too old; a slow report before it is no reason."""
    orders = await shop.orders(shop.heard("小鱼", "/me"))
    shop.clock.advance(10 * STALE_AFTER)
    assert "我记得你这些" in (await shop.obeys(orders)).text


async def test_a_command_of_somebody_unrecorded_is_kept_only_until_it_is_obeyed(
    any_shop: Shop,
) -> None:
    await any_shop.says("小鱼", "/norecord")
    await any_shop.orders(any_shop.heard("小鱼", "/me"))
    (order,) = await any_shop.dispatcher.left_over()
    assert order.text == "/me"
    assert await any_shop.obeys([order])
    assert await any_shop.dispatcher.left_over() == []


async def test_a_command_that_waits_is_answered_though_they_ask_for_no_record(
    any_shop: Shop,
) -> None:
    first, second = await any_shop.orders(
        any_shop.heard("小鱼", "/norecord"), any_shop.heard("小鱼", "/me")
    )
    await any_shop.obeys([first])
    waiting = await any_shop.dispatcher.waiting()
    assert [(order.message_id, order.text) for order in waiting] == [(second.message_id, "/me")]


async def test_a_fan_gets_the_same_answer_for_a_managers_command_as_for_none(shop: Shop) -> None:
    fans = {"help", "start", "me", "optout", "optin", "norecord", "record", "invite"}
    fans |= {"claim", "wish", "favourite", "unwish", "vote", "join", "quit", "drawcheck"}
    fans |= {"pricedrop"}
    for one in REGISTRY:
        if one.name not in fans:
            answer = await shop.says("小鱼", one.example)
            assert answer.addresses == [in_group("一群")]
            assert answer.text.startswith(f"我还不会「/{one.name}」。"), answer.text
            assert {says.removeprefix("/help ") for says in answer.buttons.values()} <= fans
    async with shop.desk.database.reading() as connection:
        states = ("draft", "approved", "finished", "cancelled")
        assert await campaigns.in_states(connection, shop.desk.shop_id, states) == []


async def test_a_slip_of_the_finger_is_offered_the_right_command(shop: Shop) -> None:
    answer = await shop.says(MANAGER, "/tga @小鱼 老客")
    assert answer.text == "我还不会「/tga」。是不是想说：/tag @小鱼 敏感肌 常问成分"
    assert answer.buttons == {"看帮助": "/help tag"}
    assert answer.addresses == [in_private(MANAGER)]
    assert (await shop.says("小鱼", "/{name}{")).text == ""
    assert (await shop.says("小鱼", "/呀{name}{")).text == (
        "我还不会「/呀{name}{」。发 /help 看看我会什么。"
    )


async def test_a_button_that_means_nothing_is_not_answered(shop: Shop) -> None:
    assert not await shop.presses("小鱼", "恢复得挺好")
    assert await shop.dispatcher.left_over() == []


async def test_an_answer_that_is_lost_does_not_stop_the_next(shop: Shop) -> None:
    shop.platform.refuses[in_private("小鱼")] = Unclear("timeout")
    assert not await shop.says("小鱼", "/me")
    shop.platform.refuses.clear()
    assert await shop.says("小鱼", "/me")


async def test_a_fault_in_a_command_is_answered_and_finished(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("storage.profiles.profile", broken)
    assert (await shop.says("小鱼", "/me")).text == "抱歉，这次没办成（NQ400），我已经记下来了。"
    assert await shop.dispatcher.left_over() == []


async def test_history_is_neither_answered_nor_tagged_as_new(shop: Shop) -> None:
    """A message of long ago, as after an outage, is heard like any other."""
    await shop.hear(shop.heard("小鱼", "补水", at=NOW - 3 * DAY))
    assert await shop.fans_words() == ["补水"]


WORDS = st.sampled_from([word for one in REGISTRY for word in (one.name, one.alias)])
PIECES = st.sampled_from(
    [
        "@小鱼",
        "@所有群",
        "@上次",
        "-一群",
        "双11",
        "春节",
        "12",
        "补水 = 兴趣",
        "{{ days }}",
        "{x}",
        "\n",
    ]
)
SPOKEN = st.builds(
    "{}{} {}".format,
    st.sampled_from(["/", "／", ""]),
    WORDS,
    st.lists(PIECES | st.text(max_size=12), max_size=4).map(" ".join),
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=SPOKEN | st.text(max_size=40), name=st.sampled_from([MANAGER, "小鱼"]))
async def test_whatever_is_said_is_answered_sensibly(shop: Shop, text: str, name: str) -> None:
    answer = await shop.says(name, text)
    assert "NQ" not in answer.text.replace(text[:20], "")
    if REGISTRY.parse(text, shop.role(name)) is None:
        assert not answer
    else:
        assert all(post.content.text for post in answer)
        assert answer


async def test_an_answer_that_certainly_was_not_said_leaves_its_command_to_the_next_holder(
    shop: Shop,
) -> None:
    shop.platform.refuses[in_private("小鱼")] = NothingSent("refused")
    assert not await shop.says("小鱼", "/help", group=None)
    del shop.platform.refuses[in_private("小鱼")]
    (waiting,) = await shop.dispatcher.left_over()
    await shop.commander.obey(waiting)
    assert [post.address for post in shop.platform.posts] == [in_private("小鱼")]
    assert await shop.dispatcher.left_over() == []
