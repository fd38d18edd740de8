"""How far each account's events are stored."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from storage import accounts
from tests.storage.builders import ACCOUNT, PLATFORM


async def test_an_account_never_heard_has_no_cursor(connection: AsyncConnection) -> None:
    assert await accounts.cursor(connection, ACCOUNT) is None


async def test_the_newest_cursor_counts_and_each_account_has_its_own(
    connection: AsyncConnection,
) -> None:
    await accounts.set_cursor(connection, ACCOUNT, PLATFORM, "1")
    await accounts.set_cursor(connection, ACCOUNT, PLATFORM, "2")
    await accounts.set_cursor(connection, "telegram:shop", "telegram", "77")
    assert await accounts.cursor(connection, ACCOUNT) == "2"
    assert await accounts.cursor(connection, "telegram:shop") == "77"
