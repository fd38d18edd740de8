"""One row out of two: of what two rows have that turned out to be one thing, the older keeps all.

What a group and a member have alike when that happens (see `moving.py` and `merging.py`): the rows
of other tables that belong to either, and the deliveries that were planned for both.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Table, exists, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.deliveries import DeliveryState
from storage.tables import deliveries

_BEGUN = (DeliveryState.SENDING, DeliveryState.UNCERTAIN, DeliveryState.SENT)


@dataclass(frozen=True, slots=True)
class Two:
    """The ids of two rows, and the column by which other tables say to which they belong."""

    owner: str
    newer: int
    older: int


async def hand_over(connection: AsyncConnection, two: Two, table: Table, *own: str) -> None:
    """Give the older row what only the newer one has of a table.

    The columns `own` name a row within its owner's; without them, all are handed over.
    """
    theirs = [table.c[two.owner] == two.newer]
    if own:
        known = table.alias()
        same = (known.c[name] == table.c[name] for name in own)
        theirs.append(~exists().where(known.c[two.owner] == two.older, *same))
    await connection.execute(update(table).where(*theirs).values({two.owner: two.older}))


async def deliver_once(connection: AsyncConnection, two: Two, *, reason: str, at: datetime) -> None:
    """Of what a campaign planned for both rows, cancel one for this reason: it arrives once."""
    other = deliveries.alias()

    def same_for(row: int, *states: DeliveryState) -> ColumnElement[bool]:
        return exists().where(
            other.c.campaign_id == deliveries.c.campaign_id,
            other.c.slot == deliveries.c.slot,
            other.c[two.owner] == row,
            other.c.state.in_(states),
        )

    gone = {"state": DeliveryState.CANCELLED, "reason": reason, "moved_at": at}
    for mine, theirs, states in (
        (two.older, two.newer, _BEGUN),
        (two.newer, two.older, (DeliveryState.PLANNED, *_BEGUN)),
    ):
        await connection.execute(
            update(deliveries)
            .where(
                deliveries.c[two.owner] == mine,
                deliveries.c.state == DeliveryState.PLANNED,
                same_for(theirs, *states),
            )
            .values(gone)
        )
