"""WeChat as a counterpart: a real gateway in Node, with a puppet that needs no WeChat.

A wire that can be cut stands before it. What the bot has posted is read from what the puppet was
asked to do.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack, aclosing
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.accounts import build_accounts
from bot.channels.port import Channel
from bot.configuration import Configuration
from handlers.events import GroupChanged
from scheduler.clock import RealClock
from scheduler.courier import Address
from storage.database import Database
from tests.contracts.counterpart import Ability, Posted
from tests.contracts.room_counterparts import PNG
from tests.peers.wechat import gateway as peer
from tests.peers.wechat.gateway import ME, Sent
from tests.peers.wechat.settings import NAME, account_section, wechat_configuration
from tests.peers.wechat.wire import Wire

GROUP_NAME = "福利群"
BOT_NAME = "暖暖"
THIN_SPACE = "\u2005"  # what WeChat sets behind a name that is called


class WeChatBehindItsGateway:
    """One account, logged in, in one room."""

    group = "room@chatroom"
    group_name = GROUP_NAME
    lacks: Mapping[Ability, str] = {
        Ability.HISTORY: "a gateway tells what happens while somebody listens, and keeps nothing",
        Ability.ABSENCE: "nobody can prove that a message is not there",
        Ability.ONE_SPEAKER: "a gateway lets one client listen, and refuses the next one",
        Ability.REWRITES: "what was said on WeChat can be taken back, but not changed",
        Ability.PLACED_PRESSES: "a number that is said stands below no message",
        Ability.MUTES: "a room of WeChat takes nobody's word away",
        Ability.EDITS: "what was said on WeChat can be taken back, but not changed",
        Ability.STARTS: "who may be written to is a friend, and no chat need be opened",
        Ability.STAFF: "who leads a room is seen with what is heard next, and told by nobody",
        Ability.TOPICS: "a room of WeChat is one conversation",
        Ability.DOORS: "a room of WeChat has no links, and nobody asks to come in",
        Ability.MOVES: "ids change for all rooms at once, with a new log-in",
    }

    def __init__(self, folder: Path, now: Callable[[], datetime] | None = None) -> None:
        self._folder = folder
        self._now = now
        self._stack = AsyncExitStack()
        self._channels: list[Channel] = []
        self._database: Database | None = None
        self._numbers = itertools.count(1)
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        (self._folder / "offer.png").write_bytes(PNG)
        self.gateway = await self._stack.enter_async_context(peer.running(now=self._now))
        self.wire = await self._stack.enter_async_context(Wire(self.gateway.endpoint))
        await self.gateway.person(BOT_NAME, person=ME)
        self.owner = await self.gateway.person("群主")
        await self.gateway.room(GROUP_NAME, [ME, self.owner], room=self.group, owner=self.owner)
        await self.gateway.login()

    async def stop(self) -> None:
        for channel in self._channels:
            await channel.close()
            await channel.close()  # twice, as the port promises
        await asyncio.gather(*self._tasks)
        await self._stack.aclose()

    def configuration(self, **sections: Any) -> Configuration:
        """That of a shop whose account is this one; `sections` are further ones."""
        section = account_section(self.wire.endpoint, self.gateway.token)
        return wechat_configuration(self._folder, {NAME: section}, **sections)

    async def channel(self) -> Channel:
        if self._database is None:
            opened = Database.open(f"sqlite+aiosqlite:///{self._folder / 'bot.sqlite3'}")
            self._database = await opened
            self._stack.push_async_callback(self._database.close)
        (channel,) = await build_accounts(self.configuration(), RealClock(), self._database)
        self._channels.append(channel)
        await channel.open()
        await self._until_it_knows_its_group(channel)
        return channel

    async def _until_it_knows_its_group(self, channel: Channel) -> None:
        async with asyncio.timeout(10), aclosing(channel.events(None)) as events:
            async for event in events:
                if isinstance(event, GroupChanged) and event.chat.id == self.group:
                    return
        raise AssertionError("the events ended while the channel was open")

    async def fan(self, name: str) -> str:
        person = await self.gateway.person(name)
        await self.gateway.command("join", room=self.group, people=[person], by=self.owner)
        return person

    async def manager(self, name: str) -> str:
        person = await self.fan(name)
        await self.gateway.command("lead", room=self.group, admins=[person])
        return person

    async def say(self, person: str, text: str, *, private: bool = False) -> None:
        await self.gateway.say(person, text, None if private else self.group)

    async def speak(self, text: str) -> None:
        await self.say(self.owner, text)

    async def press(self, person: str, receipt: str) -> None:  # noqa: ARG002 (see PLACED_PRESSES)
        text = f"@{BOT_NAME}{THIN_SPACE}1"
        await self.gateway.say(person, text, self.group, [ME])

    async def leave(self, person: str) -> None:
        await self.gateway.command("leave", room=self.group, people=[person], by=person)

    async def put_out(self) -> None:
        await self.leave(ME)

    async def rename(self, name: str) -> None:
        await self.gateway.command("rename", room=self.group, name=name, by=self.owner)

    async def posted(self, address: Address) -> list[Posted]:
        where = address.group or address.person
        return [_as_seen(one) for one in self.gateway.sent() if one.conversation == where]

    async def cut(self) -> None:
        await self.wire.cut()

    async def mend(self) -> None:
        await self.wire.mend()

    async def swallow_next_answer(self) -> None:
        await self.gateway.trouble("messageSendText", "swallow", times=1)
        cutting = asyncio.create_task(self._reset_once_sent(len(self.gateway.sent())))
        self._tasks.add(cutting)

    async def _reset_once_sent(self, before: int) -> None:
        while len(self.gateway.sent()) == before:  # noqa: ASYNC110 (a file rings no bell)
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.1)  # what was sent is shown to the bot meanwhile
        await self.wire.reset()


def _as_seen(sent: Sent) -> Posted:
    return Posted(
        receipt=sent.id,
        text=sent.text.replace(THIN_SPACE, ""),
        pictures=int(bool(sent.data)),
        deleted=sent.recalled,
    )
