"""Topics: the parts that a forum's group is divided into, by name.

A platform tells of a topic when it is opened, renamed or closed, and not always of its name: one
whose name was never told is called by its id until it is.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import insert
from storage.tables import topics


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic of a group. `topic` is the platform's id of it within the group."""

    group_id: int
    topic: str
    name: str
    open: bool


async def note_topic(
    connection: AsyncConnection,
    group_id: int,
    topic: str,
    *,
    name: str | None,
    closed_at: datetime | None,
) -> None:
    """Record what a topic is called (None: as before) and since when it is closed, if it is."""
    news = {"closed_at": closed_at} | ({"name": name} if name else {})
    await connection.execute(
        insert(connection, topics)
        .values(group_id=group_id, topic=topic, name=name or topic, closed_at=closed_at)
        .on_conflict_do_update(index_elements=["group_id", "topic"], set_=news)
    )


async def topics_of(
    connection: AsyncConnection, group_ids: Collection[int]
) -> dict[int, list[Topic]]:
    """Group id → its topics by name, those that are closed too; groups without topics are left out.

    Two topics of a group may have one name, as on the platform.
    """
    rows = await connection.execute(
        select(topics.c.group_id, topics.c.topic, topics.c.name, topics.c.closed_at)
        .where(topics.c.group_id.in_(list(group_ids)))
        .order_by(topics.c.name, topics.c.topic)
    )
    found: dict[int, list[Topic]] = {}
    for row in rows:
        one = Topic(row.group_id, row.topic, row.name, row.closed_at is None)
        found.setdefault(row.group_id, []).append(one)
    return found
