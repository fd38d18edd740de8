"""A shop to talk to: real storage, planner and sender, and a platform that only pretends.

`await shop.says("小鱼", "/me")` lets somebody say something in a group and gives back what the bot
answered. Time stands still until a test moves it; nothing is faked but the network's far end.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from handlers.chat_endpoint import ChatEndpoint
from handlers.commanding import Commander, Order
from handlers.commands import REGISTRY
from handlers.desk import Desk
from handlers.dispatch import Dispatcher
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
from handlers.notices import Notices
from handlers.roles import Role, role_of_person
from handlers.settings import ConfiguredWords, ShopSettings
from handlers.vocabulary import Vocabulary
from handlers.wording import wording
from insights.lexicon import Lexicon, standard_lexicon
from insights.words import Segmenter, open_segmenter
from scheduler.caring import CareSettings
from scheduler.clock import SimulatedClock
from scheduler.courier import (
    Action,
    Address,
    Admit,
    Befriend,
    Delete,
    Done,
    Edit,
    Invite,
    Limits,
    Lookup,
    Outcome,
    Pin,
    Post,
    Presence,
)
from scheduler.lease import LeaseTerms, try_lease
from scheduler.planner import Planner
from scheduler.sender import Sender
from storage import groups, members, messages, tags
from storage.database import Database
from storage.groups import Group
from storage.members import Member
from storage.shops import ensure_shop
from storage.tags import Tag

ACCOUNT = PLATFORM = "room"
# 10:00 on 5 November 2026 by the shop's clock.
NOW = datetime(2026, 11, 5, 2, 0, tzinfo=UTC)

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
LONG = timedelta(hours=1)  # of real time: no test lasts so long

MANAGER = "阿玲"


@dataclass(slots=True)
class Platform:
    """The far end of the network: does what it is asked, unless a test says otherwise."""

    posts: list[Post] = field(default_factory=list)
    deleted: list[Delete] = field(default_factory=list)
    pinned: list[Pin] = field(default_factory=list)
    edits: list[Edit] = field(default_factory=list)
    admitted: list[Admit] = field(default_factory=list)
    befriended: list[Befriend] = field(default_factory=list)
    links: list[Invite] = field(default_factory=list)
    refuses: dict[Address, Outcome] = field(default_factory=dict)
    keeps: dict[Address, Outcome] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    start_link: str | None = None

    def link_to(self, message: str) -> str | None:
        """Where a message is seen: where its id says that it is seen somewhere."""
        return f"https://t.example/{message}" if message.startswith("seen") else None

    async def perform(self, action: Action) -> Outcome:
        """Do what is asked, or answer as the test wants."""
        match action:
            case (
                Post(address=to) | Admit(address=to) | Invite(address=to) | Befriend(address=to)
            ) if to in self.refuses:
                return self.refuses[to]
            case Edit(address=to) | Delete(address=to) | Pin(address=to) if to in self.keeps:
                return self.keeps[to]
            case Post():
                self.posts.append(action)
            case Edit(receipt=receipt):
                self.edits.append(action)
                return Done(receipt)
            case Delete():
                self.deleted.append(action)
            case Pin():
                self.pinned.append(action)
            case Admit():
                self.admitted.append(action)
            case Befriend():
                self.befriended.append(action)
            case Invite():
                self.links.append(action)
                return Done(f"https://t.example/+{len(self.links)}")
            case _:
                raise AssertionError(f"nobody asked for {action}")
        return Done(f"receipt-{len(self.posts)}")

    async def lookup(self, key: str) -> Lookup:
        """Whether a post with this key arrived."""
        sent = any(post.key == key for post in self.posts)
        return Lookup(Presence.SENT if sent else Presence.ABSENT)

    def said_in(self, group: str) -> list[str]:
        """Everything that was posted to a group."""
        return [post.content.text for post in self.posts if post.address == in_group(group)]


def in_group(group: str) -> Address:
    """Where a group of this name is."""
    return Address(group=f"chat-{group}")


def in_private(name: str) -> Address:
    """Where somebody of this name is alone with the bot."""
    return Address(person=f"id-{name}")


class Answers(list[Post]):
    """What the bot answered."""

    @property
    def text(self) -> str:
        """All of it, as one text."""
        return "\n".join(post.content.text for post in self)

    @property
    def buttons(self) -> dict[str, str]:
        """Label → what pressing it says."""
        return {button.label: button.says for post in self for button in post.content.buttons}

    @property
    def addresses(self) -> list[Address]:
        """Where it was said."""
        return [post.address for post in self]


@dataclass(slots=True)
class Shop:
    """The bot of one shop, in reach of a test."""

    desk: Desk
    clock: SimulatedClock
    platform: Platform
    sender: Sender
    commander: Commander
    dispatcher: Dispatcher
    notices: Notices
    staff: set[str] = field(default_factory=lambda: {MANAGER})
    _count: int = 0

    async def says(
        self,
        name: str,
        text: str,
        *,
        group: str | None = "一群",
        message: str | None = None,
        forwarded: bool = False,
        pictures: tuple[str, ...] = (),
        topic: str | None = None,
    ) -> Answers:
        """Somebody says something, in private where `group` is None; what the bot answers."""
        event = self.heard(name, text, group=group, message=message, forwarded=forwarded)
        return await self.hear(replace(event, pictures=pictures, topic=topic))

    async def presses(
        self,
        name: str,
        says: str,
        *,
        group: str | None = None,
        on: str | None = None,
        topic: str | None = None,
    ) -> Answers:
        """Somebody presses a button, which stands below the message `on`."""
        press = ButtonPressed(
            account=ACCOUNT,
            cursor=self._next(),
            at=self.clock.now(),
            press=self._next(),
            chat=None if group is None else chat_of(group),
            sender=self.person(name),
            says=says,
            on=on,
            topic=topic,
        )
        return await self.hear(press)

    async def joins(self, *names: str, group: str = "一群") -> Answers:
        """People come into a group at once."""
        return await self.hear(
            *(
                MemberJoined(
                    ACCOUNT, self._next(), self.clock.now(), chat_of(group), self.person(name)
                )
                for name in names
            )
        )

    async def leaves(self, name: str, group: str = "一群") -> Answers:
        """Somebody goes."""
        left = MemberLeft(
            ACCOUNT, self._next(), self.clock.now(), chat_of(group), self.person(name)
        )
        return await self.hear(left)

    async def opens(self, *names: str, tagged: Iterable[str] = ()) -> None:
        """The bot comes into groups of these names, which carry these group tags."""
        events = [
            GroupChanged(ACCOUNT, self._next(), self.clock.now(), chat_of(name), present=True)
            for name in names
        ]
        await self.hear(*events)
        async with self.desk.database.writing() as connection:
            for one in await groups.all_groups(connection, self.desk.shop_id):
                if one.name in names:
                    await groups.set_group_tags(connection, one.id, list(tagged))

    async def closes(self, name: str) -> None:
        """The bot is put out of a group."""
        await self.hear(
            GroupChanged(ACCOUNT, self._next(), self.clock.now(), chat_of(name), present=False)
        )

    async def hear(self, *events: Event) -> Answers:
        """What the bot says to a batch of events, commands obeyed."""
        before = len(self.platform.posts)
        orders = await self.dispatcher.hear(events)
        await self.dispatcher.greet()
        for order in orders:
            await self.commander.obey(order)
        return Answers(self.platform.posts[before:])

    async def orders(self, *events: Event) -> list[Order]:
        """The commands in a batch that is recorded, but not obeyed."""
        return await self.dispatcher.hear(events)

    async def obeys(self, orders: Iterable[Order]) -> Answers:
        """What the bot answers to orders."""
        before = len(self.platform.posts)
        for order in orders:
            await self.commander.obey(order)
        return Answers(self.platform.posts[before:])

    async def delivers(self) -> Answers:
        """Plan and send what is due; what was posted."""
        before = len(self.platform.posts)
        await self.desk.planner.plan_ahead()
        await self.sender.drain()
        return Answers(self.platform.posts[before:])

    def heard(
        self,
        name: str,
        text: str,
        *,
        group: str | None = "一群",
        message: str | None = None,
        forwarded: bool = False,
        at: datetime | None = None,
    ) -> MessageHeard:
        """One message as the channel tells of it."""
        return MessageHeard(
            account=ACCOUNT,
            cursor=self._next(),
            at=at or self.clock.now(),
            message=message or self._next(),
            chat=None if group is None else chat_of(group),
            sender=self.person(name),
            text=text,
            forwarded=forwarded,
        )

    def person(self, name: str) -> Person:
        """Somebody of this name. `小鱼#2` is a second person who is called 小鱼."""
        return Person(f"id-{name}", name.partition("#")[0], staff=name in self.staff)

    def role(self, name: str) -> Role:
        """What somebody is to the bot."""
        return role_of_person(self.person(name), PLATFORM, self.desk.shop)

    async def member(self, name: str) -> Member:
        """Somebody as they are stored."""
        async with self.desk.database.reading() as connection:
            found = await members.members_named(connection, f"id-{name}")
        assert len(found) == 1, name
        return found[0]

    async def group(self, name: str) -> Group:
        """A group as it is stored."""
        async with self.desk.database.reading() as connection:
            everywhere = await groups.all_groups(connection, self.desk.shop_id)
        return next(one for one in everywhere if one.name == name)

    async def tags(self, name: str) -> dict[str, Tag]:
        """Somebody's tags, by name."""
        member = await self.member(name)
        async with self.desk.database.reading() as connection:
            theirs = await tags.tags_of(connection, member.id, self.clock.now())
        return {one.tag: one for one in theirs}

    async def fans_words(self, group: str = "一群") -> list[str]:
        """What counts as fans' own words in a group."""
        here = await self.group(group)
        async with self.desk.database.reading() as connection:
            said = await messages.utterances(
                connection, here.id, NOW - 400 * DAY, self.clock.now() + DAY
            )
        return [one.text for one in said]

    def _next(self) -> str:
        self._count += 1
        return f"{self._count:06d}"


Opener = Callable[..., Awaitable[Shop]]


def chat_of(name: str) -> Chat:
    """The chat of a group."""
    return Chat(f"chat-{name}", name)


@lru_cache(maxsize=1)
def understanding() -> tuple[Segmenter, Lexicon]:
    """Words and lexicon, loaded once for all tests."""
    return open_segmenter(()), standard_lexicon()


class TickingClock(SimulatedClock):
    """A clock that no two looks find at one moment, as no real one is."""

    def now(self) -> datetime:
        """The simulated moment, 5 ms after the one that was told last."""
        self.advance(timedelta(milliseconds=5))
        return super().now()


async def open_shop(
    database: Database,
    settings: ShopSettings,
    care: CareSettings | None = None,
    narrator: ChatEndpoint | None = None,
    *,
    platform: Platform | None = None,
    clock: SimulatedClock | None = None,
) -> Shop:
    """A bot on this database, with its lane taken; where nothing else is said, it is `NOW`."""
    clock = clock or SimulatedClock(NOW)
    platform = platform or Platform()
    care = care or CareSettings(zone=settings.zone)
    notices = Notices()
    async with database.writing() as connection:
        shop_id = await ensure_shop(connection, settings.key)
    sender = Sender(
        database=database,
        courier=platform,
        account=ACCOUNT,
        clock=clock,
        care=care,
        tell=notices.tell,
    )
    segmenter, lexicon = understanding()
    desk = Desk(
        database=database,
        shop_id=shop_id,
        shop=settings,
        care=care,
        clock=clock,
        say=wording(settings.language),
        vocabulary=Vocabulary(database, shop_id, ConfiguredWords(), segmenter, lexicon),
        planner=Planner(database=database, shop_id=shop_id, clock=clock, tell=notices.tell),
        senders={ACCOUNT: sender},
        narrator=narrator,
    )
    commander = Commander(desk, REGISTRY)
    dispatcher = Dispatcher(desk=desk, commander=commander, platform=PLATFORM, account=ACCOUNT)
    lease = await try_lease(database, ACCOUNT, "test", LeaseTerms(lasts=LONG))
    assert lease is not None
    await sender.open(lease)
    return Shop(desk, clock, platform, sender, commander, dispatcher, notices)
