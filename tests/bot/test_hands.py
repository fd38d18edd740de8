"""The hands: the order of orders, who waits for whom, and nothing kept in memory but a few."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from bot import hands as hands_room
from bot.hands import Hands
from handlers.account_states import GRACE
from handlers.commanding import Order
from handlers.dispatch import Dispatcher
from handlers.events import (
    AccountChanged,
    AccountState,
    Event,
    FriendAsked,
    JoinAsked,
    MemberJoined,
)
from scheduler.courier import Action, Address, NothingSent, Outcome
from storage import friendships
from storage.messages import finish_command
from tests.bot.program import until
from tests.handlers.second_account import WECHAT, with_wechat
from tests.handlers.shop import (
    ACCOUNT,
    MANAGER,
    Platform,
    Shop,
    chat_of,
)


@dataclass(slots=True)
class Obeying:
    """A commander that notes what it does, and takes its time over some of it."""

    shop: Shop
    slow: dict[str, asyncio.Event] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)

    def is_urgent(self, order: Order) -> bool:
        return order.text == "/halt"

    async def obey(self, order: Order) -> None:
        if order.text in self.slow:
            await self.slow[order.text].wait()
        self.done.append(order.text)
        async with self.shop.desk.database.writing() as connection:
            await finish_command(connection, order.message_id)


@asynccontextmanager
async def working(shop: Shop, commander: Any) -> AsyncIterator[Hands]:
    """Hands at work, until the end of the context."""
    hands = Hands(shop.dispatcher, commander, left_over=await shop.dispatcher.last_left_over())
    task = asyncio.create_task(hands.run())
    yield hands
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()


async def tell(shop: Shop, hands: Hands, *events: Event) -> None:
    """As the ear does it."""
    hands.obey(await shop.dispatcher.hear(events))
    hands.greet()
    hands.settle()


async def test_one_member_s_orders_run_in_order_and_hold_up_no_other_member(shop: Shop) -> None:
    shop.staff.add("小禾")
    await shop.says(MANAGER, "早", group=None)
    await shop.says("小禾", "早", group=None)
    obeying = Obeying(shop, {"/insights 30": asyncio.Event()})
    orders = ["/insights 30", "/tags", "/plan"]
    async with working(shop, obeying) as hands:
        await tell(shop, hands, *(shop.heard(MANAGER, text, group=None) for text in orders))
        await tell(shop, hands, shop.heard("小禾", "/help", group=None))
        await until(lambda: obeying.done == ["/help"])
        await tell(shop, hands, shop.heard(MANAGER, "/halt", group=None))
        await until(lambda: obeying.done == ["/help", "/halt"])
        obeying.slow["/insights 30"].set()
        await until(lambda: len(obeying.done) == 5)
    assert obeying.done == ["/help", "/halt", *orders]


async def test_a_command_that_never_ends_stalls_no_hearing_and_fills_no_memory(
    shop: Shop,
) -> None:
    """Orders behind a slow one wait in storage, not in the workers' memory."""
    shop.staff.add("小禾")
    obeying = Obeying(shop, {"/insights 30": asyncio.Event()})
    await shop.says(MANAGER, "早", group=None)
    await shop.says("小禾", "早", group=None)
    async with working(shop, obeying) as hands:
        await tell(shop, hands, shop.heard(MANAGER, "/insights 30", group=None))
        for first in range(0, 1_500, 500):
            await tell(
                shop,
                hands,
                *(shop.heard(MANAGER, f"/tags {first + n}", group=None) for n in range(500)),
            )
        await tell(shop, hands, shop.heard("小禾", "/help", group=None))
        await until(lambda: obeying.done == ["/help"])
        assert sum(isinstance(one, Order) for one in gc.get_objects()) < 300
        obeying.slow["/insights 30"].set()
        await until(lambda: len(obeying.done) == 1_502)
    assert obeying.done == ["/help", "/insights 30", *(f"/tags {n}" for n in range(1_500))]


async def test_an_order_that_was_not_finished_is_obeyed_by_the_next_run(shop: Shop) -> None:
    await shop.orders(shop.heard("小鱼", "/me"))
    async with working(shop, shop.commander):
        await until(lambda: bool(shop.platform.posts))
    async with working(shop, shop.commander):
        await asyncio.sleep(0.1)
    assert len(shop.platform.posts) == 1


async def test_a_platform_that_hangs_holds_up_neither_hearing_nor_other_answers(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    hangs = asyncio.Event()
    perform = Platform.perform

    async def slow(platform: Platform, action: Action) -> Outcome:
        await hangs.wait()
        return await perform(platform, action)

    monkeypatch.setattr(Platform, "perform", slow)
    came = MemberJoined(
        ACCOUNT, shop._next(), shop.clock.now(), chat_of("一群"), shop.person("圆圆")
    )
    obeying = Obeying(shop)
    async with working(shop, obeying) as hands:
        await tell(shop, hands, came)
        await tell(shop, hands, shop.heard("小鱼", "/me"))
        await until(lambda: obeying.done == ["/me"])
        assert shop.platform.posts == []
        hangs.set()
        await until(lambda: bool(shop.platform.said_in("一群")))
    assert "@圆圆" in shop.platform.said_in("一群")[0]


async def test_who_asks_is_let_in_by_rule_while_the_hands_work(shop: Shop) -> None:
    await shop.says(MANAGER, "/admit @一群 所有人", group=None)
    asks = JoinAsked(ACCOUNT, "x", shop.clock.now(), chat_of("一群"), shop.person("小鱼"))
    async with working(shop, shop.commander) as hands:
        await tell(shop, hands, asks)
        await until(lambda: [one.person for one in shop.platform.admitted] == ["id-小鱼"])


async def test_what_the_platform_did_not_hear_is_told_again_by_itself(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hands_room, "_LOOK_AGAIN", 0.01)
    await shop.says(MANAGER, "/admit @一群 所有人", group=None)
    here = Address(group="chat-一群")
    shop.platform.refuses[here] = NothingSent("refused")
    asks = JoinAsked(ACCOUNT, "x", shop.clock.now(), chat_of("一群"), shop.person("小鱼"))
    async with working(shop, shop.commander) as hands:
        await tell(shop, hands, asks)
        shop.platform.refuses.clear()
        await until(lambda: [one.person for one in shop.platform.admitted] == ["id-小鱼"])


async def test_what_a_manager_says_about_who_asks_is_done_at_once(shop: Shop) -> None:
    asks = FriendAsked(ACCOUNT, "x", shop.clock.now(), "ask-1", shop.person("小鱼"), "你好")
    await shop.dispatcher.hear([asks])
    async with shop.desk.database.reading() as connection:
        (one,) = await friendships.waiting(connection)
    async with working(shop, shop.commander) as hands:
        hands.obey(await shop.orders(shop.heard(MANAGER, f"/makefriend {one.id}", group=None)))
        await until(lambda: [one.request for one in shop.platform.befriended] == ["ask-1"])


async def test_an_account_that_stays_away_is_told_of_without_another_ring(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hands_room, "_LOOK_SOON", 0.01)
    await shop.says(MANAGER, "早", group=None)
    shop, _ = await with_wechat(shop)
    dispatcher = Dispatcher(
        desk=shop.desk, commander=shop.commander, platform="wechat", account=WECHAT
    )
    shop = replace(shop, dispatcher=dispatcher)
    gone = AccountChanged(WECHAT, "1", shop.clock.now(), AccountState.OFFLINE, reason="taken")
    async with working(shop, shop.commander) as hands:
        await dispatcher.hear([gone])
        hands.announce()
        await asyncio.sleep(0.1)
        assert shop.platform.posts == []
        shop.clock.advance(GRACE)
        await until(lambda: bool(shop.platform.posts))
        await asyncio.sleep(0.1)
    (told,) = shop.platform.posts
    assert "别的程序正连着网关" in told.content.text


@dataclass(slots=True)
class Unheard:
    """A commander whose answers cannot leave: it notes how it was told to obey."""

    told: list[tuple[str, bool, bool]] = field(default_factory=list)

    def is_urgent(self, order: Order) -> bool:
        return order.text == "/halt"

    async def obey(self, order: Order) -> None:
        self.told.append((order.text, order.late, order.begun))


async def test_an_order_whose_answer_could_not_leave_counts_as_begun_from_then_on(
    shop: Shop,
) -> None:
    await shop.says(MANAGER, "早", group=None)
    unheard = Unheard()
    async with working(shop, unheard) as hands:
        await tell(shop, hands, shop.heard(MANAGER, "/resume", group=None))
        await until(lambda: len(unheard.told) == 1)
        await tell(shop, hands, shop.heard(MANAGER, "/tags", group=None))
        await until(lambda: len(unheard.told) == 3)
    assert unheard.told == [
        ("/resume", False, False),
        ("/resume", True, True),
        ("/tags", False, False),
    ]
