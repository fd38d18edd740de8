"""What of a batch's events is heard at all: nothing of a group that is not the shop's.

Where anybody can bring the bot into a group, the platform's word on who runs that group says
nothing of the shop. So until a manager accepts it (see `acceptance.py`) neither what is said nor
who comes, goes or is an admin there is recorded, and nobody is staff anywhere by its word; that
the group is there is all that is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.changes import Origin
from handlers.events import (
    ButtonPressed,
    Event,
    GroupChanged,
    GroupMoved,
    JoinAsked,
    MemberJoined,
    MemberLeft,
    MessageEdited,
    MessageHeard,
    Person,
    ReachChanged,
    StaffChanged,
    TopicChanged,
)
from storage.acceptance import acceptance_of
from storage.columns import storable
from storage.groups import ensure_groups


class Doors:
    """The doors of the groups of one account, as a batch of events is recorded.

    They stand open on an account that only the shop's own people can bring into a group, and for a
    `history`, which the shop's own people hand in.
    """

    def __init__(self, connection: AsyncConnection, origin: Origin, *, history: bool) -> None:
        self._connection = connection
        self._origin = origin
        self._guarded = origin.open_to_all and not history
        self._accepted: dict[str, bool] = {}

    async def look(self, events: Sequence[Event]) -> None:
        """Learn whether the groups that these events are about are accepted, as is stored now."""
        chats = {chat for event in events for chat in _chats(event)}
        if not self._guarded or not chats:
            return
        found = await acceptance_of(self._connection, self._origin.account, chats)
        others = {chat: known for chat, known in self._accepted.items() if chat not in chats}
        self._accepted = others | found

    async def through(self, event: Event) -> Event | None:
        """An event as it is heard, by a person who is staff only where that counts; or None.

        What the bot itself meets is always heard: else nobody would know that it is there. A group
        that nobody knew of is made to wait for a manager.
        """
        if not self._guarded:
            return event
        chat = _chat(event)
        if chat is not None and not isinstance(event, GroupChanged | GroupMoved):
            if chat not in self._accepted:
                await self._keep_waiting(event, chat)
            if not self._accepted[chat]:
                # Who leads no group any more may have been staff until now, and is told of here.
                lost = isinstance(event, StaffChanged) and not event.member.staff
                return event if lost else None
        return self._seen(event)

    async def _keep_waiting(self, event: Event, chat: str) -> None:
        name = "" if isinstance(event, ReachChanged) or event.chat is None else event.chat.name
        await ensure_groups(
            self._connection,
            self._origin.shop_id,
            self._origin.account,
            [(chat, name)],
            event.at,
            accepted=False,
        )
        self._accepted[chat] = False

    def _seen(self, event: Event) -> Event:
        """The event with what its person is, as far as the shop is concerned."""
        match event:
            case MessageHeard() | MessageEdited() | ButtonPressed():
                return replace(event, sender=self._as_ours(event.sender))
            case MemberJoined() | MemberLeft() | JoinAsked() | StaffChanged() | ReachChanged():
                return replace(event, member=self._as_ours(event.member))
            case GroupChanged(by=Person() as by):
                return replace(event, by=self._as_ours(by))
            case GroupChanged() | GroupMoved() | TopicChanged():
                return event

    def _as_ours(self, person: Person) -> Person:
        if not person.staff or person.staff_in is None:
            return person
        ours = any(self._accepted.get(storable(chat), False) for chat in person.staff_in)
        return replace(person, staff=ours)


def _chats(event: Event) -> Iterator[str]:
    """Every group that it depends on how an event is heard, as they are stored."""
    chat, person = _chat(event), _person(event)
    if chat is not None:
        yield chat
    if isinstance(event, GroupMoved):
        yield storable(event.before)
    if person is not None and person.staff_in is not None:
        yield from map(storable, person.staff_in)


def _chat(event: Event) -> str | None:
    """The group that an event happened in, as it is stored; None in private."""
    if isinstance(event, ReachChanged) or event.chat is None:
        return None
    return storable(event.chat.id)


def _person(event: Event) -> Person | None:
    """Whose deed an event is."""
    match event:
        case MessageHeard() | MessageEdited() | ButtonPressed():
            return event.sender
        case MemberJoined() | MemberLeft() | JoinAsked() | StaffChanged() | ReachChanged():
            return event.member
        case GroupChanged():
            return event.by
        case GroupMoved() | TopicChanged():
            return None
