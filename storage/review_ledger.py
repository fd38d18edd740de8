"""What the ledger tells of campaigns that are looked back on, and what fans did after their posts.

A review is of one campaign or of all campaigns of a programme, and of parts of them: single posts,
or a programme's phases. Here the deliveries are counted, post by post, and what fans did within a
window after each part's posts, by the sources that trials are counted from (`outcome_sources.py`).
Nothing is written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import (
    CTE,
    ColumnElement,
    and_,
    case,
    distinct,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
    union,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.deliveries import DeliveryState
from storage.dialects import Later
from storage.members import OURS
from storage.outcome_sources import IN_GROUPS, IN_PRIVATE, Metric, Source
from storage.outcomes import Counted
from storage.tables import customers, deliveries, members, memberships

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
    """What came of posts that reached somebody.

    `recipients` are groups, or customers who were written to; `fans` those who sat in the groups
    at any time from the first post there to the last, or the customers. Each fan counts once, in
    however many groups.
    """

    posts: int
    recipients: int
    fans: Counted
    did: Mapping[Metric, Counted]

    def people(self, metric: Metric) -> int:
        """How many fans did it."""
        return self.did.get(metric, Counted()).people


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What came of one part: of its posts in groups, of its private messages, and of both.

    Of both together each fan counts once, too. None where nothing reached anybody that way.
    """

    groups: After | None = None
    private: After | None = None
    both: After | None = None

    def people(self, metric: Metric) -> int:
        """How many fans did it."""
        return 0 if self.both is None else self.both.people(metric)

    @property
    def fans(self) -> int:
        """How many fans were reached."""
        return 0 if self.both is None else self.both.fans.people


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
) -> dict[str, Aftermath]:
    """Part → what came of it; parts whose posts reached nobody are missing.

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
    reached = {row[0]: row[1:] for row in rows}
    sources = _sources(posts, looking)
    counted = {
        metric: await _count(connection, looking.new_since, *told)
        for metric, told in sources.items()
    }
    found = {}
    for part, (in_groups, groups, in_private, people) in reached.items():
        ways = (
            (in_groups, groups),
            (in_private, people),
            (in_groups + in_private, groups + people),
        )
        found[part] = Aftermath(
            *(
                After(
                    sent,
                    recipients,
                    counted[None][part][way],
                    {
                        metric: each[part][way]
                        for metric, each in counted.items()
                        if metric is not None
                    },
                )
                if sent
                else None
                for way, (sent, recipients) in enumerate(ways)
            )
        )
    return found


_Ways = tuple[Counted, Counted, Counted]
"""In groups, in private, and in either way."""
_NOBODY: _Ways = (Counted(), Counted(), Counted())


_Told = tuple[ColumnElement[str], Source]
"""Which column of a source tells the part, and the source."""


def _sources(posts: CTE, looking: Looking) -> dict[Metric | None, tuple[_Told, _Told]]:
    """Where to read who did what, in groups and in private; None: who the fans are."""
    part: ColumnElement[str] = posts.c.part
    found: dict[Metric | None, tuple[_Told, _Told]] = {
        metric: (
            (part, source(posts, looking.words)),
            (part, IN_PRIVATE[metric](posts, looking.words)),
        )
        for metric, source in IN_GROUPS.items()
    }
    return {None: (_seated(posts), (part, _written_to(posts))), **found}


async def _count(
    connection: AsyncConnection, new_since: datetime, groups: _Told, private: _Told
) -> Mapping[str, _Ways]:
    """Part → how many customers two sources tell of, and how many of them are new."""
    # Each member once, before anything is asked of them: a busy group says a lot within a window.
    once = union_all(
        *(
            select(
                part.label("part"),
                literal(way).label("way"),
                source.member.label("member_id"),
            )
            .select_from(source.rows)
            .where(source.which)
            .distinct()
            for way, (part, source) in enumerate((groups, private))
        )
    ).subquery()
    customer, known = members.c.customer_id, members.alias("known")
    old = exists().where(known.c.customer_id == customer, known.c.first_seen_at < new_since)
    new = case((~old, customer))
    rows = await connection.execute(
        select(
            once.c.part,
            *(
                func.count(distinct(people)).filter(way)
                for way in (once.c.way == 0, once.c.way == 1, true())
                for people in (customer, new)
            ),
        )
        .select_from(
            once.join(members, members.c.id == once.c.member_id).join(
                customers, customers.c.id == customer
            )
        )
        .where(~members.c.staff, ~OURS, ~customers.c.no_record)
        .group_by(once.c.part)
    )
    found: defaultdict[str, _Ways] = defaultdict(lambda: _NOBODY)
    for part, *counts in rows:
        one, other, either = (Counted(*counts[at : at + 2]) for at in (0, 2, 4))
        found[part] = (one, other, either)
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


def _seated(posts: CTE) -> _Told:
    """Who sat in a group at any time from the first post of a part there to the last."""
    spans = (
        select(
            posts.c.part,
            posts.c.group_id,
            func.min(posts.c.since).label("first"),
            func.max(posts.c.since).label("last"),
        )
        .where(posts.c.group_id.is_not(None))
        .group_by(posts.c.part, posts.c.group_id)
        .subquery("spans")
    )
    source = Source(
        spans.join(memberships, memberships.c.group_id == spans.c.group_id),
        memberships.c.member_id,
        and_(
            memberships.c.joined_at <= spans.c.last,
            or_(memberships.c.left_at.is_(None), memberships.c.left_at > spans.c.first),
        ),
    )
    return spans.c.part, source


def _written_to(posts: CTE) -> Source:
    """Who was written to, by every member that they are."""
    theirs = posts.join(members, members.c.customer_id == posts.c.customer_id)
    return Source(theirs, members.c.id, true())
