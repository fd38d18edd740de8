"""Who came into a group and who went, as the platform told it: what joins and leaves are read from.

A seat (`memberships`) only knows since when somebody sits there now, and begins with a first word
where nobody saw them come. So each coming and going that is told is kept as well, for as long as
the words of that day are.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import among, insert_new
from storage.members import OURS
from storage.tables import comings, customers, members


@dataclass(frozen=True, slots=True)
class ComingAndGoing:
    """How many fans joined and left a group.

    Who was not there before and is there afterwards joined, and the other way round. Who came and
    went again did both; who went and came back did neither. So the group grew by `net`.
    """

    joined: int = 0
    left: int = 0

    @property
    def net(self) -> int:
        """By how many fans more the group has, or fewer."""
        return self.joined - self.left


async def note_coming(
    connection: AsyncConnection, group_id: int, member_id: int, at: datetime, *, came: bool
) -> None:
    """Note that somebody came, or went; told twice, it is kept once."""
    row = {"group_id": group_id, "member_id": member_id, "at": at, "came": came}
    await insert_new(connection, comings, [row])


async def comings_and_goings(
    connection: AsyncConnection, group_ids: Collection[int], since: datetime, until: datetime
) -> dict[int, ComingAndGoing]:
    """Group id → who joined and left, since ≤ at < until; groups where nobody did are missing.

    Staff, accounts of the shop's own, and who asked for no record are not counted.
    """
    of_one = (comings.c.group_id, comings.c.member_id)
    order = (comings.c.at, comings.c.id)
    reverse = [one.desc() for one in order]
    number = func.row_number()
    told = (
        select(
            comings.c.group_id,
            comings.c.came,
            number.over(partition_by=of_one, order_by=order).label("first"),
            number.over(partition_by=of_one, order_by=reverse).label("last"),
        )
        .select_from(comings.join(members).join(customers))
        .where(
            among(comings.c.group_id, group_ids),
            comings.c.at >= since,
            comings.c.at < until,
            ~members.c.staff,
            members.c.appointed_at.is_(None),
            ~customers.c.no_record,
            ~OURS,
        )
        .subquery()
    )
    rows = await connection.execute(
        select(
            told.c.group_id,
            func.count().filter(told.c.first == 1, told.c.came),  # and so was not there before
            func.count().filter(told.c.last == 1, ~told.c.came),
        ).group_by(told.c.group_id)
    )
    found = {row[0]: ComingAndGoing(row[1], row[2]) for row in rows}
    return {group_id: one for group_id, one in found.items() if one != ComingAndGoing()}


async def delete_comings_before(
    connection: AsyncConnection, moment: datetime, *, batch: int = 1_000
) -> int:
    """Delete at most `batch` comings and goings told before `moment`; how many there were."""
    old = select(comings.c.id).where(comings.c.at < moment).order_by(comings.c.at).limit(batch)
    gone = await connection.execute(delete(comings).where(comings.c.id.in_(old)))
    return gone.rowcount
