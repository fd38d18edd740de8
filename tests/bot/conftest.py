"""Fixtures of the running bot's tests: an empty folder with a ready database, and one full demo."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.configuration import Configuration
from handlers.settings import ShopSettings
from storage.database import Database
from tests.bot.program import run
from tests.handlers.shop import Shop, open_shop


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the bot is run in, empty."""
    folder = tmp_path / "shop"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def configured(here: Path, migrated_sqlite: Path) -> Configuration:
    """The default configuration, with its database made already: migrating takes a while."""
    (here / "data").mkdir()
    shutil.copy(migrated_sqlite, here / "data" / "nuanqun.sqlite3")
    return Configuration()


@pytest.fixture
async def shop(migrated_sqlite: Path, tmp_path: Path) -> AsyncIterator[Shop]:
    """The bot of a shop with one group, on a platform that only pretends."""
    file = tmp_path / "nuanqun.db"
    shutil.copy(migrated_sqlite, file)
    database = await Database.open(f"sqlite+aiosqlite:///{file}")
    opened = await open_shop(database, ShopSettings())
    await opened.opens("一群")
    yield opened
    await database.close()


@dataclass(frozen=True, slots=True)
class LivedDemo:
    """A demo that was lived to its end: the document it printed, and the folder it left."""

    document: dict[str, Any]
    folder: Path


@pytest.fixture(scope="session")
def whole_demo(tmp_path_factory: pytest.TempPathFactory) -> LivedDemo:
    """All twelve days, lived once for all tests."""
    folder = tmp_path_factory.mktemp("whole-demo")
    ended = run(folder, "demo", "--headless", "--json", "--data", "life")
    assert (ended.code, ended.err) == (0, "")
    return LivedDemo(ended.document, folder / "life")
