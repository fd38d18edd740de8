"""A gateway in memory: people, rooms, messages, and a stream of events that tests feed and break.

It implements `Gateway` and behaves as the real one does where the bot can see it: a stream begins
with `Alive`, then `LoggedIn` and `Ready` where an account is logged in; what happens while nobody
listens is never told; a second listener is turned away. Calls that must fail or hang are announced
by `fails` and `holds`, and each call is kept in `asked`.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import defaultdict, deque
from collections.abc import AsyncGenerator, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from bot.channels.wechat.gateway import (
    Alive,
    Contact,
    Dong,
    Failure,
    FileBox,
    Friendship,
    FriendshipArrived,
    FriendshipKind,
    GatewayCallFailed,
    GatewayEvent,
    GatewayMessage,
    GatewayRoom,
    Invitation,
    LoggedIn,
    LoggedOut,
    MessageArrived,
    MessageType,
    Ready,
    RoomInvited,
    RoomJoined,
    RoomLeft,
    RoomMember,
    RoomRenamed,
    ScanNeeded,
    ScanStatus,
    SharedLink,
)

T = TypeVar("T")

ME = "wxid_shop"
MY_NAME = "暖暖"


@dataclass(frozen=True, slots=True)
class Asked:
    """A call that arrived."""

    call: str
    given: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Sent:
    """What the bot sent: a text, or a file; and the id of the message that it became."""

    message: str
    conversation: str
    text: str = ""
    mentions: tuple[str, ...] = ()
    file: FileBox | None = None


class FakeGateway:
    """A gateway whose account is logged in as `me`; None: logged in as nobody yet."""

    def __init__(self, me: str | None = ME, name: str = MY_NAME) -> None:
        self.me = me
        self.ready = me is not None
        self.people: dict[str, Contact] = {}
        self.groups: dict[str, GatewayRoom] = {}
        self.members: dict[tuple[str, str], RoomMember] = {}
        self.messages: dict[str, GatewayMessage] = {}
        self.pictures: dict[str, FileBox] = {}
        self.links: dict[str, SharedLink] = {}
        self.web: dict[str | None, bytes] = {}  # what lies at addresses
        self.friendships: dict[str, Friendship] = {}
        self.invitations: dict[str, Invitation] = {}
        self.announcements: dict[str, str] = {}
        self.sent: list[Sent] = []
        self.asked: list[Asked] = []
        self.answers_dings = True
        self.tells_ids = True  # whether `say` and `show` answer with the message's id
        self.echoes = True  # whether what the bot sent is told to it as an event
        self.recalls = True  # whether WeChat takes messages back
        self.announces = True  # whether an announcement is truly set
        self._numbers = itertools.count(1)
        self._told: asyncio.Queue[GatewayEvent | GatewayCallFailed] | None = None
        self._failures: defaultdict[str, deque[GatewayCallFailed]] = defaultdict(deque)
        self._held: dict[str, asyncio.Event] = {}
        if me is not None:
            self.add_person(me, name)

    # What a test makes happen

    @property
    def listened_to(self) -> bool:
        """Whether somebody takes the stream of events now."""
        return self._told is not None

    def tell(self, *events: GatewayEvent) -> None:
        """These happen; nobody learns of it who does not listen now."""
        if self._told is not None:
            for event in events:
                self._told.put_nowait(event)

    def break_off(self, failure: Failure = Failure.LOST, reason: str = "broken off") -> None:
        """The stream ends behind what was told."""
        if self._told is not None:
            self._told.put_nowait(GatewayCallFailed(failure, reason))

    def fails(
        self, call: str, *failures: Failure, reason: str = "the fake was told to fail"
    ) -> None:
        """How the next calls of this name fail; after these it goes well again.

        The stream is the call `events`. What fails is not carried out, whatever the failure.
        """
        self._failures[call].extend(GatewayCallFailed(failure, reason) for failure in failures)

    def mends(self, call: str) -> None:
        """Calls of this name go well again."""
        self._failures[call].clear()

    def holds(self, call: str) -> asyncio.Event:
        """Calls of this name hang until the event is set; then they are carried out."""
        self._held[call] = asyncio.Event()
        return self._held[call]

    def calls(self, call: str) -> list[tuple[Any, ...]]:
        """What each call of this name was given."""
        return [one.given for one in self.asked if one.call == call]

    def add_person(self, person: str, name: str, *, alias: str = "", friend: bool = False) -> str:
        """Somebody is on WeChat, or is called otherwise from now on; their id."""
        self.people[person] = Contact(person, name, alias, friend)
        return person

    def add_room(
        self,
        room: str,
        name: str,
        members: Iterable[str] = (),
        *,
        owner: str = "",
        admins: Sequence[str] = (),
    ) -> str:
        """A room is there, the account in it; its id."""
        inside = dict.fromkeys([*([self.me] if self.me else []), *members])
        self.groups[room] = GatewayRoom(room, name, owner, tuple(admins), tuple(inside))
        for person in inside:
            self.members.setdefault((room, person), RoomMember(person, self._name(person), "", ""))
        return room

    def call_themselves(self, person: str, room: str, nickname: str) -> None:
        """Somebody takes a nickname in a room."""
        known = self.members.get((room, person), RoomMember(person, self._name(person), "", ""))
        self.members[(room, person)] = replace(known, nickname=nickname)

    def arrives(
        self,
        talker: str,
        text: str = "",
        *,
        room: str = "",
        kind: int = MessageType.TEXT,
        mentions: Sequence[str] = (),
        message: str = "",
        at: datetime | None = None,
    ) -> str:
        """Somebody says something in a room, or to the account in private; the message's id."""
        identity = message or f"msg-{next(self._numbers)}"
        self.messages[identity] = GatewayMessage(
            id=identity,
            type=int(kind),
            text=text,
            talker=talker,
            room=room,
            listener="" if room else self.me or "",
            mentions=tuple(mentions),
            at=at or datetime.now(UTC),
            file_name="",
        )
        self.tell(MessageArrived(identity))
        return identity

    def shows_picture(self, talker: str, data: bytes, *, room: str = "") -> str:
        """Somebody sends a picture; the message's id."""
        identity = f"msg-{next(self._numbers)}"
        self.pictures[identity] = FileBox("picture.jpg", data=data)
        return self.arrives(talker, room=room, kind=MessageType.IMAGE, message=identity)

    def shares_link(self, talker: str, title: str, url: str, *, room: str = "") -> str:
        """Somebody shares a link; the message's id."""
        identity = f"msg-{next(self._numbers)}"
        self.links[identity] = SharedLink(title, url)
        return self.arrives(talker, "<msg/>", room=room, kind=MessageType.URL, message=identity)

    def joins(self, room: str, *people: str, by: str = "", at: datetime | None = None) -> None:
        """People come into a room."""
        known = self.groups[room]
        self.groups[room] = replace(known, members=tuple(dict.fromkeys([*known.members, *people])))
        for person in people:
            self.members[(room, person)] = RoomMember(person, self._name(person), "", by)
        self.tell(RoomJoined(room, people, by, at))

    def leaves(self, room: str, *people: str, by: str = "", at: datetime | None = None) -> None:
        """People leave a room; the account itself, where it is among them."""
        known = self.groups[room]
        left = tuple(one for one in known.members if one not in people)
        self.groups[room] = replace(known, members=left)
        if self.me in people:
            del self.groups[room]
        for person in people:
            self.members.pop((room, person), None)
        self.tell(RoomLeft(room, people, by, at))

    def renames(self, room: str, name: str, *, by: str = "", at: datetime | None = None) -> None:
        """A room gets another name."""
        before = self.groups[room].name
        self.groups[room] = replace(self.groups[room], name=name)
        self.tell(RoomRenamed(room, name, before, by, at))

    def asks_to_be_friends(self, person: str, words: str = "") -> str:
        """Somebody asks to be friends; the id of it."""
        return self._friendship(person, words, FriendshipKind.RECEIVE)

    def becomes_friend(self, person: str) -> str:
        """Somebody is a friend from now on; the id of it."""
        self.people[person] = replace(self.people[person], friend=True)
        return self._friendship(person, "", FriendshipKind.CONFIRM)

    def invites(self, inviter: str, room_name: str) -> str:
        """Somebody invites the account into a room; the id of it."""
        identity = f"invitation-{next(self._numbers)}"
        self.invitations[identity] = Invitation(identity, inviter, room_name)
        self.tell(RoomInvited(identity))
        return identity

    def wants_scan(self, code: str, status: ScanStatus = ScanStatus.WAITING) -> None:
        """Somebody has to log the account in by a code."""
        self.tell(ScanNeeded(code, status))

    def logs_in(self, person: str = ME, name: str = MY_NAME, *, ready: bool = True) -> None:
        """The account is logged in, and soon knows its friends and rooms."""
        self.me = self.add_person(person, name)
        self.ready = ready
        self.tell(LoggedIn(person), *([Ready()] if ready else []))

    def logs_out(self, reason: str = "logged out on the phone") -> None:
        """The account is logged out."""
        person, self.me, self.ready = self.me or "", None, False
        self.tell(LoggedOut(person, reason))

    # What the bot asks of a gateway

    async def events(self) -> AsyncGenerator[GatewayEvent]:
        await self._ask("events")
        if self._told is not None:
            raise GatewayCallFailed(Failure.TAKEN, "another client listens")
        told = self._told = asyncio.Queue()
        try:
            yield Alive()
            if self.me is not None:
                yield LoggedIn(self.me)
            if self.ready:
                yield Ready()
            while True:
                event = await told.get()
                if isinstance(event, GatewayCallFailed):
                    raise event
                yield event
        finally:
            self._told = None

    async def start(self) -> None:
        await self._ask("start")

    async def ding(self, data: str) -> None:
        await self._ask("ding", data)
        if self.answers_dings:
            self.tell(Dong(data))

    async def version(self) -> str:
        await self._ask("version")
        return "1.20.2"

    async def contact(self, person: str) -> Contact:
        await self._ask("contact", person)
        return _known(self.people, person)

    async def contacts(self) -> Sequence[str]:
        await self._ask("contacts")
        return list(self.people)

    async def room(self, room: str) -> GatewayRoom:
        await self._ask("room", room)
        return _known(self.groups, room)

    async def rooms(self) -> Sequence[str]:
        await self._ask("rooms")
        return list(self.groups)

    async def room_member(self, room: str, person: str) -> RoomMember:
        await self._ask("room_member", room, person)
        return _known(self.members, (room, person))

    async def message(self, message: str) -> GatewayMessage:
        await self._ask("message", message)
        return _known(self.messages, message)

    async def picture(self, message: str) -> FileBox:
        await self._ask("picture", message)
        return _known(self.pictures, message)

    async def link(self, message: str) -> SharedLink:
        await self._ask("link", message)
        return _known(self.links, message)

    async def friendship(self, friendship: str) -> Friendship:
        await self._ask("friendship", friendship)
        return _known(self.friendships, friendship)

    async def accept_friendship(self, friendship: str) -> None:
        await self._ask("accept_friendship", friendship)
        self.becomes_friend(_known(self.friendships, friendship).person)

    async def invitation(self, invitation: str) -> Invitation:
        await self._ask("invitation", invitation)
        return _known(self.invitations, invitation)

    async def accept_invitation(self, invitation: str) -> None:
        await self._ask("accept_invitation", invitation)
        _known(self.invitations, invitation)

    async def say(self, conversation: str, text: str, mentions: Sequence[str]) -> str | None:
        await self._ask("say", conversation, text, tuple(mentions))
        sent = Sent(self._next_sent(), conversation, text=text, mentions=tuple(mentions))
        return self._send(sent, MessageType.TEXT)

    async def show(self, conversation: str, file: FileBox) -> str | None:
        await self._ask("show", conversation, file)
        sent = Sent(self._next_sent(), conversation, file=file)
        self.pictures[sent.message] = file
        return self._send(sent, MessageType.IMAGE)

    async def recall(self, message: str) -> bool:
        await self._ask("recall", message)
        return self.recalls

    async def announce(self, room: str, text: str) -> None:
        await self._ask("announce", room, text)
        if self.announces:
            self.announcements[room] = text

    async def announcement(self, room: str) -> str:
        await self._ask("announcement", room)
        return self.announcements.get(room, "")

    async def bring_in(self, room: str, person: str) -> None:
        await self._ask("bring_in", room, person)
        self.joins(room, person, by=self.me or "")

    async def upload(self, file: FileBox) -> FileBox:
        await self._ask("upload", file)
        return file

    async def download(self, file: FileBox) -> bytes:
        await self._ask("download", file)
        if file.url in self.web:
            return self.web[file.url]
        if file.data is None:
            raise GatewayCallFailed(Failure.REFUSED, "no such file")
        return file.data

    async def _ask(self, call: str, *given: Any) -> None:
        self.asked.append(Asked(call, given))
        if call in self._held:
            await self._held[call].wait()
        if self._failures[call]:
            raise self._failures[call].popleft()

    def _send(self, sent: Sent, kind: MessageType) -> str | None:
        self.sent.append(sent)
        in_room = sent.conversation in self.groups
        self.messages[sent.message] = GatewayMessage(
            id=sent.message,
            type=int(kind),
            text=sent.text,
            talker=self.me or "",
            room=sent.conversation if in_room else "",
            listener="" if in_room else sent.conversation,
            mentions=sent.mentions,
            at=datetime.now(UTC),
            file_name="" if sent.file is None else sent.file.name,
        )
        if self.echoes:
            self.tell(MessageArrived(sent.message))
        return sent.message if self.tells_ids else None

    def _next_sent(self) -> str:
        return f"sent-{next(self._numbers)}"

    def _friendship(self, person: str, words: str, kind: FriendshipKind) -> str:
        identity = f"friendship-{next(self._numbers)}"
        self.friendships[identity] = Friendship(identity, person, words, kind)
        self.tell(FriendshipArrived(identity))
        return identity

    def _name(self, person: str) -> str:
        known = self.people.get(person)
        return "" if known is None else known.name


def _known(things: dict[Any, T], key: object) -> T:
    """The thing of this id, or the refusal that a puppet throws."""
    if key not in things:
        raise GatewayCallFailed(Failure.REFUSED, f"no payload for {key}")
    return things[key]
