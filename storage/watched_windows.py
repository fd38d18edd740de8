"""Windows of twenty minutes that were counted: how many fans said what in each, and nobody's name.

From them is known what is usual, at once after a restart. Whoever counts a window again, by newer
words, replaces it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import among, insert_new
from storage.tables import watched_windows


@dataclass(frozen=True, slots=True)
class CountedWindow:
    """How many fans spoke in a window, and how many of them said each thing that anybody said.

    `version` names the words and rules it was read with.
    """

    began_at: datetime
    version: str
    speakers: int
    fans: Mapping[str, int]


async def window_versions(
    connection: AsyncConnection, shop_id: int, since: datetime
) -> dict[datetime, str]:
    """When each window that was counted began, from `since` on → its version."""
    rows = await connection.execute(
        select(watched_windows.c.began_at, watched_windows.c.version).where(
            watched_windows.c.shop_id == shop_id, watched_windows.c.began_at >= since
        )
    )
    return {row.began_at: row.version for row in rows}


async def windows_at(
    connection: AsyncConnection, shop_id: int, starts: Collection[datetime]
) -> list[CountedWindow]:
    """The windows that began at these moments, in order; those never counted are missing."""
    rows = await connection.execute(
        select(
            watched_windows.c.began_at,
            watched_windows.c.version,
            watched_windows.c.speakers,
            watched_windows.c.fans,
        )
        .where(watched_windows.c.shop_id == shop_id, among(watched_windows.c.began_at, starts))
        .order_by(watched_windows.c.began_at)
    )
    return [CountedWindow(*row) for row in rows]


async def keep_windows(
    connection: AsyncConnection, shop_id: int, windows: Sequence[CountedWindow]
) -> None:
    """Keep windows, in the place of what was counted of them before."""
    await drop_windows(connection, shop_id, [one.began_at for one in windows])
    await insert_new(
        connection,
        watched_windows,
        [
            {
                "shop_id": shop_id,
                "began_at": one.began_at,
                "version": one.version,
                "speakers": one.speakers,
                "fans": dict(one.fans),
            }
            for one in windows
        ],
    )


async def drop_windows(
    connection: AsyncConnection, shop_id: int, starts: Collection[datetime]
) -> None:
    """Drop the windows that began at these moments, so that they are counted again."""
    await connection.execute(
        delete(watched_windows).where(
            watched_windows.c.shop_id == shop_id, among(watched_windows.c.began_at, starts)
        )
    )


async def delete_windows_before(
    connection: AsyncConnection, shop_id: int, moment: datetime
) -> None:
    """Delete the windows that began before `moment`."""
    await connection.execute(
        delete(watched_windows).where(
            watched_windows.c.shop_id == shop_id, watched_windows.c.began_at < moment
        )
    )
