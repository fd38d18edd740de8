"""Staff chats: groups of the staff's own, each looking after some of the fans' groups.

A fan group has at most one. What staff should know of is said there, and a command given there
acts on its groups; no audience and no report ever means a staff chat itself.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.groups import ACCEPTED, GROUP, Group, group_of
from storage.tables import groups, members, memberships


async def staff_chats(connection: AsyncConnection, shop_id: int) -> list[Group]:
    """The staff's chats that the bot is in, by name."""
    rows = await connection.execute(
        select(*GROUP)
        .where(groups.c.shop_id == shop_id, groups.c.is_staff, groups.c.present, ACCEPTED)
        .order_by(groups.c.name, groups.c.id)
    )
    return [group_of(row) for row in rows]


async def looked_after(connection: AsyncConnection, chat_id: int) -> list[Group]:
    """The fan groups of a staff's chat that the bot is in, by name."""
    rows = await connection.execute(
        select(*GROUP)
        .where(groups.c.staff_group_id == chat_id, groups.c.present, ACCEPTED)
        .order_by(groups.c.name, groups.c.id)
    )
    return [group_of(row) for row in rows]


async def tie(connection: AsyncConnection, chat_id: int, group_ids: Collection[int]) -> None:
    """Let a chat be the staff's, and look after these groups; another one does so no more."""
    await connection.execute(
        update(groups).where(groups.c.id == chat_id).values(is_staff=True, staff_group_id=None)
    )
    others = [one for one in group_ids if one != chat_id]
    await connection.execute(
        update(groups).where(groups.c.id.in_(others)).values(staff_group_id=chat_id)
    )
    await _keep_those_with_groups(connection)


async def untie(
    connection: AsyncConnection, chat_id: int, group_ids: Collection[int] | None = None
) -> bool:
    """Let a staff's chat look after these groups (None: any) no more; whether it still has some.

    One that has none is an ordinary group again.
    """
    meant = [] if group_ids is None else [groups.c.id.in_(list(group_ids))]
    await connection.execute(
        update(groups).where(groups.c.staff_group_id == chat_id, *meant).values(staff_group_id=None)
    )
    await _keep_those_with_groups(connection)
    still = await connection.scalar(select(groups.c.is_staff).where(groups.c.id == chat_id))
    return bool(still)


async def _keep_those_with_groups(connection: AsyncConnection) -> None:
    """A chat is the staff's as long as it looks after a group, be the bot in that now or not."""
    ties = select(groups.c.staff_group_id).where(groups.c.staff_group_id.is_not(None))
    await connection.execute(
        update(groups).where(groups.c.is_staff, groups.c.id.not_in(ties)).values(is_staff=False)
    )


async def customers_in(connection: AsyncConnection, group_ids: Collection[int]) -> set[int]:
    """The ids of the customers who sit in one of these groups now."""
    found = await connection.scalars(
        select(members.c.customer_id)
        .join(memberships, memberships.c.member_id == members.c.id)
        .where(memberships.c.group_id.in_(list(group_ids)), memberships.c.left_at.is_(None))
    )
    return set(found)
