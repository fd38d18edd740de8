"""Slots: how an occurrence becomes deliveries, one for each address, in one statement.

The key of a delivery is made of campaign, slot and address alone, so that planning twice, in one
process or in several at once, makes nothing twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Subquery,
    cast,
    func,
    literal,
    null,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.audiences import Aim, Whom
from storage.bulk import among, insert
from storage.columns import Identity, UtcDateTime, Words
from storage.deliveries import DeliveryState
from storage.private_ways import ways
from storage.tables import deliveries, groups, members

HELD_OUT = "held-out"
"""The variant of whoever is left out of a campaign on purpose, to compare the others with."""

_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class PlannedSlot:
    """One occurrence to be delivered: which campaign and version, which slot, and its window.

    `priority` is the number stored with each delivery; the lowest goes first. `variant` names
    which of the slot's texts these recipients get; None: the only one, or the first.
    """

    campaign_id: int
    campaign_key: str
    version_id: int
    slot: str
    not_before: datetime
    not_after: datetime
    priority: int = 3
    variant: str | None = None


Divide = Callable[
    [AsyncConnection, PlannedSlot, Whom, Mapping[str, Any], datetime],
    Awaitable[Sequence[tuple[str | None, Whom]]],
]
"""How those whom a slot is for divide by the variants of a body at a moment (floor 3 knows)."""


async def undivided(
    connection: AsyncConnection,  # noqa: ARG001 (the shape of `Divide`)
    slot: PlannedSlot,  # noqa: ARG001 (the same)
    meant: Whom,
    body: Mapping[str, Any],  # noqa: ARG001 (the same)
    at: datetime,  # noqa: ARG001 (the same)
) -> Sequence[tuple[str | None, Whom]]:
    """Everybody gets the same."""
    return [(None, meant)]


def by_topic(aims: Iterable[Aim]) -> dict[str | None, list[int]]:
    """Topic → the ids of the groups in which it is meant; None: the groups themselves."""
    found: defaultdict[str | None, list[int]] = defaultdict(list)
    for group, topic in aims:
        found[topic].append(group)
    return dict(found)


async def plan_for(
    connection: AsyncConnection, slot: PlannedSlot, meant: Whom, at: datetime
) -> int:
    """Insert one delivery for everyone whom a slot is for; how many are new."""
    if meant.in_private:
        return await plan_for_customers(connection, slot, meant.customers, at)
    return await plan_for_aims(connection, slot, meant.aims, at)


async def plan_for_aims(
    connection: AsyncConnection, slot: PlannedSlot, aims: Iterable[Aim], at: datetime
) -> int:
    """Insert one delivery for each group or topic that is meant; how many are new."""
    made = 0
    for topic, group_ids in by_topic(aims).items():
        made += await plan_for_groups(connection, slot, group_ids, at, topic=topic)
    return made


async def plan_for_groups(
    connection: AsyncConnection,
    slot: PlannedSlot,
    group_ids: Sequence[int],
    at: datetime,
    *,
    topic: str | None = None,
) -> int:
    """Insert one delivery for each group, in its topic of this id where one is given.

    Those planned before are left alone. How many are new.
    """
    # Written as floor 3 writes an address: behind a # stands a topic.
    chat = func.replace(func.replace(groups.c.chat, "%", "%25"), "#", "%23")
    behind = "" if topic is None else f"#{topic}"
    recipients = select(
        groups.c.account.label("account"),
        (literal("group:") + chat + literal(behind)).label("address"),
        groups.c.id.label("group_id"),
        cast(null(), Identity).label("member_id"),
        groups.c.id,
    )
    made = 0
    for start in range(0, len(group_ids), _AT_ONCE):
        some = among(groups.c.id, group_ids[start : start + _AT_ONCE])
        one = recipients.where(some).subquery()
        made += await _insert(connection, _values(slot, one, at), one)
    return made


async def plan_for_customers(
    connection: AsyncConnection, slot: PlannedSlot, customer_ids: Sequence[int], at: datetime
) -> int:
    """Insert one private delivery for each customer, by the way that leads to them; how many.

    Who has a delivery of this slot, by whichever way it was planned, gets no second one; who cannot
    be written to by any account gets none. Two transactions at once do not see each other's: the
    caller holds the campaign.
    """
    made = 0
    for start in range(0, len(customer_ids), _AT_ONCE):
        way = ways(connection, customer_ids[start : start + _AT_ONCE])
        known = members.alias()
        has_one = (
            select(deliveries.c.id)
            .join(known, known.c.id == deliveries.c.member_id)
            .where(
                known.c.customer_id == way.c.customer_id,
                # Behind the zero no index of campaigns is used: it would be gone through anew
                # for each of its people.
                deliveries.c.campaign_id + 0 == slot.campaign_id,
                deliveries.c.slot == slot.slot,
            )
            .correlate(way)
            .exists()
        )
        one = (
            select(
                way.c.account,
                (literal("person:") + way.c.person).label("address"),
                cast(null(), Identity).label("group_id"),
                way.c.member_id,
                way.c.customer_id.label("id"),
            )
            .where(~has_one)
            .subquery()
        )
        made += await _insert(connection, _values(slot, one, at), one)
    return made


async def _insert(
    connection: AsyncConnection, values: dict[str, ColumnElement[Any]], recipient: Subquery
) -> int:
    # In one order, so that processes that plan at once cannot wait in a circle.
    rows = select(*values.values()).order_by(recipient.c.id)
    inserted = await connection.execute(
        insert(connection, deliveries).from_select(list(values), rows).on_conflict_do_nothing()
    )
    return inserted.rowcount


def _values(slot: PlannedSlot, recipient: Subquery, at: datetime) -> dict[str, ColumnElement[Any]]:
    """What a new delivery says, by column."""
    place, moment = recipient.c, UtcDateTime()
    return {
        "key": literal(f"{slot.campaign_key}/{slot.slot}/") + place.account + "/" + place.address,
        "campaign_id": literal(slot.campaign_id, Identity),
        "version_id": literal(slot.version_id, Identity),
        "slot": literal(slot.slot),
        "variant": literal(slot.variant, Words),
        "account": place.account,
        "address": place.address,
        "group_id": place.group_id,
        "member_id": place.member_id,
        "priority": literal(slot.priority),
        "state": literal(DeliveryState.PLANNED.value),
        "not_before": literal(slot.not_before, moment),
        "not_after": literal(slot.not_after, moment),
        "moved_at": literal(at, moment),
    }
