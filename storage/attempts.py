"""Attempts: one row for each call to a platform, written before the call and ended after it.

Replies have theirs like deliveries do. From the attempts a lane's pace is rebuilt at start and
takeover: they say how much was sent when, and where a platform asked for silence.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import insert_new, update_each
from storage.columns import storable
from storage.lanes import Lane
from storage.tables import attempts, deliveries, lanes

HELD_BACK = "held_back"
"""The outcome of a call that was written down but never made."""
INTERRUPTED = "interrupted"
"""The outcome of a call whose process ended before its answer was recorded."""
TOO_FAST_HERE = "too_fast"
TOO_FAST_EVERYWHERE = "too_fast_account"
"""What the platform asked silence for: that address, or the whole account."""


NOTHING_SENT = "nothing_sent"
ACCOUNT_DOWN = "account_down"
NOTHING_CARRIED = frozenset({NOTHING_SENT, ACCOUNT_DOWN})
"""The outcomes that prove that a call never reached the platform, or carried nothing there."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call to be made that belongs to no delivery: a reply, a recall.

    `messages` is how many messages it is, of those that the platform's rates count.
    """

    address: str
    key: str
    action: str
    messages: int = 1


@dataclass(frozen=True, slots=True)
class End:
    """How a call ended, and when; `holds_until` where the platform asked for silence."""

    attempt_id: int
    outcome: str
    reason: str | None
    at: datetime
    holds_until: datetime | None = None


async def begin_calls(
    connection: AsyncConnection, lane: Lane, calls: Sequence[Call], at: datetime
) -> dict[str, int]:
    """Write the attempts of calls that belong to no delivery; key → attempt id.

    The caller guards the lane in the same transaction. 急停 does not stop these: the manager who
    stopped everything is still answered. Keys differ within one call of this function.
    """
    made = await insert_new(
        connection,
        attempts,
        [
            {
                "account": lane.account,
                "address": call.address,
                "key": call.key,
                "action": call.action,
                "token": lane.token,
                "began_at": at,
                "messages": call.messages,
            }
            for call in calls
        ],
        attempts.c.key,
        attempts.c.id,
    )
    ids = {row.key: row.id for row in made}
    return {call.key: ids[storable(call.key)] for call in calls}


_OPEN = attempts.c.ended_at.is_(None)


async def end_calls(connection: AsyncConnection, ends: Iterable[End]) -> None:
    """Write how calls ended; one that has an end keeps it."""
    rows = [
        {
            "id": one.attempt_id,
            "ended_at": one.at,
            "outcome": one.outcome,
            "reason": one.reason,
            "holds_until": one.holds_until,
        }
        for one in ends
    ]
    await update_each(connection, attempts, rows, _OPEN)


async def end_interrupted(
    connection: AsyncConnection, lane: Lane, at: datetime, recorded: Sequence[str] = ()
) -> None:
    """End the calls without a delivery that former holders of the lane left open.

    Those of the deliveries with the keys `recorded` as well: nobody is in doubt about them.
    """
    ended = (
        update(attempts)
        .where(attempts.c.account == lane.account, attempts.c.token < lane.token, _OPEN)
        .values(ended_at=at, outcome=INTERRUPTED)
    )
    await connection.execute(ended.where(attempts.c.delivery_id.is_(None)))
    if recorded:
        theirs = select(deliveries.c.id).where(deliveries.c.key.in_(recorded))
        await connection.execute(ended.where(attempts.c.delivery_id.in_(theirs)))


async def outcomes_of(
    connection: AsyncConnection, account: str, key: str, since: datetime
) -> list[str | None]:
    """How each call with this key ended that was begun from then on; None: it has no end."""
    found = await connection.scalars(
        select(attempts.c.outcome)
        .where(
            attempts.c.account == account,
            attempts.c.began_at >= since,
            attempts.c.key == storable(key),
        )
        .order_by(attempts.c.id)
    )
    return list(found)


async def outcomes_under(
    connection: AsyncConnection, accounts: Collection[str], key: str, since: datetime
) -> list[str | None]:
    """How each call ended that these accounts began from then on, to anybody, to say `key`.

    Such are the calls whose keys are `key` and, behind a slash, whom it was said to.
    """
    found = await connection.scalars(
        select(attempts.c.outcome)
        .where(
            attempts.c.account.in_(list(accounts)),
            attempts.c.began_at >= since,
            attempts.c.key.startswith(f"{storable(key)}/", autoescape=True),
        )
        .order_by(attempts.c.id)
    )
    return list(found)


async def keys_under(connection: AsyncConnection, key: str, since: datetime) -> set[str]:
    """The keys of the calls that were begun from then on to say what stands under `key`."""
    found = await connection.scalars(
        select(attempts.c.key).where(
            # Whoever called held a lane; with its account named the index is used.
            attempts.c.account.in_(select(lanes.c.account)),
            attempts.c.began_at >= since,
            attempts.c.key.startswith(f"{storable(key)}/", autoescape=True),
        )
    )
    return set(found)


@dataclass(frozen=True, slots=True)
class Past:
    """A call of so many messages; `ended_at` None where nobody knows whether it was answered."""

    address: str
    began_at: datetime
    ended_at: datetime | None
    outcome: str | None
    holds_until: datetime | None
    messages: int = 1


async def made_since(
    connection: AsyncConnection, account: str, since: datetime, now: datetime
) -> list[Past]:
    """The calls of the account that were begun after `since`, the oldest first.

    With them older ones after which the platform asked for silence that lasts beyond `now`.
    """
    of_account = select(
        attempts.c.address,
        attempts.c.began_at,
        attempts.c.ended_at,
        attempts.c.outcome,
        attempts.c.holds_until,
        attempts.c.messages,
    ).where(attempts.c.account == account)
    recent = of_account.where(
        attempts.c.began_at > since,
        or_(attempts.c.outcome.is_(None), attempts.c.outcome != HELD_BACK),
    )
    silenced = of_account.where(attempts.c.began_at <= since, attempts.c.holds_until > now)
    rows = (await connection.execute(union_all(recent, silenced))).all()
    return sorted((Past(*row) for row in rows), key=lambda call: call.began_at)
