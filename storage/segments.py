"""Segments: questions over the fans of a shop, compiled to SQL, the same on both engines.

A `Segment` asks who carries one of some tags, and none of others. Tags are what its members know
of a customer: the tags of all of them count, and one that leaves out does so whichever member
carries it. `people_in` is the one place where the question becomes SQL; a language of segments
that can ask for more is compiled there as well, and nobody who uses a segment need know.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import among
from storage.members import OURS
from storage.tables import members, memberships, tags


@dataclass(frozen=True, slots=True)
class Segment:
    """Who carries one of `tagged`, and none of `untagged`; tags as they are called."""

    tagged: tuple[str, ...]
    untagged: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The segment as plain JSON."""
        return {"tagged": list(self.tagged), "untagged": list(self.untagged)}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Segment:
        """The segment that `to_json` wrote."""
        return cls(tuple(document["tagged"]), tuple(document["untagged"]))


def people_in(segment: Segment, now: datetime) -> ColumnElement[bool]:
    """The condition that a member's customer is in the segment at a moment."""
    return and_(
        members.c.customer_id.in_(_carriers(segment.tagged, now)),
        members.c.customer_id.not_in(_carriers(segment.untagged, now)),
    )


def _carriers(names: Sequence[str], now: datetime) -> Select[tuple[int]]:
    """The customers with a member who carries one of these tags, and still does."""
    known = members.alias()
    return (
        select(known.c.customer_id)
        .join(tags, tags.c.member_id == known.c.id)
        .where(tags.c.tag.in_(names), or_(tags.c.until.is_(None), tags.c.until > now))
    )


async def customers_in(
    connection: AsyncConnection,
    segment: Segment,
    group_ids: Collection[int],
    kept_out: Collection[int],
    now: datetime,
) -> Sequence[int]:
    """The ids of the customers of a segment who sit in one of these groups now, in order.

    Left out are those who sit in one of the groups `kept_out` as well, the staff, and the bot's
    own accounts. A million are 8 MB.
    """
    rows = await connection.scalars(
        select(members.c.customer_id)
        .where(
            people_in(segment, now),
            members.c.id.in_(_sitting(group_ids)),
            members.c.customer_id.not_in(
                select(members.c.customer_id).where(members.c.id.in_(_sitting(kept_out)))
            ),
            ~members.c.staff,
            ~OURS,
        )
        .distinct()
        .order_by(members.c.customer_id)
    )
    return array("q", rows)


def _sitting(group_ids: Collection[int]) -> Select[tuple[int]]:
    return select(memberships.c.member_id).where(
        among(memberships.c.group_id, list(group_ids)), memberships.c.left_at.is_(None)
    )


async def unknown_tags(
    connection: AsyncConnection, names: Collection[str], now: datetime
) -> list[str]:
    """Those of these tags that nobody carries now, in their order."""
    carried = await connection.scalars(
        select(tags.c.tag)
        .where(tags.c.tag.in_(list(names)), or_(tags.c.until.is_(None), tags.c.until > now))
        .distinct()
    )
    known = set(carried)
    return [name for name in dict.fromkeys(names) if name not in known]
