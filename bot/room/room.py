"""The live room: who may do what in it, what it remembers, and who hears of it.

The room does what it is told and remembers it, like any platform: a post that is sent twice with
one delivery key stands there twice, and the log shows both. Every method that changes something
returns once the change is safe on the disk, and raises `Refused` if it was not to be.

Order: a sequence number is given before the first `await` wherever nothing must be read first,
so calls made one after another without waiting keep their order.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from bot.room.book import Beginning, Book, Change, groups, memberships, message_row, messages
from bot.room.directory import Directory, clean_name
from bot.room.errors import Reason, Refused
from bot.room.log import Log
from bot.room.mentions import mentions_in
from bot.room.pictures import Pictures
from bot.room.values import (
    TEXT_LENGTH,
    EventKind,
    Person,
    Role,
    RoomEvent,
    RoomGroup,
    RoomMessage,
)
from scheduler.clock import Clock
from scheduler.content import Content, Picture
from scheduler.courier import Address

HISTORY_PAGE = 200  # messages in one answer at most

_ADD_GROUP = sa.insert(groups)
_NAME_GROUP = (
    sa.update(groups).where(groups.c.id == sa.bindparam("which")).values(name=sa.bindparam("new"))
)
_ADD_MEMBER = sa.insert(memberships)
_REMOVE_MEMBER = sa.delete(memberships).where(
    memberships.c.group_id == sa.bindparam("which_group"),
    memberships.c.person_id == sa.bindparam("which_person"),
)
_ADD_MESSAGE = sa.insert(messages)
_CHANGE_MESSAGE = (
    sa.update(messages)
    .where(messages.c.seq == sa.bindparam("which"))
    .values(
        content=sa.bindparam("content"),
        edited=sa.bindparam("edited"),
        deleted=sa.bindparam("deleted"),
        pinned=sa.bindparam("pinned"),
    )
)


class Room:
    """The room on one folder. Make one with `Room.open`, and close it."""

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        *,
        book: Book,
        beginning: Beginning,
        people: Directory,
        bot: Person,
    ) -> None:
        self.folder = folder
        self.pictures = Pictures(folder / "pictures")
        self.people = people
        self.bot = bot
        self.log = Log(book, beginning.last_seq)
        book.on_commit = self.log.append
        self._clock = clock
        self._book = book
        self._groups = dict(beginning.groups)
        self._members = {group: set(beginning.members.get(group, ())) for group in self._groups}
        self._seq = beginning.last_seq
        self._changing = asyncio.Lock()  # changes of messages read before they write

    @classmethod
    async def open(cls, folder: Path, clock: Clock, *, bot_name: str = "暖暖") -> Room:
        """Open the room kept in `folder`, or make a new one with a bot of that name in it.

        Raises:
            RoomFileUnreadable: the folder's file is not a room's.
        """
        book = await Book.open(folder / "room.sqlite3")
        beginning = await book.beginning()
        people = Directory(book, beginning)
        bots = [person for person in beginning.people.values() if person.role is Role.BOT]
        bot = bots[0] if bots else await people.admit_bot(bot_name)
        return cls(folder, clock, book=book, beginning=beginning, people=people, bot=bot)

    async def close(self) -> None:
        """End every listener, write what is waiting, close the file. Safe to call twice."""
        self.log.close()
        await self._book.close()

    def now(self) -> datetime:
        """The room's present moment."""
        return self._clock.now()

    # -- groups ------------------------------------------------------------------------------

    def groups(self) -> tuple[RoomGroup, ...]:
        """All groups, oldest first."""
        return tuple(self._groups.values())

    def group_named(self, name: str) -> RoomGroup | None:
        """A group by its exact name."""
        return next((group for group in self._groups.values() if group.name == name), None)

    def members(self, viewer: Person, group: str) -> tuple[Person, ...]:
        """Who sits in a group, by name.

        Raises:
            Refused: there is no such group, or the viewer is not in it.
        """
        self._require_member(viewer, self._group(group))
        found = (self.people.person(identity) for identity in self._members[group])
        return tuple(sorted((person for person in found if person), key=lambda one: one.name))

    def is_member(self, person: Person, group: str) -> bool:
        """Whether somebody sits in a group."""
        return person.id in self._members.get(group, ())

    async def create_group(self, by: Person, name: str) -> RoomGroup:
        """A new group, with its maker and the bot in it.

        Raises:
            Refused: only managers and the bot make groups; the name is not one, or is taken.
        """
        self._require(by, Role.MANAGER, Role.BOT)
        name = self._free_group_name(name)
        group = RoomGroup(f"g{len(self._groups) + 1}", name)
        self._groups[group.id], self._members[group.id] = group, set()
        opening = self._event(EventKind.GROUP, by, group)
        await self._book.write((_ADD_GROUP, {"id": group.id, "name": name}), events=(opening,))
        for person in dict.fromkeys((by, self.bot)):
            await self.join(person, group.id)
        return group

    async def rename_group(self, by: Person, group: str, name: str) -> RoomGroup:
        """Give a group another name.

        Raises:
            Refused: not a manager; there is no such group; the name is not one, or is taken.
        """
        self._require(by, Role.MANAGER)
        renamed = dataclasses.replace(self._group(group), name=self._free_group_name(name))
        self._groups[group] = renamed
        change = (_NAME_GROUP, {"which": group, "new": renamed.name})
        await self._book.write(change, events=(self._event(EventKind.GROUP, by, renamed),))
        return renamed

    async def join(self, person: Person, group: str) -> None:
        """Come into a group; nothing happens if already in it.

        Raises:
            Refused: there is no such group.
        """
        found = self._group(group)
        if self.is_member(person, group):
            return
        self._members[group].add(person.id)
        await self._book.write(
            (_ADD_MEMBER, {"group_id": group, "person_id": person.id}),
            events=(self._event(EventKind.JOINED, person, found),),
        )

    async def leave(self, person: Person, group: str, *, by: Person | None = None) -> None:
        """Go out of a group, or be put out of it `by` a manager.

        Raises:
            Refused: there is no such group; not in it; only managers put others out.
        """
        found = self._group(group)
        if by is not None and by.id != person.id:
            self._require(by, Role.MANAGER)
        self._require_member(person, found)
        self._members[group].discard(person.id)
        await self._book.write(
            (_REMOVE_MEMBER, {"which_group": group, "which_person": person.id}),
            events=(self._event(EventKind.LEFT, person, found),),
        )

    # -- talking -----------------------------------------------------------------------------

    async def say(
        self, person: Person, address: Address, text: str, pictures: tuple[Picture, ...] = ()
    ) -> RoomMessage:
        """Somebody says something, in a group or in private to the bot.

        Members called with an @ are found in the text. Pictures must have been added to
        `pictures` before.

        Raises:
            Refused: not in the group, not their own private chat, nothing or too much said.
        """
        self._check_belongs(person, address)
        members = self._named_at(address) if "@" in text else {}
        for picture in pictures:
            if not self.pictures.has(picture.source):
                raise Refused(Reason.NO_SUCH_PICTURE, f"there is no picture {picture.source}")
        content = Content(text, pictures=pictures, mentions=mentions_in(text, members))
        return await self._speak(person, address, content, key=None)

    async def post(
        self, bot: Person, address: Address, content: Content, key: str | None = None
    ) -> RoomMessage:
        """The bot says something; `key` is remembered for `lookup`, not used to spare a repeat.

        Raises:
            Refused: not a bot, not in the group, no such person, nothing or too much said.
        """
        self._require(bot, Role.BOT)
        self._check_belongs(bot, address)
        return await self._speak(bot, address, content, key)

    async def _speak(
        self, person: Person, address: Address, content: Content, key: str | None
    ) -> RoomMessage:
        _check_content(content)
        self._seq += 1
        message = RoomMessage(
            seq=self._seq,
            at=self._clock.now(),
            address=address,
            sender=person,
            content=content,
            key=key,
        )
        event = RoomEvent(
            seq=message.seq,
            at=message.at,
            kind=EventKind.SAID,
            person=person,
            group=self._groups[address.group] if address.group else None,
            message=message,
        )
        await self._book.write((_ADD_MESSAGE, message_row(message)), events=(event,))
        return message

    async def edit(self, bot: Person, seq: int, content: Content) -> RoomMessage:
        """Change what one of the bot's posts says.

        Raises:
            Refused: there is no such post of this bot, or it was deleted; nothing or too much.
        """
        _check_content(content)
        return await self._change(bot, seq, content=content, edited=True)

    async def delete(self, bot: Person, seq: int) -> RoomMessage:
        """Take one of the bot's posts back: its content is gone, its place stays.

        Raises:
            Refused: there is no such post of this bot, or it was deleted.
        """
        return await self._change(bot, seq, content=Content(""), deleted=True, pinned=False)

    async def pin(self, bot: Person, seq: int) -> RoomMessage:
        """Keep one of the bot's posts in view.

        Raises:
            Refused: there is no such post of this bot, or it was deleted.
        """
        return await self._change(bot, seq, pinned=True)

    async def _change(self, bot: Person, seq: int, **parts: Content | bool) -> RoomMessage:
        self._require(bot, Role.BOT)
        async with self._changing:
            message = await self._book.message(seq)
            if message is None or message.sender.id != bot.id or message.deleted:
                raise Refused(Reason.NO_SUCH_MESSAGE, f"no post {seq} of yours stands here")
            self._check_belongs(bot, message.address)
            changed = dataclasses.replace(message, **parts)  # type: ignore[arg-type]  # the callers name the fields
            row = message_row(changed)
            change: Change = (
                _CHANGE_MESSAGE,
                {"which": seq}
                | {part: row[part] for part in ("content", "edited", "deleted", "pinned")},
            )
            group = self._groups[changed.address.group] if changed.address.group else None
            event = self._event(EventKind.CHANGED, bot, group, changed)
            await self._book.write(change, events=(event,))
        return changed

    async def press(self, person: Person, seq: int, button: int) -> RoomEvent:
        """Press the button with this number (from 0) below a message.

        Raises:
            Refused: they cannot see such a message, or it has no such button.
        """
        message = await self._book.message(seq)
        if message is None or message.deleted or not self.may_read(person, message.address):
            raise Refused(Reason.NO_SUCH_MESSAGE, f"no message {seq} stands here")
        if not 0 <= button < len(message.content.buttons):
            raise Refused(Reason.NO_SUCH_BUTTON, f"message {seq} has no button {button}")
        group = self._groups[message.address.group] if message.address.group else None
        says = message.content.buttons[button].says
        event = self._event(EventKind.PRESSED, person, group, message, says)
        await self._book.write(events=(event,))
        return event

    # -- reading -----------------------------------------------------------------------------

    async def lookup(self, bot: Person, key: str) -> RoomMessage | None:
        """The first post with this delivery key; every post begun before is waited for.

        Raises:
            Refused: not a bot.
        """
        self._require(bot, Role.BOT)
        return await self._book.by_key(key)

    async def history(
        self, viewer: Person, address: Address, *, before: int | None = None, limit: int = 50
    ) -> tuple[RoomMessage, ...]:
        """The last `limit` (up to 200) messages at an address, oldest first.

        Raises:
            Refused: the viewer does not belong there.
        """
        self._check_belongs(viewer, address)
        return await self._book.history(address, before, max(1, min(limit, HISTORY_PAGE)))

    async def comings_and_goings(self, group: RoomGroup, after: int) -> tuple[RoomEvent, ...]:
        """The latest joins and leaves of a group behind `after`, for the page's system lines."""
        return await self._book.comings_and_goings(group, after, HISTORY_PAGE)

    def may_read(self, viewer: Person, address: Address) -> bool:
        """Whether somebody belongs at an address."""
        if address.group is not None:
            return self.is_member(viewer, address.group)
        return viewer.role is Role.BOT or viewer.id == address.person

    def concerns(self, viewer: Person, event: RoomEvent) -> bool:
        """Whether an event is for somebody: what happens to them, and where they belong.

        That a group is new or renamed is news to every human: they may want to join it.
        """
        if event.person.id == viewer.id:
            return True
        if event.group is not None:
            open_news = event.kind is EventKind.GROUP and viewer.role is not Role.BOT
            return open_news or self.is_member(viewer, event.group.id)
        return event.message is not None and self.may_read(viewer, event.message.address)

    async def events(self, viewer: Person, after: int) -> AsyncIterator[RoomEvent]:
        """Everything that concerns somebody behind `after`, past and to come."""
        async for event in self.log.follow(after):
            if self.concerns(viewer, event):
                yield event

    async def happenings(self, viewer: Person, after: int) -> AsyncIterator[Sequence[RoomEvent]]:
        """The same, but as much at a time as there is; for whoever would rather draw it at once."""
        async for page in self.log.pages(after):
            concerning = [event for event in page if self.concerns(viewer, event)]
            if concerning:
                yield concerning

    # -- what is allowed ---------------------------------------------------------------------

    def _event(
        self,
        kind: EventKind,
        person: Person,
        group: RoomGroup | None,
        message: RoomMessage | None = None,
        says: str | None = None,
    ) -> RoomEvent:
        self._seq += 1
        return RoomEvent(
            seq=self._seq,
            at=self._clock.now(),
            kind=kind,
            person=person,
            group=group,
            message=message,
            says=says,
        )

    def _group(self, identity: str) -> RoomGroup:
        group = self._groups.get(identity)
        if group is None:
            raise Refused(Reason.NO_SUCH_GROUP, f"there is no group {identity}")
        return group

    def _free_group_name(self, name: str) -> str:
        name = clean_name(name)
        if self.group_named(name) is not None:
            raise Refused(Reason.NAME_TAKEN, f"a group is called {name} already")
        return name

    def _check_belongs(self, person: Person, address: Address) -> None:
        """Refuse somebody who has no say at an address."""
        if address.group is not None:
            self._require_member(person, self._group(address.group))
            return
        other = self.people.person(address.person or "")
        if other is None or other.role is Role.BOT:
            raise Refused(Reason.NO_SUCH_PERSON, f"there is no person {address.person}")
        if not self.may_read(person, address):
            raise Refused(Reason.NOT_ALLOWED, "this private chat is somebody else's")

    def _named_at(self, address: Address) -> dict[str, Person]:
        """Who hears what is said at an address, by name."""
        identities = (
            self._members[address.group]
            if address.group is not None
            else {address.person or "", self.bot.id}
        )
        found = (self.people.person(identity) for identity in identities)
        return {member.name: member for member in found if member}

    def _require_member(self, person: Person, group: RoomGroup) -> None:
        if not self.is_member(person, group.id):
            raise Refused(Reason.NOT_IN_GROUP, f"{person.name} is not in the group {group.name}")

    def _require(self, person: Person, *roles: Role) -> None:
        if person.role not in roles:
            raise Refused(Reason.NOT_ALLOWED, f"a {person.role.value} may not do this")


def _check_content(content: Content) -> None:
    if not content.text.strip() and not content.pictures:
        raise Refused(Reason.EMPTY, "a message needs a text or a picture")
    if len(content.text) > TEXT_LENGTH:
        raise Refused(Reason.TOO_LONG, f"a message has at most {TEXT_LENGTH} characters")
    try:
        json.dumps(content.to_json(), ensure_ascii=False).encode()
    except UnicodeEncodeError as error:  # half a surrogate pair, which no file can hold
        raise Refused(Reason.BAD_FRAME, "the message holds half a character") from error
