"""What the ledger tells of campaigns that are looked back on, and what fans did after their posts.

A review is of one campaign or of all campaigns of a programme, and of parts of them: single posts,
or a programme's phases. Here the deliveries are counted, post by post, and what fans did within a
window after each part's posts, by the sources that trials are counted from (`outcome_sources.py`).
Nothing is written.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

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
    """What came of posts that reached somebody.

    `recipients` are groups, or customers who were written to; `fans` those who sat in the groups,
    or the customers. Each fan counts once, in however many groups.
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
    in_groups = {part: (sent, seats) for part, (sent, seats, _, _) in reached.items() if sent}
    in_private = {part: (sent, people) for part, (_, _, sent, people) in reached.items() if sent}
    of_groups = _sources(posts, looking, IN_GROUPS, _seated(posts))
    of_people = _sources(posts, looking, IN_PRIVATE, _written_to(posts))
    groups = await _after(connection, looking, posts.c.part, of_groups, in_groups)
    private = await _after(connection, looking, posts.c.part, of_people, in_private)
    both: dict[str, After] = {}
    if mixed := in_groups.keys() & in_private.keys():
        sums = {
            part: [
                one + other for one, other in zip(in_groups[part], in_private[part], strict=True)
            ]
            for part in mixed
        }
        both = await _after_both(connection, looking, posts, (of_groups, of_people), sums)
    return {
        part: Aftermath(
            groups.get(part),
            private.get(part),
            both.get(part) or groups.get(part) or private.get(part),
        )
        for part in reached
    }


_Sources = Mapping[Metric | None, Source]
"""Where to read who did what; None: who the fans are."""


def _sources(
    posts: CTE,
    looking: Looking,
    by_metric: Mapping[Metric, Callable[[CTE, Collection[str]], Source]],
    fans: Source,
) -> _Sources:
    return {
        None: fans,
        **{metric: source(posts, looking.words) for metric, source in by_metric.items()},
    }


async def _after(
    connection: AsyncConnection,
    looking: Looking,
    part: ColumnElement[str],
    sources: _Sources,
    reached: Mapping[str, Sequence[int]],
) -> dict[str, After]:
    """What came of the parts that reached somebody: so many posts, and recipients."""
    if not reached:
        return {}
    counted = {
        metric: await count_people(connection, looking.new_since, part, source)
        for metric, source in sources.items()
    }
    return _put_together(counted, reached)


async def _after_both(
    connection: AsyncConnection,
    looking: Looking,
    posts: CTE,
    sources: tuple[_Sources, _Sources],
    reached: Mapping[str, Sequence[int]],
) -> dict[str, After]:
    """The same of posts in groups and private messages together: who did it in either way."""
    counted = {}
    for metric in sources[0]:
        either = union(
            *(
                select(posts.c.part.label("part"), one[metric].member.label("member_id"))
                .select_from(one[metric].rows)
                .where(one[metric].which)
                for one in sources
            )
        ).subquery()
        source = Source(either, either.c.member_id, true())
        counted[metric] = await count_people(connection, looking.new_since, either.c.part, source)
    return _put_together(counted, reached)


def _put_together(
    counted: Mapping[Metric | None, Mapping[str, Counted]], reached: Mapping[str, Sequence[int]]
) -> dict[str, After]:
    return {
        part: After(
            sent,
            recipients,
            counted[None].get(part, Counted()),
            {
                metric: people.get(part, Counted())
                for metric, people in counted.items()
                if metric is not None
            },
        )
        for part, (sent, recipients) in reached.items()
    }


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
