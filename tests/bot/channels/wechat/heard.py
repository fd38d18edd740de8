"""A hearing on a gateway in memory, over a database of its own, for the tests of hearing."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from bot.channels.wechat.gateway import GatewayMessage
from bot.channels.wechat.hearing import WeChatHearing
from bot.channels.wechat.rhythm import Rhythm
from handlers.events import Event
from handlers.roles import Role
from scheduler.clock import RealClock
from scheduler.courier import Address
from storage.database import Database
from tests.bot.channels.wechat.fake_gateway import FakeGateway

E = TypeVar("E", bound=Event)

ACCOUNT = "wechat:shop"
GROUP = "room-1@chatroom"
FAN = "wxid_fan"
OWNER = "wxid_owner"

HASTY = Rhythm(
    first=timedelta(seconds=1),
    ding=timedelta(seconds=0.1),
    silence=timedelta(seconds=0.4),
    mark=timedelta(minutes=1),
    login=timedelta(seconds=0.1),
    ready=timedelta(seconds=0.1),
    rest=timedelta(seconds=0.01),
    longest_rest=timedelta(seconds=0.02),
    taken_rest=timedelta(seconds=0.02),
    longest_taken_rest=timedelta(seconds=0.05),
    offline=timedelta(seconds=0.05),
)
"""As patient as tests are; nobody marks the time in between."""


@dataclass
class BotsOwn:
    """Which messages are the bot's own posts."""

    texts: set[str] = field(default_factory=set)
    heard_of: list[str] = field(default_factory=list)

    async def heard(self, message: GatewayMessage) -> bool:
        """Whether it is one of the bot's."""
        self.heard_of.append(message.id)
        return message.text in self.texts


@dataclass
class Offered:
    """What numbers stand for, at each address."""

    says: dict[tuple[str, str], str] = field(default_factory=dict)

    async def chosen(self, address: Address, text: str) -> str | None:
        """What was chosen."""
        return self.says.get((str(address), text))


@dataclass
class Stops:
    """For what the account was stopped."""

    said: list[str] = field(default_factory=list)

    async def stop(self, said: str) -> None:
        """It is stopped."""
        self.said.append(said)


@dataclass
class Heard:
    """A group with its owner and a fan in it, and an account that hears them."""

    gateway: FakeGateway
    database: Database
    data: Path
    rhythm: Rhythm = HASTY
    own: BotsOwn = field(default_factory=BotsOwn)
    offered: Offered = field(default_factory=Offered)
    roles: dict[str, Role] = field(default_factory=dict)
    stops: Stops = field(default_factory=Stops)
    scans: list[tuple[str, str]] = field(default_factory=list)
    clock: RealClock = field(default_factory=RealClock)

    def hearing(self) -> WeChatHearing:
        """A hearing, not yet opened."""

        async def role_of(person: str) -> Role:
            return self.roles.get(person, Role.FAN)

        return WeChatHearing(
            gateway=self.gateway,
            account=ACCOUNT,
            database=self.database,
            clock=self.clock,
            own_posts=self.own,
            choices=self.offered,
            role_of=role_of,
            show_scan=lambda account, code: self.scans.append((account, code)),
            caution=self.stops,
            data=self.data,
            rhythm=self.rhythm,
        )

    @asynccontextmanager
    async def open(self) -> AsyncIterator[WeChatHearing]:
        """A hearing that is open."""
        made = self.hearing()
        await made.open()
        try:
            yield made
        finally:
            await made.close()


@asynccontextmanager
async def a_group(migrated_sqlite: Path, folder: Path) -> AsyncIterator[Heard]:
    """A gateway with one group, and a database that knows nothing of it."""
    file = folder / "nuanqun.db"
    shutil.copy(migrated_sqlite, file)
    database = await Database.open(f"sqlite+aiosqlite:///{file}")
    gateway = FakeGateway()
    gateway.add_person(FAN, "小雨", alias="爱买面霜的")
    gateway.add_person(OWNER, "群主")
    gateway.add_room(GROUP, "一群", [FAN, OWNER], owner=OWNER)
    try:
        yield Heard(gateway, database, folder)
    finally:
        await database.close()


async def hear(
    hearing: WeChatHearing,
    until: Callable[[list[Event]], bool],
    after: str | None = None,
    seconds: float = 5,
) -> list[Event]:
    """What is heard until it is enough."""
    heard: list[Event] = []
    async with asyncio.timeout(seconds), aclosing(hearing.events(after)) as events:
        async for event in events:
            heard.append(event)
            if until(heard):
                break
    return heard


async def hear_one(hearing: WeChatHearing, kind: type[E], after: str | None = None) -> E:
    """The first event of a kind."""
    heard = await hear(hearing, lambda some: isinstance(some[-1], kind), after)
    assert isinstance(heard[-1], kind)
    return heard[-1]


async def settled(hearing: WeChatHearing, after: str | None = None) -> list[Event]:
    """What is heard until a moment passes in which nothing is told."""
    heard: list[Event] = []
    async with aclosing(hearing.events(after)) as events:
        with suppress(TimeoutError):
            while True:
                heard.append(await asyncio.wait_for(anext(events), 0.3))
    return heard
