"""What an account shows when it logs in: who it is, which rooms it is in, and whom it knows.

On some gateways every id lasts no longer than the log-in. It shows by the account's own: where
that is another than it was stored under, all may be, and everybody is shown anew (`IdsChanged`)
before anything else is told of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

import structlog

from bot.channels.wechat.caution import PLATFORM
from bot.channels.wechat.gateway import Gateway, GatewayCallFailed, GatewayRoom
from bot.channels.wechat.known import is_refusal, patiently
from bot.channels.wechat.leaders import Leaders
from bot.channels.wechat.line import Told
from bot.channels.wechat.people import People, for_each
from handlers.events import AccountChanged, AccountState, Chat, Event, GroupChanged, IdsChanged
from storage.accounts import states
from storage.database import Database
from storage.known_staff import present_chats, staff_on

_log = structlog.get_logger(__name__)


class Arrival:
    """The log-ins of one account. Everything here may raise `GatewayCallFailed`.

    Args:
        account: its name, `wechat:NAME`.
        gateway: shows its rooms and friends.
        people: says who they are.
        leaders: says who of them is staff.
        database: knows what was before.
        patience: how long the gateway may take to know its rooms.
    """

    def __init__(
        self,
        *,
        account: str,
        gateway: Gateway,
        people: People,
        leaders: Leaders,
        database: Database,
        patience: timedelta,
    ) -> None:
        self._account = account
        self._gateway = gateway
        self._people = people
        self._leaders = leaders
        self._database = database
        self._patience = patience
        self._last: tuple[datetime, str] | None = None  # the log-in before, which may not be stored
        self._turn = asyncio.Lock()
        self._unseen = False  # whether ids changed, and not everybody was shown since

    async def remember(self) -> None:
        """Begin anew, with those as staff who were so before."""
        async with self._database.reading() as connection:
            self._leaders.remember(await staff_on(connection, PLATFORM, self._account))

    async def logged_in(self, told: Told, me: str, rooms_known: asyncio.Event) -> list[Event]:
        """The account is online; everybody comes first, where their ids are not what they were.

        Args:
            told: the log-in.
            me: who the account is.
            rooms_known: set once the gateway knows its rooms.
        """
        async with self._turn:
            events: list[Event] = []
            if await self._was_another(told, me):
                _log.warning("ids_changed", account=self._account)
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._patience.total_seconds()):
                        await rooms_known.wait()
                self._leaders.remember(())  # ids from before mean nobody now
                everybody = await self._everybody(told, me, rooms_known=rooms_known.is_set())
                self._unseen = not everybody.complete
                events.append(everybody)
            # Who it is stands in the last event, so that all of this is told again if need be.
            person = await self._people.person(me, me)
            online = AccountChanged(self._account, "", told.at, AccountState.ONLINE, me=person)
            self._last = told.cursor, me
            return [*events, online]

    async def _was_another(self, told: Told, me: str) -> bool:
        """Whether the account's own id was another before, as is stored or was told since."""
        async with self._database.reading() as connection:
            found = (await states(connection, [self._account])).get(self._account)
        stored = None if found is None or found.state is None else found.state.me
        last = self._last[1] if self._last is not None and self._last[0] < told.cursor else None
        return any(before not in (None, me) for before in (stored, last))

    async def _everybody(self, told: Told, me: str, *, rooms_known: bool) -> IdsChanged:
        contacts = await patiently(self._gateway.contacts)
        friends = await self._people.friends(contacts, me)
        listed = await patiently(self._gateway.rooms)
        rooms = await self._shown(listed, me)
        rosters = [await self._people.roster(room, me, contacts) for room in rooms]
        return IdsChanged(
            self._account,
            "",
            told.at,
            tuple(rosters),
            tuple(friends),
            complete=rooms_known and len(rooms) == len(listed),
        )

    async def rooms(self, told: Told, me: str, *, complete: bool) -> list[Event]:
        """The groups that the account is in, and, where it knows all of them, those it is not in.

        Some gateways do not list every room; one that is not listed is asked for by its id. One
        that is listed and not shown is there, and one that the gateway will not speak of may be.
        Where ids changed and not everybody could be shown then, everybody is told of once more, and
        until that was all of them no group is missed.
        """
        events: list[Event] = []
        async with self._turn:
            if complete and self._unseen:
                everybody = await self._everybody(told, me, rooms_known=True)
                self._unseen = not everybody.complete
                events.append(everybody)
        listed = await patiently(self._gateway.rooms)
        rooms = await self._shown(listed, me)
        events += [self._in_group(told, room, present=True) for room in rooms]
        if complete and not self._unseen:
            async with self._database.reading() as connection:
                stored = await present_chats(connection, self._account)
            others = [chat for chat in stored if chat not in set(listed)]
            asked_for = await for_each(others, lambda chat: self._unlisted(told, chat, me))
            events += [event for event in asked_for if event is not None]
            if len(rooms) == len(listed) and None not in asked_for:
                self._leaders.all_are_known()
        return events

    async def _shown(self, rooms: Sequence[str], me: str) -> list[GatewayRoom]:
        """Those of these rooms that the gateway shows."""
        found = await for_each(rooms, lambda room: self._people.room(room, me))
        shown = [room for room in found if room is not None]
        if len(shown) < len(rooms):
            unshown = len(rooms) - len(shown)
            _log.warning("rooms_not_shown", account=self._account, rooms=unshown)
        return shown

    async def _unlisted(self, told: Told, chat: str, me: str) -> GroupChanged | None:
        """Whether the account is in a group that is not listed; None where nobody can say."""
        try:
            room = await self._people.room_if_there(chat, me)
        except GatewayCallFailed as failed:
            if not is_refusal(failed):
                raise
            _log.warning("room_not_shown", account=self._account, reason=str(failed))
            return None
        inside = room is not None and me in room.members
        return self._in_group(told, room or GatewayRoom(chat, "", "", (), ()), present=inside)

    def _in_group(self, told: Told, room: GatewayRoom, *, present: bool) -> GroupChanged:
        if not present:
            self._leaders.drop(room.id)
        chat = Chat(room.id, room.name)
        return GroupChanged(self._account, "", told.at, chat, present=present)
