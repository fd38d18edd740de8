"""It is known when a chore was last done."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from storage import chores
from tests.storage.builders import DAY, NOW


async def test_the_last_time_a_chore_was_done_is_kept(connection: AsyncConnection) -> None:
    assert await chores.done_at(connection, "dust") is None
    await chores.note_done(connection, "dust", NOW - DAY)
    await chores.note_done(connection, "dust", NOW)
    await chores.note_done(connection, "dishes", NOW - DAY)
    assert await chores.done_at(connection, "dust") == NOW
    assert await chores.done_at(connection, "dishes") == NOW - DAY
