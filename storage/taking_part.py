"""What fans took part in, where two of them turn out to be one, or one wants nothing recorded.

One person has one coupon of a batch, one vote, one ticket. Whatever was handed out or drawn stays
so: the code and the ticket are then nobody's.
"""

from __future__ import annotations

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.one_row import Two, hand_over
from storage.tables import coupons, round_entries, rounds, wishes

_OPEN = select(rounds.c.id).where(rounds.c.closed_at.is_(None))


async def take_part_once(connection: AsyncConnection, newer: int, older: int) -> None:
    """Let the older customer have what the newer one has, once; the newer row is then deleted.

    In an open round only the older one's entry counts, and in one that is over nothing changes.
    """
    two = Two("customer_id", newer, older)
    for table, own in (
        (coupons, ("batch_id",)),
        (wishes, ("shop_id", "kind", "thing")),
        (round_entries, ("round_id",)),
    ):
        await hand_over(connection, two, table, *own)
    await _leave_open_rounds(connection, newer)


async def forget_taking_part(connection: AsyncConnection, customer_id: int) -> None:
    """Empty what a customer wished for and said in rounds.

    A round that is over keeps its count, and a draw its tickets: they are nobody's any more. A
    coupon stays theirs: without that they could be given another.
    """
    await connection.execute(delete(wishes).where(wishes.c.customer_id == customer_id))
    await _leave_open_rounds(connection, customer_id)
    await connection.execute(
        update(round_entries)
        .where(round_entries.c.customer_id == customer_id)
        .values(customer_id=None, body={})
    )


async def _leave_open_rounds(connection: AsyncConnection, customer_id: int) -> None:
    await connection.execute(
        delete(round_entries).where(
            round_entries.c.customer_id == customer_id, round_entries.c.round_id.in_(_OPEN)
        )
    )
