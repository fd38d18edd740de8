"""Segments: questions over the fans of a shop, written in a language of their own.

A `Segment` is an expression such as `tag:敏感肌 and last_active < 30d`; the rooms of
`segment_language/` read it and make it SQL. What it asks is asked of customers: the facts of all
their members count together. A segment may name one that was saved: `saved_segments.py` puts that
one's question in its place, before anybody is looked for.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import among
from storage.members import OURS
from storage.segment_language.compiling import compiled
from storage.segment_language.questions import (
    Condition,
    InGroup,
    Mark,
    Not,
    Question,
    Tagged,
    conditions,
    every,
    rewritten,
)
from storage.segment_language.reading import LONGEST_KEPT, read
from storage.segment_language.writing import written
from storage.tables import members, memberships, saved_segments, tags

_FAR_APART, _MANY = 48_271, 65_537  # primes: neighbours by id come far from one another


@dataclass(frozen=True, slots=True)
class Segment:
    """Who is meant, as an expression in its canonical form: make one with `parse` or `asking`."""

    expression: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """The segment that a text means.

        Raises:
            SegmentUnreadable: it means none; `trouble` says what is wrong with it, and where.
        """
        return cls.asking(read(text))

    @classmethod
    def asking(cls, question: Question) -> Self:
        """The segment that asks this."""
        return cls(written(question))

    @classmethod
    def carrying(cls, *tagged: str, untagged: Sequence[str] = ()) -> Self:
        """Who carries one of these tags, and none of the others."""
        without = [Not(Tagged(tuple(untagged)))] if untagged else []
        return cls.asking(every(*([Tagged(tagged)] if tagged else []), *without))

    @property
    def question(self) -> Question:
        """What it asks.

        Raises:
            SegmentUnreadable: it was put together from too many, or too deep.
        """
        return read(self.expression, LONGEST_KEPT)

    def regrouped(self, group: int, instead: int) -> Self:
        """The segment with one group's id in the place of another's."""

        def moved(one: Condition) -> Question:
            if not isinstance(one, InGroup) or group not in one.ids:
                return one
            return InGroup(one.names, tuple(sorted({*one.ids, instead} - {group})))

        return type(self).asking(rewritten(self.question, moved))

    def to_json(self) -> dict[str, Any]:
        """The segment as plain JSON."""
        return {"expression": self.expression}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """The segment that `to_json` wrote, now or when a segment was only tags."""
        if "expression" in document:
            return cls(document["expression"])
        return cls.carrying(*document["tagged"], untagged=document["untagged"])


def people_in(segment: Segment, now: datetime) -> ColumnElement[bool]:
    """The condition that a member's customer is in the segment at a moment."""
    return compiled(segment.question, now)


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


async def members_in(connection: AsyncConnection, segment: Segment, now: datetime) -> list[int]:
    """The ids of all members whose customer is in a segment, on whichever channel, in order."""
    rows = await connection.scalars(
        select(members.c.id).where(people_in(segment, now)).order_by(members.c.id)
    )
    return list(rows)


@dataclass(frozen=True, slots=True)
class Match:
    """A member of a segment: their ids and what the platform calls them."""

    member_id: int
    customer_id: int
    name: str


async def matches(
    connection: AsyncConnection, segment: Segment, now: datetime, most: int | None = None
) -> list[Match]:
    """The members whose customer is in a segment, by id; or `most` of them, from here and there.

    The bot's own accounts are nobody; the staff are there only where the segment asks for them.
    """
    question = select(members.c.id, members.c.customer_id, members.c.name).where(
        _counted(segment, now)
    )
    mixed = (members.c.id * _FAR_APART % _MANY, members.c.id)
    by = (members.c.id,) if most is None else mixed
    rows = await connection.execute(question.order_by(*by).limit(most))
    return [Match(*row) for row in rows]


async def size_of(connection: AsyncConnection, segment: Segment, now: datetime) -> int:
    """How many customers are in a segment; counted are those whom `matches` finds."""
    counted = select(func.count(members.c.customer_id.distinct()))
    return int(await connection.scalar(counted.where(_counted(segment, now))) or 0)


async def counted_in(connection: AsyncConnection, segment: Segment, now: datetime) -> Sequence[int]:
    """The ids of the customers whom `size_of` counts, in order."""
    rows = await connection.scalars(
        select(members.c.customer_id)
        .where(_counted(segment, now))
        .distinct()
        .order_by(members.c.customer_id)
    )
    return array("q", rows)


def _counted(segment: Segment, now: datetime) -> ColumnElement[bool]:
    people = and_(people_in(segment, now), ~OURS)
    asks_for_staff = Mark.STAFF in conditions(segment.question)
    return people if asks_for_staff else and_(people, ~members.c.staff)


async def segment_named(connection: AsyncConnection, shop_id: int, name: str) -> Segment | None:
    """The segment that was saved under a name."""
    found = await connection.scalar(
        select(saved_segments.c.expression).where(
            saved_segments.c.shop_id == shop_id, saved_segments.c.name == name
        )
    )
    return None if found is None else Segment(found)


async def unknown_tags(
    connection: AsyncConnection, names: Collection[str], now: datetime
) -> list[str]:
    """Those of these tags that nobody carries now, in their order."""
    carried = await connection.scalars(
        select(tags.c.tag)
        .where(among(tags.c.tag, names), or_(tags.c.until.is_(None), tags.c.until > now))
        .distinct()
    )
    known = set(carried)
    return [name for name in dict.fromkeys(names) if name not in known]
