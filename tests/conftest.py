"""Fixtures that more than one package's tests use: the real counterparts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.peers import postgres as postgres_peer


@pytest.fixture(scope="session")
def postgres() -> Iterator[postgres_peer.PostgresServer]:
    """The run's PostgreSQL server, started for the first test that asks."""
    with postgres_peer.running() as server:
        yield server


@pytest.fixture
def postgres_url(postgres: postgres_peer.PostgresServer) -> Iterator[Callable[[], str]]:
    """Each call makes a fresh, empty database and returns its URL; all are dropped afterwards."""
    with ExitStack() as databases:
        yield lambda: databases.enter_context(postgres.database())
