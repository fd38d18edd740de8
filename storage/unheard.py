"""Unheard events: what made a handler fail, kept aside with the error so that the rest goes on.

They hold what people wrote, so they are under the same rules as messages: they go with old text,
and with everything else of somebody who asks for no record.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.tables import accounts, members, unheard_events


@dataclass(frozen=True, slots=True)
class UnheardEvent:
    """One event of an account that could not be handled.

    `person` is the platform's id of whose it was, None where it was nobody's; `event` is the
    event as JSON; `error` what happened and where.
    """

    account: str
    cursor: str
    person: str | None
    event: str
    error: str
    kept_at: datetime


async def keep_unheard(connection: AsyncConnection, one: UnheardEvent) -> None:
    """Keep an event aside."""
    await connection.execute(
        insert(unheard_events).values(
            account=one.account,
            cursor=one.cursor,
            person=one.person,
            event=one.event,
            error=one.error,
            kept_at=one.kept_at,
        )
    )


async def count_unheard(connection: AsyncConnection) -> int:
    """How many events are kept aside."""
    found = await connection.execute(select(func.count()).select_from(unheard_events))
    return int(found.scalar_one())


async def last_unheard(connection: AsyncConnection) -> UnheardEvent | None:
    """The event that was kept aside last."""
    row = (
        await connection.execute(
            select(
                unheard_events.c.account,
                unheard_events.c.cursor,
                unheard_events.c.person,
                unheard_events.c.event,
                unheard_events.c.error,
                unheard_events.c.kept_at,
            )
            .order_by(unheard_events.c.kept_at.desc(), unheard_events.c.id.desc())
            .limit(1)
        )
    ).one_or_none()
    return None if row is None else UnheardEvent(*row)


async def delete_unheard_before(
    connection: AsyncConnection, moment: datetime, *, batch: int = 1_000
) -> int:
    """Delete at most `batch` events that were kept aside before `moment`; how many there were."""
    old = (
        select(unheard_events.c.id)
        .where(unheard_events.c.kept_at < moment)
        .order_by(unheard_events.c.kept_at)
        .limit(batch)
    )
    gone = await connection.execute(delete(unheard_events).where(unheard_events.c.id.in_(old)))
    return gone.rowcount


async def forget_unheard(connection: AsyncConnection, customer_id: int) -> None:
    """Delete every event of a customer, on whichever channel it was."""
    theirs = (
        select(members.c.id)
        .join(accounts, accounts.c.platform == members.c.platform)
        .where(
            members.c.customer_id == customer_id,
            members.c.person == unheard_events.c.person,
            accounts.c.account == unheard_events.c.account,
        )
    )
    await connection.execute(delete(unheard_events).where(theirs.exists()))
