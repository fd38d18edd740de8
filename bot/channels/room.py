"""The channel to the embedded room: the bot's account there, over either kind of connection.

It only translates: the room's events into the bot's, the bot's actions into the room's verbs, and
each way a verb can end into the one outcome that says whether something was sent. The cursor is
the room's sequence number. What the bot itself says is not an event to it.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncGenerator
from datetime import datetime
from pathlib import Path

from bot.room.connection import RoomConnection
from bot.room.errors import (
    Reason,
    Refused,
    RoomAccountTaken,
    RoomAnswerLost,
    RoomCallNotSent,
    RoomFileUnwritable,
)
from bot.room.values import TEXT_LENGTH, EventKind, Role, RoomEvent, RoomMessage
from bot.room.values import Person as RoomPerson
from handlers.events import (
    ButtonPressed,
    Chat,
    Event,
    GroupChanged,
    MemberJoined,
    MemberLeft,
    MessageHeard,
    Person,
)
from scheduler.content import Content, Picture
from scheduler.courier import (
    AccountDown,
    Action,
    AddressGone,
    Admit,
    Befriend,
    Delete,
    Done,
    Edit,
    Invite,
    Limits,
    Lookup,
    NothingSent,
    Outcome,
    Pin,
    Post,
    Presence,
    Unable,
    Unclear,
)

# What a refusal means to the sender; every other reason is that the room cannot do this at all.
REFUSALS: dict[Reason, type[AddressGone | AccountDown]] = {
    Reason.NO_SUCH_GROUP: AddressGone,
    Reason.NOT_IN_GROUP: AddressGone,
    Reason.NO_SUCH_PERSON: AddressGone,
    Reason.NOT_SIGNED_IN: AccountDown,
}

_HEARD = "room:"
"""How the source of a picture begins that somebody sent in the room: it can be shown there again,
by this account, and is no file of the bot's."""
_THERE = ("http://", "https://", _HEARD)


class RoomChannel:
    """The bot's account in the room.

    Args:
        connection: the bot's place in the room.
        account: the account's name in the bot.
        data: the folder below which the bot's own pictures lie.
    """

    def __init__(
        self, connection: RoomConnection, account: str = "room", data: Path = Path()
    ) -> None:
        self._connection = connection
        self._account = account
        self._data = data
        self._self: RoomPerson | None = None

    @property
    def platform(self) -> str:
        """`room`."""
        return "room"

    @property
    def account(self) -> str:
        """The account's name in the bot."""
        return self._account

    @property
    def limits(self) -> Limits:
        """The room takes what comes; only its texts have a length."""
        return Limits(text_length=TEXT_LENGTH)

    @property
    def start_link(self) -> None:
        """Everybody in the room can be written to."""
        return None

    def link_to(self, message: str) -> None:
        """The room gives messages no address."""

    async def open(self) -> None:
        """Come into the room.

        Raises:
            RoomUnreachable: the room does not answer.
            Refused: the room does not know the bot's token.
        """
        self._self = await self._connection.open()

    async def close(self) -> None:
        """Go out of the room. Safe to call twice."""
        await self._connection.close()

    async def events(self, after: str | None) -> AsyncGenerator[Event]:
        """What happens behind the cursor, past and to come.

        Raises:
            RoomAccountTaken: another bot has taken this account's place.
        """
        async for event in self._connection.events(int(after) if after else 0):
            heard = self._translate(event)
            if heard is not None:
                yield heard

    def _translate(self, event: RoomEvent) -> Event | None:
        """The bot's event for one of the room's; None if it is nothing to the bot."""
        chat = None if event.group is None else Chat(event.group.id, event.group.name)
        if event.kind is EventKind.SAID and event.message and not self._is_self(event.person):
            return self._heard(event, event.message, chat)
        if event.kind is EventKind.PRESSED:
            return ButtonPressed(
                *self._stamp(event),
                press=str(event.seq),
                chat=chat,
                sender=_person(event.person),
                says=event.says or "",
                on=None if event.message is None else str(event.message.seq),
            )
        return None if chat is None else self._changed(event, chat)

    def _changed(self, event: RoomEvent, chat: Chat) -> Event | None:
        """What changed about a group: its name, or who is in it."""
        stamp, member = self._stamp(event), _person(event.person)
        match event.kind, self._is_self(event.person):
            case EventKind.GROUP, _:
                return GroupChanged(*stamp, chat=chat, present=True)
            case (EventKind.JOINED | EventKind.LEFT) as kind, True:
                return GroupChanged(*stamp, chat=chat, present=kind is EventKind.JOINED)
            case EventKind.JOINED, _:
                return MemberJoined(*stamp, chat=chat, member=member)
            case EventKind.LEFT, _:
                return MemberLeft(*stamp, chat=chat, member=member)
        return None

    def _is_self(self, person: RoomPerson) -> bool:
        return self._self is not None and person.id == self._self.id

    def _stamp(self, event: RoomEvent) -> tuple[str, str, datetime]:
        return self._account, str(event.seq), event.at

    def _heard(self, event: RoomEvent, message: RoomMessage, chat: Chat | None) -> MessageHeard:
        mentions = tuple(mention.person for mention in message.content.mentions)
        return MessageHeard(
            *self._stamp(event),
            message=str(message.seq),
            chat=chat,
            sender=_person(event.person),
            text=message.content.text,
            pictures=tuple(_named(picture.source) for picture in message.content.pictures),
            mentions=mentions,
            mentions_bot=self._self is not None and self._self.id in mentions,
        )

    async def confirm(self, cursor: str) -> None:
        """The room keeps everything that happened: nothing need be confirmed."""

    async def perform(self, action: Action) -> Outcome:
        """Carry one action out; every trouble of the room or the wire is an outcome."""
        if isinstance(action, Invite | Admit | Befriend):
            return Unable("the room's groups stand open to everybody")
        return await self._outcome_of(action)

    async def _outcome_of(self, action: Post | Edit | Delete | Pin) -> Outcome:
        try:
            message = await self._carry_out(action)
        except Refused as refusal:
            return REFUSALS.get(refusal.reason, Unable)(refusal.text)
        except RoomCallNotSent as error:
            return NothingSent(str(error.facts["reason"]))
        except RoomAccountTaken as error:
            return AccountDown(str(error))
        except (RoomAnswerLost, RoomFileUnwritable) as error:
            return Unclear(str(error.facts["reason"]))
        except OSError as error:  # the bot's own picture cannot be read
            return Unable(str(error))
        return Done(str(message.seq))

    async def _carry_out(self, action: Post | Edit | Delete | Pin) -> RoomMessage:
        connection = self._connection
        match action:
            case Post():
                content = await self._with_pictures(action.content)
                return await connection.post(action.address, content, action.key)
            case Edit():
                content = await self._with_pictures(action.content)
                return await connection.edit(int(action.receipt), content)
            case Delete():
                return await connection.delete(int(action.receipt))
            case Pin():
                return await connection.pin(int(action.receipt))

    async def _with_pictures(self, content: Content) -> Content:
        """The content with the bot's own pictures brought into the room; its own are there."""
        if not content.pictures:
            return content
        pictures = [await self._brought(picture) for picture in content.pictures]
        return dataclasses.replace(content, pictures=tuple(pictures))

    async def _brought(self, picture: Picture) -> Picture:
        if picture.source.startswith(_THERE):
            return dataclasses.replace(picture, source=picture.source.removeprefix(_HEARD))
        data = picture.bytes_drawn
        if data is None:
            data = await asyncio.to_thread((self._data / picture.source).read_bytes)
        try:
            source = await self._connection.picture(data)
        except RoomAnswerLost as error:  # the picture may be there, but nothing was said with it
            raise RoomCallNotSent(reason=error.facts["reason"]) from error
        return dataclasses.replace(picture, source=source)

    async def lookup(self, key: str) -> Lookup:
        """Whether a post with this key stands in the room."""
        try:
            message = await self._connection.lookup(key)
        except (
            Refused,
            RoomCallNotSent,
            RoomAnswerLost,
            RoomAccountTaken,
            RoomFileUnwritable,
        ):
            return Lookup(Presence.UNKNOWN)
        if message is None:
            return Lookup(Presence.ABSENT)
        return Lookup(Presence.SENT, str(message.seq))


def _named(source: str) -> str:
    """The source of a picture that was sent in the room, for the bot to use it again."""
    return source if source.startswith(("http://", "https://")) else f"{_HEARD}{source}"


def _person(person: RoomPerson) -> Person:
    return Person(person.id, person.name, staff=person.role is Role.MANAGER)
