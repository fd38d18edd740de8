"""The way by which a private message goes to a customer: to one of their members, by one account.

An account may write to whoever wrote to it in private, is its friend, or sits with it in a group of
the shop. Of all ways to all members of a customer one is taken, and always the same while nothing
changes: first one whose private chat is not closed, then by an account that is served (its lane is
leased, and nobody stopped it), then one where the chat is open (see `reach.py`), then by an account
that they spoke to themselves; at last to the member, and by the account, that comes first. An
account that nobody serves any more comes last, but it is no lost way: it may be restarting.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Subquery, and_, case, func, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import among
from storage.groups import ACCEPTED
from storage.lanes import is_leased
from storage.members import OURS
from storage.tables import (
    accounts,
    customers,
    friend_requests,
    groups,
    lanes,
    members,
    memberships,
    messages,
)

_BY_THEMSELVES, _TOGETHER = 0, 1

# Found by who said it: an engine that used the index of groups instead would go through all that
# anybody ever said in private, again for every batch. Behind the zero it cannot.
_IN_PRIVATE = func.coalesce(messages.c.group_id, 0) == 0


@dataclass(frozen=True, slots=True)
class Way:
    """How a private message goes to a customer.

    `person` is the platform's id of the member. `started` tells whether their private chat was ever
    open, `closed` whether it refuses messages now; `zone` is None where only the shop's is known.
    """

    customer_id: int
    member_id: int
    account: str
    person: str
    name: str
    started: bool
    closed: bool
    opted_out: bool
    zone: str | None


def ways(connection: AsyncConnection, customer_ids: Collection[int]) -> Subquery:
    """One row for each of these customers whom an account may write to.

    The columns are `customer_id`, `member_id`, `account`, `person`, `name`, `started`, `closed`.
    """
    meant = among(members.c.customer_id, customer_ids)
    theirs = select(members.c.id).where(meant, ~members.c.staff, ~OURS)
    seats = (
        select(memberships.c.member_id, groups.c.account, literal(_TOGETHER).label("how"))
        .join(groups, groups.c.id == memberships.c.group_id)
        .where(
            memberships.c.member_id.in_(theirs),
            memberships.c.left_at.is_(None),
            groups.c.present,
            ACCEPTED,
        )
    )
    alone = select(
        messages.c.member_id, messages.c.account, literal(_BY_THEMSELVES).label("how")
    ).where(messages.c.member_id.in_(theirs), _IN_PRIVATE)
    friends = select(
        friend_requests.c.member_id,
        friend_requests.c.account,
        literal(_BY_THEMSELVES).label("how"),
    ).where(friend_requests.c.member_id.in_(theirs), friend_requests.c.friends_at.is_not(None))
    candidates = union_all(seats, alone, friends).subquery("candidates")
    closed = members.c.unreachable_at.is_not(None)
    started = members.c.started_at.is_not(None)
    served = and_(
        candidates.c.account.in_(select(lanes.c.account).where(is_leased(connection))),
        candidates.c.account.not_in(
            select(accounts.c.account).where(accounts.c.stopped_at.is_not(None))
        ),
    )
    place = func.row_number().over(
        partition_by=members.c.customer_id,
        order_by=(
            case((closed, 1), else_=0),
            case((served, 0), else_=1),
            case((started, 0), else_=1),
            candidates.c.how,
            members.c.id,
            candidates.c.account,
        ),
    )
    ranked = (
        select(
            members.c.customer_id,
            members.c.id.label("member_id"),
            candidates.c.account,
            members.c.person,
            members.c.name,
            started.label("started"),
            closed.label("closed"),
            place.label("place"),
        )
        .join(candidates, candidates.c.member_id == members.c.id)
        .subquery("ranked")
    )
    return select(ranked).where(ranked.c.place == 1).subquery("ways")


async def ways_to(connection: AsyncConnection, customer_ids: Sequence[int]) -> list[Way]:
    """The ways to these customers, in the order of their ids; who cannot be written to is missing.

    Ask for some thousands at once: all of them are in memory.
    """
    found = ways(connection, customer_ids)
    rows = await connection.execute(
        select(
            found.c.customer_id,
            found.c.member_id,
            found.c.account,
            found.c.person,
            found.c.name,
            found.c.started,
            found.c.closed,
            customers.c.opted_out_at.is_not(None),
            customers.c.zone,
        )
        .join(customers, customers.c.id == found.c.customer_id)
        .order_by(found.c.customer_id)
    )
    return [Way(*row) for row in rows]
