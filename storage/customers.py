"""Customers: what binds a person on every channel, whichever member speaks for them.

An opt-out, a time zone, and the wish not to be recorded. What the platform says of them (name,
staff, reachable) stands on the member, see `members.py`.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.analysis import mark_dirty
from storage.forgetting import forget_customer
from storage.tables import customers, members, messages, pending_commands


async def set_opt_out(
    connection: AsyncConnection, customer_id: int, opted_out_at: datetime | None
) -> None:
    """Keep marketing away from this person on every channel, or allow it again (None)."""
    await connection.execute(
        update(customers)
        .where(customers.c.id == customer_id)
        .values(opted_out_at=opted_out_at, opt_out_lent=False)
    )


async def set_zone(connection: AsyncConnection, customer_id: int, zone: str | None) -> None:
    """Say in which time zone a person lives, by its IANA name; None: in the shop's."""
    await connection.execute(
        update(customers).where(customers.c.id == customer_id).values(zone=zone)
    )


async def set_no_record(connection: AsyncConnection, customer_id: int, *, no_record: bool) -> None:
    """Neither store nor analyse what this person says, or do it again.

    Turning it on also empties the texts stored so far, except those of commands that wait to be
    obeyed, and marks the analysed days they belong to dirty, so that they are analysed anew.
    """
    await connection.execute(
        update(customers)
        .where(customers.c.id == customer_id)
        .values(no_record=no_record, no_record_lent=False)
    )
    if not no_record:
        return
    theirs = messages.c.member_id.in_(
        select(members.c.id).where(members.c.customer_id == customer_id)
    )
    said = await connection.execute(
        select(messages.c.group_id, messages.c.at).where(theirs, messages.c.group_id.is_not(None))
    )
    # The shop's day of a moment is its day in UTC, or the one before or after.
    await mark_dirty(
        connection,
        {
            (row.group_id, row.at.date() + timedelta(days=away))
            for row in said
            for away in (-1, 0, 1)
        },
    )
    waiting = select(pending_commands.c.message_id)
    await connection.execute(
        update(messages).where(theirs, messages.c.id.not_in(waiting)).values(text="")
    )
    await forget_customer(connection, customer_id)
