"""Prints how fast occurrences become deliveries, up to a million of them.

The planner, in a process of its own, plans campaigns for 2,000 groups whose moment is near: 5, 50
and 500 of them, which makes 10,000, 100,000 and a million deliveries. Beside it somebody else
writes again and again, as the bot does with what it hears: how long they waited at worst is what
a fan's answer might. Then the watermarks are set back and everything is planned again, which
must make nothing new. At last one campaign speaks to a million people in private, by a tag that
they carry: the planner finds the way to each. Memory must not grow with the size.

Run it with: python -m tests.benchmarks.bench_plan [DELIVERIES], a multiple of 200,000.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import update

from scheduler.clock import SimulatedClock
from scheduler.planner import Planner
from storage import accounts, shops
from storage.campaigns import CampaignState
from storage.database import Database
from storage.segments import Segment
from storage.tables import campaigns
from tests.benchmarks import _engines
from tests.benchmarks._apart import Measured, Start, apart, seconds
from tests.benchmarks._shop import (
    NOON,
    make_campaign,
    make_groups,
    make_people,
    seat_people,
)

DELIVERIES = 1_000_000
GROUPS = 2_000
STEPS = (0.01, 0.1, 1.0)
TAG = "老客"
SOON = NOON + timedelta(minutes=5)
BETWEEN = 0.005


@dataclass(frozen=True, slots=True)
class Task:
    """What one process plans: so many deliveries in the database at `url`."""

    url: str
    size: int


@dataclass(frozen=True, slots=True)
class Planned:
    """How many deliveries were new, and the longest that somebody else waited to write."""

    new: int
    waited: float


def prepare(task: Task, start: Start) -> None:
    """Make the shop: its groups, and as many campaigns as the size asks for."""
    start()
    asyncio.run(_prepare(task))


async def _prepare(task: Task) -> None:
    database = await Database.open(task.url)
    async with database.writing() as connection:
        await make_groups(connection, GROUPS, "account")
        for number in range(task.size // GROUPS):
            await make_campaign(connection, f"campaign-{number}", SOON)
    await _engines.settle(database)
    await database.close()


def plan(task: Task, start: Start) -> Planned:
    """Let the planner look ahead."""
    return asyncio.run(_plan(task, start))


async def _plan(task: Task, start: Start) -> Planned:
    database = await Database.open(task.url)
    async with database.writing() as connection:
        shop_id = await shops.ensure_shop(connection, "bench")
    planner = Planner(database=database, shop_id=shop_id, clock=SimulatedClock(NOON))
    async with somebody_writes(database) as waits:
        start()
        new = await planner.plan_ahead()
    await database.close()
    return Planned(new, max(waits))


def plan_again(task: Task, start: Start) -> Planned:
    """Set the watermarks back, and let the planner look ahead."""
    asyncio.run(_set_back(task))
    return plan(task, start)


async def _set_back(task: Task) -> None:
    database = await Database.open(task.url)
    before = NOON - timedelta(minutes=1)
    async with database.writing() as connection:
        await connection.execute(
            update(campaigns).values(state=CampaignState.APPROVED, planned_until=before)
        )
    await database.close()


def prepare_segment(task: Task, start: Start) -> None:
    """Seat a person for every delivery in the groups, and tag them."""
    start()
    asyncio.run(_prepare_segment(task))


async def _prepare_segment(task: Task) -> None:
    database = await Database.open(task.url)
    async with database.writing() as connection:
        await make_groups(connection, GROUPS, "account")
        await make_people(connection, task.size)
        await seat_people(connection, task.size, GROUPS, TAG)
        await make_campaign(connection, "segment", SOON, segment=Segment.carrying(TAG))
    await _engines.settle(database)
    await database.close()


@asynccontextmanager
async def somebody_writes(database: Database) -> AsyncIterator[list[float]]:
    """Write a row again and again meanwhile; the seconds that each time took."""
    waits: list[float] = [0.0]

    async def write() -> None:
        number = 0
        while True:
            await asyncio.sleep(BETWEEN)
            asked = time.perf_counter()
            async with database.writing() as connection:
                number += 1
                await accounts.set_cursor(connection, "somebody", "bench", str(number))
            waits.append(time.perf_counter() - asked)

    writing = asyncio.create_task(write())
    try:
        yield waits
    finally:
        writing.cancel()
        with suppress(asyncio.CancelledError):
            await writing


def show(what: str, size: int, measured: Measured[Planned]) -> None:
    """Print one line."""
    rate = size / seconds([measured])
    print(
        f"  {what:<34} {size:>9,} deliveries  {rate:>9,.0f}/s  new {measured.made.new:>9,}  "
        f"{measured.peak / 2**20:>4,.0f} MB  others waited {measured.made.waited * 1000:>4,.0f} ms",
        flush=True,
    )


def measure(url: str, size: int, *, tagged: bool = False) -> None:
    """Plan for groups, or people with a tag, plan it again, and see that nothing was made twice."""
    task = Task(url, size)
    apart(prepare_segment if tagged else prepare, task)
    (first,) = apart(plan, task)
    show("people with a tag" if tagged else "groups", size, first)
    (again,) = apart(plan_again, task)
    show("the same again", size, again)
    if first.made.new != size or again.made.new:
        raise SystemExit(f"{first.made.new} deliveries were made, and then {again.made.new}")


def main() -> None:
    """Measure what there is."""
    most = int(sys.argv[1]) if len(sys.argv) > 1 else DELIVERIES
    with _engines.postgres_server() as server:
        for name, database in _engines.engines(server):
            print(name)
            for step in STEPS:
                with database() as url:
                    measure(url, int(most * step))
            for step in STEPS:
                with database() as url:
                    measure(url, int(most * step), tagged=True)


if __name__ == "__main__":
    main()
