"""When each chore was last done, so that a bot that was off at night knows what it missed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import insert
from storage.tables import chores


async def done_at(connection: AsyncConnection, name: str) -> datetime | None:
    """When the chore of this name was last done; None if never."""
    found: datetime | None = await connection.scalar(
        select(chores.c.done_at).where(chores.c.name == name)
    )
    return found


async def note_done(connection: AsyncConnection, name: str, at: datetime) -> None:
    """Note that the chore of this name was done."""
    await connection.execute(
        insert(connection, chores)
        .values(name=name, done_at=at)
        .on_conflict_do_update(index_elements=["name"], set_={"done_at": at})
    )
