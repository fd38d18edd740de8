"""Every platform that the contracts of a channel are run on.

A test that takes `platform` runs once on each, one that takes `wired` on those behind a wire.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contracts.counterpart import Counterpart, WiredCounterpart
from tests.contracts.room_counterparts import LocalRoom, RoomBehindItsDoor

WIRED = {"room behind its door": RoomBehindItsDoor}
ALL = {"room in the process": LocalRoom} | WIRED


@pytest.fixture(params=list(ALL.values()), ids=list(ALL))
async def platform(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Counterpart]:
    """Each platform, with the bot in its group."""
    counterpart = request.param(tmp_path)
    await counterpart.start()
    yield counterpart
    await counterpart.stop()


@pytest.fixture(params=list(WIRED.values()), ids=list(WIRED))
async def wired(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[WiredCounterpart]:
    """Each platform behind a wire, with the bot in its group."""
    counterpart = request.param(tmp_path)
    await counterpart.start()
    yield counterpart
    await counterpart.stop()
