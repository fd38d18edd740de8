"""Analysed days: one compact document for each (group, day), and which of them are stale.

A day that is over is analysed once. A late message, an import, an edit or a forgotten member
marks it dirty, and it is analysed again at the next report.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import insert
from storage.tables import analysed_days


@dataclass(frozen=True, slots=True)
class StoredDay:
    """The analysis of one group's day, by one version of the words and rules."""

    group_id: int
    day: date
    version: str
    body: Any
    dirty: bool


async def stored_days(
    connection: AsyncConnection, group_ids: Sequence[int], first: date, last: date
) -> list[StoredDay]:
    """The analysed days of these groups, first ≤ day ≤ last."""
    rows = await connection.execute(
        select(
            analysed_days.c.group_id,
            analysed_days.c.day,
            analysed_days.c.version,
            analysed_days.c.body,
            analysed_days.c.dirty,
        ).where(
            analysed_days.c.group_id.in_(list(group_ids)),
            analysed_days.c.day.between(first, last),
            analysed_days.c.version != _BEGUN,
        )
    )
    return [StoredDay(*row) for row in rows]


_BEGUN = ""
"""The version of a day that is being analysed: what stands in it counts for nothing."""


async def begin_day(connection: AsyncConnection, group_id: int, day: date, *, at: datetime) -> None:
    """Note that a day is about to be read: it is clean from now on.

    In a transaction before the one that reads. What changes the day between the reading and
    `store_day` marks it dirty again, and is not lost.
    """
    await connection.execute(
        insert(connection, analysed_days)
        .values(group_id=group_id, day=day, version=_BEGUN, body={}, dirty=False, analysed_at=at)
        .on_conflict_do_update(
            index_elements=["group_id", "day"], set_={"version": _BEGUN, "dirty": False}
        )
    )


async def store_day(
    connection: AsyncConnection,
    group_id: int,
    day: date,
    *,
    version: str,
    body: Any,
    at: datetime,
) -> None:
    """Keep the analysis of a day, in place of an older one; whether it is dirty stays as it is."""
    fresh = {"version": version, "body": body, "analysed_at": at}
    await connection.execute(
        insert(connection, analysed_days)
        .values(group_id=group_id, day=day, **fresh)
        .on_conflict_do_update(index_elements=["group_id", "day"], set_=fresh)
    )


async def mark_dirty(connection: AsyncConnection, days: Iterable[tuple[int, date]]) -> None:
    """Mark (group id, day) pairs to be analysed again; those never analysed stay as they are."""
    pairs = list(days)
    if not pairs:
        return
    await connection.execute(
        update(analysed_days)
        .where(tuple_(analysed_days.c.group_id, analysed_days.c.day).in_(pairs))
        .values(dirty=True)
    )
