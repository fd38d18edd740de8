"""Where members sit: who comes and goes, who is known in a group, and by which accounts.

A seat that was left is kept: what was said from it stays theirs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import among, insert_new
from storage.tables import friend_requests, groups, members, memberships, messages


async def sit(
    connection: AsyncConnection, seats: Iterable[tuple[int, int, datetime]]
) -> set[tuple[int, int]]:
    """Note that members are in groups, as (group id, member id, since when).

    Returns:
        The (group id, member id) pairs that were not there before, newly come or back again.
    """
    since = {(group, member): at for group, member, at in seats}
    if not since:
        return set()
    fresh = await insert_new(
        connection,
        memberships,
        [{"group_id": g, "member_id": m, "joined_at": at} for (g, m), at in sorted(since.items())],
        memberships.c.group_id,
        memberships.c.member_id,
    )
    come = {(row.group_id, row.member_id) for row in fresh}
    gone = await connection.execute(
        select(memberships.c.group_id, memberships.c.member_id, memberships.c.left_at).where(
            memberships.c.left_at.is_not(None),
            memberships.c.member_id.in_({member for _, member in since.keys() - come}),
        )
    )
    for row in gone.all():
        seat = (row.group_id, row.member_id)
        if seat in since and row.left_at < since[seat]:
            await connection.execute(
                update(memberships)
                .where(memberships.c.group_id == seat[0], memberships.c.member_id == seat[1])
                .values(joined_at=since[seat], left_at=None)
            )
            come.add(seat)
    return come


async def leave(connection: AsyncConnection, group_id: int, member_id: int, at: datetime) -> bool:
    """Note that a member left a group, and whether that is news; one who came back after stays.

    A platform may tell a second time, after a restart, what happened before the return. It is news
    of somebody, too, who was never known to sit there.
    """
    left = await connection.execute(
        update(memberships)
        .where(
            memberships.c.group_id == group_id,
            memberships.c.member_id == member_id,
            memberships.c.joined_at <= at,
            memberships.c.left_at.is_(None),
        )
        .values(left_at=at)
    )
    if left.rowcount:
        return True
    sat = select(memberships.c.member_id).where(
        memberships.c.group_id == group_id, memberships.c.member_id == member_id
    )
    return await connection.scalar(sat) is None


async def names_in(
    connection: AsyncConnection, group_ids: Collection[int], speakers: Collection[int] = ()
) -> list[str]:
    """The names of all who sit, sat or said something in these groups, and of these speakers.

    All their names: also what they call themselves there, and what the account calls them. What
    somebody said in an imported history does not seat them, and its text may be gone by now.
    """
    here = among(memberships.c.group_id, group_ids)
    spoke = exists().where(
        messages.c.member_id == members.c.id, among(messages.c.group_id, group_ids)
    )
    sat = members.c.id.in_(select(memberships.c.member_id).where(here))
    known = select(members.c.id, members.c.name, members.c.alias)
    rows = (await connection.execute(known.where(or_(sat, spoke)))).all()
    left = set(speakers).difference(row[0] for row in rows)
    if left:
        rows = [*rows, *await connection.execute(known.where(among(members.c.id, left)))]
    nicknames = select(memberships.c.nickname).where(here, memberships.c.nickname.is_not(None))
    found = set(await connection.scalars(nicknames))
    found.update(row[1] for row in rows)
    found.update(row[2] for row in rows)
    return sorted(name for name in found if name)


async def heard_through(connection: AsyncConnection, member_id: int) -> list[str]:
    """The accounts that share a group with a member now, were ever spoken to, or are friends.

    A private message can only reach them through one of these.
    """
    shared = (
        select(groups.c.account)
        .select_from(memberships.join(groups))
        .where(memberships.c.member_id == member_id, memberships.c.left_at.is_(None))
    )
    spoken = select(messages.c.account).where(messages.c.member_id == member_id)
    friends = select(friend_requests.c.account).where(
        friend_requests.c.member_id == member_id, friend_requests.c.friends_at.is_not(None)
    )
    return sorted(await connection.scalars(shared.union(spoken, friends)))
