"""Fixtures of the arrivals' tests: a shop's server on this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.handlers.arrivals.feed_server import FeedServer, feed_server


@pytest.fixture
async def server() -> AsyncIterator[FeedServer]:
    """A server that serves what a test tells it to."""
    async with feed_server() as opened:
        yield opened
