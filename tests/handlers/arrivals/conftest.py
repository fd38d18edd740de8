"""Fixtures of the arrivals' tests: a shop's server on this machine, and a shop that watches it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from storage.database import Database
from tests.handlers.arrivals.feed_server import FeedServer, feed_server
from tests.handlers.arrivals.scenes import Scene, scene_on


@pytest.fixture
async def server() -> AsyncIterator[FeedServer]:
    """A server that serves what a test tells it to."""
    async with feed_server() as opened:
        yield opened


@pytest.fixture
async def scene(sqlite: Database, server: FeedServer) -> Scene:
    """The shop has looked at its feed once."""
    return await scene_on(sqlite, server)
