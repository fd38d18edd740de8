"""Passing posts: what the bot said and takes back by itself after a while, e.g. a welcome.

Stored with the receipt in the transaction that notes that it was said, so that a restart forgets
none; deleted once it is taken back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.tables import passing_posts


@dataclass(frozen=True, slots=True)
class PassingPost:
    """A post that stands until then. `address` is an address as it is written down."""

    id: int
    address: str
    receipt: str
    until: datetime


async def keep_passing(
    connection: AsyncConnection, account: str, address: str, receipt: str, until: datetime
) -> None:
    """Keep in mind that a post is to be taken back then."""
    await connection.execute(
        insert(passing_posts).values(account=account, address=address, receipt=receipt, until=until)
    )


async def passed(
    connection: AsyncConnection, account: str, now: datetime, *, after: int = 0, limit: int
) -> list[PassingPost]:
    """The first posts of an account whose time is over, behind the number `after`."""
    rows = await connection.execute(
        select(
            passing_posts.c.id,
            passing_posts.c.address,
            passing_posts.c.receipt,
            passing_posts.c.until,
        )
        .where(
            passing_posts.c.account == account,
            passing_posts.c.until <= now,
            passing_posts.c.id > after,
        )
        .order_by(passing_posts.c.id)
        .limit(limit)
    )
    return [PassingPost(*row) for row in rows]


async def next_passing(connection: AsyncConnection, account: str, now: datetime) -> datetime | None:
    """When the next post of an account is to be taken back, after `now`; None where none is."""
    soonest: datetime | None = await connection.scalar(
        select(func.min(passing_posts.c.until)).where(
            passing_posts.c.account == account, passing_posts.c.until > now
        )
    )
    return soonest


async def forget_passing(connection: AsyncConnection, post_id: int) -> None:
    """Note that a post was taken back, or never will be."""
    await connection.execute(delete(passing_posts).where(passing_posts.c.id == post_id))
