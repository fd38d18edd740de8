"""Segments saved under a name, and what an expression names: tags, groups, other segments.

An expression may name a saved segment (`segment:常客 and last_active > 60d`). Wherever one is kept
or used, `pinned` puts that one's question in the place of its name: what was approved stays what
it was when the saved one is changed later, and no two can name each other in a circle. It also
holds groups by their ids, so that a new name never changes who is left out.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import insert
from storage.errors import StorageError
from storage.groups import ACCEPTED
from storage.segment_language.questions import (
    Condition,
    InGroup,
    InTaggedGroup,
    Question,
    Saved,
    Tagged,
    conditions,
    rewritten,
    wanted,
)
from storage.segments import Segment, unknown_tags
from storage.tables import group_tags, groups, saved_segments


class SavedSegmentUnknown(StorageError):
    """An expression names a saved segment that there is none of."""

    number = 151
    sentence = "There is no saved segment {name!r}."
    mend = "The saved ones are: {known}."


@dataclass(frozen=True, slots=True)
class SavedSegment:
    """A segment with its name, who saved it, and when."""

    name: str
    segment: Segment
    set_by: str
    set_at: datetime


async def save_segment(
    connection: AsyncConnection, shop_id: int, name: str, segment: Segment, *, by: str, at: datetime
) -> bool:
    """Save a segment under a name, in the place of one that had it; whether there was one.

    What it asks of other saved ones is written into it: what becomes of them later is nothing to
    it.

    Raises:
        SavedSegmentUnknown: it names one that there is none of.
        SegmentUnreadable: with those it names it asks too much at once.
    """
    whole = await _expanded(connection, shop_id, segment)
    before = await connection.scalar(select(saved_segments.c.name).where(_is(shop_id, name)))
    set_to = {"expression": whole.expression, "set_by": by, "set_at": at}
    await connection.execute(
        insert(connection, saved_segments)
        .values(shop_id=shop_id, name=name, **set_to)
        .on_conflict_do_update(index_elements=["shop_id", "name"], set_=set_to)
    )
    return before is not None


async def delete_segment(connection: AsyncConnection, shop_id: int, name: str) -> bool:
    """Forget a saved segment; False where there is none. What was made with it stays as it is."""
    gone = await connection.execute(delete(saved_segments).where(_is(shop_id, name)))
    return gone.rowcount == 1


async def all_segments(connection: AsyncConnection, shop_id: int) -> list[SavedSegment]:
    """Every saved segment, by name."""
    rows = await connection.execute(
        select(saved_segments)
        .where(saved_segments.c.shop_id == shop_id)
        .order_by(saved_segments.c.name)
    )
    return [SavedSegment(row.name, Segment(row.expression), row.set_by, row.set_at) for row in rows]


async def pinned(connection: AsyncConnection, shop_id: int, segment: Segment) -> Segment:
    """The segment without the names of others, and with groups by their ids.

    A name that no group has stays as it is.

    Raises:
        SavedSegmentUnknown: it names a saved segment that there is none of.
        SegmentUnreadable: with those it names it asks too much at once.
    """
    whole = await _expanded(connection, shop_id, segment)
    asked = {
        name for one in conditions(whole.question) if isinstance(one, InGroup) for name in one.names
    }
    if not asked:
        return whole
    rows = await connection.execute(
        select(groups.c.name, groups.c.id)
        .where(_fans_of(shop_id), groups.c.name.in_(asked))
        .order_by(groups.c.id)
    )
    found: dict[str, list[int]] = {}
    for name, group in rows:
        found.setdefault(name, []).append(group)

    def by_id(one: Condition) -> Question:
        if not isinstance(one, InGroup):
            return one
        ids = {group for name in one.names for group in found.get(name, ())}
        return InGroup(
            tuple(name for name in one.names if name not in found),
            tuple(sorted(ids.union(one.ids))),
        )

    return _readable(Segment.asking(rewritten(whole.question, by_id)))


async def nobody_knows(
    connection: AsyncConnection, shop_id: int, segment: Segment, now: datetime
) -> list[Condition]:
    """What a segment names that is not there, each as the condition on it alone.

    That is a tag that nobody carries, or a group or a group tag that the shop does not have. Whom a
    tag leaves out may be nobody yet: see `spares_nobody`.
    """
    asked = list(conditions(segment.question))
    tags = _each(list(wanted(segment.question)), Tagged)
    of_groups = _each(asked, InTaggedGroup)
    names = [name for one in asked if isinstance(one, InGroup) for name in one.names]
    missing: list[Condition] = []
    if tags:
        missing += [Tagged((one,)) for one in await unknown_tags(connection, tags, now)]
    if names:
        known = await connection.scalars(select(groups.c.name).where(_fans_of(shop_id)))
        missing += [InGroup((one,)) for one in _without(names, set(known))]
    if of_groups:
        known = await connection.scalars(
            select(group_tags.c.tag).join(groups).where(_fans_of(shop_id)).distinct()
        )
        missing += [InTaggedGroup((one,)) for one in _without(of_groups, set(known))]
    return missing


async def spares_nobody(
    connection: AsyncConnection, segment: Segment, now: datetime
) -> list[Tagged]:
    """The tags that leave nobody out, since nobody carries them: perhaps they are misspelt."""
    unwanted = _each(list(wanted(segment.question, wants=False)), Tagged)
    return [Tagged((one,)) for one in await unknown_tags(connection, unwanted, now)]


async def _expanded(connection: AsyncConnection, shop_id: int, segment: Segment) -> Segment:
    """The segment with the questions of those it names in the place of their names."""
    named = {one.name for one in conditions(segment.question) if isinstance(one, Saved)}
    if not named:
        return segment
    saved = {one.name: one.segment for one in await all_segments(connection, shop_id)}
    for name in sorted(named - saved.keys()):
        raise SavedSegmentUnknown(name=name, known=", ".join(saved) or "none")

    def in_place(one: Condition) -> Question:
        return saved[one.name].question if isinstance(one, Saved) else one

    return _readable(Segment.asking(rewritten(segment.question, in_place)))


def _readable(segment: Segment) -> Segment:
    """The segment, if what was put together is not more than an expression may ask.

    Raises:
        SegmentUnreadable: it is.
    """
    _ = segment.question
    return segment


def _is(shop_id: int, name: str) -> ColumnElement[bool]:
    return (saved_segments.c.shop_id == shop_id) & (saved_segments.c.name == name)


def _fans_of(shop_id: int) -> ColumnElement[bool]:
    return (groups.c.shop_id == shop_id) & ~groups.c.is_staff & ACCEPTED


def _each(asked: Sequence[Condition], kind: type[Tagged | InTaggedGroup]) -> list[str]:
    return [name for one in asked if isinstance(one, kind) for name in one.tags]


def _without(names: Sequence[str], known: Collection[str]) -> list[str]:
    return [name for name in dict.fromkeys(names) if name not in known]
