"""Fixtures of the running bot's tests: an empty folder with a ready database, and one full demo."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.configuration import Configuration
from tests.bot.program import run


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the bot is run in, empty."""
    folder = tmp_path / "shop"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def shop(here: Path, migrated_sqlite: Path) -> Configuration:
    """The default configuration, with its database made already: migrating takes a while."""
    (here / "data").mkdir()
    shutil.copy(migrated_sqlite, here / "data" / "nuanqun.sqlite3")
    return Configuration()


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
