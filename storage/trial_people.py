"""Which of some customers a trial is among: those of its segment."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import among
from storage.segments import Segment, people_in
from storage.tables import members


async def those_in(
    connection: AsyncConnection, segment: Segment, customer_ids: Collection[int], now: datetime
) -> frozenset[int]:
    """Those of these customers who are in a segment at a moment."""
    found = await connection.scalars(
        select(members.c.customer_id)
        .where(among(members.c.customer_id, customer_ids), people_in(segment, now))
        .distinct()
    )
    return frozenset(found)
