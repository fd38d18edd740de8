"""The bot's accounts: how far each one's events are stored, and who sends through it.

A lane is the right to send through an account. Whoever takes it gets a token that is higher
than every token before; a process whose token is not the newest may not move deliveries any
more. Leases that expire and several processes for one shop build on this row.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import insert
from storage.errors import LaneLost
from storage.tables import accounts, lanes


async def cursor(connection: AsyncConnection, account: str) -> str | None:
    """How far this account's events are stored; None before the first one."""
    found = await connection.execute(select(accounts.c.cursor).where(accounts.c.account == account))
    return found.scalar_one_or_none()


async def set_cursor(
    connection: AsyncConnection, account: str, platform: str, position: str
) -> None:
    """Keep the place behind which the channel starts next time."""
    await connection.execute(
        insert(connection, accounts)
        .values(account=account, platform=platform, cursor=position)
        .on_conflict_do_update(index_elements=["account"], set_={"cursor": position})
    )


@dataclass(frozen=True, slots=True)
class Lane:
    """The right to send through one account, as this process holds it."""

    account: str
    holder: str
    token: int


async def take_lane(connection: AsyncConnection, account: str, holder: str, at: datetime) -> Lane:
    """Take the lane over from whoever had it; their token is worth nothing from now on."""
    statement = insert(connection, lanes).values(
        account=account, holder=holder, token=1, taken_at=at
    )
    taken = await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["account"],
            set_={"holder": holder, "token": lanes.c.token + 1, "taken_at": at},
        ).returning(lanes.c.token)
    )
    return Lane(account, holder, taken.scalar_one())


async def guard(connection: AsyncConnection, lane: Lane) -> None:
    """Make sure, for the rest of this transaction, that the lane is still ours.

    Raises:
        LaneLost: another process took it over.
    """
    found = await connection.execute(
        select(lanes.c.token).where(lanes.c.account == lane.account).with_for_update(read=True)
    )
    if found.scalar_one_or_none() != lane.token:
        raise LaneLost(account=lane.account)


async def hold_lanes(connection: AsyncConnection) -> None:
    """Make every sender wait until this transaction ends, and then see what it changed."""
    await connection.execute(select(lanes.c.account).order_by(lanes.c.account).with_for_update())
