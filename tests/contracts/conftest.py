"""Every platform that the contracts of a channel are run on.

A test that takes `platform` runs once on each, one that takes `wired` on those behind a wire.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.contracts.counterpart import Counterpart, WiredCounterpart
from tests.contracts.room_counterparts import LocalRoom, RoomBehindItsDoor
from tests.contracts.telegram_counterparts import TelegramOfAnotherHand, TelegramOfOurOwn
from tests.contracts.wechat_counterparts import WeChatBehindItsGateway

WIRED = {
    "room behind its door": RoomBehindItsDoor,
    "telegram of our own": TelegramOfOurOwn,
    "telegram of another hand": TelegramOfAnotherHand,
    "wechat behind its gateway": WeChatBehindItsGateway,
}
ALL = {"room in the process": LocalRoom} | WIRED


@asynccontextmanager
async def standing(kind: Any, folder: Path, database: Path) -> AsyncIterator[Any]:
    """A counterpart from its start to its stop, with a fresh database for the bot's channels."""
    shutil.copy(database, folder / "bot.sqlite3")
    counterpart = kind(folder)
    await counterpart.start()
    try:
        yield counterpart
    finally:
        await counterpart.stop()


@pytest.fixture(params=list(ALL.values()), ids=list(ALL))
async def platform(
    request: pytest.FixtureRequest, tmp_path: Path, migrated_sqlite: Path
) -> AsyncIterator[Counterpart]:
    """Each platform, with the bot in its group."""
    async with standing(request.param, tmp_path, migrated_sqlite) as counterpart:
        yield counterpart


@pytest.fixture(params=list(WIRED.values()), ids=list(WIRED))
async def wired(
    request: pytest.FixtureRequest, tmp_path: Path, migrated_sqlite: Path
) -> AsyncIterator[WiredCounterpart]:
    """Each platform behind a wire, with the bot in its group."""
    async with standing(request.param, tmp_path, migrated_sqlite) as counterpart:
        yield counterpart
