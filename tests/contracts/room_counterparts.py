"""The embedded room as a counterpart: in the same process, and on the far side of its door."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.channels.port import Channel
from bot.channels.room import RoomChannel
from bot.room.connection import LocalConnection, RoomConnection
from bot.room.door import CLOSED_FAILED
from bot.room.remote import SocketConnection
from bot.room.room import Room
from bot.room.server import RoomServer, bot_token
from bot.room.values import Person, RoomMessage
from scheduler.clock import RealClock
from scheduler.courier import Address
from tests.contracts.counterpart import Ability, Posted

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64

LACKS: Mapping[Ability, str] = {
    Ability.MUTES: "whoever is in a group of the room may speak there",
    Ability.EDITS: "what people said in the room stays as it is",
    Ability.STARTS: "everybody in the room can be written to",
    Ability.STAFF: "a person of the room is a manager from the first, or never",
    Ability.TOPICS: "a group of the room is one conversation",
    Ability.DOORS: "the room's groups stand open to everybody",
    Ability.MOVES: "a group of the room keeps its id",
}


class LocalRoom:
    """The room in the bot's own process."""

    group: str
    group_name = "福利群"
    lacks: Mapping[Ability, str] = LACKS

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._channels: list[Channel] = []
        self._people: dict[str, Person] = {}

    async def start(self) -> None:
        self.room = await Room.open(self._folder / "room", RealClock())
        (self._folder / "offer.png").write_bytes(PNG)
        link = self.room.people.new_link()
        self._owner, _ = await self.room.people.sign_in(link, "群主")
        self.group = (await self.room.create_group(self._owner, self.group_name)).id

    async def stop(self) -> None:
        for channel in self._channels:
            await channel.close()
            await channel.close()  # twice, as the port promises
        await self.room.close()

    async def connection(self) -> RoomConnection:
        return LocalConnection(self.room)

    async def channel(self) -> Channel:
        channel = RoomChannel(await self.connection(), data=self._folder)
        await channel.open()
        self._channels.append(channel)
        return channel

    async def fan(self, name: str) -> str:
        return await self._joined((await self.room.people.enter(name))[0])

    async def manager(self, name: str) -> str:
        link = self.room.people.new_link()
        return await self._joined((await self.room.people.sign_in(link, name))[0])

    async def _joined(self, person: Person) -> str:
        self._people[person.id] = person
        await self.room.join(person, self.group)
        return person.id

    async def say(self, person: str, text: str, *, private: bool = False) -> None:
        address = Address(person=person) if private else Address(group=self.group)
        await self.room.say(self._people[person], address, text)

    async def speak(self, text: str) -> None:
        await self.room.say(self._owner, Address(group=self.group), text)

    async def press(self, person: str, receipt: str) -> None:
        await self.room.press(self._people[person], int(receipt), 0)

    async def leave(self, person: str) -> None:
        await self.room.leave(self._people[person], self.group)

    async def put_out(self) -> None:
        await self.room.leave(self.room.bot, self.group, by=self._owner)

    async def rename(self, name: str) -> None:
        await self.room.rename_group(self._owner, self.group, name)

    async def posted(self, address: Address) -> list[Posted]:
        viewer = self._owner if address.group else self._people[address.person or ""]
        return [
            Posted(
                receipt=str(message.seq),
                text=message.content.text,
                buttons=tuple(button.label for button in message.content.buttons),
                pictures=sum(
                    self.room.pictures.has(picture.source) for picture in message.content.pictures
                ),
                deleted=message.deleted,
            )
            for message in await self.room.history(viewer, address, limit=200)
            if message.sender == self.room.bot
        ]


class RoomBehindItsDoor(LocalRoom):
    """The same room, reached over its WebSocket."""

    async def start(self) -> None:
        await super().start()
        self._server = RoomServer(self.room, page=False)
        await self._server.start()

    async def stop(self) -> None:
        await self._server.stop()
        await super().stop()

    async def connection(self) -> RoomConnection:
        return SocketConnection(self._server.door_url, await bot_token(self.room))

    async def cut(self) -> None:
        await self._server.stop()

    async def mend(self) -> None:
        port = int(self._server.url.rpartition(":")[2])
        self._server = RoomServer(self.room, port=port, page=False)
        await self._server.start()

    async def swallow_next_answer(self) -> None:
        """Ends the session while its post is being carried out."""
        post = self.room.post

        async def post_and_vanish(*args: Any) -> RoomMessage:
            self.room.post = post  # type: ignore[method-assign]  # once is enough
            message = await post(*args)
            (session,) = self._server.door._bots.values()
            session._end(CLOSED_FAILED, "cut by the test")
            return message

        self.room.post = post_and_vanish  # type: ignore[method-assign, assignment]  # a wire to cut
