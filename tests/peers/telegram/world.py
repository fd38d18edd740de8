"""The state of the platform: people and bots, chats with their members, and what was said.

Everything is plain data that `people.py` and `methods.py` change and `forms.py` writes down. A
chat numbers its own messages. A private chat belongs to one person and one bot.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tests.peers.telegram.inbox import Inbox

_FIRST_USER = 5_100_000_001
_FIRST_GROUP = 4_000_000_001
_SUPERGROUP = -1_000_000_000_000
"""A supergroup's id is this much below the negative of its number."""

RIGHTS = frozenset(
    {
        "can_delete_messages",
        "can_restrict_members",
        "can_invite_users",
        "can_pin_messages",
        "can_manage_topics",
    }
)
"""What an administrator may be allowed, as far as it matters here."""


class Status(StrEnum):
    """What somebody is to a group, in the Bot API's words."""

    OWNER = "creator"
    ADMIN = "administrator"
    MEMBER = "member"
    RESTRICTED = "restricted"
    LEFT = "left"
    PUT_OUT = "kicked"


class Kind(StrEnum):
    """What a chat is, in the Bot API's words."""

    PRIVATE = "private"
    GROUP = "group"
    SUPERGROUP = "supergroup"


@dataclass(slots=True, eq=False)
class User:
    """A person, or the person that a bot is."""

    id: int
    name: str
    username: str | None = None
    is_bot: bool = False
    language: str = "zh-hans"
    deactivated: bool = False


@dataclass(slots=True, eq=False)
class Bot:
    """A bot's account. `commands` are its menus by scope and language, as it set them."""

    user: User
    token: str
    inbox: Inbox = field(default_factory=Inbox)
    webhook: Webhook | None = None
    commands: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where a bot wants its updates brought."""

    url: str
    secret: str | None
    connections: int


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in a group, or no longer."""

    user: User
    status: Status
    may_speak: bool = True
    rights: frozenset[str] = frozenset()
    anonymous: bool = False

    @property
    def is_in(self) -> bool:
        """Whether they are in the group."""
        return self.status not in (Status.LEFT, Status.PUT_OUT)

    @property
    def is_staff(self) -> bool:
        """Whether they run the group."""
        return self.status in (Status.OWNER, Status.ADMIN)


@dataclass(slots=True, eq=False)
class Message:
    """What stands in a chat. `service` holds the fields of a message that nobody typed."""

    id: int
    chat: Chat
    sender: User
    at: int
    text: str = ""
    entities: list[dict[str, Any]] = field(default_factory=list)
    pictures: tuple[str, ...] = ()
    keyboard: dict[str, Any] | None = None
    topic: int | None = None
    album: str | None = None
    forwarded_from: User | None = None
    answers: Message | None = None
    anonymous: bool = False
    edited_at: int | None = None
    service: dict[str, Any] = field(default_factory=dict)
    deleted: bool = False
    pinned: bool = False


@dataclass(slots=True)
class Topic:
    """A topic of a forum."""

    name: str
    open: bool = True


@dataclass(slots=True, eq=False)
class Link:
    """An invite link of a group."""

    url: str
    creator: User
    name: str
    needs_approval: bool


@dataclass(slots=True, eq=False)
class Chat:
    """A group, or a private chat of a person with a bot. `asked` are those who wait to come in."""

    id: int
    kind: Kind
    title: str
    is_forum: bool = False
    members: dict[int, Member] = field(default_factory=dict)
    messages: dict[int, Message] = field(default_factory=dict)
    topics: dict[int, Topic] = field(default_factory=dict)
    links: dict[str, Link] = field(default_factory=dict)
    asked: dict[int, User] = field(default_factory=dict)
    moved_to: int | None = None
    started: bool = False
    blocked: bool = False
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def is_group(self) -> bool:
        """Whether several people are in it."""
        return self.kind is not Kind.PRIVATE

    def member(self, user: User) -> Member:
        """What somebody is to this group; a stranger has left it."""
        return self.members.get(user.id) or Member(user, Status.LEFT)

    def standing(self) -> list[Message]:
        """What can be read there, oldest first, without what nobody typed."""
        return [one for one in self.messages.values() if not one.deleted and not one.service]


class World:
    """All of it. `now` gives seconds since the epoch."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self.now = now
        self.users: dict[int, User] = {}
        self.bots: dict[str, Bot] = {}
        self.chats: dict[int, Chat] = {}
        self.privates: dict[tuple[int, int], Chat] = {}
        self.files: dict[str, bytes] = {}
        self.presses: dict[str, str | None] = {}
        """Button presses by their id; what the bot answered, None as long as it has not."""
        self._users = itertools.count(_FIRST_USER)
        self._groups = itertools.count(_FIRST_GROUP)
        self._names = itertools.count(1)

    def add_user(self, name: str, username: str | None = None) -> User:
        """Somebody new."""
        user = User(next(self._users), name, username)
        self.users[user.id] = user
        return user

    def add_bot(self, name: str, username: str) -> Bot:
        """A new bot; its token is made up."""
        user = User(next(self._users), name, username, is_bot=True)
        self.users[user.id] = user
        bot = Bot(user, token=f"{user.id}:test-{username}")
        self.bots[bot.token] = bot
        return bot

    def add_group(self, title: str, owner: User, *, kind: Kind = Kind.SUPERGROUP) -> Chat:
        """A new group of its owner."""
        number = next(self._groups)
        chat = Chat(-number if kind is Kind.GROUP else _SUPERGROUP - number, kind, title)
        chat.members[owner.id] = Member(owner, Status.OWNER, rights=RIGHTS)
        self.chats[chat.id] = chat
        return chat

    def private(self, bot: Bot, user: User) -> Chat:
        """Where a person and a bot are alone, whether they have talked or not."""
        key = bot.user.id, user.id
        if key not in self.privates:
            self.privates[key] = Chat(user.id, Kind.PRIVATE, user.name)
        return self.privates[key]

    def bots_in(self, chat: Chat) -> list[Bot]:
        """The bots that are in a group."""
        return [bot for bot in self.bots.values() if chat.member(bot.user).is_in]

    def say(self, chat: Chat, sender: User, text: str = "", **more: Any) -> Message:
        """Let a message stand; tells nobody. `more` are further fields of `Message`."""
        message = Message(next(chat.numbers), chat, sender, int(self.now()), text, **more)
        chat.messages[message.id] = message
        return message

    def keep_file(self, data: bytes) -> str:
        """The id under which a file is kept from now on."""
        file = f"file-{next(self._names)}"
        self.files[file] = data
        return file

    def new_name(self, of: str) -> str:
        """A name that nothing else has."""
        return f"{of}-{next(self._names)}"
