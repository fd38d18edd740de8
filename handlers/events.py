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
    Where people have further names, `alias` is what the bot's own account calls them, `nickname`
    what they call themselves in the group that the event is about; None: nothing is said of it.
    """

    id: str
    name: str
    staff: bool = False
    staff_in: frozenset[str] | None = None
    alias: str | None = None
    nickname: str | None = None


@dataclass(frozen=True, slots=True)
class Chat:
    """A group chat on one channel."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class MessageHeard:
    """Somebody said something, in a group, or to the bot in private (`chat` is None).

    `topic` is the forum topic it was said in, by the platform's id, and `reply_to` the message that
    it replies to, where the platform tells; where it only repeats the words, `quoted` are they.
    `own` words came out of the bot's own account and not from the bot: somebody of the shop holds
    the same account in hand.
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
    own: bool = False
    reply_to: str | None = None
    quoted: str = ""


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
    """Somebody came into a group.

    Where the platform says, `invite` is the link they came by, `by` who brought them in.
    """

    account: str
    cursor: str
    at: datetime
    chat: Chat
    member: Person
    invite: str | None = None
    by: Person | None = None


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


@dataclass(frozen=True, slots=True)
class FriendAsked:
    """Somebody asks to be friends with the bot's account; `request` is the platform's id of it."""

    account: str
    cursor: str
    at: datetime
    request: str
    member: Person
    words: str = ""  # what they say of themselves


class AccountState(StrEnum):
    """What an account is to its platform."""

    ONLINE = "online"
    SCAN = "scan"  # somebody has to log it in by a code
    OFFLINE = "offline"  # logged out, or nobody can reach the platform


@dataclass(frozen=True, slots=True)
class AccountChanged:
    """The bot's account came online, or is not any more.

    `me` is who the account is, `reason` why it is offline, and `code` what is to be scanned (as a
    text that a QR code holds) to log it in. A newer code comes as the same state again.
    """

    account: str
    cursor: str
    at: datetime
    state: AccountState
    me: Person | None = None
    reason: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class HearingGap:
    """Nothing was heard from `since` to `at`, and what was said then nobody will tell."""

    account: str
    cursor: str
    at: datetime
    since: datetime


@dataclass(frozen=True, slots=True)
class StillHearing:
    """All that happened up to now was told. It has a cursor, and nothing else to say."""

    account: str
    cursor: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Roster:
    """Who sits in a group, as the platform shows it now."""

    chat: Chat
    members: tuple[Person, ...]


@dataclass(frozen=True, slots=True)
class IdsChanged:
    """The platform may have given new ids to people and groups: these are all that it shows now.

    `friends` are the people whom the account may write to. Where they are not `complete`, more is
    shown later, and told again with all of it: nobody and nothing is gone for not standing here.
    """

    account: str
    cursor: str
    at: datetime
    rosters: tuple[Roster, ...]
    friends: tuple[Person, ...] = ()
    complete: bool = True


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
    | FriendAsked
    | AccountChanged
    | HearingGap
    | StillHearing
    | IdsChanged
)
