"""What happened after a campaign's posts: who did what within a window after each, by variant.

Everything is counted from what is kept anyway: the ledger, messages, comings and goings, coupons,
opt-outs. Nothing is written. A post's window begins when it was begun, for those held out when
they were left out as the others were written to, for whom else nothing was sent to when it was due,
and lasts as long as the trial says. Each fan counts once in a group, whatever they did in however
many windows, and each customer in the arm of their first post.

Posts to groups are counted by group: an arm's groups are what is compared. Private messages are
counted by customer. Who asked for no record, the staff and the bot's own accounts are nobody here.

Where it is all read from is told in `outcome_sources.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    FromClause,
    Select,
    Subquery,
    and_,
    case,
    distinct,
    exists,
    func,
    literal_column,
    or_,
    select,
    true,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.deliveries import DeliveryState
from storage.dialects import Later
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
from storage.slots import HELD_OUT
from storage.tables import (
    customers,
    deliveries,
    members,
    memberships,
)


@dataclass(frozen=True, slots=True)
class Counted:
    """How many people, and how many of them were new customers then."""

    people: int = 0
    new: int = 0


@dataclass(frozen=True, slots=True)
class Tally:
    """What came of one arm in one group, or of all of an arm's customers (`group_id` is None).

    `arm` is a variant's name or `HELD_OUT`; None is who was no part of the trial. `reached` of the
    `posts` were sent. `fans` are those who sat in the group when its first post was due, or the
    customers.
    """

    arm: str | None
    group_id: int | None
    posts: int
    reached: int
    fans: Counted
    did: Mapping[Metric, Counted] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What came of a campaign so far.

    `waiting` are the deliveries of which it is not known yet what becomes of them; `last_ends` is
    when the last window is over, None before the first post was due.
    """

    tallies: tuple[Tally, ...]
    waiting: int
    last_ends: datetime | None


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a campaign's outcomes.

    Attributes:
        campaign_id: the campaign.
        window: how long after a post counts.
        beyond_reach: the reasons of deliveries that could have been sent to nobody, in whichever
            arm: they are no part of the comparison. All others are, sent or not: an arm is who was
            meant to get it.
        words: what names the shop or the product.
        new_since: who was first seen then or later is a new customer.
    """

    campaign_id: int
    window: timedelta
    beyond_reach: Collection[str]
    words: Collection[str]
    new_since: datetime


_PENDING = (DeliveryState.PLANNED, DeliveryState.SENDING)
_REACHED = (DeliveryState.SENT, DeliveryState.UNCERTAIN)
_BEGUN = (DeliveryState.SENDING, *_REACHED, DeliveryState.FAILED)
_HELD_BACK = "hold_out"  # the reason of who is held out by a campaign's share, without a variant


async def outcomes(connection: AsyncConnection, question: Question) -> Outcomes:
    """Everything that came of a campaign's posts, counted now."""
    waiting = await connection.scalar(
        select(func.count())
        .select_from(deliveries)
        .where(
            deliveries.c.campaign_id == question.campaign_id,
            deliveries.c.state.in_(_PENDING),
        )
    )
    posts = _posts(question)
    last: datetime | None = await connection.scalar(select(func.max(posts.c.since)))
    return Outcomes(
        (
            *await _of_groups(connection, question, posts),
            *await _of_people(connection, question, posts),
        ),
        waiting or 0,
        None if last is None else last + question.window,
    )


def _posts(question: Question) -> CTE:
    """The posts that count: of each its arm, whom it was for, and its window."""
    seconds: ColumnElement[int] = literal_column(str(int(question.window.total_seconds())))
    held_out = and_(deliveries.c.state == DeliveryState.SKIPPED, deliveries.c.reason == _HELD_BACK)
    since = case(
        (held_out, deliveries.c.moved_at),
        else_=func.coalesce(deliveries.c.began_at, deliveries.c.not_before),
    )
    possible = and_(
        deliveries.c.state == DeliveryState.SKIPPED,
        deliveries.c.reason.not_in(list(question.beyond_reach)),
    )
    return (
        select(
            deliveries.c.id,
            case((held_out, HELD_OUT), else_=deliveries.c.variant).label("arm"),
            deliveries.c.campaign_id,
            deliveries.c.group_id,
            members.c.customer_id,
            case((deliveries.c.state.in_(_REACHED), 1), else_=0).label("reached"),
            deliveries.c.receipt,
            since.label("since"),
            Later(since, seconds).label("until"),
        )
        .select_from(deliveries.outerjoin(members, members.c.id == deliveries.c.member_id))
        .where(
            deliveries.c.campaign_id == question.campaign_id,
            or_(deliveries.c.state.in_((*_REACHED, DeliveryState.FAILED)), possible),
        )
        .cte("posts")
    )


async def _of_groups(
    connection: AsyncConnection, question: Question, posts: CTE
) -> Sequence[Tally]:
    """What came of each group's posts; its arm is that of its first."""
    rows = await connection.execute(
        select(posts.c.group_id, posts.c.arm, posts.c.reached)
        .where(posts.c.group_id.is_not(None))
        .order_by(posts.c.since, posts.c.id)
    )
    arms: dict[int, str | None] = {}
    sent: defaultdict[int, list[int]] = defaultdict(list)
    for group, arm, reached in rows:
        arms.setdefault(group, arm)
        sent[group].append(reached)
    if not arms:
        return ()
    first = select(posts.c.group_id, func.min(posts.c.since).label("since"))
    begun = first.where(posts.c.group_id.is_not(None)).group_by(posts.c.group_id).subquery()
    seated = Source(
        begun.join(memberships, memberships.c.group_id == begun.c.group_id),
        memberships.c.member_id,
        _sat_there(memberships, begun),
    )
    (fans,) = await count_people(connection, question.new_since, begun.c.group_id, seated)
    said = await count_people(
        connection,
        question.new_since,
        posts.c.group_id,
        said_there(posts),
        *(which(posts, question.words) for which in SAID_IN_GROUPS.values()),
        seated=begun,
    )
    did = dict(zip(SAID_IN_GROUPS, said, strict=True))
    for metric in IN_GROUPS.keys() - did.keys():
        (did[metric],) = await count_people(
            connection,
            question.new_since,
            posts.c.group_id,
            IN_GROUPS[metric](posts, question.words),
            seated=begun,
        )
    return [
        Tally(
            arm,
            group,
            len(sent[group]),
            sum(sent[group]),
            fans.get(group, Counted()),
            {metric: found.get(group, Counted()) for metric, found in did.items()},
        )
        for group, arm in arms.items()
    ]


def _sat_there(seats: FromClause, begun: Subquery) -> ColumnElement[bool]:
    """Whether somebody sat in a group when its first post was due."""
    return and_(
        seats.c.joined_at <= begun.c.since,
        or_(seats.c.left_at.is_(None), seats.c.left_at > begun.c.since),
    )


async def _of_people(
    connection: AsyncConnection, question: Question, posts: CTE
) -> Sequence[Tally]:
    """What came of each arm's private messages; a customer's arm is that of their first."""
    first = func.first_value(posts.c.arm).over(
        partition_by=posts.c.customer_id, order_by=(posts.c.since, posts.c.id)
    )
    others = [column for column in posts.c if column.name != "arm"]
    posts = (
        select(first.label("arm"), *others)
        .where(posts.c.customer_id.is_not(None))
        .cte("private_posts")
    )
    rows = await connection.execute(
        select(posts.c.arm, func.count(), func.sum(posts.c.reached))
        .group_by(posts.c.arm)
        .order_by(posts.c.arm)
    )
    sent = {arm: (count, reached) for arm, count, reached in rows}
    if not sent:
        return ()
    theirs = posts.join(members, members.c.customer_id == posts.c.customer_id)
    (fans,) = await count_people(
        connection, question.new_since, posts.c.arm, Source(theirs, members.c.id, true())
    )
    said = await count_people(
        connection,
        question.new_since,
        posts.c.arm,
        said_by_them(posts),
        *(which(posts, question.words) for which in SAID_BY_THEM.values()),
    )
    did = dict(zip(SAID_BY_THEM, said, strict=True))
    for metric in IN_PRIVATE.keys() - did.keys():
        source = IN_PRIVATE[metric](posts, question.words)
        (did[metric],) = await count_people(connection, question.new_since, posts.c.arm, source)
    return [
        Tally(
            arm,
            None,
            count,
            reached,
            fans.get(arm, Counted()),
            {metric: found.get(arm, Counted()) for metric, found in did.items()},
        )
        for arm, (count, reached) in sent.items()
    ]


async def count_people(
    connection: AsyncConnection,
    new_since: datetime,
    by: ColumnElement[Any],
    source: Source,
    *which: ColumnElement[bool],
    seated: Subquery | None = None,
) -> list[dict[Any, Counted]]:
    """How many customers a source tells of, and how many of them are new, by a column of its rows.

    Args:
        connection: an open transaction.
        new_since: who was first seen then or later is new.
        by: the column.
        source: what is read.
        which: for each of these conditions they are counted by themselves; none: all of it once.
        seated: where `by` is a group, count only who sat there when its first post was due.
    """
    # Each member once, before anything is asked of them: a busy group says a lot within a window.
    flags = [func.max(case((one, 1), else_=0)) for one in which or (true(),)]
    once = (
        select(by.label("by"), source.member.label("member_id"), *flags)
        .select_from(source.rows)
        .where(source.which)
        .group_by(by, source.member)
        .subquery()
    )
    known, customer = members.alias("known"), members.c.customer_id
    old = exists().where(known.c.customer_id == customer, known.c.first_seen_at < new_since)
    counts = [
        func.count(distinct(case((and_(*are), customer))))
        for did in list(once.c)[2:]
        for are in ((did == 1,), (did == 1, ~old))
    ]
    question: Select[Any] = (
        select(once.c.by, *counts)
        .select_from(
            once.join(members, members.c.id == once.c.member_id).join(
                customers, customers.c.id == customer
            )
        )
        .where(~members.c.staff, ~OURS, ~customers.c.no_record)
        .group_by(once.c.by)
    )
    if seated is not None:
        seats = memberships.alias()
        question = question.where(
            exists().where(
                seated.c.group_id == once.c.by,
                seats.c.group_id == once.c.by,
                seats.c.member_id == once.c.member_id,
                _sat_there(seats, seated),
            )
        )
    rows = (await connection.execute(question)).all()
    return [
        {row[0]: Counted(row[place], row[place + 1]) for row in rows if row[place]}
        for place in range(1, 2 * len(flags), 2)
    ]


async def begun_version(
    connection: AsyncConnection, campaign_id: int, beyond_reach: Collection[str]
) -> int | None:
    """The content version of the first delivery that is over or under way; None before it.

    What was fixed in it was fixed before anything came of the campaign. What was left out for a
    reason `beyond_reach` went to nobody: it begins nothing.
    """
    version: int | None = await connection.scalar(
        select(deliveries.c.version_id)
        .where(
            deliveries.c.campaign_id == campaign_id,
            or_(
                deliveries.c.state.in_(_BEGUN),
                and_(
                    deliveries.c.state == DeliveryState.SKIPPED,
                    deliveries.c.reason.not_in(list(beyond_reach)),
                ),
            ),
        )
        .order_by(func.coalesce(deliveries.c.began_at, deliveries.c.moved_at), deliveries.c.id)
        .limit(1)
    )
    return version
