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

from handlers.events import (
    AccountChanged,
    ButtonPressed,
    Chat,
    Event,
    FriendAsked,
    GroupChanged,
    GroupMoved,
    HearingGap,
    IdsChanged,
    JoinAsked,
    MemberJoined,
    MemberLeft,
    MessageEdited,
    MessageHeard,
    Person,
    ReachChanged,
    StaffChanged,
    StillHearing,
    TopicChanged,
)
from handlers.origin import Origin
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
        where = _where(event)
        chat = None if where is None else storable(where.id)
        if chat is not None and not isinstance(event, GroupChanged | GroupMoved):
            if chat not in self._accepted:
                await self._keep_waiting(event, chat)
            if not self._accepted[chat]:
                # Who leads no group any more may have been staff until now, and is told of here.
                lost = isinstance(event, StaffChanged) and not event.member.staff
                return event if lost else None
        return self._seen(event)

    async def _keep_waiting(self, event: Event, chat: str) -> None:
        where = _where(event)
        name = "" if where is None else where.name
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
            case MemberJoined(by=Person() as by):
                return replace(event, member=self._as_ours(event.member), by=self._as_ours(by))
            case (
                MemberJoined()
                | MemberLeft()
                | JoinAsked()
                | StaffChanged()
                | ReachChanged()
                | FriendAsked()
            ):
                return replace(event, member=self._as_ours(event.member))
            case GroupChanged(by=Person() as by):
                return replace(event, by=self._as_ours(by))
            case IdsChanged():
                return self._seen_anew(event)
            case (
                GroupChanged()
                | GroupMoved()
                | TopicChanged()
                | AccountChanged()
                | HearingGap()
                | StillHearing()
            ):
                return event

    def _seen_anew(self, event: IdsChanged) -> IdsChanged:
        """Everybody whom the platform shows, with what each is to the shop."""
        rosters = (
            replace(one, members=tuple(map(self._as_ours, one.members))) for one in event.rosters
        )
        friends = tuple(map(self._as_ours, event.friends))
        return replace(event, rosters=tuple(rosters), friends=friends)

    def _as_ours(self, person: Person) -> Person:
        if not person.staff or person.staff_in is None:
            return person
        ours = any(self._accepted.get(storable(chat), False) for chat in person.staff_in)
        return replace(person, staff=ours)


def _chats(event: Event) -> Iterator[str]:
    """Every group that it depends on how an event is heard, as they are stored."""
    where = _where(event)
    if where is not None:
        yield storable(where.id)
    if isinstance(event, GroupMoved):
        yield storable(event.before)
    if isinstance(event, IdsChanged):
        yield from (storable(roster.chat.id) for roster in event.rosters)
    for person in _people(event):
        yield from map(storable, person.staff_in or ())


def _where(event: Event) -> Chat | None:
    """The group that an event happened in; None in private, and of what is about no one group."""
    match event:
        case (
            ReachChanged()
            | FriendAsked()
            | AccountChanged()
            | HearingGap()
            | StillHearing()
            | IdsChanged()
        ):
            return None
        case _:
            return event.chat


def _people(event: Event) -> Iterator[Person]:
    """Whose deed an event is, and who else it shows."""
    match event:
        case MessageHeard() | MessageEdited() | ButtonPressed():
            yield event.sender
        case MemberJoined():
            yield event.member
            if event.by is not None:
                yield event.by
        case MemberLeft() | JoinAsked() | StaffChanged() | ReachChanged() | FriendAsked():
            yield event.member
        case GroupChanged(by=Person() as by):
            yield by
        case IdsChanged():
            yield from event.friends
            for roster in event.rosters:
                yield from roster.members
        case (
            GroupChanged()
            | GroupMoved()
            | TopicChanged()
            | AccountChanged()
            | HearingGap()
            | StillHearing()
        ):
            return
