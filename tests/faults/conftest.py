"""The scene of every fault, a room, a bot and a manager in many groups; and figures to show."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.faults.scene import Scene

_FIGURE = "figure"


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """Lines that pytest shows at its end, whether or not the test passed."""
    lines: list[str] = []
    yield lines
    # A test's properties travel with its report, from whichever process it ran in.
    request.node.user_properties.extend((_FIGURE, line) for line in lines)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show the figures of the runs."""
    reports = (one for some in terminalreporter.stats.values() for one in some)
    for report in reports:
        for name, line in getattr(report, "user_properties", ()):
            if name == _FIGURE and report.when == "teardown":
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
