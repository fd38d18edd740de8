"""How a program is in the room: one protocol, `RoomConnection`, and the way within the process.

The verbs are written once, over one abstract `ask` that carries a frame to the room; so a program
in the room's own process (`LocalConnection`, here) and one on the far side of the door
(`bot/room/remote.py`) do exactly the same, and one contract suite covers both.
"""

from __future__ import annotations

import base64
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from typing import Any

from bot.room.deeds import carry_out
from bot.room.frames import Json, group_from, message_from, person_from
from bot.room.room import Room
from bot.room.values import Person, RoomEvent, RoomGroup, RoomMessage
from scheduler.content import Content
from scheduler.courier import Address


class RoomConnection(ABC):
    """Somebody's place in the room.

    Every verb raises `Refused` when the room does not allow it, `RoomCallNotSent` when the call
    certainly never left, `RoomAnswerLost` when nobody knows, and `RoomAccountTaken` when another
    session of the same bot has come.
    """

    @abstractmethod
    async def open(self) -> Person:
        """Come in; who one is in the room is the answer.

        Raises:
            RoomUnreachable: the room does not answer.
            Refused: the room does not know us.
        """

    @abstractmethod
    async def ask(self, do: str, **parts: Any) -> Json:
        """Carry one frame to the room and its answer back."""

    @abstractmethod
    def events(self, after: int) -> AsyncIterator[RoomEvent]:
        """What concerns us behind `after`, past and to come; ends when the connection closes."""

    @abstractmethod
    async def close(self) -> None:
        """Go out. Safe to call twice."""

    async def groups(self) -> tuple[RoomGroup, ...]:
        """All groups of the room."""
        return tuple(group_from(one) for one in (await self.ask("groups"))["groups"])

    async def members(self, group: str) -> tuple[Person, ...]:
        """Who sits in a group one is in."""
        return tuple(
            person_from(one) for one in (await self.ask("members", group=group))["members"]
        )

    async def create_group(self, name: str) -> RoomGroup:
        """A new group."""
        return group_from((await self.ask("create_group", name=name))["group"])

    async def rename_group(self, group: str, name: str) -> RoomGroup:
        """Another name for a group."""
        return group_from((await self.ask("rename_group", group=group, name=name))["group"])

    async def join(self, group: str) -> None:
        """Come into a group."""
        await self.ask("join", group=group)

    async def leave(self, group: str, person: str | None = None) -> None:
        """Go out of a group, or put somebody out of it."""
        await self.ask("leave", group=group, **({"person": person} if person else {}))

    async def say(self, address: Address, text: str, pictures: tuple[str, ...] = ()) -> RoomMessage:
        """Say something; pictures by their sources in the room."""
        answer = await self.ask("say", address=str(address), text=text, pictures=list(pictures))
        return message_from(answer["message"])

    async def press(self, seq: int, button: int = 0) -> int:
        """Press a button below a message; the number of the press is the answer."""
        pressed: int = (await self.ask("press", seq=seq, button=button))["seq"]
        return pressed

    async def post(self, address: Address, content: Content, key: str | None = None) -> RoomMessage:
        """Say something as the bot, with a delivery key for `lookup`."""
        parts: Json = {"address": str(address), "content": content.to_json()}
        if key is not None:
            parts["key"] = key
        return message_from((await self.ask("post", **parts))["message"])

    async def edit(self, seq: int, content: Content) -> RoomMessage:
        """Change what an own post says."""
        return message_from((await self.ask("edit", seq=seq, content=content.to_json()))["message"])

    async def delete(self, seq: int) -> RoomMessage:
        """Take an own post back."""
        return message_from((await self.ask("delete", seq=seq))["message"])

    async def pin(self, seq: int) -> RoomMessage:
        """Keep an own post in view."""
        return message_from((await self.ask("pin", seq=seq))["message"])

    async def lookup(self, key: str) -> RoomMessage | None:
        """The first post with this delivery key."""
        found = (await self.ask("lookup", key=key))["message"]
        return None if found is None else message_from(found)

    async def history(
        self, address: Address, *, before: int | None = None, limit: int = 50
    ) -> tuple[RoomMessage, ...]:
        """The last messages at an address, oldest first."""
        parts: Json = {"address": str(address), "limit": limit}
        if before is not None:
            parts["before"] = before
        return tuple(message_from(one) for one in (await self.ask("history", **parts))["messages"])

    async def picture(self, data: bytes) -> str:
        """Bring a picture into the room; its source there is the answer."""
        source: str = (await self.ask("picture", data=base64.b64encode(data).decode()))["source"]
        return source


class LocalConnection(RoomConnection):
    """A place in a room of this same process: the room's bot, unless somebody else is named."""

    def __init__(self, room: Room, person: Person | None = None) -> None:
        self._room = room
        self._person = person or room.bot

    async def open(self) -> Person:
        """Who one is; nothing can fail in between."""
        return self._person

    async def ask(self, do: str, **parts: Any) -> Json:
        """Carry a frame over the table."""
        return await carry_out(self._room, self._person, {"do": do, **parts})

    def events(self, after: int) -> AsyncIterator[RoomEvent]:
        """What the room tells us."""
        return self._room.events(self._person, after)

    async def close(self) -> None:
        """Nothing to end: the room is closed by whoever opened it."""
