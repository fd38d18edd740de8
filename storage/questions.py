"""What is said in groups by everybody, to find questions and answers in, and which were told of.

A question is a stored message of a fan's. That the staff are told that nobody answers it is written
down before they are, with the moment: whoever looks next finds in the attempts whether it was said.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import among, insert_new
from storage.messages import BOT, FAN, REPLIED_TO, STAFF, with_replied_to
from storage.tables import members, memberships, messages, told_questions

_REPLIED_BY = members.alias("replied_by")


@dataclass(frozen=True, slots=True)
class Talk:
    """One message in a group, by a fan or by the staff.

    `message` is the platform's id. `staff` says that it came from the shop, `called` what its
    speaker is called there. `reply_to` is the stored message that it replies to, and `to_fan`
    whether another fan said that one.
    """

    id: int
    message: str
    group_id: int
    member_id: int
    at: datetime
    text: str
    staff: bool
    called: tuple[str, ...]
    reply_to: int | None
    to_fan: bool


async def talk(
    connection: AsyncConnection, group_ids: Collection[int], since: datetime, until: datetime
) -> list[Talk]:
    """What fans and staff said in these groups, since ≤ at < until, group by group and in order.

    Commands are left out, and what fans only passed on. What comes out of the bot's own account by
    hand is the staff's; so is what somebody said who is staff by now.
    """
    source = (
        with_replied_to(messages.join(members))
        .outerjoin(_REPLIED_BY, _REPLIED_BY.c.id == REPLIED_TO.c.member_id)
        .outerjoin(
            memberships,
            and_(
                memberships.c.group_id == messages.c.group_id,
                memberships.c.member_id == messages.c.member_id,
            ),
        )
    )
    from_shop = or_(messages.c.kind != FAN, members.c.staff, members.c.appointed_at.is_not(None))
    to_fan = and_(
        REPLIED_TO.c.kind == FAN,
        REPLIED_TO.c.member_id != messages.c.member_id,
        ~_REPLIED_BY.c.staff,
        _REPLIED_BY.c.appointed_at.is_(None),
    )
    rows = await connection.execute(
        select(
            messages.c.id,
            messages.c.message,
            messages.c.group_id,
            messages.c.member_id,
            messages.c.at,
            messages.c.text,
            from_shop.label("staff"),
            members.c.name,
            members.c.alias,
            memberships.c.nickname,
            REPLIED_TO.c.id.label("reply_to"),
            to_fan.label("to_fan"),
        )
        .select_from(source)
        .where(
            among(messages.c.group_id, group_ids),
            messages.c.at >= since,
            messages.c.at < until,
            messages.c.kind.in_((FAN, STAFF, BOT)),
        )
        .order_by(messages.c.group_id, messages.c.at, messages.c.id)
    )
    return [
        Talk(
            row.id,
            row.message,
            row.group_id,
            row.member_id,
            row.at,
            row.text,
            staff=row.staff,
            called=tuple(name for name in (row.name, row.alias, row.nickname) if name),
            reply_to=row.reply_to,
            to_fan=bool(row.to_fan),
        )
        for row in rows
    ]


async def note_told(connection: AsyncConnection, ids: Collection[int], at: datetime) -> set[int]:
    """Note that the staff are told of these questions; those of which they were not told before."""
    rows = [{"message_id": message, "told_at": at} for message in ids]
    fresh = await insert_new(connection, told_questions, rows, told_questions.c.message_id)
    return {row.message_id for row in fresh}


async def told_at(connection: AsyncConnection, ids: Collection[int]) -> dict[int, datetime]:
    """Message id → when it was noted that the staff are told; the others are missing."""
    rows = await connection.execute(
        select(told_questions.c.message_id, told_questions.c.told_at).where(
            among(told_questions.c.message_id, ids)
        )
    )
    return {row.message_id: row.told_at for row in rows}


async def note_untold(connection: AsyncConnection, ids: Collection[int]) -> None:
    """Take back that the staff were told of these questions: it was never said."""
    await connection.execute(delete(told_questions).where(among(told_questions.c.message_id, ids)))
