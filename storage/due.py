"""What is due on a lane, with all that the decision about it asks for.

Read in small batches, the most urgent first: a delivery, whom it is for, how its campaign stands,
and when that group or customer was addressed before.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Integer,
    Select,
    and_,
    bindparam,
    false,
    func,
    literal_column,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import among
from storage.columns import UtcDateTime
from storage.groups import ACCEPTED, MUTED_FOR
from storage.tables import (
    campaigns,
    content_versions,
    customers,
    deliveries,
    groups,
    members,
    shops,
)

PRIORITIES = (1, 2, 3)
"""The priorities that planned deliveries have, the most urgent first."""

# Written into the statement: an engine uses an index over some of the rows only where it reads
# in the statement itself that those rows are meant.
_PLANNED = deliveries.c.state == literal_column("'planned'")
_COUNTED = deliveries.c.state.in_(
    [literal_column("'sending'"), literal_column("'sent'"), literal_column("'uncertain'")]
)


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a delivery is for: a group, or one person (`customer_id` is set).

    `zone` is None where only the shop's is known. `present` is whether the bot is in the group,
    and it is the shop's; `unreachable` whether private messages are refused, or never were allowed.
    """

    group_id: int | None = None
    customer_id: int | None = None
    name: str = ""
    zone: str | None = None
    present: bool = True
    muted: bool = False
    opted_out: bool = False
    unreachable: bool = False


@dataclass(frozen=True, slots=True)
class Due:
    """A delivery whose time has come, and how its campaign stands.

    `programme` is the campaign's programme by its key; `approved` tells whether the content version
    it says was approved; `hold_out` is the campaign's share of people, in percent, who get nothing;
    `promotion` the document of its promotion window.
    """

    id: int
    key: str
    campaign_id: int
    campaign_key: str
    shop_id: int
    programme: str
    campaign_state: str
    halted: bool
    approved: bool
    hold_out: int
    promotion: dict[str, Any] | None
    version_id: int
    slot: str
    address: str
    member_id: int | None
    priority: int
    not_before: datetime
    not_after: datetime
    tries: int
    resent: bool
    variant: str | None
    recipient: Recipient


_AT = bindparam("now", type_=UtcDateTime())
_FIRST = [
    select(
        select(deliveries.c.id)
        .where(
            deliveries.c.account == bindparam("account"),
            _PLANNED,
            deliveries.c.priority == literal_column(str(priority)),
            deliveries.c.not_before <= _AT,
        )
        .order_by(deliveries.c.not_before, deliveries.c.id)
        .limit(bindparam("most", type_=Integer()))
        .subquery()
    )
    for priority in PRIORITIES
]
# In the order of the fields of `Due` and then of `Recipient`; of most moments only whether there
# is one, because each that is read costs more here than in the engine.
_DUE = (
    select(
        deliveries.c.id,
        deliveries.c.key,
        deliveries.c.campaign_id,
        campaigns.c.key,
        campaigns.c.shop_id,
        campaigns.c.programme,
        campaigns.c.state,
        shops.c.halted_at.is_not(None),
        content_versions.c.approved_at.is_not(None),
        campaigns.c.hold_out,
        campaigns.c.promotion,
        deliveries.c.version_id,
        deliveries.c.slot,
        deliveries.c.address,
        deliveries.c.member_id,
        deliveries.c.priority,
        deliveries.c.not_before,
        deliveries.c.not_after,
        deliveries.c.tries,
        deliveries.c.resent,
        deliveries.c.variant,
        deliveries.c.group_id,
        members.c.customer_id,
        func.coalesce(groups.c.name, members.c.name, ""),
        func.coalesce(groups.c.zone, customers.c.zone),
        or_(deliveries.c.group_id.is_(None), and_(groups.c.present, ACCEPTED)),
        func.coalesce(groups.c.muted_at > bindparam("muted_since", type_=UtcDateTime), false()),
        customers.c.opted_out_at.is_not(None),
        or_(
            members.c.unreachable_at.is_not(None),
            and_(
                bindparam("must_start", type_=Boolean()),
                members.c.id.is_not(None),
                members.c.started_at.is_(None),
            ),
        ),
    )
    .select_from(
        deliveries.join(campaigns, campaigns.c.id == deliveries.c.campaign_id)
        .join(shops, shops.c.id == campaigns.c.shop_id)
        .join(content_versions, content_versions.c.id == deliveries.c.version_id)
        .outerjoin(groups, groups.c.id == deliveries.c.group_id)
        .outerjoin(members, members.c.id == deliveries.c.member_id)
        .outerjoin(customers, customers.c.id == members.c.customer_id)
    )
    .where(deliveries.c.id.in_(union_all(*_FIRST)))
    .order_by(deliveries.c.priority, deliveries.c.not_before, deliveries.c.id)
    .limit(bindparam("most", type_=Integer()))
)
_RECIPIENT_FROM = len(fields(Due)) - 1


async def due(
    connection: AsyncConnection,
    account: str,
    now: datetime,
    limit: int,
    *,
    must_start: bool = False,
) -> list[Due]:
    """The planned deliveries of an account whose time has come: by priority, the oldest first.

    `must_start` tells whether a private message only reaches who has opened the private chat.
    """
    asked = {
        "account": account,
        "now": now,
        "most": limit,
        "muted_since": now - MUTED_FOR,
        "must_start": must_start,
    }
    rows = await connection.execute(_DUE, asked)
    return [_due(row) for row in rows.all()]  # all at once: one by one costs twice as much


def _due(row: Sequence[Any]) -> Due:
    parts: list[Any] = [*row[:_RECIPIENT_FROM], Recipient(*row[_RECIPIENT_FROM:])]
    return Due(*parts)


_NEXT = union_all(
    *(
        select(func.min(deliveries.c.not_before)).where(
            deliveries.c.account == bindparam("account"),
            _PLANNED,
            deliveries.c.priority == literal_column(str(priority)),
        )
        for priority in PRIORITIES
    )
)


async def next_due(connection: AsyncConnection, account: str) -> datetime | None:
    """When this account's next planned delivery falls due; None where nothing is planned."""
    soonest = (await connection.execute(_NEXT, {"account": account})).scalars()
    return min((moment for moment in soonest if moment is not None), default=None)


_SINCE = bindparam("since", type_=UtcDateTime())
_BEGUN_SINCE = and_(deliveries.c.began_at > _SINCE, _COUNTED)
_ADDRESSED_GROUPS = (
    select(deliveries.c.group_id, deliveries.c.began_at)
    .where(among(deliveries.c.group_id, "ids"), _BEGUN_SINCE)
    .order_by(deliveries.c.began_at)
)
_OF_MEMBER = deliveries.c.member_id == members.c.id
_MEANT = among(members.c.customer_id, "ids")
# PostgreSQL reckons with what stood when it last counted, and at the start of a large campaign
# nothing was begun: it would read all that was begun since, again for every batch. An OFFSET
# makes it ask for one member after the other.
_ONE_BY_ONE = (
    select(deliveries.c.began_at)
    .where(_OF_MEMBER, _BEGUN_SINCE)
    .correlate(members)
    .offset(0)
    .lateral("one_by_one")
)
_ADDRESSED_CUSTOMERS = {
    "sqlite": select(members.c.customer_id, deliveries.c.began_at)
    .where(_MEANT, _OF_MEMBER, _BEGUN_SINCE)
    .order_by(deliveries.c.began_at),
    "postgresql": select(members.c.customer_id, _ONE_BY_ONE.c.began_at)
    .select_from(members.join(_ONE_BY_ONE, true()))
    .where(_MEANT)
    .order_by(_ONE_BY_ONE.c.began_at),
}


async def addressed_groups(
    connection: AsyncConnection, group_ids: Collection[int], since: datetime
) -> dict[int, tuple[datetime, ...]]:
    """Group id → when planned posts were begun to it after `since`, the oldest first."""
    return await _addressed(connection, _ADDRESSED_GROUPS, group_ids, since)


async def addressed_customers(
    connection: AsyncConnection, customer_ids: Collection[int], since: datetime
) -> dict[int, tuple[datetime, ...]]:
    """Customer id → when private messages were begun to any of their members after `since`."""
    question = _ADDRESSED_CUSTOMERS[connection.dialect.name]
    return await _addressed(connection, question, customer_ids, since)


async def _addressed(
    connection: AsyncConnection,
    question: Select[Any],
    ids: Collection[int],
    since: datetime,
) -> dict[int, tuple[datetime, ...]]:
    if not ids:
        return {}
    found: dict[int, list[datetime]] = {}
    rows = await connection.execute(question, {"ids": list(ids), "since": since})
    for whom, moment in rows.all():
        found.setdefault(whom, []).append(moment)
    return {whom: tuple(moments) for whom, moments in found.items()}
