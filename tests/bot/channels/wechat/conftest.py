"""Fixtures of the WeChat channel's tests: a group on a gateway in memory, and its hearing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.channels.wechat.hearing import WeChatHearing
from tests.bot.channels.wechat.heard import Heard, a_group


@pytest.fixture
async def shop(migrated_sqlite: Path, tmp_path: Path) -> AsyncIterator[Heard]:
    async with a_group(migrated_sqlite, tmp_path) as made:
        yield made


@pytest.fixture
async def hearing(shop: Heard) -> AsyncIterator[WeChatHearing]:
    async with shop.open() as made:
        yield made
