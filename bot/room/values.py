"""What there is in the room, as values: people, groups, messages, and the events that order them.

Everything that happens gets one sequence number, without gaps, across all groups and private
chats; a message is known by the number of the event that brought it. Whoever was away says the
last number they saw and misses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from scheduler.content import Content
from scheduler.courier import Address

TEXT_LENGTH = 4_096  # characters in one message
NAME_LENGTH = 24  # characters in the name of a person or a group


class Role(StrEnum):
    """What somebody is in the room."""

    FAN = "fan"
    MANAGER = "manager"
    BOT = "bot"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in the room; the bot is one too. Names are unique, so that @name is too."""

    id: str
    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class RoomGroup:
    """A group chat."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomMessage:
    """One message, as it stands now.

    `address` is a group, or the private chat between that person and the bot, whichever of them
    speaks. `key` is the delivery key a bot gave with its post. A deleted message has lost its
    content.
    """

    seq: int
    at: datetime
    address: Address
    sender: Person
    content: Content
    key: str | None = None
    edited: bool = False
    deleted: bool = False
    pinned: bool = False


class EventKind(StrEnum):
    """The kinds of things that happen."""

    SAID = "said"  # a message is new
    CHANGED = "changed"  # a message was edited, deleted or pinned
    PRESSED = "pressed"  # a button below a message was pressed
    JOINED = "joined"
    LEFT = "left"
    GROUP = "group"  # a group is new or has a new name


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomEvent:
    """One thing that happened.

    `person` did it; for `JOINED` and `LEFT` it is who came or went. `group` is None in a private
    chat. `message` is set for `SAID`, `CHANGED` and `PRESSED`, `says` for `PRESSED`.
    """

    seq: int
    at: datetime
    kind: EventKind
    person: Person
    group: RoomGroup | None = None
    message: RoomMessage | None = None
    says: str | None = None
