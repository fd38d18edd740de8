"""From the ids that a gateway tells to people and groups as the bot knows them.

A name is what they call themselves on WeChat; the account's own name for them and the one they go
by in a group stand beside it. Whom the gateway does not know any more (who left, say) keeps the
name that the bot has stored.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from bot.channels.wechat.caution import PLATFORM
from bot.channels.wechat.gateway import Contact, GatewayRoom, RoomMember
from bot.channels.wechat.heeding import Caution
from bot.channels.wechat.known import Known, if_said
from bot.channels.wechat.leaders import Leaders
from bot.channels.wechat.together import both, together
from bot.channels.wechat.translation import is_person
from handlers.events import Chat, Person, Roster
from storage.database import Database
from storage.members import member_known_as

T = TypeVar("T")
R = TypeVar("R")

_AT_ONCE = 8


class People:
    """The people and groups of one account. Everything here may raise `GatewayCallFailed`.

    Args:
        known: what the gateway said of them.
        leaders: who is staff.
        database: where stored names are.
        caution: stops the account where a refusal says that it is restricted.
    """

    def __init__(
        self, known: Known, leaders: Leaders, database: Database, caution: Caution
    ) -> None:
        self._known = known
        self._leaders = leaders
        self._database = database
        self._caution = caution

    async def room(self, room: str, me: str) -> GatewayRoom | None:
        """A room as the gateway shows it now, its leaders noted; None where it shows none."""
        return await if_said(self._caution, self.room_if_there(room, me))

    async def room_if_there(self, room: str, me: str) -> GatewayRoom | None:
        """The same; None only where the gateway says that there is no such room.

        Raises:
            GatewayCallFailed: also where the gateway will not say.
        """
        found = await self._known.room(room)
        if found is not None:
            self._leaders.keep(found, me)
        return found

    async def chat(self, room: str, me: str) -> Chat:
        """A room as a group; without a name where the gateway shows none."""
        found = await self.room(room, me)
        return Chat(room, "" if found is None else found.name)

    async def person(self, person: str, me: str, room: str = "") -> Person:
        """Somebody, in a room or in private."""
        contact, member = await both(self._known.contact(person), self._member(room, person))
        return await self._made(person, me, contact, member)

    async def names(self, me: str, room: str) -> frozenset[str]:
        """What the account itself is called in a room, or in private."""
        contact, member = await both(self._known.contact(me), self._member(room, me))
        names = {"" if contact is None else contact.name}
        if member is not None:
            names |= {member.name, member.nickname}
        return frozenset(names - {""})

    async def roster(self, room: GatewayRoom, me: str, friends: Iterable[str]) -> Roster:
        """Everybody in a room but the account itself; only friends have a name of the account's."""
        known = set(friends)

        async def one(person: str) -> Person:
            contact = await self._known.contact(person) if person in known else None
            member = await self._known.member(room.id, person)
            if contact is None and (member is None or not member.name):
                contact = await self._known.contact(person)
            return await self._made(person, me, contact, member)

        members = await for_each((one for one in room.members if one != me), one)
        return Roster(Chat(room.id, room.name), tuple(members))

    async def friends(self, people: Iterable[str], me: str) -> list[Person]:
        """Those of these people whom the account may write to."""

        async def one(person: str) -> Person | None:
            contact = await self._known.contact(person)
            if contact is None or not contact.friend:
                return None
            return await self._made(person, me, contact, None)

        found = await for_each((one for one in people if one != me and is_person(one)), one)
        return [person for person in found if person is not None]

    async def _member(self, room: str, person: str) -> RoomMember | None:
        return await self._known.member(room, person) if room else None

    async def _made(
        self, person: str, me: str, contact: Contact | None, member: RoomMember | None
    ) -> Person:
        called = [] if contact is None else [contact.name]
        called += [] if member is None else [member.name, member.nickname]
        name = next((one for one in called if one), "") or await self._stored_name(person)
        staff, staff_in = await self._standing(person, me)
        return Person(
            person,
            name or person,
            staff=staff,
            staff_in=staff_in,
            alias=None if contact is None else contact.alias,
            nickname=None if member is None else member.nickname,
        )

    async def _standing(self, person: str, me: str) -> tuple[bool, frozenset[str] | None]:
        if person == me:
            return True, None
        rooms = self._leaders.rooms_of(person)
        for room in rooms or ():
            await self.room(room, me)  # asks only for those that may have changed
        rooms = self._leaders.rooms_of(person)
        return (True, rooms) if rooms is None or rooms else (False, None)

    async def _stored_name(self, person: str) -> str:
        async with self._database.reading() as connection:
            found = await member_known_as(connection, PLATFORM, person)
        return "" if found is None else found.name


async def for_each(things: Iterable[T], work: Callable[[T], Awaitable[R]]) -> list[R]:
    """What the work makes of each thing, in their order; a few at a time."""
    turns = asyncio.Semaphore(_AT_ONCE)

    async def in_turn(thing: T) -> R:
        async with turns:
            return await work(thing)

    return await together(in_turn(thing) for thing in things)
