"""How `make test` shares the tests out among its processes, each with databases of its own.

A file stays whole. What waits for programs (a bot, a browser, a gateway) and measures how soon they
answer stays in one process from end to end, so that two such tests never press on each other; the
other processes are busy with the rest meanwhile.
"""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

WITH_PROGRAMS = ("bot", "browser", "contracts", "faults", "peers")


class SharedOut(LoadScopeScheduling):
    """Gives one process the tests with programs, and each of the others a file after the other."""

    def _split_scope(self, nodeid: str) -> str:
        return stays_with(nodeid)


def stays_with(nodeid: str) -> str:
    """A name that a test, `tests/bot/test_x.py::test_y`, shares with those it stays with."""
    file = nodeid.split("::", 1)[0]
    return "with programs" if file.split("/")[1] in WITH_PROGRAMS else file
