"""What the ledger tells of campaigns that are looked back on, and what fans did after their posts.

A review is of one campaign or of all campaigns of a programme, and of parts of them: single posts,
or a programme's phases. Here the deliveries are counted, post by post, and what fans did within a
window after each part's posts, by the sources that trials are counted from (`outcome_sources.py`).
Nothing is written.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    and_,
    case,
    distinct,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
    union,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.deliveries import DeliveryState
from storage.outcome_sources import IN_GROUPS, IN_PRIVATE, Metric, Source
from storage.outcomes import Counted, Later, count_people
from storage.tables import deliveries, members, memberships

REACHED = (DeliveryState.SENT, DeliveryState.UNCERTAIN)
"""The states of what fans could see, or may have seen."""


@dataclass(frozen=True, slots=True)
class Stand:
    """How many deliveries of one post stand so; `since` is when the first was begun or due."""

    campaign_id: int
    slot: str
    in_private: bool
    state: DeliveryState
    reason: str | None
    count: int
    since: datetime


@dataclass(frozen=True, slots=True)
class After:
    """What came of the posts of one part that reached somebody, in groups or in private.

    `recipients` are groups, or customers; `fans` those who sat in the groups, or the customers.
    Each fan counts once, in however many groups.
    """

    posts: int
    recipients: int
    fans: Counted
    did: Mapping[Metric, Counted]

    def people(self, metric: Metric) -> int:
        """How many fans did it."""
        return self.did.get(metric, Counted()).people


Part = Mapping[int, Collection[str] | None]
"""Campaign id → the slots that belong to a part; None: all of them."""


@dataclass(frozen=True, slots=True)
class Looking:
    """How it is counted: for how long after each post, what names the shop or the product.

    Who was first seen at `new_since` or later is a new customer.
    """

    window: timedelta
    words: Collection[str]
    new_since: datetime


_SINCE = func.coalesce(deliveries.c.began_at, deliveries.c.not_before)


async def stands(connection: AsyncConnection, campaign_ids: Collection[int]) -> list[Stand]:
    """The deliveries of these campaigns by post, state and reason; the earliest post first."""
    in_private = deliveries.c.member_id.is_not(None).label("in_private")
    since = func.min(_SINCE)
    kinds = (
        deliveries.c.campaign_id,
        deliveries.c.slot,
        in_private,
        deliveries.c.state,
        deliveries.c.reason,
    )
    rows = await connection.execute(
        select(*kinds, func.count(), since)
        .where(deliveries.c.campaign_id.in_(list(campaign_ids)))
        .group_by(*kinds)
        .order_by(since, deliveries.c.campaign_id, deliveries.c.slot, deliveries.c.state)
    )
    return [
        Stand(campaign, slot, bool(private), DeliveryState(state), reason, count, first)
        for campaign, slot, private, state, reason, count, first in rows
    ]


async def groups_concerned(
    connection: AsyncConnection, campaign_ids: Collection[int]
) -> frozenset[int]:
    """The groups that these campaigns spoke to, and those that sit whom they wrote to."""
    which = deliveries.c.campaign_id.in_(list(campaign_ids))
    spoken_to = select(deliveries.c.group_id).where(which, deliveries.c.group_id.is_not(None))
    theirs = (
        select(memberships.c.group_id)
        .join(deliveries, deliveries.c.member_id == memberships.c.member_id)
        .where(which, memberships.c.left_at.is_(None))
    )
    found = await connection.scalars(union(spoken_to, theirs))
    return frozenset(found)


async def aftermath(
    connection: AsyncConnection, parts: Mapping[str, Part], looking: Looking
) -> dict[tuple[str, bool], After]:
    """(part, in private) → what came of it; parts whose posts reached nobody are missing.

    A post belongs to the first part that names it.
    """
    if not parts:
        return {}
    posts = _posts(parts, looking.window)
    rows = await connection.execute(
        select(
            posts.c.part,
            func.count(posts.c.group_id),
            func.count(distinct(posts.c.group_id)),
            func.count(posts.c.customer_id),
            func.count(distinct(posts.c.customer_id)),
        ).group_by(posts.c.part)
    )
    counted = rows.all()
    in_groups = {part: (sent, groups) for part, sent, groups, _, _ in counted if sent}
    in_private = {part: (sent, people) for part, _, _, sent, people in counted if sent}
    found: dict[tuple[str, bool], After] = {}
    for private, reached, fans, sources in (
        (False, in_groups, _seated(posts), IN_GROUPS),
        (True, in_private, _written_to(posts), IN_PRIVATE),
    ):
        if not reached:
            continue
        everybody = await _count(connection, looking, posts, fans)
        did = {
            metric: await _count(connection, looking, posts, source(posts, looking.words))
            for metric, source in sources.items()
        }
        for part, (sent, recipients) in reached.items():
            found[part, private] = After(
                sent,
                recipients,
                everybody.get(part, Counted()),
                {metric: people.get(part, Counted()) for metric, people in did.items()},
            )
    return found


def _posts(parts: Mapping[str, Part], window: timedelta) -> CTE:
    """The posts that reached somebody: of each its part, whom it was for, and its window."""
    seconds: ColumnElement[int] = literal_column(str(int(window.total_seconds())))
    whens = [(_belongs(part), literal(name)) for name, part in parts.items()]
    part = case(*whens)
    ids = {campaign for part in parts.values() for campaign in part}
    return (
        select(
            part.label("part"),
            deliveries.c.group_id,
            members.c.customer_id,
            deliveries.c.receipt,
            _SINCE.label("since"),
            Later(_SINCE, seconds).label("until"),
        )
        .select_from(deliveries.outerjoin(members, members.c.id == deliveries.c.member_id))
        .where(
            deliveries.c.campaign_id.in_(ids), deliveries.c.state.in_(REACHED), part.is_not(None)
        )
        .cte("posts")
    )


def _belongs(part: Part) -> ColumnElement[bool]:
    return or_(
        *(
            and_(
                deliveries.c.campaign_id == campaign,
                true() if slots is None else deliveries.c.slot.in_(list(slots)),
            )
            for campaign, slots in part.items()
        )
    )


def _seated(posts: CTE) -> Source:
    """Who sat in the groups when something was said there."""
    return Source(
        posts.join(memberships, memberships.c.group_id == posts.c.group_id),
        memberships.c.member_id,
        and_(
            memberships.c.joined_at <= posts.c.since,
            or_(memberships.c.left_at.is_(None), memberships.c.left_at > posts.c.since),
        ),
    )


def _written_to(posts: CTE) -> Source:
    """Who was written to, by every member that they are."""
    theirs = posts.join(members, members.c.customer_id == posts.c.customer_id)
    return Source(theirs, members.c.id, true())


async def _count(
    connection: AsyncConnection, looking: Looking, posts: CTE, source: Source
) -> dict[Any, Counted]:
    return await count_people(connection, looking.new_since, posts.c.part, source)
