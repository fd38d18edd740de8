"""Spikes that were found: what so many said, since when, until when, and whether staff were told.

A spike has one row for as long as it goes on, so that whoever looks next, another process or this
one after a restart, knows that it was told. The rows stay for the weekly digest, as long as the
words they hold pieces of.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import insert
from storage.tables import told_spikes


@dataclass(frozen=True, slots=True)
class FoundSpike:
    """A spike: `fans` is the most of any look, `last_at` when it was last seen to go on.

    `told_at` is None while nobody of the staff has been reached.
    """

    thing: str
    began_at: datetime
    fans: int
    usually: float
    last_at: datetime
    told_at: datetime | None = None


async def spikes_since(
    connection: AsyncConnection, shop_id: int, since: datetime
) -> list[FoundSpike]:
    """The spikes that were seen to go on at `since` or later, in the order they began."""
    rows = await connection.execute(
        select(
            told_spikes.c.thing,
            told_spikes.c.began_at,
            told_spikes.c.fans,
            told_spikes.c.usually,
            told_spikes.c.last_at,
            told_spikes.c.told_at,
        )
        .where(told_spikes.c.shop_id == shop_id, told_spikes.c.last_at >= since)
        .order_by(told_spikes.c.began_at, told_spikes.c.thing)
    )
    return [FoundSpike(*row) for row in rows]


async def keep_spikes(
    connection: AsyncConnection, shop_id: int, spikes: Sequence[FoundSpike]
) -> None:
    """Write down spikes that begin, or that go on; whether staff were told stays as it was."""
    for one in spikes:
        fresh = insert(connection, told_spikes).values(
            shop_id=shop_id,
            thing=one.thing,
            began_at=one.began_at,
            fans=one.fans,
            usually=one.usually,
            last_at=one.last_at,
        )
        await connection.execute(
            fresh.on_conflict_do_update(
                index_elements=["shop_id", "thing", "began_at"],
                set_={"fans": fresh.excluded.fans, "last_at": fresh.excluded.last_at},
            )
        )


async def note_told(
    connection: AsyncConnection,
    shop_id: int,
    spikes: Collection[tuple[str, datetime]],
    at: datetime,
) -> None:
    """Note that staff were told of these spikes, each by its thing and when it began."""
    await connection.execute(
        update(told_spikes)
        .where(
            told_spikes.c.shop_id == shop_id,
            tuple_(told_spikes.c.thing, told_spikes.c.began_at).in_(list(spikes)),
        )
        .values(told_at=func.coalesce(told_spikes.c.told_at, at))
    )


async def delete_spikes_before(
    connection: AsyncConnection, moment: datetime, *, batch: int = 1_000
) -> int:
    """Delete at most `batch` spikes that were over before `moment`; how many there were."""
    row = tuple_(told_spikes.c.shop_id, told_spikes.c.thing, told_spikes.c.began_at)
    old = (
        select(told_spikes.c.shop_id, told_spikes.c.thing, told_spikes.c.began_at)
        .where(told_spikes.c.last_at < moment)
        .limit(batch)
    )
    gone = await connection.execute(delete(told_spikes).where(row.in_(old)))
    return gone.rowcount
