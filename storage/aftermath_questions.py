"""The questions behind `aftermath.py`: of each fan, after which posts they did what.

The posts are asked for once in each question, with a bit for the cell that each belongs to. All
that is asked of the posts in groups, or of the private messages, is one question, for finding the
posts among a shop's deliveries takes as long as most that is asked of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    CursorResult,
    Select,
    and_,
    case,
    cast,
    column,
    exists,
    func,
    literal_column,
    null,
    or_,
    select,
    table,
    true,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import given
from storage.columns import Identity, Words
from storage.deliveries import DeliveryState
from storage.dialects import AllBits, Later
from storage.members import OURS
from storage.outcome_sources import (
    IN_GROUPS,
    IN_PRIVATE,
    SAID_BY_THEM,
    SAID_IN_GROUPS,
    Metric,
    Source,
    said_by_them,
    said_there,
)
from storage.tables import customers, deliveries, members, memberships

REACHED = (DeliveryState.SENT, DeliveryState.UNCERTAIN)
"""The states of what fans could see, or may have seen."""
MOST_CELLS = 60
"""So many bits a number holds, on both engines."""


class Way(Enum):
    """How posts reach people."""

    GROUPS = "groups"
    PRIVATE = "private"


@dataclass(frozen=True, slots=True)
class Cell:
    """The posts (campaign and slot) that belong to the same parts."""

    posts: Sequence[tuple[int, str]]
    parts: frozenset[str]


@dataclass(frozen=True, slots=True)
class Looking:
    """How it is counted: for how long after each post, what names the shop or the product.

    Who was first seen at `new_since` or later is a new customer.
    """

    window: timedelta
    words: Collection[str]
    new_since: datetime


Kind = Sequence[Metric | None]
"""What a question tells in its columns behind the member; None: who the fans are."""


async def posts_sent(connection: AsyncConnection, cells: Sequence[Cell]) -> Sequence[Any]:
    """Campaign, slot and group (None: in private), and how many posts of these cells reached it.

    There may be others among them, of the same campaigns.
    """
    where = deliveries.c.campaign_id, deliveries.c.slot, deliveries.c.group_id
    sent = select(*where, func.count()).where(*_reached(cells)).group_by(*where)
    return (await connection.execute(sent)).all()


async def deeds(
    connection: AsyncConnection, way: Way, cells: Sequence[Cell], looking: Looking
) -> tuple[Sequence[Kind], CursorResult[Any]]:
    """Who did what after the posts of at most `MOST_CELLS` cells that went this way.

    A row is a customer, whether they are new, a place among the kinds, and for each metric of that
    kind the bits of the cells, 0 or None for none; a customer may have several rows of a kind.
    """
    posts, parameters = _posts(connection, way, cells, looking.window)
    kinds, questions = zip(*_questions(way, posts, looking.words), strict=True)
    once = union_all(*_alike(questions)).subquery()
    known = members.alias("known")
    old = exists().where(
        known.c.customer_id == members.c.customer_id, known.c.first_seen_at < looking.new_since
    )
    _, *told = once.c
    whose: Select[*tuple[Any, ...]] = (
        select(members.c.customer_id, ~old, *told)
        .select_from(
            once.join(members, members.c.id == once.c.member_id).join(
                customers, customers.c.id == members.c.customer_id
            )
        )
        .where(~members.c.staff, ~OURS, ~customers.c.no_record)
    )
    return kinds, await connection.execute(whose, parameters)


_GIVEN = table(
    "cells", column("campaign_id", Identity), column("slot", Words), column("bit", Identity)
)
_SINCE = func.coalesce(deliveries.c.began_at, deliveries.c.not_before)


def _reached(cells: Sequence[Cell]) -> tuple[ColumnElement[bool], ...]:
    """Whether a delivery may be one of these cells', and reached somebody."""
    campaigns = sorted({campaign for cell in cells for campaign, _ in cell.posts})
    return deliveries.c.campaign_id.in_(campaigns), deliveries.c.state.in_(REACHED)


def _posts(
    connection: AsyncConnection, way: Way, cells: Sequence[Cell], window: timedelta
) -> tuple[CTE, Mapping[str, Any]]:
    """The posts of one way that reached somebody, of each its bit, whom, and its window.

    They come with the parameters of the question that they are for.
    """
    rows = [
        {"campaign_id": campaign, "slot": slot, "bit": 1 << place}
        for place, cell in enumerate(cells)
        for campaign, slot in cell.posts
    ]
    named, parameters = given(connection, _GIVEN, rows)
    of_cell = select(*named.c).cte("cells").prefix_with("MATERIALIZED")
    same = and_(
        of_cell.c.campaign_id == deliveries.c.campaign_id, of_cell.c.slot == deliveries.c.slot
    )
    theirs = deliveries.c.group_id if way is Way.GROUPS else deliveries.c.member_id
    seconds: ColumnElement[int] = literal_column(str(int(window.total_seconds())))
    # An outer join that drops what it finds no cell for: so each delivery is looked at once, and
    # not once for each cell.
    bit = func.coalesce(cast(of_cell.c.bit, Identity), 0)
    posts = (
        select(
            bit.label("bit"),
            deliveries.c.campaign_id,
            deliveries.c.group_id,
            members.c.customer_id,
            deliveries.c.receipt,
            _SINCE.label("since"),
            Later(_SINCE, seconds).label("until"),
        )
        .select_from(
            deliveries.outerjoin(of_cell, same).outerjoin(
                members, members.c.id == deliveries.c.member_id
            )
        )
        .where(*_reached(cells), theirs.is_not(None), bit > 0)
    )
    return posts.cte("posts").prefix_with("MATERIALIZED"), parameters


def _questions(way: Way, posts: CTE, words: Collection[str]) -> Iterator[tuple[Kind, Select[Any]]]:
    """Of each member the bits of the cells after which they did something, and of all fans."""
    if way is Way.GROUPS:
        yield from (((None,), one) for one in _seated(posts))
        said, which, sources = said_there(posts), SAID_IN_GROUPS, IN_GROUPS
    else:
        theirs = posts.join(members, members.c.customer_id == posts.c.customer_id)
        yield (None,), _bits(posts, Source(theirs, members.c.id, true()), true())
        said, which, sources = said_by_them(posts), SAID_BY_THEM, IN_PRIVATE
    # What is said is most of all that is read: it is looked at once for all that it may tell.
    yield tuple(which), _bits(posts, said, *(one(posts, words) for one in which.values()))
    for metric in Metric:
        if metric not in which:
            yield (metric,), _bits(posts, sources[metric](posts, words), true())


def _seated(posts: CTE) -> Iterator[Select[Any]]:
    """Who sat in a group when a post came there."""
    spans = (
        select(
            posts.c.group_id,
            func.min(posts.c.since).label("first"),
            func.max(posts.c.since).label("last"),
            AllBits(posts.c.bit).label("bits"),
        )
        .group_by(posts.c.group_id)
        .subquery("spans")
    )
    all_along = and_(
        memberships.c.joined_at <= spans.c.first,
        or_(memberships.c.left_at.is_(None), memberships.c.left_at > spans.c.last),
    )
    seats = spans.join(memberships, memberships.c.group_id == spans.c.group_id)
    # Most sit there from the first post to the last: of them no post is looked at by itself.
    yield select(memberships.c.member_id, spans.c.bits).select_from(seats).where(all_along)
    there = and_(
        posts.c.group_id == memberships.c.group_id,
        memberships.c.joined_at <= posts.c.since,
        or_(memberships.c.left_at.is_(None), memberships.c.left_at > posts.c.since),
    )
    others = Source(seats.join(posts, there), memberships.c.member_id, ~all_along)
    yield _bits(posts, others, true())


def _bits(posts: CTE, source: Source, *which: ColumnElement[bool]) -> Select[Any]:
    """The members that a source tells of, and for each condition the bits where it holds."""
    each = (AllBits(case((one, posts.c.bit))) for one in which)
    told: Select[*tuple[Any, ...]] = select(source.member, *each)
    return told.select_from(source.rows).where(source.which).group_by(source.member)


def _alike(questions: Sequence[Select[Any]]) -> Iterator[Select[Any]]:
    """The questions by their place, each with as many columns as the widest."""
    widest = max(len(one.selected_columns) for one in questions)
    for place, one in enumerate(questions):
        asked = one.subquery()
        member, *bits = asked.c
        nothing = [cast(null(), Identity)] * (widest - 1 - len(bits))
        yield select(
            member.label("member_id"),
            literal_column(str(place)).label("kind"),
            *(bits.label(f"bits_{number}") for number, bits in enumerate((*bits, *nothing))),
        )
