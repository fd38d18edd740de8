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

    In an open round only the older one's entry counts. In a draw that is over nothing changes but
    whose a ticket is: one that won stays its winner's. Where both have won the older's does.
    """
    await _keep_prizes(connection, newer, older)
    two = Two("customer_id", newer, older)
    for table, own in (
        (coupons, ("batch_id",)),
        (wishes, ("shop_id", "kind", "thing")),
        (round_entries, ("round_id",)),
    ):
        await hand_over(connection, two, table, *own)
    await _leave_open_rounds(connection, newer)


async def _keep_prizes(connection: AsyncConnection, newer: int, older: int) -> None:
    """Give the older customer the newer one's winning ticket, instead of one that won nothing."""
    mine, theirs = round_entries.alias(), round_entries.alias()
    both = await connection.execute(
        select(rounds.c.id, rounds.c.result, mine.c.number, theirs.c.number)
        .select_from(
            rounds.join(mine, mine.c.round_id == rounds.c.id).join(
                theirs, theirs.c.round_id == rounds.c.id
            )
        )
        .where(
            mine.c.customer_id == older,
            theirs.c.customer_id == newer,
            rounds.c.closed_at.is_not(None),
            rounds.c.result.is_not(None),
        )
    )
    for round_id, result, kept, other in both.all():
        won = {number for some in result.get("winners", ()) for number in some}
        if other in won and kept not in won:
            await connection.execute(
                update(round_entries)
                .where(round_entries.c.round_id == round_id, round_entries.c.number == kept)
                .values(customer_id=None)
            )


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
