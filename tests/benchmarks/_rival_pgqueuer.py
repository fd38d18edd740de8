"""pgqueuer, working off jobs that do nothing, as its own manual advises for many short jobs.

That is a connection of its own for each process, uvloop (as its command line has it), its advice
for autovacuum taken, and a larger batch than the 10 it has by itself. It takes jobs a batch at a
time, and repeats those of a process that died.
"""

from __future__ import annotations

import asyncio

import asyncpg
import uvloop
from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgDriver
from pgqueuer.models import Job
from pgqueuer.queries import Queries
from pgqueuer.types import QueueExecutionMode

from tests.benchmarks._apart import Start
from tests.benchmarks._rival import Turn, plain

_ENTRY = "nothing"
_AT_ONCE = 1_000


def fill(url: str, size: int) -> None:
    """Make its tables, and put `size` jobs in."""
    asyncio.run(_fill(url, size))


async def _fill(url: str, size: int) -> None:
    connection = await asyncpg.connect(plain(url))
    queries = Queries(AsyncpgDriver(connection))
    await queries.install()
    await queries.optimize_autovacuum()
    for first in range(0, size, _AT_ONCE):
        some = min(_AT_ONCE, size - first)
        await queries.enqueue([_ENTRY] * some, [None] * some, [0] * some)
    await connection.execute("ANALYZE")
    await connection.close()


def work(turn: Turn, start: Start) -> int:
    """Work until the queue is empty; how many jobs were done."""
    return uvloop.run(_work(turn, start))


async def _work(turn: Turn, start: Start) -> int:
    queue = PgQueuer(AsyncpgDriver(await asyncpg.connect(plain(turn.url))))
    done = 0

    async def nothing(job: Job) -> None:
        nonlocal done
        del job
        done += 1

    queue.entrypoint(_ENTRY)(nothing)
    await asyncio.to_thread(start)
    await queue.run(batch_size=turn.at_a_time, mode=QueueExecutionMode.drain)
    return done
