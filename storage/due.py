"""What is due on a lane, with all that the decision about it asks for.

Read in small batches, the most urgent first: a delivery, whom it is for, how its campaign stands,
and when that group or customer was addressed before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, literal_column, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import among
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

    `zone` is None where only the shop's is known. `present` is whether the bot is in the group;
    `unreachable` whether private messages are refused.
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

    `approved` tells whether the content version it says was approved; `hold_out` is the campaign's
    share of people, in percent, who get nothing; `promotion` the document of its promotion window.
    """

    id: int
    key: str
    campaign_id: int
    campaign_key: str
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
    recipient: Recipient


async def due(connection: AsyncConnection, account: str, now: datetime, limit: int) -> list[Due]:
    """The planned deliveries of an account whose time has come: by priority, the oldest first."""
    first = [
        select(
            select(deliveries.c.id)
            .where(
                deliveries.c.account == account,
                _PLANNED,
                deliveries.c.priority == literal_column(str(priority)),
                deliveries.c.not_before <= now,
            )
            .order_by(deliveries.c.not_before, deliveries.c.id)
            .limit(limit)
            .subquery()
        )
        for priority in PRIORITIES
    ]
    rows = await connection.execute(
        select(
            deliveries,
            campaigns.c.key.label("campaign_key"),
            campaigns.c.state.label("campaign_state"),
            shops.c.halted_at,
            campaigns.c.hold_out,
            campaigns.c.promotion,
            content_versions.c.approved_at,
            groups.c.name.label("group_name"),
            groups.c.zone.label("group_zone"),
            groups.c.present,
            groups.c.muted_at,
            members.c.name.label("member_name"),
            members.c.customer_id,
            members.c.unreachable_at,
            customers.c.opted_out_at,
            customers.c.zone.label("customer_zone"),
        )
        .select_from(
            deliveries.join(campaigns, campaigns.c.id == deliveries.c.campaign_id)
            .join(shops, shops.c.id == campaigns.c.shop_id)
            .join(content_versions, content_versions.c.id == deliveries.c.version_id)
            .outerjoin(groups, groups.c.id == deliveries.c.group_id)
            .outerjoin(members, members.c.id == deliveries.c.member_id)
            .outerjoin(customers, customers.c.id == members.c.customer_id)
        )
        .where(deliveries.c.id.in_(union_all(*first)))
        .order_by(deliveries.c.priority, deliveries.c.not_before, deliveries.c.id)
        .limit(limit)
    )
    return [_due(row) for row in rows]


def _due(row: Any) -> Due:
    return Due(
        id=row.id,
        key=row.key,
        campaign_id=row.campaign_id,
        campaign_key=row.campaign_key,
        campaign_state=row.campaign_state,
        halted=row.halted_at is not None,
        approved=row.approved_at is not None,
        hold_out=row.hold_out,
        promotion=row.promotion,
        version_id=row.version_id,
        slot=row.slot,
        address=row.address,
        member_id=row.member_id,
        priority=row.priority,
        not_before=row.not_before,
        not_after=row.not_after,
        tries=row.tries,
        resent=row.resent,
        recipient=Recipient(
            group_id=row.group_id,
            customer_id=row.customer_id,
            name=row.group_name or row.member_name or "",
            zone=row.group_zone or row.customer_zone,
            present=row.group_id is None or row.present,
            muted=row.muted_at is not None,
            opted_out=row.opted_out_at is not None,
            unreachable=row.unreachable_at is not None,
        ),
    )


async def next_due(connection: AsyncConnection, account: str) -> datetime | None:
    """When this account's next planned delivery falls due; None where nothing is planned."""
    soonest = [
        select(func.min(deliveries.c.not_before)).where(
            deliveries.c.account == account,
            _PLANNED,
            deliveries.c.priority == literal_column(str(priority)),
        )
        for priority in PRIORITIES
    ]
    found = (await connection.execute(union_all(*soonest))).scalars()
    return min((moment for moment in found if moment is not None), default=None)


async def addressed_groups(
    connection: AsyncConnection, group_ids: Collection[int], since: datetime
) -> dict[int, tuple[datetime, ...]]:
    """Group id → when planned posts were begun to it after `since`, the oldest first."""
    if not group_ids:
        return {}
    rows = await connection.execute(
        select(deliveries.c.group_id, deliveries.c.began_at)
        .where(
            among(connection, deliveries.c.group_id, group_ids),
            deliveries.c.began_at > since,
            _COUNTED,
        )
        .order_by(deliveries.c.began_at)
    )
    return _by_first(rows)


async def addressed_customers(
    connection: AsyncConnection, customer_ids: Collection[int], since: datetime
) -> dict[int, tuple[datetime, ...]]:
    """Customer id → when private messages were begun to any of their members after `since`."""
    if not customer_ids:
        return {}
    rows = await connection.execute(
        select(members.c.customer_id, deliveries.c.began_at)
        .select_from(deliveries.join(members, members.c.id == deliveries.c.member_id))
        .where(
            among(connection, members.c.customer_id, customer_ids),
            deliveries.c.began_at > since,
            _COUNTED,
        )
        .order_by(deliveries.c.began_at)
    )
    return _by_first(rows)


def _by_first(rows: Iterable[Sequence[Any]]) -> dict[int, tuple[datetime, ...]]:
    found: dict[int, list[datetime]] = {}
    for whom, moment in rows:
        found.setdefault(whom, []).append(moment)
    return {whom: tuple(moments) for whom, moments in found.items()}
