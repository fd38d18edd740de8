"""Nicknames: what members call themselves in single groups, where a platform lets them."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.tables import memberships


async def note_nicknames(connection: AsyncConnection, shown: Mapping[tuple[int, int], str]) -> None:
    """Keep nicknames, as (group id, member id) → nickname; empty where somebody has none there.

    Of whoever is not known to sit or to have sat in the group nothing is kept.
    """
    if not shown:
        return
    # Both columns by themselves: SQLite reads the whole table to find pairs of them.
    stored = await connection.execute(
        select(memberships.c.group_id, memberships.c.member_id, memberships.c.nickname)
        .where(
            memberships.c.group_id.in_({group for group, _ in shown}),
            memberships.c.member_id.in_({member for _, member in shown}),
        )
        .order_by(memberships.c.group_id, memberships.c.member_id)
    )
    for row in stored.all():
        nickname = shown.get((row.group_id, row.member_id))
        if nickname is not None and nickname != (row.nickname or ""):
            await connection.execute(
                update(memberships)
                .where(
                    memberships.c.group_id == row.group_id,
                    memberships.c.member_id == row.member_id,
                )
                .values(nickname=nickname)
            )
