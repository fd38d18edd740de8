"""procrastinate, working off jobs that do nothing.

Its manual has no figures to go by; ten jobs at once with a connection for each were the best of
what was tried. It fetches jobs one by one, and leaves those of a process that died to a task
that one writes oneself.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from procrastinate import App, PsycopgConnector
from procrastinate.tasks import Task

from tests.benchmarks._apart import Start
from tests.benchmarks._rival import Turn, plain

_AT_ONCE = 1_000
_SPARE = 2  # connections: one listens, one fetches


def fill(url: str, size: int) -> None:
    """Make its tables, and put `size` jobs in."""
    asyncio.run(_fill(url, size))


async def _fill(url: str, size: int) -> None:
    app = App(connector=PsycopgConnector(conninfo=plain(url)))
    done: list[None] = []
    task = _nothing(app, done)
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        for first in range(0, size, _AT_ONCE):
            some = min(_AT_ONCE, size - first)
            await task.batch_defer_async(*({} for _ in range(some)))
        await app.connector.execute_query_async("ANALYZE")


def work(turn: Turn, start: Start) -> int:
    """Work until the queue is empty; how many jobs were done."""
    logging.getLogger("procrastinate").setLevel(logging.WARNING)
    return asyncio.run(_work(turn, start))


async def _work(turn: Turn, start: Start) -> int:
    connections = turn.at_a_time + _SPARE
    app = App(
        connector=PsycopgConnector(
            conninfo=plain(turn.url), min_size=connections, max_size=connections
        )
    )
    done: list[None] = []
    _nothing(app, done)
    async with app.open_async():
        await asyncio.to_thread(start)
        await app.run_worker_async(
            wait=False, concurrency=turn.at_a_time, install_signal_handlers=False
        )
    return len(done)


def _nothing(app: App, done: list[None]) -> Task[..., Any, Any]:
    async def nothing() -> None:
        done.append(None)

    return app.task(name="nothing")(nothing)
