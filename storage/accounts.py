"""The bot's accounts: how far each one's events are stored."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import insert
from storage.tables import accounts


async def cursor(connection: AsyncConnection, account: str) -> str | None:
    """How far this account's events are stored; None before the first one."""
    found = await connection.execute(select(accounts.c.cursor).where(accounts.c.account == account))
    return found.scalar_one_or_none()


async def set_cursor(
    connection: AsyncConnection, account: str, platform: str, position: str
) -> None:
    """Keep the place behind which the channel starts next time."""
    await connection.execute(
        insert(connection, accounts)
        .values(account=account, platform=platform, cursor=position)
        .on_conflict_do_update(index_elements=["account"], set_={"cursor": position})
    )
