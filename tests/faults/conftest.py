"""The scene of every fault: a room, a bot, and a manager in many groups."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.faults.scene import Scene


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    """A running room with its groups and a running bot that knows them; both are ended after."""
    opened = Scene(tmp_path)
    try:
        await opened.open()
        yield opened
    finally:
        await opened.close()
