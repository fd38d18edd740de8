"""What the tests of storage share besides `database`: a transaction, and a second process."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Database


@pytest.fixture
async def connection(database: Database) -> AsyncIterator[AsyncConnection]:
    """One transaction for the whole test."""
    async with database.writing() as opened:
        yield opened


@pytest.fixture
async def other(database_url: str) -> AsyncIterator[Database]:
    """The same database as another process has it open, with connections of its own."""
    opened = await Database.open(database_url)
    yield opened
    await opened.close()
