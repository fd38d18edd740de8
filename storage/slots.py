"""Slots: how an occurrence becomes deliveries, one for each address, in one statement.

The key of a delivery is made of campaign, slot and address alone, so that planning twice, in one
process or in several at once, makes nothing twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, literal, null, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import among, insert
from storage.deliveries import DeliveryState
from storage.tables import deliveries, groups, members

_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class PlannedSlot:
    """One occurrence to be delivered: which campaign and version, which slot, and its window.

    `priority` is the number stored with each delivery; the lowest goes first.
    """

    campaign_id: int
    campaign_key: str
    version_id: int
    slot: str
    not_before: datetime
    not_after: datetime
    priority: int = 3


async def plan_for_groups(
    connection: AsyncConnection, slot: PlannedSlot, group_ids: Sequence[int], at: datetime
) -> int:
    """Insert one delivery for each group; those planned before are left alone. How many are new."""
    made = 0
    for some in _pieces(group_ids):
        rows = _rows(slot, at, groups.c.account, "group:", groups.c.chat, groups.c.id, null())
        chosen = rows.where(among(connection, groups.c.id, some)).order_by(groups.c.id)
        made += await _insert(connection, chosen)
    return made


async def plan_for_members(
    connection: AsyncConnection,
    slot: PlannedSlot,
    account: str,
    member_ids: Sequence[int],
    at: datetime,
) -> int:
    """Insert one private delivery for each member, through this account; how many are new."""
    made = 0
    for some in _pieces(member_ids):
        rows = _rows(slot, at, literal(account), "person:", members.c.person, null(), members.c.id)
        chosen = rows.where(among(connection, members.c.id, some)).order_by(members.c.id)
        made += await _insert(connection, chosen)
    return made


_NAMES = [
    "key",
    "campaign_id",
    "version_id",
    "slot",
    "account",
    "address",
    "group_id",
    "member_id",
    "priority",
    "state",
    "not_before",
    "not_after",
    "moved_at",
]


def _rows(
    slot: PlannedSlot, at: datetime, account: Any, kind: str, place: Any, group: Any, member: Any
) -> Select[Any]:
    address = literal(kind) + place
    moment = deliveries.c.moved_at.type
    return select(
        literal(f"{slot.campaign_key}/{slot.slot}/") + account + "/" + address,
        literal(slot.campaign_id),
        literal(slot.version_id),
        literal(slot.slot),
        account,
        address,
        group,
        member,
        literal(slot.priority),
        literal(DeliveryState.PLANNED.value),
        literal(slot.not_before, moment),
        literal(slot.not_after, moment),
        literal(at, moment),
    )


async def _insert(connection: AsyncConnection, rows: Select[Any]) -> int:
    made = await connection.execute(
        insert(connection, deliveries).from_select(_NAMES, rows).on_conflict_do_nothing()
    )
    return made.rowcount


def _pieces(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """Ids in pieces, so that a campaign of any size takes the same memory."""
    for start in range(0, len(ids), _AT_ONCE):
        yield ids[start : start + _AT_ONCE]
