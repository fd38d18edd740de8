"""Fixtures of the WeChat channel's tests: on a gateway in memory, what hears and what speaks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.channels.wechat import hearing as hearing_room
from bot.channels.wechat import known
from bot.channels.wechat.hearing import WeChatHearing
from storage.database import Database
from tests.bot.channels.wechat.heard import Heard, a_group
from tests.bot.channels.wechat.speaking import Stage


@pytest.fixture(autouse=True)
def _asked_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known, "_RESTS", (timedelta(milliseconds=5), timedelta(milliseconds=5)))
    monkeypatch.setattr(hearing_room, "_REST", timedelta(milliseconds=5))
    monkeypatch.setattr(hearing_room, "_REFUSED_FOR", timedelta(milliseconds=50))


@pytest.fixture
async def shop(migrated_sqlite: Path, tmp_path: Path) -> AsyncIterator[Heard]:
    async with a_group(migrated_sqlite, tmp_path) as made:
        yield made


@pytest.fixture
async def hearing(shop: Heard) -> AsyncIterator[WeChatHearing]:
    async with shop.open() as made:
        yield made


@pytest.fixture
def stage(database: Database, tmp_path: Path) -> Stage:
    """A channel that is at work."""
    (tmp_path / "offer.png").write_bytes(b"\x89PNG offer")
    return Stage(database, tmp_path)
