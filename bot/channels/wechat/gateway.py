"""A Wechaty gateway, as the rest of this package sees it: its events and its calls, as values.

`connection.py` is the one that speaks the protocol and implements `Gateway`; hearing and the
channel know only this page. Ids are the gateway's own: of people (`wxid_...` where they last, `@`
and random letters where they end with the log-in) and of rooms, which hold an `@`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Protocol


class ScanStatus(IntEnum):
    """How far a log-in by code is. Source: `ScanStatus` of wechaty-puppet 1.20.2."""

    UNKNOWN = 0
    CANCEL = 1
    WAITING = 2
    SCANNED = 3
    CONFIRMED = 4
    TIMEOUT = 5


class MessageType(IntEnum):
    """What a message is.

    The gateway sends the puppet's own numbers, which are not those of the protocol file. Source:
    `MessageType` of wechaty-puppet 1.20.2.
    """

    UNKNOWN = 0
    ATTACHMENT = 1
    AUDIO = 2
    CONTACT = 3
    CHAT_HISTORY = 4
    EMOTICON = 5
    IMAGE = 6
    TEXT = 7
    LOCATION = 8
    MINI_PROGRAM = 9
    GROUP_NOTE = 10
    TRANSFER = 11
    RED_ENVELOPE = 12
    RECALLED = 13
    URL = 14
    VIDEO = 15
    POST = 16


class FriendshipKind(IntEnum):
    """What a friendship event is about. Source: `FriendshipType` of wechaty-puppet 1.20.2."""

    UNKNOWN = 0
    CONFIRM = 1  # they are friends now
    RECEIVE = 2  # somebody asks
    VERIFY = 3  # the other one wants to know more first


class PayloadKind(IntEnum):
    """Which of its memories a gateway calls stale. Source: `DirtyType` of wechaty-puppet 1.20.2."""

    UNKNOWN = 0
    MESSAGE = 1
    CONTACT = 2
    ROOM = 3
    ROOM_MEMBER = 4
    FRIENDSHIP = 5
    POST = 6


# What a gateway tells


@dataclass(frozen=True, slots=True)
class Alive:
    """The gateway is there; the first event of a stream says no more than that."""


@dataclass(frozen=True, slots=True)
class Dong:
    """The answer to a `ding`."""

    data: str


@dataclass(frozen=True, slots=True)
class ScanNeeded:
    """Somebody has to scan `code` (what a QR code is to hold); empty once it was scanned."""

    code: str
    status: ScanStatus


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """The account is logged in, as this person."""

    person: str


@dataclass(frozen=True, slots=True)
class LoggedOut:
    """The account is logged out."""

    person: str
    reason: str


@dataclass(frozen=True, slots=True)
class Ready:
    """The gateway knows the account's friends and rooms by now."""


@dataclass(frozen=True, slots=True)
class MessageArrived:
    """Something was said; `message` is its id."""

    message: str


@dataclass(frozen=True, slots=True)
class RoomJoined:
    """People came into a room, brought by `by`."""

    room: str
    people: tuple[str, ...]
    by: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class RoomLeft:
    """People left a room, or were put out of it by `by`."""

    room: str
    people: tuple[str, ...]
    by: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class RoomRenamed:
    """A room has another name."""

    room: str
    name: str
    before: str
    by: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class FriendshipArrived:
    """Somebody asks to be friends, or became one; `friendship` is the id of it."""

    friendship: str


@dataclass(frozen=True, slots=True)
class RoomInvited:
    """Somebody invites the account into a room; `invitation` is the id of it."""

    invitation: str


@dataclass(frozen=True, slots=True)
class Stale:
    """What the gateway said of this thing before is not true any more."""

    kind: PayloadKind
    id: str


@dataclass(frozen=True, slots=True)
class Complaint:
    """The gateway tells of an error of its own."""

    reason: str


GatewayEvent = (
    Alive
    | Dong
    | ScanNeeded
    | LoggedIn
    | LoggedOut
    | Ready
    | MessageArrived
    | RoomJoined
    | RoomLeft
    | RoomRenamed
    | FriendshipArrived
    | RoomInvited
    | Stale
    | Complaint
)


# What a gateway knows


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody. `alias` is what the account calls them."""

    id: str
    name: str
    alias: str
    friend: bool


@dataclass(frozen=True, slots=True)
class GatewayRoom:
    """A group of WeChat."""

    id: str
    name: str
    owner: str
    admins: tuple[str, ...]
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RoomMember:
    """Somebody in a room. `nickname` is what they call themselves there."""

    id: str
    name: str
    nickname: str
    inviter: str


@dataclass(frozen=True, slots=True)
class GatewayMessage:
    """A message. `room` is empty in private, `listener` then is whom it was said to."""

    id: str
    type: int  # a `MessageType`, or a number that it does not know yet
    text: str
    talker: str
    room: str
    listener: str
    mentions: tuple[str, ...]
    at: datetime
    file_name: str


@dataclass(frozen=True, slots=True)
class Friendship:
    """A wish to be friends, or that it came true."""

    id: str
    person: str
    words: str
    kind: FriendshipKind


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation into a room."""

    id: str
    inviter: str
    room_name: str


@dataclass(frozen=True, slots=True)
class SharedLink:
    """What a message of the type URL shares."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class FileBox:
    """A file on its way: its bytes, an address, or the id of bytes that lie at the gateway.

    Exactly one of the three is set.
    """

    name: str
    data: bytes | None = None
    url: str | None = None
    upload: str | None = None


class Failure(StrEnum):
    """How a call to a gateway failed; each says for certain what the others do not."""

    NOT_SENT = "not_sent"  # there was no connection to send it on
    LOST = "lost"  # it may have been carried out: deadline, broken connection
    TOKEN = "token"  # noqa: S105 (a word for what was refused, not a secret)
    TAKEN = "taken"  # another client listens to this gateway
    UNKNOWN_CALL = "unknown_call"  # the gateway does not have it
    REFUSED = "refused"  # the gateway carried it to WeChat or its puppet, which threw


class GatewayCallFailed(Exception):
    """A call failed; `reason` is what the gateway or the network said."""

    def __init__(self, failure: Failure, reason: str) -> None:
        super().__init__(f"{failure.value}: {reason}")
        self.failure = failure
        self.reason = reason


class Gateway(Protocol):
    """One gateway, which serves one account. Every call may raise `GatewayCallFailed`.

    Every call has a deadline, and none waits for another but by the connection's own bounds.
    """

    def events(self) -> AsyncGenerator[GatewayEvent]:
        """What happens from now on; the first event comes soon, or the stream fails.

        Only one client at a time is told (else `Failure.TAKEN`). Ends by raising: whoever wants
        more asks again, which connects anew.
        """
        ...

    async def start(self) -> None:
        """Have the account started, where it is not; needed once in each stream."""
        ...

    async def ding(self, data: str) -> None:
        """Have the account's puppet answer by a `Dong` event."""
        ...

    async def version(self) -> str:
        """The puppet's version: the token is right and the gateway answers."""
        ...

    async def contact(self, person: str) -> Contact:
        """Somebody."""
        ...

    async def contacts(self) -> Sequence[str]:
        """The ids of everybody whom the account knows."""
        ...

    async def room(self, room: str) -> GatewayRoom:
        """A room."""
        ...

    async def rooms(self) -> Sequence[str]:
        """The ids of the account's rooms."""
        ...

    async def room_member(self, room: str, person: str) -> RoomMember:
        """Somebody in a room."""
        ...

    async def message(self, message: str) -> GatewayMessage:
        """A message."""
        ...

    async def picture(self, message: str) -> FileBox:
        """The picture that a message of the type IMAGE is."""
        ...

    async def link(self, message: str) -> SharedLink:
        """What a message of the type URL shares."""
        ...

    async def friendship(self, friendship: str) -> Friendship:
        """What a friendship event is about."""
        ...

    async def accept_friendship(self, friendship: str) -> None:
        """Be friends."""
        ...

    async def invitation(self, invitation: str) -> Invitation:
        """An invitation into a room."""
        ...

    async def accept_invitation(self, invitation: str) -> None:
        """Come into that room."""
        ...

    async def say(self, conversation: str, text: str, mentions: Sequence[str]) -> str | None:
        """Say something in a room or to a person; the message's id, where the gateway tells it."""
        ...

    async def show(self, conversation: str, file: FileBox) -> str | None:
        """Send a file; large bytes are uploaded first. The message's id, where it is told."""
        ...

    async def recall(self, message: str) -> bool:
        """Take a message back; whether WeChat did."""
        ...

    async def announce(self, room: str, text: str) -> None:
        """Set a room's announcement."""
        ...

    async def announcement(self, room: str) -> str:
        """A room's announcement."""
        ...

    async def bring_in(self, room: str, person: str) -> None:
        """Bring somebody into a room, or have an invitation sent where WeChat wants their word."""
        ...

    async def upload(self, file: FileBox) -> FileBox:
        """The file as it travels fast: large bytes lie at the gateway, to be shown once."""
        ...

    async def download(self, file: FileBox) -> bytes:
        """A file's bytes, whichever way they are given; at most 20 MB of them."""
        ...
