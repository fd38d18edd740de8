"""Queues on PostgreSQL that a bot could be built on instead, to measure beside ours.

They are no part of the bot: `docs/decisions/0005-other-queues-in-the-benchmarks.md` tells how
they come in. Each is set up in a module of its own, which says what its settings follow.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass

from tests.benchmarks._apart import Start

HOW_TO_GET = "Install them with: make bench"


@dataclass(frozen=True, slots=True)
class Turn:
    """What one process of a queue is given: the database, and how many jobs it takes at a time."""

    url: str
    at_a_time: int


@dataclass(frozen=True, slots=True)
class Rival:
    """A queue with its settings; `share` is the part of our deliveries that it is given as jobs."""

    name: str
    at_a_time: int
    share: float
    fill: Callable[[str, int], None]
    work: Callable[[Turn, Start], int]


def rivals() -> list[Rival]:
    """Those that are installed; says which are not."""
    wanted = [
        ("pgqueuer", "its own batch of 10", 10, 0.5),
        ("pgqueuer", "batches of 250", 250, 1.0),
        # A twentieth takes it as long as everything takes us, and it is no faster with more.
        ("procrastinate", "10 at once", 10, 0.05),
    ]
    found = []
    for library, settings, at_a_time, share in wanted:
        if importlib.util.find_spec(library) is None:
            print(f"{library} is not installed. {HOW_TO_GET}")
            continue
        module = importlib.import_module(f"tests.benchmarks._rival_{library}")
        found.append(Rival(f"{library}, {settings}", at_a_time, share, module.fill, module.work))
    return found


def plain(url: str) -> str:
    """The address as these libraries take it."""
    return url.replace("postgresql+asyncpg:", "postgresql:")
