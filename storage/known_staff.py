"""What a channel asks at its start to know the staff again: who they were, and in which groups.

A platform says who is an admin of one group at a time, so after a restart it takes a while to hear
it of all groups. Until then those who were staff before are staff.
"""

from __future__ import annotations

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.tables import groups, members, memberships


async def staff_on(connection: AsyncConnection, platform: str, account: str) -> dict[str, str]:
    """Those who are marked as staff and sit in an account's groups: their names, by their ids.

    Of others the account cannot tell whether they still are: another account hears their groups.
    """
    seated = (
        exists()
        .where(memberships.c.member_id == members.c.id, memberships.c.left_at.is_(None))
        .where(memberships.c.group_id == groups.c.id, groups.c.account == account)
    )
    found = await connection.execute(
        select(members.c.person, members.c.name).where(
            members.c.staff, members.c.platform == platform, seated
        )
    )
    return {row.person: row.name for row in found}


async def present_chats(connection: AsyncConnection, account: str) -> list[str]:
    """The platform's ids of the groups that an account sits in, longest known first."""
    found = await connection.scalars(
        select(groups.c.chat)
        .where(groups.c.account == account, groups.c.present)
        .order_by(groups.c.id)
    )
    return list(found)
