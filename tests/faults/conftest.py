"""The scene of every fault, a room, a bot and a manager in many groups; and figures to show."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.faults.scene import Scene

_FIGURES = pytest.StashKey[list[str]]()


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> list[str]:
    """Lines that pytest shows at its end, whether or not the test passed."""
    return request.config.stash.setdefault(_FIGURES, [])


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Show the figures of the runs."""
    for line in config.stash.get(_FIGURES, []):
        terminalreporter.write_line(f"faults on {line}")


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    """A running room with its groups and a running bot that knows them; both are ended after."""
    opened = Scene(tmp_path)
    try:
        await opened.open()
        yield opened
    finally:
        await opened.close()
