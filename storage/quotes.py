"""What fans said, with who said it: for quotes, and for whoever may see the names behind them.

Only fans' own words that are still stored: the text of who asked for no record is empty, and that
of who was forgotten is gone.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import among
from storage.messages import FAN
from storage.tables import members, messages


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a fan, to be masked unless the reader may see names."""

    id: int
    group_id: int
    member_id: int
    name: str
    at: datetime
    text: str


async def said_by(
    connection: AsyncConnection,
    group_ids: Collection[int],
    member_ids: Collection[int],
    since: datetime,
    until: datetime,
    *,
    behind: Said | None = None,
    most: int,
) -> list[Said]:
    """What these members said in these groups, since ≤ t < until, the newest first.

    Args:
        connection: an open connection.
        group_ids: the groups.
        member_ids: the members.
        since: the first moment.
        until: the first moment that is too late.
        behind: only what was said before this message.
        most: so many messages at most.
    """
    older = [] if behind is None else [_said_before(behind)]
    rows = await connection.execute(
        _FANS_WORDS.where(
            among(messages.c.group_id, group_ids),
            among(messages.c.member_id, member_ids),
            messages.c.at >= since,
            messages.c.at < until,
            *older,
        )
        .order_by(messages.c.at.desc(), messages.c.id.desc())
        .limit(most)
    )
    return [Said(*row) for row in rows]


async def said_in(connection: AsyncConnection, message_ids: Collection[int]) -> list[Said]:
    """These messages, in no order; those that are no fan's, or gone, are missing."""
    rows = await connection.execute(_FANS_WORDS.where(among(messages.c.id, message_ids)))
    return [Said(*row) for row in rows]


def _said_before(message: Said) -> ColumnElement[bool]:
    at_once = and_(messages.c.at == message.at, messages.c.id < message.id)
    return or_(messages.c.at < message.at, at_once)


_FANS_WORDS = (
    select(
        messages.c.id,
        messages.c.group_id,
        messages.c.member_id,
        members.c.name,
        messages.c.at,
        messages.c.text,
    )
    .select_from(messages.join(members))
    .where(
        messages.c.kind == FAN,
        messages.c.group_id.is_not(None),
        messages.c.text != "",
        ~members.c.staff,
    )
)
