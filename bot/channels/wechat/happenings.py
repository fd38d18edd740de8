"""What happens around an account but is no message: comings and goings, friends, invitations.

Into a group that somebody invites the account to it goes only where that is a manager: whoever
else does so would put the shop's account among strangers.
"""

from __future__ import annotations

from datetime import datetime

import structlog

from bot.channels.wechat.gateway import (
    Complaint,
    FriendshipArrived,
    FriendshipKind,
    Gateway,
    GatewayCallFailed,
    PayloadKind,
    RoomInvited,
    RoomJoined,
    RoomLeft,
    RoomRenamed,
    Stale,
)
from bot.channels.wechat.heeding import Caution, heed
from bot.channels.wechat.leaders import Leaders
from bot.channels.wechat.line import Something, Told
from bot.channels.wechat.messages import RoleOf
from bot.channels.wechat.people import People
from handlers.events import (
    Chat,
    Event,
    FriendAsked,
    GroupChanged,
    MemberJoined,
    MemberLeft,
    ReachChanged,
    StaffChanged,
)
from handlers.roles import Role

_log = structlog.get_logger(__name__)


class Happenings:
    """What happens around one account. Everything here may raise `GatewayCallFailed`.

    Args:
        account: its name, `wechat:NAME`.
        gateway: shows what happened.
        people: says who they are.
        leaders: says who came to lead a room, or leads none any more.
        role_of: says whose invitations are taken.
        caution: stops the account at a complaint that says it is restricted.
    """

    def __init__(
        self,
        *,
        account: str,
        gateway: Gateway,
        people: People,
        leaders: Leaders,
        role_of: RoleOf,
        caution: Caution,
    ) -> None:
        self._account = account
        self._gateway = gateway
        self._people = people
        self._leaders = leaders
        self._role_of = role_of
        self._caution = caution

    async def events_of(self, happening: Something, told_at: datetime, me: str) -> list[Event]:
        """The events of one thing that was told; none where it is nothing to the bot.

        Args:
            happening: what was told.
            told_at: when it was told, where it does not say itself when it happened.
            me: who the account is.
        """
        match happening:
            case RoomJoined():
                return await self._joined(happening, told_at, me)
            case RoomLeft():
                return await self._left(happening, told_at, me)
            case RoomRenamed(room, name, at=at):
                await self._people.room(room, me)  # who leads it may be news
                chat = Chat(room, name)
                return [GroupChanged(self._account, "", _when(at, told_at), chat, present=True)]
            case FriendshipArrived(friendship):
                return await self._friendship(friendship, told_at, me)
            case RoomInvited(invitation):
                await self._invited(invitation)
            case Stale(PayloadKind.ROOM, room):
                await self._people.room(room, me)  # as before
            case Complaint(reason):
                _log.warning("gateway_complains", account=self._account, reason=reason)
                await heed(self._caution, reason)
            case _:
                pass
        return []

    async def staff_news(self, told: Told, me: str) -> list[Event]:
        """Who came to lead a room, or leads none any more, as was found out by now.

        Args:
            told: what the news is told with; it is news again if that is never stored.
            me: who the account is.
        """
        events: list[Event] = []
        try:
            for news in self._leaders.take_news(told.cursor):
                chat = await self._people.chat(news.room, me)
                member = await self._people.person(news.person, me, news.room)
                events.append(StaffChanged(self._account, "", told.at, chat, member))
        except GatewayCallFailed:
            self._leaders.not_told(told.cursor)
            raise
        return events

    async def _joined(self, joined: RoomJoined, told_at: datetime, me: str) -> list[Event]:
        at = _when(joined.at, told_at)
        chat = await self._people.chat(joined.room, me)  # first: who leads it is staff
        by = await self._people.person(joined.by, me, joined.room) if joined.by else None
        if me in joined.people:
            return [GroupChanged(self._account, "", at, chat, present=True, by=by)]
        return [
            MemberJoined(
                self._account,
                "",
                at,
                chat,
                await self._people.person(person, me, joined.room),
                by=by,
            )
            for person in joined.people
        ]

    async def _left(self, left: RoomLeft, told_at: datetime, me: str) -> list[Event]:
        at = _when(left.at, told_at)
        chat = await self._people.chat(left.room, me)
        if me in left.people:
            self._leaders.drop(left.room)
            return [GroupChanged(self._account, "", at, chat, present=False)]
        return [
            MemberLeft(self._account, "", at, chat, await self._people.person(person, me))
            for person in left.people
        ]

    async def _friendship(self, friendship: str, told_at: datetime, me: str) -> list[Event]:
        found = await self._gateway.friendship(friendship)
        person = await self._people.person(found.person, me)
        match found.kind:
            case FriendshipKind.RECEIVE:
                words = found.words
                return [FriendAsked(self._account, "", told_at, friendship, person, words)]
            case FriendshipKind.CONFIRM:
                return [ReachChanged(self._account, "", told_at, person, reachable=True)]
            case _:
                return []

    async def _invited(self, invitation: str) -> None:
        found = await self._gateway.invitation(invitation)
        is_manager = await self._role_of(found.inviter) is Role.MANAGER
        if is_manager:
            await self._gateway.accept_invitation(invitation)
        _log.info(
            "invited",
            account=self._account,
            group=found.room_name,
            by=found.inviter,
            accepted=is_manager,
        )


def _when(at: datetime | None, told_at: datetime) -> datetime:
    """When it happened: not in the future, whatever the gateway's clock says."""
    return told_at if at is None else min(at, told_at)
