"""What fans said lately over the whole shop, newest first and never more than is asked for.

Their own words in groups of fans: the staff, the bot and what is no talk are left out, as in a
report. What was imported can be left out as well: a history is no news.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.groups import ACCEPTED
from storage.messages import FAN
from storage.tables import groups, members, messages

IMPORTED = "import:"
"""How the id of a message begins that no platform gave one."""


@dataclass(frozen=True, slots=True)
class Said:
    """A fan's own words, and where they were said."""

    id: int
    member_id: int
    group_id: int
    at: datetime
    text: str


_OWN_WORDS = (
    messages.c.kind == FAN,
    messages.c.text != "",
    ~members.c.staff,
    ~groups.c.is_staff,
    ACCEPTED,
)


async def said_lately(
    connection: AsyncConnection,
    shop_id: int,
    since: datetime,
    until: datetime,
    most: int,
    *,
    live: bool,
) -> list[Said]:
    """What fans said, since ≤ at < until, the newest first; the newest `most` where it is more.

    With `live` without what was imported.
    """
    heard = [~messages.c.message.startswith(IMPORTED)] if live else []
    rows = await connection.execute(
        select(
            messages.c.id, messages.c.member_id, messages.c.group_id, messages.c.at, messages.c.text
        )
        .select_from(messages.join(members).join(groups, messages.c.group_id == groups.c.id))
        .where(
            messages.c.at >= since,
            messages.c.at < until,
            groups.c.shop_id == shop_id,
            *_OWN_WORDS,
            *heard,
        )
        .order_by(messages.c.at.desc(), messages.c.id.desc())
        .limit(most)
    )
    return [Said(*row) for row in rows]


async def first_words(
    connection: AsyncConnection, shop_id: int, since: datetime
) -> datetime | None:
    """When a fan first said anything that is still stored, at `since` or later."""
    found: datetime | None = await connection.scalar(
        select(messages.c.at)
        .select_from(messages.join(members).join(groups, messages.c.group_id == groups.c.id))
        .where(messages.c.at >= since, groups.c.shop_id == shop_id, *_OWN_WORDS)
        .order_by(messages.c.at)
        .limit(1)
    )
    return found
