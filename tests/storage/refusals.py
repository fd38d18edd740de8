"""What the tests of opening a database share."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from storage.database import Database
from storage.errors import StorageError


async def refused(url: str) -> str:
    """What is said about a database that cannot be opened."""
    with pytest.raises(StorageError) as caught:
        await Database.open(url)
    return str(caught.value)


async def run(url: str, *statements: str) -> None:
    """Change a database of ours behind our back."""
    database = await Database.open(url)
    async with database.writing() as connection:
        for statement in statements:
            await connection.execute(text(statement))
    await database.close()
