"""Acceptance: which of the groups that the bot was brought into are the shop's.

On a platform where anybody can bring the bot into a group of their own, a group waits until a
manager says whether it is the shop's. Until then its row is all that is kept of it, and no other
room's lists show it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import among
from storage.groups import ACCEPTED, GROUP, Group, group_of
from storage.staff_chats import untie
from storage.tables import groups, members, memberships


async def acceptance_of(
    connection: AsyncConnection, account: str, chats: Collection[str]
) -> dict[str, bool]:
    """Whether these chats of an account are accepted; those that are not known are missing."""
    rows = await connection.execute(
        select(groups.c.chat, ACCEPTED.label("accepted")).where(
            groups.c.account == account, groups.c.chat.in_(list(chats))
        )
    )
    return {row.chat: bool(row.accepted) for row in rows}


async def accept(connection: AsyncConnection, group_id: int, at: datetime) -> bool:
    """Let a group be the shop's from now on; False where it is already."""
    done = await connection.execute(
        update(groups)
        .where(groups.c.id == group_id, ~ACCEPTED)
        .values(accepted_at=at, declined_at=None)
    )
    return bool(done.rowcount)


async def decline(connection: AsyncConnection, group_id: int, at: datetime) -> bool:
    """Note that a group is not the shop's; False where it is accepted, or was declined before."""
    done = await connection.execute(
        update(groups)
        .where(groups.c.id == group_id, ~ACCEPTED, groups.c.declined_at.is_(None))
        .values(declined_at=at)
    )
    return bool(done.rowcount)


async def give_up(connection: AsyncConnection, group_id: int, at: datetime) -> bool:
    """Let a group be the shop's no more; False where it is not.

    It looks after no other group, and who sits there is staff no more: whoever is so by another
    group, or by the configuration, is known as such with their next word.
    """
    done = await connection.execute(
        update(groups)
        .where(groups.c.id == group_id, ACCEPTED)
        .values(accepted_at=None, declined_at=at)
    )
    if not done.rowcount:
        return False
    await untie(connection, group_id)
    seated = select(memberships.c.member_id).where(memberships.c.group_id == group_id)
    await connection.execute(
        update(members)
        .where(members.c.id.in_(seated), members.c.appointed_at.is_(None), members.c.staff)
        .values(staff=False)
    )
    return True


async def doubt(connection: AsyncConnection, group_ids: Collection[int]) -> None:
    """Let managers be asked anew whether these groups, if they were the shop's, still are.

    They may be others that look like them: none looks after another, or is looked after.
    """
    for group in group_ids:
        await untie(connection, group)
    these = among(groups.c.id, group_ids)
    await connection.execute(
        update(groups).where(these).values(is_staff=False, staff_group_id=None)
    )
    await connection.execute(
        update(groups).where(these, ACCEPTED).values(accepted_at=None, asked_at=None)
    )


async def group_by_number(
    connection: AsyncConnection, shop_id: int, number: int
) -> tuple[Group, bool] | None:
    """A group that the bot is in by its number, and whether it is accepted."""
    row = (
        await connection.execute(
            select(*GROUP, ACCEPTED.label("accepted")).where(
                groups.c.shop_id == shop_id, groups.c.id == number, groups.c.present
            )
        )
    ).one_or_none()
    return None if row is None else (group_of(row), bool(row.accepted))


async def waiting(connection: AsyncConnection, shop_id: int) -> list[Group]:
    """The groups that the bot is in and of which no manager has said anything, oldest first."""
    rows = await connection.execute(
        select(*GROUP)
        .where(
            groups.c.shop_id == shop_id,
            groups.c.present,
            ~ACCEPTED,
            groups.c.declined_at.is_(None),
        )
        .order_by(groups.c.id)
    )
    return [group_of(row) for row in rows]


async def to_ask_about(connection: AsyncConnection, account: str) -> list[Group]:
    """Those of an account's waiting groups that nobody has been asked about, oldest first."""
    rows = await connection.execute(
        select(*GROUP)
        .where(
            groups.c.account == account,
            groups.c.present,
            ~ACCEPTED,
            groups.c.declined_at.is_(None),
            groups.c.asked_at.is_(None),
        )
        .order_by(groups.c.id)
    )
    return [group_of(row) for row in rows]


async def mark_asked(connection: AsyncConnection, group_ids: Collection[int], at: datetime) -> None:
    """Note that managers were asked about these groups."""
    await connection.execute(
        update(groups).where(groups.c.id.in_(list(group_ids))).values(asked_at=at)
    )
