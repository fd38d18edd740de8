"""Lanes: the right to send through an account, leased to one process at a time.

A lease ends by itself unless it is renewed, so a dead process's lane is free again soon. Whoever
takes a lane gets a token that is higher than every token before; a process whose token is not
the newest may not move deliveries any more, however late it wakes up. Leases are reckoned in real
time, on PostgreSQL by the server's clock: machines need not agree about the time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import insert
from storage.errors import LaneLost
from storage.tables import lanes


@dataclass(frozen=True, slots=True)
class Lane:
    """The right to send through one account, as this process holds it."""

    account: str
    holder: str
    token: int


async def lease_lane(
    connection: AsyncConnection,
    account: str,
    holder: str,
    lasts: timedelta,
    *,
    alone: bool = False,
) -> Lane | None:
    """Lease the lane for `lasts`, if nobody else holds it; its former token is worth nothing then.

    `alone`: no other process can be using this database (it is locked for us), so whoever the
    row names is dead, and the lane is taken at once.
    """
    now, end = now_and_in(connection, lasts)
    values = {"holder": holder, "taken_at": now, "expires_at": end}
    statement = insert(connection, lanes).values(account=account, token=1, **values)
    free = or_(lanes.c.expires_at.is_(None), lanes.c.expires_at <= now, lanes.c.holder == holder)
    taken = await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["account"],
            set_={"token": lanes.c.token + 1, **values},
            where=None if alone else free,
        ).returning(lanes.c.token)
    )
    token = taken.scalar_one_or_none()
    return None if token is None else Lane(account, holder, token)


async def free_in(connection: AsyncConnection, account: str) -> timedelta:
    """How long until the lane is free, if nobody renews its lease; zero or less where it is."""
    now, _ = now_and_in(connection, timedelta(0))
    row = (
        await connection.execute(
            select(lanes.c.expires_at, now).where(
                lanes.c.account == account, lanes.c.expires_at.is_not(None)
            )
        )
    ).one_or_none()
    return timedelta(0) if row is None else row[0] - row[1]


async def renew_lane(connection: AsyncConnection, lane: Lane, lasts: timedelta) -> bool:
    """Hold the lane for another `lasts` from now; False where somebody else has taken it."""
    _, end = now_and_in(connection, lasts)
    kept = await connection.execute(
        update(lanes)
        .where(lanes.c.account == lane.account, lanes.c.token == lane.token)
        .values(expires_at=end)
    )
    return kept.rowcount == 1


async def release_lane(connection: AsyncConnection, lane: Lane) -> None:
    """Give the lane back, so that the next process need not wait for the lease's end."""
    await connection.execute(
        update(lanes)
        .where(lanes.c.account == lane.account, lanes.c.token == lane.token)
        .values(expires_at=None)
    )


_TOKEN = (
    select(lanes.c.token).where(lanes.c.account == bindparam("account")).with_for_update(read=True)
)


async def guard(connection: AsyncConnection, lane: Lane) -> None:
    """Make sure, for the rest of this transaction, that the lane is still ours.

    Raises:
        LaneLost: another process took it over.
    """
    found = await connection.execute(_TOKEN, {"account": lane.account})
    if found.scalar_one_or_none() != lane.token:
        raise LaneLost(account=lane.account)


def is_leased(connection: AsyncConnection) -> ColumnElement[bool]:
    """Of a row of `lanes`: whether some process holds it at this moment."""
    now, _ = now_and_in(connection, timedelta(0))
    held: ColumnElement[bool] = lanes.c.expires_at > now
    return held


async def leased(connection: AsyncConnection) -> set[str]:
    """The accounts that some process serves at this moment."""
    return set(await connection.scalars(select(lanes.c.account).where(is_leased(connection))))


async def hold_lanes(connection: AsyncConnection) -> None:
    """Make every sender wait until this transaction ends, and then see what it changed."""
    await connection.execute(select(lanes.c.account).order_by(lanes.c.account).with_for_update())


@dataclass(frozen=True, slots=True)
class Rest:
    """A pause of a whole account, and why."""

    account: str
    until: datetime
    reason: str


async def rest_of(connection: AsyncConnection, account: str) -> Rest | None:
    """Until when the account is paused, whether that is past or to come; None if never."""
    row = (
        await connection.execute(
            select(lanes.c.rests_until, lanes.c.rest_reason).where(
                lanes.c.account == account, lanes.c.rests_until.is_not(None)
            )
        )
    ).one_or_none()
    return None if row is None else Rest(account, row.rests_until, row.rest_reason)


async def set_rest(
    connection: AsyncConnection, lane: Lane, until: datetime | None, reason: str | None = None
) -> None:
    """Write down that the account is paused until then (None: that it works again)."""
    await connection.execute(
        update(lanes)
        .where(lanes.c.account == lane.account, lanes.c.token == lane.token)
        .values(rests_until=until, rest_reason=reason)
    )


def now_and_in(connection: AsyncConnection, lasts: timedelta) -> tuple[Any, Any]:
    """This moment and the one after `lasts`, in real time, by the clock that all agree on."""
    if connection.dialect.name == "sqlite":
        now = datetime.now(UTC)
        moment = lanes.c.expires_at.type
        return literal(now, moment), literal(now + lasts, moment)
    return func.clock_timestamp(), func.clock_timestamp() + literal(lasts)
