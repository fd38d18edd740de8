"""A welcome is stored with the join, said once, and dropped when it comes too late."""

from __future__ import annotations

import pytest

from handlers.events import MemberJoined
from handlers.welcome import WELCOME_WITHIN
from scheduler.courier import NothingSent, TooFast, Unclear
from tests.handlers.shop import (
    ACCOUNT,
    MANAGER,
    SECOND,
    Answers,
    Shop,
    chat_of,
    in_group,
)


async def comes(shop: Shop, *names: str) -> None:
    """People come in, and nobody has said anything about it yet."""
    await shop.dispatcher.hear(
        [
            MemberJoined(
                ACCOUNT, shop._next(), shop.clock.now(), chat_of("一群"), shop.person(name)
            )
            for name in names
        ]
    )


async def greets(shop: Shop, *, again: bool = False) -> Answers:
    """What is said to whom nobody has welcomed."""
    before = len(shop.platform.posts)
    await shop.dispatcher.greet(again=again)
    return Answers(shop.platform.posts[before:])


async def test_it_is_said_after_the_join_is_stored_and_once(any_shop: Shop) -> None:
    await comes(any_shop, "小鱼")
    await comes(any_shop, "小美", "圆圆")
    assert any_shop.platform.posts == []
    welcomes = await greets(any_shop)
    assert [post.content.text[:10] for post in welcomes] == [
        "欢迎 @小鱼 来到 ",
        "欢迎 @小美、@圆圆",
    ]
    assert welcomes[0].content.mentions[0].person == "id-小鱼"
    assert not await greets(any_shop)


async def test_a_process_that_ended_before_saying_it_left_it_to_the_next(any_shop: Shop) -> None:
    await comes(any_shop, "小鱼")
    assert (await greets(any_shop, again=True)).addresses == [in_group("一群")]
    assert not await greets(any_shop, again=True)


async def test_a_process_that_ended_right_after_saying_it_said_it_for_good(
    any_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def die(*_: object) -> None:
        raise KeyboardInterrupt

    await comes(any_shop, "小鱼")
    with monkeypatch.context() as killed:
        killed.setattr("handlers.welcome.finish_welcome", die)
        with pytest.raises(KeyboardInterrupt):
            await greets(any_shop)
    assert len(any_shop.platform.posts) == 1
    assert not await greets(any_shop, again=True)
    assert not await greets(any_shop)


async def test_it_is_dropped_when_they_have_been_there_for_long(shop: Shop) -> None:
    await comes(shop, "小鱼")
    shop.clock.advance(WELCOME_WITHIN)
    await comes(shop, "小美")
    shop.clock.advance(SECOND)
    assert [post.content.mentions[0].name for post in await greets(shop, again=True)] == ["小美"]
    assert not await greets(shop)


async def test_under_a_halt_nobody_is_welcomed_nor_later(shop: Shop) -> None:
    await comes(shop, "小鱼")
    await shop.says(MANAGER, "/halt", group=None)
    await comes(shop, "小美")
    assert not await greets(shop)
    await shop.says(MANAGER, "/resume", group=None)
    assert not await greets(shop)


@pytest.mark.parametrize(
    ("outcome", "said_later"),
    [
        (NothingSent("refused"), True),
        (TooFast(SECOND), True),
        (Unclear("no_answer"), False),
    ],
    ids=["certainly not sent", "too fast", "perhaps sent"],
)
async def test_it_is_said_later_only_if_it_certainly_was_not_said(
    shop: Shop, outcome: NothingSent | TooFast | Unclear, *, said_later: bool
) -> None:
    shop.platform.refuses[in_group("一群")] = outcome
    await comes(shop, "小鱼")
    assert not await greets(shop)
    shop.platform.refuses.clear()
    shop.clock.advance(SECOND)
    assert bool(await greets(shop)) is said_later
    assert not await greets(shop)


async def test_more_than_are_read_at_once_are_all_said(shop: Shop) -> None:
    for number in range(25):
        await comes(shop, f"粉丝{number}")
    said = [post.content.mentions[0].name for post in await greets(shop)]
    assert said == [f"粉丝{number}" for number in range(25)]
