"""The ear: batches, back-pressure, and no message lost when it fails or ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from bot import ear as ear_room
from bot import hands as hands_room
from bot.ear import Ear
from handlers import recording
from handlers.commanding import Order
from handlers.dispatch import Dispatcher
from handlers.events import (
    AccountChanged,
    AccountState,
    ButtonPressed,
    Event,
    FriendAsked,
    IdsChanged,
    MessageHeard,
    MessageKind,
    Person,
    Roster,
)
from handlers.recording import IsCommand
from handlers.roles import Role
from storage import accounts, friendships
from storage.friendships import Admits, FriendRule
from storage.messages import count_messages
from storage.unheard import count_unheard
from tests.bot.program import until
from tests.handlers.second_account import WECHAT, with_wechat
from tests.handlers.shop import ACCOUNT, MANAGER, Shop, chat_of


@dataclass(slots=True)
class Stream:
    """A channel that has these events to tell, from the cursor on, and then waits for more."""

    told: list[Event] = field(default_factory=list)
    account: str = ACCOUNT
    taken: int = 0
    begun_at: list[str | None] = field(default_factory=list)
    confirmed: list[str] = field(default_factory=list)

    async def confirm(self, cursor: str) -> None:
        self.confirmed.append(cursor)

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


async def test_the_platform_is_told_only_of_what_is_stored(hearing: Hearing) -> None:
    hearing.open.clear()
    hearing.stream.told = [hearing.shop.heard("小鱼", f"{n}") for n in range(3)]
    task = asyncio.create_task(ear_of(hearing.shop, hearing.stream).run())
    await until(lambda: hearing.stream.taken == 3)
    assert hearing.stream.confirmed == []
    hearing.open.set()
    await until(lambda: bool(hearing.stream.confirmed))
    await stop(task)
    assert hearing.stream.confirmed == [hearing.stream.told[-1].cursor]
    assert await hearing.stored() == 3


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


async def test_who_asks_to_be_a_friend_is_one_at_once_where_the_rule_says_so(
    hearing: Hearing,
) -> None:
    shop, stream = hearing.shop, hearing.stream
    async with shop.desk.database.writing() as connection:
        await friendships.set_rule(connection, ACCOUNT, FriendRule(Admits.EVERYONE))
    task = asyncio.create_task(ear_of(shop, stream).run())
    stream.told.append(shop.heard("小鱼", "你好"))
    await until(lambda: hearing.has_heard(1, task))
    stream.told.append(
        FriendAsked(ACCOUNT, "000002", shop.clock.now(), "ask-1", shop.person("小鱼"))
    )
    await until(lambda: len(shop.platform.befriended) == 1)
    await stop(task)


async def test_what_the_shop_has_an_answer_to_is_answered_at_once(hearing: Hearing) -> None:
    shop = hearing.shop
    await shop.says(MANAGER, "/faq 多久发货 = 下单后 24 小时内发货", group=None)
    shop.clock.advance(timedelta(minutes=11))  # the staff are no longer talking
    task = asyncio.create_task(ear_of(shop, hearing.stream).run())
    hearing.stream.told.append(shop.heard("小鱼", "早"))
    await until(lambda: hearing.has_heard(1, task))
    hearing.stream.told.append(shop.heard("小鱼", "什么时候发货呀"))
    await until(
        lambda: any("24 小时内发货" in post.content.text for post in shop.platform.posts[1:])
    )
    await stop(task)


async def test_managers_are_told_at_once_that_the_account_has_to_be_logged_in(
    hearing: Hearing,
) -> None:
    shop, stream = hearing.shop, hearing.stream
    await shop.says(MANAGER, "早", group=None)
    shop, _ = await with_wechat(shop)
    stream.account = WECHAT
    dispatcher = Dispatcher(
        desk=shop.desk, commander=shop.commander, platform="wechat", account=WECHAT
    )
    task = asyncio.create_task(ear_of(replace(shop, dispatcher=dispatcher), stream).run())
    stream.told.append(shop.heard("小鱼", "你好"))
    await until(lambda: hearing.has_heard(1, task))
    stream.told.append(
        AccountChanged(WECHAT, "000002", shop.clock.now(), AccountState.SCAN, code="https://x/1")
    )
    await until(lambda: any("扫这个码" in post.content.text for post in shop.platform.posts))
    await stop(task)


async def test_managers_are_asked_at_once_who_somebody_with_a_new_id_is(
    hearing: Hearing, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, stream = hearing.shop, hearing.stream
    looked, ask = asyncio.Event(), shop.dispatcher.ask_about_groups

    async def ask_and_tell() -> None:
        await ask()
        looked.set()

    monkeypatch.setattr(shop.dispatcher, "ask_about_groups", ask_and_tell)
    monkeypatch.setattr(hands_room, "_LOOK_AGAIN", 3_600.0)
    await shop.says(MANAGER, "早", group=None)
    await shop.says(MANAGER, "早")
    await shop.says("小鱼", "/optout")  # so that a name alone is not enough
    for name in ("阿月", "小满"):
        await shop.says(name, "早")
    task = asyncio.create_task(ear_of(shop, stream).run())
    stream.told.append(shop.heard("小鱼", "你好"))
    await until(lambda: hearing.has_heard(1, task))
    await looked.wait()  # from now on nobody looks without being rung for
    new = (Person(f"@{name}", name) for name in ("小鱼", "阿月", "小满"))
    now = Roster(chat_of("一群"), (shop.person(MANAGER), *new))
    shop.clock.advance(timedelta(minutes=1))
    stream.told.append(IdsChanged(ACCOUNT, "900000", shop.clock.now(), (now,)))
    await until(lambda: any("是同一个人吗" in post.content.text for post in shop.platform.posts))
    await stop(task)


async def test_poison_stops_neither_the_line_nor_what_follows_from_the_rest(
    hearing: Hearing, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = hearing.shop
    kind_of = recording.kind_of

    def fussy(
        event: MessageHeard | ButtonPressed, role: Role, is_command: IsCommand
    ) -> MessageKind:
        if isinstance(event, MessageHeard) and event.text.startswith("毒"):
            raise RecursionError("a rule went round in a circle")
        return kind_of(event, role, is_command)

    monkeypatch.setattr(recording, "kind_of", fussy)
    texts = [f"{'毒' * (n % 97 == 0)}{n}" for n in range(1_000)]
    hearing.stream.told = [shop.heard("小鱼", text) for text in texts]
    hearing.stream.told.append(shop.heard("小鱼", "/me"))
    task = asyncio.create_task(ear_of(shop, hearing.stream).run())
    await until(lambda: bool(shop.platform.posts))
    await stop(task)
    async with shop.desk.database.reading() as connection:
        assert await count_unheard(connection) == 11
        assert await accounts.cursor(connection, ACCOUNT) == hearing.stream.told[-1].cursor
    assert await hearing.stored() == 1_000 - 11 + 1
    assert len(shop.platform.posts) == 1
