"""A shop with many rooms on WeChat: a real gateway, a wire before it, and the whole bot behind it.

The bot runs in the tests' process, on a clock that hurries; only how long it waits for a gateway is
made shorter than what is right for a real one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Select, select

from bot.channels.wechat import building
from bot.channels.wechat.connection import GatewayConnection
from bot.channels.wechat.hearing import WeChatHearing
from bot.channels.wechat.rhythm import Rhythm
from bot.channels.wechat.wire import Keepalive
from bot.wiring import Bot
from scheduler.clock import Clock
from storage import tables
from storage.database import Database
from storage.groups import ensure_groups
from storage.shops import ensure_shop
from tests.faults.shop_ledger import PATIENCE, Entry, ShopLedger, until
from tests.peers.hurrying_clock import HurryingClock
from tests.peers.wechat import gateway as peer
from tests.peers.wechat.gateway import ME, GatewayProcess, Sent
from tests.peers.wechat.settings import account_section, wechat_configuration
from tests.peers.wechat.wire import Wire

NOON = datetime(2026, 11, 5, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
SPEED = 10
DEADLINE = timedelta(seconds=1)  # of a call, in real time
TEXT = "今晚八点直播，聊聊秋冬怎么保湿"
BOSS = "wxid_boss"

QUICK = Rhythm(
    ding=timedelta(seconds=0.5),
    silence=timedelta(seconds=2),
    mark=timedelta(seconds=1),
    rest=timedelta(seconds=0.2),
    longest_rest=timedelta(seconds=0.5),
    taken_rest=timedelta(seconds=0.3),
    longest_taken_rest=timedelta(seconds=0.5),
    offline=timedelta(seconds=1),
)
ALERT = Keepalive(every=timedelta(seconds=1), answered_within=timedelta(seconds=1))


@dataclass
class Account:
    """One account: its gateway, the wire before it, and its rooms."""

    name: str
    gateway: GatewayProcess
    wire: Wire
    rooms: list[str] = field(default_factory=list)

    def broadcasts(self, room: str) -> list[Sent]:
        """What was sent of the broadcast into a room."""
        return [one for one in self.gateway.sent() if one.conversation == room and TEXT in one.text]

    def count(self) -> int:
        """How many rooms have the broadcast."""
        return sum(bool(self.broadcasts(room)) for room in self.rooms)


class WeChatShop:
    """The shop's accounts, and its bot. The boss speaks to the first account."""

    def __init__(self, folder: Path, clock: Clock, accounts: Sequence[Account]) -> None:
        self.clock = clock
        self.accounts = accounts
        self.bot: Bot
        self._folder = folder
        self._running: asyncio.Task[None] | None = None

    @property
    def account(self) -> Account:
        """The first account."""
        return self.accounts[0]

    @property
    def gateway(self) -> GatewayProcess:
        """The first account's gateway."""
        return self.account.gateway

    async def light(self, **tokens: str) -> None:
        """The bot begins; with another token for an account than the gateway's, where given."""
        sections = {
            one.name: account_section(one.wire.endpoint, tokens.get(one.name, one.gateway.token))
            for one in self.accounts
        }
        managers = {"managers": [f"wechat:{BOSS}"]}
        configuration = wechat_configuration(self._folder, sections, shop=managers)
        self.bot = await Bot.open(configuration, self.clock, [])
        self._running = asyncio.create_task(self.bot.run())

    async def put_out(self) -> None:
        """The bot ends."""
        running, self._running = self._running, None
        if running is not None:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await self.bot.close()

    async def online(self, *accounts: Account, state: str = "online") -> None:
        """Wait until these accounts (all of them, by default) are known to stand so."""
        wanted = {f"wechat:{one.name}" for one in accounts or self.accounts}
        columns = tables.accounts.c
        found = select(columns.account).where(columns.state == state)
        await self.finds(found, lambda names: wanted <= set(names))

    async def finds(self, what: Select[Any], true: Callable[[list[Any]], object]) -> None:
        """Wait until something is true of the first column of what is found."""
        async with asyncio.timeout(PATIENCE):
            while not true(await self.column(what)):  # noqa: ASYNC110 (rows ring no bell)
                await asyncio.sleep(0.05)

    async def column(self, what: Select[Any]) -> list[Any]:
        """The first column of the rows that a question finds."""
        async with self.bot.desk.database.reading() as connection:
            return list((await connection.execute(what)).scalars())

    async def broadcast(self) -> None:
        """The boss has a text sent to all groups."""
        await self.propose()
        await self.agree()

    async def propose(self) -> None:
        """The boss asks for the broadcast, and sees what it would be."""
        await self.gateway.say(BOSS, f"/broadcast @所有群 {TEXT}")
        await until(lambda: self.told(TEXT), "the bot shows a preview")

    async def agree(self) -> None:
        """The boss says yes to it, by its number."""
        await self.gateway.say(BOSS, "1")
        await until(lambda: self.told("已确认"), "the bot takes the yes")

    def told(self, words: str) -> bool:
        """Whether the boss was told something with these words."""
        return any(words in one.text for one in self.gateway.sent() if one.conversation == BOSS)

    async def settled(self) -> list[Entry]:
        """The ledger once every room has its delivery, and each is final."""
        return await ShopLedger(self.bot).settled(sum(len(one.rooms) for one in self.accounts))

    async def hears(self, text: str) -> None:
        """A fan says something, until it is heard: what is said while nobody listens is lost."""
        room, fan = self.account.rooms[0], f"fan_{self.account.name}"
        said = select(tables.messages.c.text).where(tables.messages.c.text == text)
        async with asyncio.timeout(PATIENCE):
            while not await self.column(said):
                await self.gateway.say(fan, text, room)
                await asyncio.sleep(0.2)

    async def gap(self) -> tuple[datetime, datetime]:
        """When nothing was heard, from and until; there is one such time."""
        columns = tables.hearing_gaps.c
        async with self.bot.desk.database.reading() as connection:
            (row,) = await connection.execute(select(columns.since, columns.until))
        return row.since, row.until


@asynccontextmanager
async def wechat_shop(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    rooms: int,
    names: Sequence[str] = ("shop",),
    rhythm: Rhythm = QUICK,
    keepalive: Keepalive = ALERT,
) -> AsyncIterator[WeChatShop]:
    """A shop with so many accepted rooms on each account, and a bot that is not lit yet.

    The database is in the folder already.
    """
    clock = HurryingClock(NOON, SPEED)
    hasty = partial(GatewayConnection, deadline=DEADLINE, keepalive=keepalive)
    monkeypatch.setattr(building, "GatewayConnection", hasty)
    monkeypatch.setattr(building, "WeChatHearing", partial(WeChatHearing, rhythm=rhythm))
    async with AsyncExitStack() as stack:
        accounts = [await _account(stack, name, rooms, clock) for name in names]
        await accept(folder, accounts)
        shop = WeChatShop(folder, clock, accounts)
        stack.push_async_callback(shop.put_out)
        yield shop


async def _account(stack: AsyncExitStack, name: str, rooms: int, clock: HurryingClock) -> Account:
    """An account that is logged in, with the boss and a fan in each of its rooms."""
    gateway = await stack.enter_async_context(peer.running(now=clock.now))
    account = Account(name, gateway, await stack.enter_async_context(Wire(gateway.endpoint)))
    await gateway.person("暖暖", person=f"{ME}_{name}")
    await gateway.person("店长", person=BOSS)
    await gateway.person("小雨", person=f"fan_{name}", friend=False)
    for number in range(rooms):
        members = [f"{ME}_{name}", BOSS, f"fan_{name}"]
        room = f"{name}_{number}@chatroom"
        await gateway.room(f"{name}福利{number}群", members, room=room, owner=BOSS)
        account.rooms.append(room)
    await gateway.login(f"{ME}_{name}")
    return account


async def accept(folder: Path, accounts: Sequence[Account]) -> None:
    """Let all rooms be the shop's from long ago, as if a manager had accepted them."""
    database = await Database.open(f"sqlite+aiosqlite:///{folder / 'bot.sqlite3'}")
    key = wechat_configuration(folder, {}).shop.key
    async with database.writing() as connection:
        shop = await ensure_shop(connection, key)
        for one in accounts:
            chats = [(room, room) for room in one.rooms]
            await ensure_groups(connection, shop, f"wechat:{one.name}", chats, NOON)
    await database.close()
