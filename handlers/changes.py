"""From an event that is no new message to rows: who came and went, and what a platform changed.

`record_change` stores one such event in the caller's transaction. What handlers must answer comes
back: somebody who came in or asks to, and what a fan says instead of what they had said.
`recording.py` calls it in the order things happened.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.account_events import AccountEvent, record_account_change
from handlers.events import (
    GroupChanged,
    GroupMoved,
    JoinAsked,
    MemberJoined,
    MemberLeft,
    MessageEdited,
    MessageKind,
    Person,
    ReachChanged,
    StaffChanged,
    TopicChanged,
)
from handlers.origin import Origin
from handlers.roles import Role
from insights.authorship import passed_on
from scheduler.courier import Address
from storage.acceptance import accept
from storage.analysis import mark_dirty
from storage.columns import storable
from storage.comings import note_coming
from storage.edits import message_to_edit, reword
from storage.friendships import note_friends
from storage.groups import Group, ensure_groups, group_in_chat, set_present
from storage.invites import brought_by, came_by, has_sat, invite_behind
from storage.join_requests import NewRequest, keep_request, note_joined
from storage.members import Member, dismiss, ensure_members
from storage.moving import Whereabouts, move_group
from storage.nicknames import note_nicknames
from storage.reach import mark_reachable, mark_unreachable
from storage.seats import leave, sit
from storage.topics import note_topic

Change = (
    MessageEdited
    | MemberJoined
    | MemberLeft
    | JoinAsked
    | StaffChanged
    | ReachChanged
    | GroupChanged
    | GroupMoved
    | TopicChanged
    | AccountEvent
)
"""Every event but the ones that say something."""

_FANS_OWN = frozenset({MessageKind.FAN, MessageKind.CHAIN, MessageKind.TAOBAO_CODE})
"""The kinds that a fan's words can turn into when they are edited."""


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody who came into a group just now."""

    group: Group
    member: Member
    at: datetime


@dataclass(frozen=True, slots=True)
class Applicant:
    """Somebody who asks to be let into a group, by the number of their request."""

    request: int
    group: Group
    member: Member


@dataclass(frozen=True, slots=True)
class Reworded:
    """A fan's own words in a message that was changed just now."""

    member_id: int
    text: str
    at: datetime


News = Newcomer | Applicant | Reworded
"""What handlers answer to, or act on."""


async def record_change(connection: AsyncConnection, event: Change, origin: Origin) -> News | None:
    """Store one event; who came in or asks to, or what a fan says now, if it is that and new."""
    match event:
        case MessageEdited():
            return await _edited(connection, event, origin)
        case ReachChanged():
            await _reach(connection, event, origin)
        case GroupChanged():
            await _group_changed(connection, event, origin)
        case GroupMoved():
            await _moved(connection, event, origin)
        case TopicChanged():
            await _topic_changed(connection, event, origin)
        case StaffChanged():
            await _staff_changed(connection, event, origin)
        case MemberLeft():
            await _left(connection, event, origin)
        case MemberJoined():
            return await _joined(connection, event, origin)
        case JoinAsked():
            return await _asked(connection, event, origin)
        case _:
            await record_account_change(connection, event, origin)
    return None


async def _topic_changed(connection: AsyncConnection, event: TopicChanged, origin: Origin) -> None:
    group = await _group(connection, event, origin)
    closed_at = None if event.open else event.at
    topic = storable(event.topic)
    await note_topic(connection, group.id, topic, name=event.name, closed_at=closed_at)


async def _staff_changed(connection: AsyncConnection, event: StaffChanged, origin: Origin) -> None:
    """Somebody leads a group now; who does no more becomes known to nobody by that."""
    if not event.member.staff:
        await dismiss(connection, origin.platform, storable(event.member.id))
        return
    await _group(connection, event, origin)
    await _member(connection, event, origin)


async def _edited(
    connection: AsyncConnection, event: MessageEdited, origin: Origin
) -> Reworded | None:
    """Let a message say what it says now; a command is what was given, and is not run again."""
    found = await message_to_edit(
        connection, event.account, storable(event.message), storable(event.sender.id)
    )
    if found is None or found.no_record or found.kind == MessageKind.COMMAND:
        return None
    if found.edited_at is not None and found.edited_at > event.at:
        return None  # told again, and changed once more since
    kind = found.kind
    if kind in _FANS_OWN:
        not_their_own = passed_on(event.text)
        kind = MessageKind.FAN if not_their_own is None else MessageKind(not_their_own.value)
    await reword(connection, found.id, kind=kind, text=event.text, at=event.at)
    if found.group_id is not None and MessageKind.FAN in {kind, found.kind}:
        await mark_dirty(connection, [(found.group_id, origin.shop.day_of(found.at))])
    own = kind == MessageKind.FAN and not found.staff
    return Reworded(found.member_id, event.text, event.at) if own else None


async def _reach(connection: AsyncConnection, event: ReachChanged, origin: Origin) -> None:
    member = await _member(connection, event, origin)
    if event.reachable:
        await mark_reachable(connection, [member.id], event.at)
        await note_friends(connection, event.account, member.id, event.at)
    else:
        await mark_unreachable(connection, [member.id], event.at)


async def _group_changed(connection: AsyncConnection, event: GroupChanged, origin: Origin) -> None:
    """The bot came, went, or may speak or not; a name is kept on the way.

    A group that a manager brings it into is the shop's.
    """
    before = await group_in_chat(connection, event.account, storable(event.chat.id))
    if before is None and not event.present:
        return  # it left what it was never heard in, e.g. a chat that has moved
    group = await _group(connection, event, origin)
    if event.may_speak is None:
        back = before is None or not before.present
        muted_at = None if back else group.muted_at
    else:
        muted_at = None if event.may_speak else group.muted_at or event.at
    await set_present(connection, group.id, present=event.present, muted_at=muted_at)
    if event.present and event.by is not None and origin.role(event.by) is Role.MANAGER:
        await accept(connection, group.id, event.at)


async def _moved(connection: AsyncConnection, event: GroupMoved, origin: Origin) -> None:
    before, after = storable(event.before), storable(event.chat.id)
    await move_group(
        connection,
        event.account,
        Whereabouts(before, str(Address(group=before))),
        Whereabouts(after, str(Address(group=after))),
        event.at,
    )
    await _group(connection, event, origin)


async def _joined(
    connection: AsyncConnection, event: MemberJoined, origin: Origin
) -> Newcomer | None:
    group, member = await _who_where(connection, event, origin)
    asked_by = await note_joined(connection, group.id, member.id, event.at)
    new = not await has_sat(connection, group.id, member.id)
    come = await sit(connection, [(group.id, member.id, event.at)])
    if event.member.nickname is not None:
        await note_nicknames(connection, {(group.id, member.id): event.member.nickname})
    if not come:
        return None
    await note_coming(connection, group.id, member.id, event.at, came=True)
    invite = await _invite(connection, event, group, member) or asked_by
    if new and invite is not None:
        await came_by(connection, group.id, member.id, invite)
    if new and event.by is not None:
        inviter = await _person(connection, event.by, event, origin)
        await brought_by(connection, group.id, member.id, inviter.id)
    return Newcomer(group, member, event.at)


async def _left(connection: AsyncConnection, event: MemberLeft, origin: Origin) -> None:
    group, member = await _who_where(connection, event, origin)
    if await leave(connection, group.id, member.id, event.at):
        await note_coming(connection, group.id, member.id, event.at, came=False)


async def _asked(connection: AsyncConnection, event: JoinAsked, origin: Origin) -> Applicant | None:
    group, member = await _who_where(connection, event, origin)
    request = await keep_request(
        connection,
        NewRequest(
            group_id=group.id,
            member_id=member.id,
            words="" if member.no_record else event.words,
            invite_id=await _invite(connection, event, group, member),
            asked_at=event.at,
        ),
    )
    return None if request is None else Applicant(request, group, member)


async def _invite(
    connection: AsyncConnection, event: MemberJoined | JoinAsked, group: Group, member: Member
) -> int | None:
    """Whose link it was; nobody comes by their own."""
    if event.invite is None:
        return None
    return await invite_behind(connection, group.id, event.invite, but=member.id)


async def _group(
    connection: AsyncConnection,
    event: MemberJoined
    | MemberLeft
    | JoinAsked
    | StaffChanged
    | GroupChanged
    | GroupMoved
    | TopicChanged,
    origin: Origin,
) -> Group:
    chat = storable(event.chat.id)
    named = [(chat, event.chat.name)]
    groups = await ensure_groups(
        connection,
        origin.shop_id,
        event.account,
        named,
        event.at,
        accepted=not origin.open_to_all,
    )
    return groups[chat]


async def _member(
    connection: AsyncConnection,
    event: MemberJoined | MemberLeft | JoinAsked | StaffChanged | ReachChanged,
    origin: Origin,
) -> Member:
    return await _person(connection, event.member, event, origin)


async def _person(
    connection: AsyncConnection, person: Person, event: Change, origin: Origin
) -> Member:
    seen = origin.seen(person)
    people = await ensure_members(connection, origin.platform, [seen], event.at)
    return people[seen.person]


async def _who_where(
    connection: AsyncConnection, event: MemberJoined | MemberLeft | JoinAsked, origin: Origin
) -> tuple[Group, Member]:
    group = await _group(connection, event, origin)
    return group, await _member(connection, event, origin)
