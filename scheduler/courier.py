"""The port through which messages go up to a platform: `Courier`.

The sender declares here the little it needs; channels in `bot/channels/` implement it. Every
call is an `Action` with a delivery key, and every answer is one `Outcome` value, so that the
sender can treat each class of trouble in one place. A courier never raises for what a platform
or a network does: it says which outcome that was.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from scheduler.content import Content

_HALF_HOUR = 30  # minutes


@dataclass(frozen=True, slots=True)
class Address:
    """Where a message goes on one channel: a group, or a person in private. Platform ids.

    A forum's group may be addressed in one of its topics; a limit of the group binds them all.
    """

    group: str | None = None
    person: str | None = None
    topic: str | None = None

    def __post_init__(self) -> None:
        if (self.group is None) == (self.person is None):
            raise ValueError("an address is a group or a person")
        if self.topic is not None and self.group is None:
            raise ValueError("only a group has topics")

    def __str__(self) -> str:
        if self.group is None:
            return f"person:{self.person}"
        group = self.group
        if "#" in group or "%" in group:
            group = group.replace("%", "%25").replace("#", "%23")
        return f"group:{group}" if self.topic is None else f"group:{group}#{self.topic}"

    @classmethod
    def parse(cls, text: str) -> Address:
        """The address that `str()` wrote.

        Raises:
            ValueError: it is none of `group:ID`, `group:ID#TOPIC` and `person:ID`.
        """
        kind, _, identity = text.partition(":")
        if kind == "group" and identity:
            group, divided, topic = identity.partition("#")
            if group and bool(topic) == bool(divided):
                group = group.replace("%23", "#").replace("%25", "%")
                return cls(group=group, topic=topic or None)
        if kind == "person" and identity:
            return cls(person=identity)
        raise ValueError(f"not an address: {text!r}")


def chat_of(address: str) -> str:
    """The chat that a written address lies in: of a topic its group. Platforms limit chats."""
    return address.partition("#")[0] if address.startswith("group:") else address


@dataclass(frozen=True, slots=True)
class Post:
    """Say something at an address."""

    key: str
    address: Address
    content: Content


@dataclass(frozen=True, slots=True)
class Edit:
    """Change what an earlier post says. `receipt` is the platform's id of that post."""

    key: str
    address: Address
    receipt: str
    content: Content


@dataclass(frozen=True, slots=True)
class Delete:
    """Take an earlier post back."""

    key: str
    address: Address
    receipt: str


@dataclass(frozen=True, slots=True)
class Pin:
    """Keep an earlier post in view."""

    key: str
    address: Address
    receipt: str


@dataclass(frozen=True, slots=True)
class Invite:
    """Make a link by which people come into a group; `name` says on the platform whose it is."""

    key: str
    address: Address
    name: str


@dataclass(frozen=True, slots=True)
class Admit:
    """Let somebody who asked come into a group, or (`refuse`) do not.

    Where a platform has no such asking, the account brings them in or sends them an invitation.
    """

    key: str
    address: Address
    person: str
    refuse: bool = False


@dataclass(frozen=True, slots=True)
class Befriend:
    """Become friends with somebody who asked; `request` is the platform's id of that.

    `address` is theirs.
    """

    key: str
    address: Address
    request: str


Action = Post | Edit | Delete | Pin | Invite | Admit | Befriend


def paced_at(action: Action) -> str:
    """The written address whose pace a call keeps.

    Letting somebody in says nothing in the group: a rush at the door takes no answer's turn there.
    """
    return str(Address(person=action.person) if isinstance(action, Admit) else action.address)


@dataclass(frozen=True, slots=True)
class Done:
    """The platform did it; `receipt` is its id of the message, or the link that was made."""

    receipt: str


@dataclass(frozen=True, slots=True)
class TooFast:
    """Nothing was sent: slow down for `retry_after`; the whole account, or only this address."""

    retry_after: timedelta
    account_wide: bool = False


@dataclass(frozen=True, slots=True)
class NothingSent:
    """It is certain that nothing was sent (refused connection, unknown host): try again."""

    reason: str


@dataclass(frozen=True, slots=True)
class AddressGone:
    """This address cannot be reached any more (kicked, blocked, deleted), or never takes this."""

    reason: str


@dataclass(frozen=True, slots=True)
class Muted:
    """The bot sits in this group, but may not speak there now. Nothing was sent."""

    reason: str


@dataclass(frozen=True, slots=True)
class AccountDown:
    """The account itself is refused (token revoked, logged out)."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unclear:
    """The answer was lost: it may or may not have been sent (timeout, reset, 5xx)."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unable:
    """This platform, or our rights on it, cannot do this kind of action at all."""

    reason: str


Outcome = Done | TooFast | NothingSent | AddressGone | Muted | AccountDown | Unclear | Unable


class Presence(StrEnum):
    """What a look-up says about a delivery key."""

    SENT = "sent"
    ABSENT = "absent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Lookup:
    """The platform's memory of one delivery key; `receipt` is set when it was sent."""

    presence: Presence
    receipt: str | None = None


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `messages` in any span of `per`. A window is data: tests scale it down."""

    messages: int
    per: timedelta

    def __post_init__(self) -> None:
        if self.messages < 1 or self.per <= timedelta(0):
            raise ValueError(f"a rate lets something through: {self!r}")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a platform allows one account; empty where it names no limit.

    `account` binds all calls of the account, `chat` those to one address, `group` those to one
    address that is a group (beside `chat`). A daily cap is a rate of the account. The platform
    asks for nothing planned in so many minutes from each :00 and :30 on as `quiet_minutes` says,
    0 to 29. `pauses` are the shortest and the longest time that is let pass between two calls of
    the account, drawn anew for each: who types like a clock is no person. `text_length` is in
    characters, `caption_length` of a text that stands below pictures (None: as long as any);
    `pictures` go with one post at most, and where `pictures_alone`, buttons cannot stand below
    several. Without `captions` a text and its pictures are a message each (`messages_in`). Where
    only `friends` are written to, a private message reaches whose private chat is open.
    """

    account: tuple[Rate, ...] = ()
    chat: tuple[Rate, ...] = ()
    group: tuple[Rate, ...] = ()
    quiet_minutes: int = 0
    pauses: tuple[timedelta, timedelta] | None = None
    text_length: int | None = None
    caption_length: int | None = None
    pictures: int | None = None
    pictures_alone: bool = False
    captions: bool = True
    friends: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.quiet_minutes < _HALF_HOUR:
            raise ValueError(f"no minute of the half hour is left to speak in: {self!r}")
        if self.pauses is not None and not timedelta(0) <= self.pauses[0] <= self.pauses[1]:
            raise ValueError(f"a pause lasts from the shortest to the longest: {self!r}")


def messages_in(content: Content, limits: Limits) -> int:
    """How many messages a content is, of those that rates count; at least one.

    Where nothing can stand below pictures, its words (those of captions and buttons among them)
    and each picture are one. Else all of it is, an album too.
    """
    if limits.captions:
        return 1
    captions = any(picture.caption for picture in content.pictures)
    words = bool(content.text or content.buttons or captions)
    return max(1, words + len(content.pictures))


def weight_of(action: Action, limits: Limits) -> int:
    """How many messages a call is, of those that rates count; what says nothing new is one."""
    return messages_in(action.content, limits) if isinstance(action, Post) else 1


class Account(Protocol):
    """What a courier tells of its account."""

    @property
    def limits(self) -> Limits:
        """What the platform allows."""
        ...

    @property
    def start_link(self) -> str | None:
        """Where a person opens the private chat with the bot; None where nobody need do so.

        Behind its `?start=` stands the word that the bot is told; another may stand there.
        """
        ...


def must_be_open(account: Account) -> bool:
    """Whether a private message only reaches who has opened the private chat, or is a friend."""
    return account.start_link is not None or account.limits.friends


class Courier(Account, Protocol):
    """One sending account, as the sender sees it."""

    def link_to(self, message: str) -> str | None:
        """Where whoever sits in its group sees a message that was heard, by the platform's id.

        None where the platform has no such address.
        """
        ...

    async def perform(self, action: Action) -> Outcome:
        """Carry one action out. Never raises for platform or network trouble."""
        ...

    async def lookup(self, key: str) -> Lookup:
        """What became of an earlier post; `UNKNOWN` where the platform cannot tell.

        `ABSENT` is a proof: the post has not arrived and never will, so it may be made again.
        """
        ...
