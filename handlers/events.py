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
    """Somebody on one channel. `staff` is what the platform says: an admin or a manager."""

    id: str
    name: str
    staff: bool = False


@dataclass(frozen=True, slots=True)
class Chat:
    """A group chat on one channel."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class MessageHeard:
    """Somebody said something, in a group, or to the bot in private (`chat` is None)."""

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


@dataclass(frozen=True, slots=True)
class ButtonPressed:
    """Somebody pressed a button; `says` is what the button stands for."""

    account: str
    cursor: str
    at: datetime
    press: str  # the platform's id of this press
    chat: Chat | None
    sender: Person
    says: str


@dataclass(frozen=True, slots=True)
class MemberJoined:
    """Somebody came into a group."""

    account: str
    cursor: str
    at: datetime
    chat: Chat
    member: Person


@dataclass(frozen=True, slots=True)
class MemberLeft:
    """Somebody left a group."""

    account: str
    cursor: str
    at: datetime
    chat: Chat
    member: Person


@dataclass(frozen=True, slots=True)
class GroupChanged:
    """The bot came into a group, was put out of it, or the group has a new name."""

    account: str
    cursor: str
    at: datetime
    chat: Chat
    present: bool  # whether the bot is in the group now


Event = MessageHeard | ButtonPressed | MemberJoined | MemberLeft | GroupChanged
