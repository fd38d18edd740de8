"""Days of mourning: those that the shop declared, on which nothing is sold and nobody is cheered.

Days that come every year (清明, 中元, 12·13) are no rows: `scheduler/quiet_days.py` knows them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.audit import Entry, note
from storage.bells import Bell, ring
from storage.bulk import insert
from storage.lanes import hold_lanes
from storage.steering import release
from storage.tables import quiet_days as declared

QUIET_DAY = "quiet_day"
"""Why a delivery is put off or left out: its day is a day of mourning."""


@dataclass(frozen=True, slots=True)
class Mourning:
    """One declared day, why, and by whom (an actor of the audit log)."""

    day: date
    reason: str
    declared_by: str
    declared_at: datetime


async def quiet_days(connection: AsyncConnection, shop_id: int) -> frozenset[date]:
    """The days that this shop declared, past ones too."""
    rows = await connection.execute(select(declared.c.day).where(declared.c.shop_id == shop_id))
    return frozenset(rows.scalars())


async def mournings(connection: AsyncConnection, shop_id: int, since: date) -> list[Mourning]:
    """The declared days from `since` on, in order."""
    rows = await connection.execute(
        select(declared.c.day, declared.c.reason, declared.c.declared_by, declared.c.declared_at)
        .where(declared.c.shop_id == shop_id, declared.c.day >= since)
        .order_by(declared.c.day)
    )
    return [Mourning(*row) for row in rows]


async def declare(connection: AsyncConnection, shop_id: int, one: Mourning) -> bool:
    """Hold all marketing on a day; False where it was declared already. It is in the audit log.

    Once this transaction is committed, nothing that the day holds back is begun on it.
    """
    await hold_lanes(connection)
    made = await connection.execute(
        insert(connection, declared)
        .values(
            shop_id=shop_id,
            day=one.day,
            reason=one.reason,
            declared_by=one.declared_by,
            declared_at=one.declared_at,
        )
        .on_conflict_do_nothing()
    )
    if made.rowcount != 1:
        return False
    details = {"reason": one.reason}
    await note(connection, Entry(one.declared_at, one.declared_by, "mourn", str(one.day), details))
    await ring(connection, Bell.STOP)
    return True


async def withdraw(
    connection: AsyncConnection, shop_id: int, day: date, *, by: str, at: datetime
) -> bool:
    """Take a declared day back; False where it is none. It is in the audit log.

    What was put off for a day of mourning is decided about anew at once; what was left out stays
    left out.
    """
    gone = await connection.execute(
        delete(declared).where(declared.c.shop_id == shop_id, declared.c.day == day)
    )
    if gone.rowcount != 1:
        return False
    await note(connection, Entry(at, by, "mourning_withdrawn", str(day), {}))
    await release(connection, [QUIET_DAY], at)
    return True
