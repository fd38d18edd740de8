"""A WeChat channel on a gateway in memory, with all that it speaks through."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

from bot.channels.wechat.caution import Caution, limits_of
from bot.channels.wechat.channel import WeChatChannel
from bot.channels.wechat.choices import Choices
from bot.channels.wechat.own_posts import OwnPosts
from handlers.events import Event
from scheduler.clock import RealClock
from scheduler.content import Content
from scheduler.courier import (
    Action,
    Address,
    Outcome,
    Post,
)
from storage.database import Database
from tests.bot.channels.wechat.fake_gateway import FakeGateway

ROOM = Address(group="1@chatroom")
FAN = Address(person="wxid_fan")
ACCOUNT = "wechat:shop"
EARLY = Post("k", ROOM, Content("早"))


class Link(FakeGateway):
    """A gateway in memory that one connects to."""

    def __init__(self) -> None:
        super().__init__()
        self.is_open = False
        self.add_person("wxid_fan", "小鱼", friend=True)
        self.add_room("1@chatroom", "福利群", ["wxid_fan"])

    async def open(self) -> None:
        self.is_open = True

    async def close(self) -> None:
        self.is_open = False


class Ears:
    """A hearing that hears what it is told to."""

    def __init__(self) -> None:
        self.online = True
        self.known = asyncio.Event()
        self.known.set()
        self.is_open = False
        self.cursor = ""
        self.happens: list[Event] = []

    async def open(self) -> None:
        self.is_open = True

    async def login_known(self) -> None:
        await self.known.wait()

    async def events(self, after: str | None) -> AsyncGenerator[Event]:  # noqa: ARG002 (the port)
        for event in self.happens:
            yield event

    async def confirm(self, cursor: str) -> None:
        self.cursor = cursor

    async def close(self) -> None:
        self.is_open = False


class Stage:
    """A channel with its gateway and its rooms."""

    def __init__(self, database: Database, data: Path, *, language: str = "zh") -> None:
        self.database = database
        self.gateway = Link()
        self.ears = Ears()
        self.clock = clock = RealClock()
        # The second between two messages is scaled down.
        limits = limits_of(seconds_between=0.01, room_a_minute=4)
        self.caution = Caution(ACCOUNT, database, clock, limits)
        self.own_posts = OwnPosts(ACCOUNT, database, clock, self.caution)
        self.choices = Choices(ACCOUNT, database, clock)
        self.channel = WeChatChannel(
            name="shop",
            gateway=self.gateway,
            hearing=self.ears,
            own_posts=self.own_posts,
            choices=self.choices,
            caution=self.caution,
            clock=clock,
            data=data,
            language=language,
        )

    @property
    def is_open(self) -> tuple[bool, bool]:
        """Whether the gateway and the hearing are open."""
        return self.gateway.is_open, self.ears.is_open

    async def perform(self, action: Action) -> Outcome:
        return await self.channel.perform(action)

    async def is_shown(self, place: int = -1) -> None:
        """The account is shown one of the messages that it sent."""
        sent = self.gateway.sent[place]
        assert await self.own_posts.heard(self.gateway.messages[sent.message])

    def said(self) -> list[str]:
        """What was sent: texts, and the names of files."""
        return [one.text or (one.file.name if one.file else "") for one in self.gateway.sent]
