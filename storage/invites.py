"""Invites: each fan's own link into a group, made once, and who came by it or by somebody's hand.

A link counts whom it brought: who sat in the group before, and comes again by it, is not counted.
When the platform gives the group another id, links into it are made anew, and go on counting.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import insert
from storage.groups import GROUP, Group, group_of
from storage.tables import groups, invites, memberships


@dataclass(frozen=True, slots=True)
class Invite:
    """A fan's own link, and how many came by it so far; empty where it is to be made anew."""

    id: int
    link: str
    came: int


def _invite_of(group_id: int, member_id: int) -> Select[Any]:
    came = (
        select(func.count())
        .select_from(memberships)
        .where(memberships.c.invite_id == invites.c.id)
        .scalar_subquery()
    )
    return select(invites.c.id, invites.c.link, came).where(
        invites.c.group_id == group_id, invites.c.member_id == member_id
    )


async def invite_of(connection: AsyncConnection, group_id: int, member_id: int) -> Invite | None:
    """A member's own link into a group; None until it is made."""
    row = (await connection.execute(_invite_of(group_id, member_id))).one_or_none()
    return None if row is None else Invite(*row)


async def keep_invite(
    connection: AsyncConnection, group_id: int, member_id: int, link: str, at: datetime
) -> Invite:
    """Keep the link that was made for a member; one that stands and is not empty stays theirs."""
    fresh = {"link": link, "made_at": at}
    await connection.execute(
        insert(connection, invites)
        .values(group_id=group_id, member_id=member_id, **fresh)
        .on_conflict_do_update(
            index_elements=["group_id", "member_id"], set_=fresh, where=invites.c.link == ""
        )
    )
    return Invite(*(await connection.execute(_invite_of(group_id, member_id))).one())


async def sits_in(connection: AsyncConnection, account: str, member_id: int) -> list[Group]:
    """The fan groups of an account that a member and the bot sit in now, by name."""
    rows = await connection.execute(
        select(*GROUP)
        .select_from(groups.join(memberships))
        .where(
            groups.c.account == account,
            groups.c.present,
            ~groups.c.is_staff,
            memberships.c.member_id == member_id,
            memberships.c.left_at.is_(None),
        )
        .order_by(groups.c.name, groups.c.id)
    )
    return [group_of(row) for row in rows]


async def invite_behind(
    connection: AsyncConnection, group_id: int, link: str, *, but: int
) -> int | None:
    """The invite behind a link into a group; None: it is nobody's, or the member `but`'s own."""
    found: int | None = await connection.scalar(
        select(invites.c.id).where(
            invites.c.link == link, invites.c.group_id == group_id, invites.c.member_id != but
        )
    )
    return found


async def has_sat(connection: AsyncConnection, group_id: int, member_id: int) -> bool:
    """Whether a member sits in a group, or ever did."""
    seat = memberships.c.group_id == group_id, memberships.c.member_id == member_id
    return await connection.scalar(select(memberships.c.member_id).where(*seat)) is not None


async def brought(connection: AsyncConnection, group_id: int, member_id: int) -> int:
    """How many a member has brought into a group themselves."""
    found = await connection.scalar(
        select(func.count())
        .select_from(memberships)
        .where(memberships.c.group_id == group_id, memberships.c.invited_by == member_id)
    )
    return found or 0


async def brought_by(
    connection: AsyncConnection, group_id: int, member_id: int, inviter_id: int
) -> None:
    """Note who brought a member into a group; nobody brings themselves."""
    if inviter_id == member_id:
        return
    await connection.execute(
        update(memberships)
        .where(memberships.c.group_id == group_id, memberships.c.member_id == member_id)
        .values(invited_by=inviter_id)
    )


async def came_by(
    connection: AsyncConnection, group_id: int, member_id: int, invite_id: int
) -> None:
    """Note by whose link a member came into a group."""
    await connection.execute(
        update(memberships)
        .where(memberships.c.group_id == group_id, memberships.c.member_id == member_id)
        .values(invite_id=invite_id)
    )
