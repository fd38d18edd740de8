"""Fixtures of the handlers' tests: a shop with two groups, on SQLite or on both engines."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

import handlers.commands.insight
from handlers.settings import ShopSettings
from storage.database import Database
from tests.handlers.shop import Opener, Shop, open_shop


@pytest.fixture(autouse=True)
def _undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports come without their picture, which a process takes a while to draw."""

    async def nothing(*_: object) -> None:
        return None

    monkeypatch.setattr(handlers.commands.insight, "insight_picture", nothing)


@pytest.fixture
async def sqlite(migrated_sqlite: Path, tmp_path: Path) -> AsyncIterator[Database]:
    """An open SQLite database with all tables and no rows."""
    file = tmp_path / "handlers.db"
    shutil.copy(migrated_sqlite, file)
    opened = await Database.open(f"sqlite+aiosqlite:///{file}")
    yield opened
    await opened.close()


@pytest.fixture
def opened(sqlite: Database) -> Opener:
    """Opens a shop with other settings than the default: `await opened(language="en")`."""

    async def open_with(**settings: Any) -> Shop:
        return await open_shop(sqlite, ShopSettings(**settings))

    return open_with


@pytest.fixture
async def shop(sqlite: Database) -> Shop:
    """A shop with the groups 一群 and 二群, both tagged 福利群, and 三群."""
    return await with_groups(await open_shop(sqlite, ShopSettings()))


@pytest.fixture
async def any_shop(database: Database) -> Shop:
    """The same on SQLite and on PostgreSQL."""
    return await with_groups(await open_shop(database, ShopSettings()))


async def with_groups(shop: Shop) -> Shop:
    """Have the bot come into the groups."""
    await shop.opens("一群", "二群", tagged=["福利群"])
    await shop.opens("三群")
    return shop
