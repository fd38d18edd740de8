"""What happens on a channel, as values.

A channel yields these; nothing here knows which platform they came from. Ids are the platform's
own, as text. `cursor` is the channel's place in its stream of events: it is stored in the same
transaction as what was heard, and the channel starts behind it after a restart.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class MessageKind(StrEnum):
    """Whose words a message holds; only fans' own words are ever counted as theirs."""

    FAN = "fan"
    STAFF = "staff"
    BOT = "bot"
    SYSTEM = "system"
    COMMAND = "command"
    SHOP_POST = "shop_post"  # a forwarded post of the shop
    CHAIN = "chain"  # a 接龙 line
    TAOBAO_CODE = "taobao_code"  # a 淘口令


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody on one channel. `staff` is what the platform says: an admin or a manager.

    Where it says so of single groups, `staff_in` are their ids; None: its word holds by itself.
    """

    id: str
    name: str
    staff: bool = False
    staff_in: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Chat:
    """A group chat on one channel."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class MessageHeard:
    """Somebody said something, in a group, or to the bot in private (`chat` is None).

    `topic` is the forum topic it was said in, by the platform's id.
    """

    account: str
    cursor: str
    at: datetime
    message: str
    chat: Chat | None
    sender: Person
    text: str
    pictures: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    mentions_bot: bool = False
    forwarded: bool = False
    topic: str | None = None


@dataclass(frozen=True, slots=True)
class MessageEdited:
    """Somebody changed what an earlier message of theirs says."""

    account: str
    cursor: str
    at: datetime
    message: str
    chat: Chat | None
    sender: Person
    text: str


@dataclass(frozen=True, slots=True)
class ButtonPressed:
    """Somebody pressed a button; `says` is what the button stands for.

    `on` is the platform's id of the message that the button stands below.
    """

    account: str
    cursor: str
    at: datetime
    press: str  # the platform's id of this press
    chat: Chat | None
    sender: Person
    says: str
    on: str | None = None
    topic: str | None = None


@dataclass(frozen=True, slots=True)
class MemberJoined:
    """Somebody came into a group; `invite` is the link they came by, where the platform says."""

    account: str
    cursor: str
    at: datetime
    chat: Chat
    member: Person
    invite: str | None = None


@dataclass(frozen=True, slots=True)
class MemberLeft:
    """Somebody left a group."""

    account: str
    cursor: str
    at: datetime
    chat: Chat
    member: Person


@dataclass(frozen=True, slots=True)
class JoinAsked:
    """Somebody asks to be let into a group."""

    account: str
    cursor: str
    at: datetime
    chat: Chat
    member: Person
    invite: str | None = None
    words: str = ""  # what they say of themselves


@dataclass(frozen=True, slots=True)
class StaffChanged:
    """The platform made somebody staff of a group, or staff no more (`member.staff`)."""

    account: str
    cursor: str
    at: datetime
    chat: Chat
    member: Person


@dataclass(frozen=True, slots=True)
class ReachChanged:
    """Somebody opened the private chat with the bot, or blocked it."""

    account: str
    cursor: str
    at: datetime
    member: Person
    reachable: bool


@dataclass(frozen=True, slots=True)
class GroupChanged:
    """The bot came into a group, was put out of it, or the group has a new name.

    `may_speak` is what the bot may do there now; None where nothing is said of it. `by` is who
    brought it in; None where it was there before, or where only the shop's own people can.
    """

    account: str
    cursor: str
    at: datetime
    chat: Chat
    present: bool  # whether the bot is in the group now
    may_speak: bool | None = None
    by: Person | None = None


@dataclass(frozen=True, slots=True)
class GroupMoved:
    """The platform gave a group another id (`chat` is the new one, `before` the old)."""

    account: str
    cursor: str
    at: datetime
    chat: Chat
    before: str


@dataclass(frozen=True, slots=True)
class TopicChanged:
    """A topic of a forum was opened, renamed (`name`; None: as it was) or closed."""

    account: str
    cursor: str
    at: datetime
    chat: Chat
    topic: str
    name: str | None
    open: bool = True


Event = (
    MessageHeard
    | MessageEdited
    | ButtonPressed
    | MemberJoined
    | MemberLeft
    | JoinAsked
    | StaffChanged
    | ReachChanged
    | GroupChanged
    | GroupMoved
    | TopicChanged
)
