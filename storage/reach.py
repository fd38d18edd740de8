"""Reach: which members a private message finds.

On some platforms a person must open the private chat before the bot may write (`started_at`), and
everywhere they may close the door again (`unreachable_at`). Both are kept true from what the
platform tells and from what it answers. Which platforms these are is said by couriers: see
`must_be_open` in `scheduler/courier.py`, and `must_start` in `due.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import among
from storage.columns import UtcDateTime
from storage.tables import accounts, members


async def mark_unreachable(
    connection: AsyncConnection, member_ids: Sequence[int], at: datetime
) -> None:
    """Record since when private messages to these members are refused."""
    await connection.execute(
        update(members).where(among(members.c.id, list(member_ids))).values(unreachable_at=at)
    )


async def mark_refused(
    connection: AsyncConnection, account: str, persons: Sequence[str], at: datetime
) -> None:
    """Record that a private word through this account was refused; who is known so, stays so.

    `persons` are ids of the account's platform.
    """
    platform = select(accounts.c.platform).where(accounts.c.account == account).scalar_subquery()
    await connection.execute(
        update(members)
        .where(
            members.c.platform == platform,
            members.c.person.in_(list(persons)),
            members.c.unreachable_at.is_(None),
        )
        .values(unreachable_at=at)
    )


async def mark_reachable(
    connection: AsyncConnection, member_ids: Sequence[int], at: datetime
) -> None:
    """Record that these members' private chats with the bot are open: messages arrive (again)."""
    await connection.execute(
        update(members)
        .where(
            among(members.c.id, list(member_ids)),
            or_(members.c.unreachable_at.is_not(None), members.c.started_at.is_(None)),
        )
        .values(
            started_at=func.coalesce(members.c.started_at, literal(at, UtcDateTime())),
            unreachable_at=None,
        )
    )
