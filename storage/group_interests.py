"""What the fans of each group carry as tags: whether a thing is for a group, or for another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import among
from storage.members import OURS
from storage.tables import members, memberships, tags


@dataclass(slots=True)
class Interests:
    """How many fans (customers) sit in a group, and tag → how many of them carry it."""

    fans: int = 0
    carriers: dict[str, int] = field(default_factory=dict)


async def interests_in(
    connection: AsyncConnection, group_ids: Collection[int], now: datetime
) -> dict[int, Interests]:
    """Group id → what its fans carry at a moment; the staff and the bot's accounts are none."""
    sitting = (
        select(memberships.c.group_id, members.c.id, members.c.customer_id)
        .join(members, members.c.id == memberships.c.member_id)
        .where(
            among(memberships.c.group_id, list(group_ids)),
            memberships.c.left_at.is_(None),
            ~members.c.staff,
            ~OURS,
        )
        .subquery()
    )
    fans = func.count(sitting.c.customer_id.distinct())
    found: defaultdict[int, Interests] = defaultdict(Interests)
    for row in await connection.execute(
        select(sitting.c.group_id, fans.label("fans")).group_by(sitting.c.group_id)
    ):
        found[row.group_id].fans = row.fans
    carried = and_(
        tags.c.member_id == sitting.c.id, or_(tags.c.until.is_(None), tags.c.until > now)
    )
    for row in await connection.execute(
        select(sitting.c.group_id, tags.c.tag, fans.label("fans"))
        .select_from(sitting.join(tags, carried))
        .group_by(sitting.c.group_id, tags.c.tag)
    ):
        found[row.group_id].carriers[row.tag] = row.fans
    return dict(found)
