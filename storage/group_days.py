"""A day of groups in figures: who was there and who spoke, and what became of the shop's posts.

Each question is answered for any number of groups at once; groups of which nothing is to be told
are missing in the answer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, literal, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import among
from storage.deliveries import DeliveryState
from storage.members import OURS
from storage.messages import FAN
from storage.tables import customers, deliveries, members, memberships, messages

_LONGEST_UNDER_WAY = timedelta(days=7)  # between the beginning of a post and what became of it


@dataclass(frozen=True, slots=True)
class Presence:
    """How many fans were in a group, as far as the bot knows them, and how many of them spoke."""

    there: int
    spoke: int


async def presence(
    connection: AsyncConnection, group_ids: Collection[int], since: datetime, until: datetime
) -> dict[int, Presence]:
    """Group id → who was there at any time since ≤ t < until, and who said something then.

    Who asked for no record is not counted.
    """
    sat = select(memberships.c.group_id, memberships.c.member_id, literal(0).label("spoke")).where(
        among(memberships.c.group_id, group_ids),
        memberships.c.joined_at < until,
        or_(memberships.c.left_at.is_(None), memberships.c.left_at >= since),
    )
    spoke = (
        select(messages.c.group_id, messages.c.member_id, literal(1).label("spoke"))
        .where(
            among(messages.c.group_id, group_ids),
            messages.c.at >= since,
            messages.c.at < until,
            messages.c.kind == FAN,
        )
        .distinct()
    )
    either = union_all(sat, spoke).subquery()
    each = (
        select(either.c.group_id, either.c.member_id, func.max(either.c.spoke).label("spoke"))
        .group_by(either.c.group_id, either.c.member_id)
        .subquery()
    )
    rows = await connection.execute(
        select(each.c.group_id, func.count(), func.sum(each.c.spoke))
        .select_from(each.join(members, members.c.id == each.c.member_id).join(customers))
        .where(~members.c.staff, members.c.appointed_at.is_(None), ~customers.c.no_record, ~OURS)
        .group_by(each.c.group_id)
    )
    return {row[0]: Presence(row[1], int(row[2])) for row in rows}


@dataclass(frozen=True, slots=True)
class Ended:
    """How many posts to a group came to one state, for one reason."""

    group_id: int
    state: DeliveryState
    reason: str | None
    count: int


async def posts_of(
    connection: AsyncConnection,
    group_ids: Collection[int],
    since: datetime,
    until: datetime,
    holds: Iterable[str],
) -> list[Ended]:
    """What became of the posts to these groups, since ≤ t < until: sent, failed or left out.

    With them those that were put off then and still wait for one of the reasons `holds`, which
    only people lift.
    """
    ended = (
        DeliveryState.SENT,
        DeliveryState.FAILED,
        DeliveryState.UNCERTAIN,
        DeliveryState.SKIPPED,
    )
    held = (deliveries.c.state == DeliveryState.PLANNED) & deliveries.c.reason.in_(list(holds))
    # In two parts, for an index that knows when posts were begun: some never were.
    begun = deliveries.c.began_at >= since - _LONGEST_UNDER_WAY, deliveries.c.began_at < until
    parts = [
        select(deliveries.c.group_id, deliveries.c.state, deliveries.c.reason).where(
            among(deliveries.c.group_id, group_ids),
            *which,
            deliveries.c.moved_at >= since,
            deliveries.c.moved_at < until,
            or_(deliveries.c.state.in_(ended), held),
        )
        for which in (begun, (deliveries.c.began_at.is_(None),))
    ]
    every = union_all(*parts).subquery()
    rows = await connection.execute(
        select(every.c.group_id, every.c.state, every.c.reason, func.count())
        .group_by(every.c.group_id, every.c.state, every.c.reason)
        .order_by(every.c.group_id, every.c.state, every.c.reason)
    )
    return [Ended(row[0], DeliveryState(row[1]), row[2], row[3]) for row in rows]
