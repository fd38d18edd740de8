"""Profiles: what is known of one member besides the tags, for managers and for themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.members import Member
from storage.tables import groups, members, memberships, messages


@dataclass(frozen=True, slots=True)
class Profile:
    """Where a member sits, under which other names, who brought them in, and how much they said.

    `nicknames` are what they call themselves in those groups, `brought_by` the names of who
    brought them into one, each once.
    """

    member: Member
    groups: tuple[str, ...] = ()
    messages: int = 0
    last_spoke_at: datetime | None = None
    nicknames: tuple[str, ...] = ()
    brought_by: tuple[str, ...] = ()


async def profile(connection: AsyncConnection, member: Member) -> Profile:
    """What is known of a member now."""
    inviters = members.alias()
    seats = (
        await connection.execute(
            select(groups.c.name, memberships.c.nickname, inviters.c.name.label("inviter"))
            .select_from(
                memberships.join(groups).outerjoin(
                    inviters, inviters.c.id == memberships.c.invited_by
                )
            )
            .where(memberships.c.member_id == member.id, memberships.c.left_at.is_(None))
            .order_by(groups.c.name)
        )
    ).all()
    spoken = (
        await connection.execute(
            select(func.count().label("count"), func.max(messages.c.at).label("last")).where(
                messages.c.member_id == member.id, messages.c.kind.in_(("fan", "staff"))
            )
        )
    ).one()
    return Profile(
        member,
        groups=tuple(row.name for row in seats),
        messages=spoken.count,
        last_spoke_at=spoken.last,
        nicknames=tuple(dict.fromkeys(row.nickname for row in seats if row.nickname)),
        brought_by=tuple(dict.fromkeys(row.inviter for row in seats if row.inviter)),
    )
