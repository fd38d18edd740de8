"""What fans have said so far on a day that is not over: how much there is, and what is new.

A `SaidSoFar` tells whether what was read of a group's day earlier still stands, with only new
messages behind it: an edit, a wish not to be recorded or a changed member shows in it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import among
from storage.messages import FAN, REPLIED_TO, Utterance, with_replied_to
from storage.tables import members, messages


@dataclass(frozen=True, slots=True)
class SaidSoFar:
    """A group's own messages of a span: how many, the newest id, and what would show a change."""

    messages: int
    newest: int
    members: int  # the sum of their ids
    edits: int  # how often any of them was changed


async def said_so_far(
    connection: AsyncConnection, group_ids: Collection[int], since: datetime, until: datetime
) -> dict[int, SaidSoFar]:
    """Group id → what fans said there, since ≤ at < until; silent groups are missing."""
    rows = await connection.execute(
        select(
            messages.c.group_id,
            func.count(),
            func.max(messages.c.id),
            func.sum(messages.c.member_id),
            func.sum(messages.c.edits),
        )
        .where(among(messages.c.group_id, group_ids), _fans_own(since, until))
        .group_by(messages.c.group_id)
    )
    return {
        row[0]: SaidSoFar(row[1], row[2], int(row[3]), int(row[4]))
        for row in rows
        if row[0] is not None
    }


async def said_after(
    connection: AsyncConnection, newest: Mapping[int, int], since: datetime, until: datetime
) -> dict[int, list[Utterance]]:
    """Group id → what fans said there in this span behind its message `newest`, in order of ids."""
    found: dict[int, list[Utterance]] = {group_id: [] for group_id in newest}
    if not found:
        return found
    columns = (messages.c.id, messages.c.member_id, messages.c.at, messages.c.text, REPLIED_TO.c.id)
    rows = await connection.execute(
        select(messages.c.group_id, *columns)
        .select_from(with_replied_to(messages))
        .where(
            among(messages.c.group_id, newest),
            messages.c.id > min(newest.values()),
            _fans_own(since, until),
        )
        .order_by(messages.c.id)
    )
    for group_id, *said in rows:
        one = Utterance(*said)
        if one.id > newest[group_id]:
            found[group_id].append(one)
    return found


def _fans_own(since: datetime, until: datetime) -> ColumnElement[bool]:
    """Of a message: whether it is a fan's own words, as `utterances` takes them.

    The few who are staff are found once, and not each message's member.
    """
    return and_(
        messages.c.at >= since,
        messages.c.at < until,
        messages.c.kind == FAN,
        messages.c.text != "",
        messages.c.member_id.not_in(select(members.c.id).where(members.c.staff)),
    )
