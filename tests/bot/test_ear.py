"""The ear: batches, back-pressure, the order of orders, and no message lost when it fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from bot import ear as ear_room
from bot.ear import Ear
from handlers.commanding import Order
from handlers.events import Event, MessageHeard
from storage import accounts
from storage.messages import count_messages
from tests.bot.program import until
from tests.handlers.shop import ACCOUNT, MANAGER, Shop


@dataclass(slots=True)
class Stream:
    """A channel that has these events to tell, from the cursor on, and then waits for more."""

    told: list[Event] = field(default_factory=list)
    account: str = ACCOUNT
    taken: int = 0
    begun_at: list[str | None] = field(default_factory=list)

    async def events(self, after: str | None) -> AsyncGenerator[Event]:
        self.begun_at.append(after)
        place = 0
        while True:
            while place < len(self.told):
                event = self.told[place]
                place += 1
                if after is None or event.cursor > after:
                    self.taken += 1
                    yield event
            await asyncio.sleep(0.001)


def ear_of(shop: Shop, stream: Stream) -> Ear:
    channel: Any = stream  # an ear only listens
    return Ear(
        channel=channel, desk=shop.desk, dispatcher=shop.dispatcher, commander=shop.commander
    )


@dataclass(slots=True)
class Hearing:
    """Runs an ear, notes its batches, and can make the database slow or broken."""

    shop: Shop
    stream: Stream
    batches: list[list[str]] = field(default_factory=list)
    failures: int = 0
    open: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.open.set()
        hear = self.shop.dispatcher.hear

        async def heard(events: Sequence[Event]) -> list[Order]:
            await self.open.wait()
            if self.failures:
                self.failures -= 1
                raise OperationalError("INSERT", {}, Exception("disk I/O error"))
            orders = await hear(events)
            self.batches.append([one.text for one in events if isinstance(one, MessageHeard)])
            return orders

        self.shop.dispatcher.hear = heard  # type: ignore[method-assign]  # to look into it

    @property
    def heard(self) -> int:
        return sum(map(len, self.batches))

    def has_heard(self, batches: int, task: asyncio.Task[None]) -> bool:
        """Whether so many batches were heard; a run that failed says how instead."""
        if task.done():
            task.result()
        return len(self.batches) >= batches

    async def stored(self) -> int:
        async with self.shop.desk.database.reading() as connection:
            return await count_messages(connection)


@pytest.fixture
def hearing(shop: Shop) -> Hearing:
    stream = Stream()
    return Hearing(shop, stream)


async def stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_what_comes_together_is_one_batch_of_at_most_500(hearing: Hearing) -> None:
    hearing.stream.told = [hearing.shop.heard("小鱼", f"第{n}句") for n in range(1_100)]
    task = asyncio.create_task(ear_of(hearing.shop, hearing.stream).run())
    await until(lambda: hearing.heard == 1_100)
    await stop(task)
    assert max(map(len, hearing.batches)) == 500
    assert [text for batch in hearing.batches for text in batch] == [
        f"第{n}句" for n in range(1_100)
    ]
    assert await hearing.stored() == 1_100


async def test_a_single_message_waits_for_no_company(hearing: Hearing) -> None:
    hearing.stream.told = [hearing.shop.heard("小鱼", "早")]
    task = asyncio.create_task(ear_of(hearing.shop, hearing.stream).run())
    await until(lambda: hearing.heard == 1)
    hearing.stream.told.append(hearing.shop.heard("小鱼", "晚"))
    await until(lambda: hearing.heard == 2)
    await stop(task)
    assert hearing.batches == [["早"], ["晚"]]


async def test_a_slow_database_slows_the_channel_instead_of_filling_the_memory(
    hearing: Hearing,
) -> None:
    hearing.open.clear()
    hearing.stream.told = [hearing.shop.heard("小鱼", f"{n}") for n in range(4_000)]
    task = asyncio.create_task(ear_of(hearing.shop, hearing.stream).run())
    most = ear_room._WAITING + ear_room.BATCH + 1
    await until(lambda: hearing.stream.taken >= most)
    for _ in range(100):
        await asyncio.sleep(0)
    assert hearing.stream.taken == most  # a batch, what waits, and the one that knocks
    hearing.open.set()
    await until(lambda: hearing.heard == 4_000)
    await stop(task)


async def test_a_batch_that_failed_is_heard_again_before_what_came_behind_it(
    hearing: Hearing,
) -> None:
    hearing.stream.told = [hearing.shop.heard("小鱼", f"{n}") for n in range(1_200)]
    hearing.failures = 1
    ear = ear_of(hearing.shop, hearing.stream)
    with pytest.raises(ExceptionGroup):
        await ear.run()
    assert await hearing.stored() == 0
    task = asyncio.create_task(ear.run())
    await until(lambda: hearing.heard == 1_200)
    await stop(task)
    assert await hearing.stored() == 1_200
    async with hearing.shop.desk.database.reading() as connection:
        assert await accounts.cursor(connection, ACCOUNT) == hearing.stream.told[-1].cursor


async def test_an_end_at_any_moment_loses_no_message(hearing: Hearing) -> None:
    hearing.stream.told = [hearing.shop.heard("小鱼", f"{n}") for n in range(3_000)]
    ear = ear_of(hearing.shop, hearing.stream)
    for ends in (1, 2, 3):
        task = asyncio.create_task(ear.run())
        await until(partial(hearing.has_heard, ends, task))
        await stop(task)  # while the next batch is on its way to the disk
        assert len(asyncio.all_tasks()) == 1
    task = asyncio.create_task(ear.run())
    last = hearing.stream.told[-1]
    await until(lambda: isinstance(last, MessageHeard) and last.text in hearing.batches[-1])
    await stop(task)
    assert await hearing.stored() == 3_000
    assert len(set(hearing.stream.begun_at)) == 4  # it went on from where it was


@dataclass(slots=True)
class Obeying:
    """A commander that notes what it does, and takes its time over some of it."""

    slow: dict[str, asyncio.Event]
    done: list[str] = field(default_factory=list)

    def is_urgent(self, order: Order) -> bool:
        return order.text == "/halt"

    async def obey(self, order: Order) -> None:
        if order.text in self.slow:
            await self.slow[order.text].wait()
        self.done.append(order.text)


async def test_one_member_s_orders_run_in_order_and_hold_up_no_other_member(
    hearing: Hearing,
) -> None:
    shop = hearing.shop
    shop.staff.add("小禾")
    await shop.says(MANAGER, "早", group=None)
    await shop.says("小禾", "早", group=None)
    orders = ["/insights 30", "/tags", "/plan"]
    hearing.stream.told = [shop.heard(MANAGER, text, group=None) for text in orders]
    hearing.stream.told.append(shop.heard("小禾", "/help", group=None))
    obeying = Obeying({"/insights 30": asyncio.Event()})
    commander: Any = obeying
    ear = Ear(
        channel=ear_of(shop, hearing.stream)._channel,
        desk=shop.desk,
        dispatcher=shop.dispatcher,
        commander=commander,
    )
    task = asyncio.create_task(ear.run())
    await until(lambda: obeying.done == ["/help"])
    obeying.slow["/insights 30"].set()
    await until(lambda: len(obeying.done) == 4)
    await stop(task)
    assert obeying.done == ["/help", *orders]


async def test_an_order_that_was_not_finished_is_obeyed_by_the_next_run(hearing: Hearing) -> None:
    shop = hearing.shop
    await shop.orders(shop.heard("小鱼", "/me"))
    task = asyncio.create_task(ear_of(shop, hearing.stream).run())
    await until(lambda: bool(shop.platform.posts))
    await stop(task)
    said = len(shop.platform.posts)
    assert said == 1
    task = asyncio.create_task(ear_of(shop, hearing.stream).run())
    await until(lambda: len(hearing.stream.begun_at) == 2)
    await stop(task)
    assert len(shop.platform.posts) == said
