"""Gaps in hearing: when an account heard nothing, and nobody will ever tell what was said.

Gaps of one account that touch become one, so that a report says each stretch of silence once.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.tables import hearing_gaps


@dataclass(frozen=True, slots=True)
class Gap:
    """An account heard nothing, since ≤ t < until; None: it does not yet."""

    account: str
    since: datetime
    until: datetime | None


async def keep_gap(
    connection: AsyncConnection, account: str, since: datetime, until: datetime
) -> None:
    """Keep that an account heard nothing, since ≤ t < until; none where that is no time at all."""
    if since >= until:
        return
    touching = await connection.execute(
        delete(hearing_gaps)
        .where(
            hearing_gaps.c.account == account,
            hearing_gaps.c.since <= until,
            hearing_gaps.c.until >= since,
        )
        .returning(hearing_gaps.c.since, hearing_gaps.c.until)
    )
    for row in touching:
        since, until = min(since, row.since), max(until, row.until)
    await connection.execute(
        hearing_gaps.insert().values(account=account, since=since, until=until)
    )


async def gaps_between(
    connection: AsyncConnection, accounts: Collection[str], since: datetime, until: datetime
) -> list[Gap]:
    """When these accounts heard nothing between two moments, in order; gaps are not cut off there.

    Reads:
        since ≤ t < until: a gap that ends where the period begins does not touch it.
    """
    rows = await connection.execute(
        select(hearing_gaps.c.account, hearing_gaps.c.since, hearing_gaps.c.until)
        .where(
            hearing_gaps.c.account.in_(list(accounts)),
            hearing_gaps.c.since < until,
            hearing_gaps.c.until > since,
        )
        .order_by(hearing_gaps.c.since, hearing_gaps.c.account)
    )
    return [Gap(row.account, row.since, row.until) for row in rows]
