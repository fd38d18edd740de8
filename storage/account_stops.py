"""Stops: an account through which nothing leaves any more until a manager lifts it.

An account that its platform begins to restrict is lost for good if it goes on. So it is stopped at
the first sign, and stays so over a restart.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import insert
from storage.tables import accounts


@dataclass(frozen=True, slots=True)
class Stop:
    """Since when an account is stopped, and what its platform had said."""

    at: datetime
    reason: str


async def stop_account(
    connection: AsyncConnection, account: str, platform: str, stop: Stop
) -> bool:
    """Stop an account; False where it is stopped already, and stays so for its first reason."""
    stopped = {"stopped_at": stop.at, "stop_reason": stop.reason}
    statement = insert(connection, accounts).values(account=account, platform=platform, **stopped)
    done = await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["account"], set_=stopped, where=accounts.c.stopped_at.is_(None)
        ).returning(accounts.c.account)
    )
    return done.scalar_one_or_none() is not None


async def stop_of(connection: AsyncConnection, account: str) -> Stop | None:
    """Since when and why an account is stopped; None where it is not."""
    row = (
        await connection.execute(
            select(accounts.c.stopped_at, accounts.c.stop_reason).where(
                accounts.c.account == account, accounts.c.stopped_at.is_not(None)
            )
        )
    ).one_or_none()
    return None if row is None else Stop(row.stopped_at, row.stop_reason)


async def lift_stop(connection: AsyncConnection, account: str) -> bool:
    """Let an account speak again; False where it was not stopped."""
    lifted = await connection.execute(
        update(accounts)
        .where(accounts.c.account == account, accounts.c.stopped_at.is_not(None))
        .values(stopped_at=None, stop_reason=None)
    )
    return lifted.rowcount == 1
