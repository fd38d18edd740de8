"""Who and what an account knows, as people and groups can be told apart without their ids.

This is what `recognising.py` on floor 4 compares with what a platform shows under new ids.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import among
from storage.tables import (
    customers,
    friend_requests,
    groups,
    identity_matches,
    members,
    memberships,
    messages,
)

_BOT = "bot"
"""The kind of a message that came out of the account itself."""


@dataclass(frozen=True, slots=True)
class FamiliarMember:
    """A member, and what else than the id they can be known by.

    `seats` are the groups of the account that they sit in (their ids), with what they call
    themselves there. A `guarded` one is staff: taking their place would be worth something. Of a
    `bound` one it was laid down how they are treated, by their own wish.
    """

    id: int
    person: str
    name: str
    alias: str | None
    friend: bool
    guarded: bool
    bound: bool
    first_seen_at: datetime
    last_seen_at: datetime
    seats: dict[int, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FamiliarGroup:
    """A group of the account; `heard_at` is when anything was last heard of it."""

    id: int
    chat: str
    name: str
    present: bool
    since: datetime
    heard_at: datetime


async def familiar_groups(connection: AsyncConnection, account: str) -> list[FamiliarGroup]:
    """Every group of an account, also those that it has left, longest known first."""
    last = select(func.max(messages.c.at)).where(messages.c.group_id == groups.c.id)
    rows = await connection.execute(
        select(
            groups.c.id,
            groups.c.chat,
            groups.c.name,
            groups.c.present,
            groups.c.since,
            last.scalar_subquery().label("last"),
        )
        .where(groups.c.account == account)
        .order_by(groups.c.id)
    )
    return [
        FamiliarGroup(
            row.id,
            row.chat,
            row.name,
            row.present,
            row.since,
            max(row.since, row.last or row.since),
        )
        for row in rows
    ]


async def familiar_members(
    connection: AsyncConnection, platform: str, account: str
) -> list[FamiliarMember]:
    """Everybody whom an account met, but itself, longest known first.

    Who sits in a group of another account of the same platform, spoke to it in private or is its
    friend is left out: there, the id that is stored goes on being theirs.
    """
    seated = (
        exists()
        .where(memberships.c.member_id == members.c.id, memberships.c.left_at.is_(None))
        .where(memberships.c.group_id == groups.c.id, groups.c.present)
    )
    said = exists().where(messages.c.member_id == members.c.id, messages.c.account == account)
    asked = exists().where(
        friend_requests.c.member_id == members.c.id, friend_requests.c.account == account
    )
    spoke_elsewhere = exists().where(
        messages.c.member_id == members.c.id,
        messages.c.account != account,
        messages.c.group_id.is_(None),
    )
    friend_elsewhere = exists().where(
        friend_requests.c.member_id == members.c.id,
        friend_requests.c.account != account,
        friend_requests.c.friends_at.is_not(None),
    )
    wishes = customers.c.no_record | customers.c.opted_out_at.is_not(None)
    itself = said.where(messages.c.kind == _BOT)
    last = select(func.max(messages.c.at)).where(messages.c.member_id == members.c.id)
    rows = await connection.execute(
        select(
            members.c.id,
            members.c.person,
            members.c.name,
            members.c.alias,
            members.c.staff,
            members.c.appointed_at,
            members.c.first_seen_at,
            members.c.started_at,
            members.c.unreachable_at,
            wishes.label("bound"),
            last.scalar_subquery().label("last"),
        )
        .select_from(members.join(customers))
        .where(
            members.c.platform == platform,
            or_(seated.where(groups.c.account == account), said, asked),
            ~seated.where(groups.c.account != account),
            ~spoke_elsewhere,
            ~friend_elsewhere,
            ~itself,
        )
        .order_by(members.c.id)
    )
    found = {
        row.id: FamiliarMember(
            id=row.id,
            person=row.person,
            name=row.name,
            alias=row.alias,
            friend=row.started_at is not None and row.unreachable_at is None,
            guarded=row.staff or row.appointed_at is not None,
            bound=bool(row.bound),
            first_seen_at=row.first_seen_at,
            last_seen_at=max(row.first_seen_at, row.last or row.first_seen_at),
        )
        for row in rows
    }
    seats = await connection.execute(
        select(memberships.c.member_id, memberships.c.group_id, memberships.c.nickname)
        .join(groups, groups.c.id == memberships.c.group_id)
        .where(groups.c.account == account, memberships.c.left_at.is_(None))
    )
    for row in seats:
        if row.member_id in found:
            found[row.member_id].seats[row.group_id] = row.nickname
    return list(found.values())


async def known_since(
    connection: AsyncConnection, platform: str, persons: Collection[str]
) -> dict[str, datetime]:
    """Since when these ids of a platform are known; those that are not are missing."""
    rows = await connection.execute(
        select(members.c.person, members.c.first_seen_at).where(
            members.c.platform == platform, among(members.c.person, list(persons))
        )
    )
    return {row.person: row.first_seen_at for row in rows}


async def unseat(
    connection: AsyncConnection,
    group_ids: Collection[int],
    member_ids: Collection[int],
    at: datetime,
) -> None:
    """Note that none of these members sits in any of these groups any more."""
    await connection.execute(
        update(memberships)
        .where(
            among(memberships.c.group_id, list(group_ids)),
            among(memberships.c.member_id, list(member_ids)),
            memberships.c.left_at.is_(None),
        )
        .values(left_at=at)
    )


async def dismiss_all(connection: AsyncConnection, member_ids: Collection[int]) -> None:
    """Note that the platform calls none of these members staff any more."""
    await connection.execute(
        update(members).where(among(members.c.id, member_ids), members.c.staff).values(staff=False)
    )


async def lost_members(connection: AsyncConnection) -> set[int]:
    """The ids of the members, on whichever platform, whom nobody can reach or hear.

    A word to them is refused, and they sit nowhere, or a manager is still to say who they are now.
    """
    seated = exists().where(
        memberships.c.member_id == members.c.id, memberships.c.left_at.is_(None)
    )
    asked_about = exists().where(
        identity_matches.c.member_id == members.c.id, identity_matches.c.decided.is_(None)
    )
    found = await connection.scalars(
        select(members.c.id).where(
            members.c.unreachable_at.is_not(None),
            or_(~seated, asked_about),
        )
    )
    return set(found)


async def groups_of(connection: AsyncConnection, account: str, member_id: int) -> dict[int, str]:
    """The groups of an account in which a member sits, by their ids: their names, in order."""
    rows = await connection.execute(
        select(groups.c.id, groups.c.name)
        .select_from(memberships.join(groups))
        .where(
            groups.c.account == account,
            memberships.c.member_id == member_id,
            memberships.c.left_at.is_(None),
        )
        .order_by(groups.c.name, groups.c.id)
    )
    return {row.id: row.name for row in rows}
