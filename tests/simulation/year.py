"""Lives a year of a shop through and judges it: `make simulate-year`.

The real planner, senders, decisions, programmes and commands, default settings, a simulated clock
that jumps from event to event, and a platform that keeps Telegram's pace. After the year the
greetings alone go on for a second one, so that a text which comes again within two years is seen.
It prints the calendar of the year, the totals, and what was found; a breach is exit code 1.

    python -m tests.simulation.year --year 2027 --groups 200 --fans 20000 --engine sqlite
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import resource
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

import structlog

from storage.database import Database
from tests.benchmarks import _engines
from tests.simulation import evidence, judge
from tests.simulation.agenda import deeds_of, within
from tests.simulation.judge import Arrival, Planned, Post, posts_of
from tests.simulation.life import Life
from tests.simulation.network import LIMITS
from tests.simulation.shown import calendar, totals, verdicts


@dataclass(frozen=True, slots=True)
class Lived:
    """What came of it: the ledger, the posts that arrived, and the breaches by what was judged.

    `peak` is the memory of this process, in MB, at the most before anything was judged.
    """

    planned: list[Planned]
    posts: list[Post]
    found: Mapping[str, list[str]]
    peak: float = 0

    @property
    def is_sound(self) -> bool:
        """Whether nothing was found, and there was something to judge."""
        return bool(self.posts) and not any(self.found.values())


async def lived(
    database: Database,
    first: date,
    last: date,
    *,
    groups: int,
    fans: int,
    greetings_until: date | None = None,
) -> Lived:
    """Live from one day to another, then until a third one with greetings alone, and judge it."""
    life = await Life.begin(database, first, groups, fans)
    await life.live(last, within(deeds_of(first.year), first, last))
    if greetings_until is not None:
        await life.live(greetings_until, [])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    planned = await evidence.ledger(life.shop)
    arrivals = life.network.arrivals
    posts = posts_of(arrivals, planned)
    return Lived(planned, posts, await _judged(life, arrivals, planned, posts), peak)


async def _judged(
    life: Life, arrivals: list[Arrival], planned: list[Planned], posts: list[Post]
) -> dict[str, list[str]]:
    groups, pairs = await evidence.everybodys_groups(life.shop)
    draws = await evidence.draws(life.shop, arrivals)
    (fastest,) = LIMITS.account
    care, years = life.shop.desk.care, {post.wall.year for post in posts}
    quiet = {day for year in years for day in evidence.quiet_days(year)}
    return {
        "outside their window": judge.outside_window(posts),
        "over the caps": judge.over_caps(posts, care),
        "in quiet hours": judge.in_quiet_hours(posts, care),
        "posts of Double-11 held back by caps or quiet hours": judge.held_back(planned),
        "posts of Double-11 that missed a group": judge.missed_by_groups(planned, groups),
        "groups greeted twice on a day": judge.greeted_twice(posts),
        "greetings repeated within two years": judge.said_again(posts, life.listed),
        "neighbours greeted alike": judge.neighbours_alike(posts, pairs, life.listed),
        "on a quiet day": judge.on_quiet_days(posts, quiet),
        "draws drawn, won or told twice": judge.drawn_twice(draws),
        "arrived twice": judge.arrived_twice(arrivals),
        "not accounted for": judge.unaccounted(planned, {one.key for one in arrivals}),
        "faster than the platform": judge.too_fast(arrivals, fastest.messages, fastest.per),
    }


@contextmanager
def _engine(name: str) -> Iterator[str]:
    if name == "sqlite":
        with _engines.sqlite() as url:
            yield url
        return
    with _engines.postgres_server() as server:
        if server is None:
            raise SystemExit(1)
        with server.database() as url:
            yield url


async def _year(url: str, year: int, groups: int, fans: int) -> Lived:
    database = await Database.open(url)
    try:
        return await lived(
            database,
            date(year, 1, 1),
            date(year, 12, 31),
            groups=groups,
            fans=fans,
            greetings_until=date(year + 1, 12, 31),
        )
    finally:
        await database.close()


def _asked() -> argparse.Namespace:
    reader = argparse.ArgumentParser(prog="simulate-year", description=__doc__)
    reader.add_argument("--year", type=int, default=2027)
    reader.add_argument("--groups", type=int, default=200)
    reader.add_argument("--fans", type=int, default=20_000)
    reader.add_argument("--engine", choices=("sqlite", "postgresql"), default="sqlite")
    return reader.parse_args()


def main() -> None:
    """Simulate, print, judge."""
    asked = _asked()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    began = time.monotonic()
    with _engine(asked.engine) as url:
        done = asyncio.run(_year(url, asked.year, asked.groups, asked.fans))
    took = time.monotonic() - began
    zone = ZoneInfo("Asia/Shanghai")
    for line in calendar(
        [one for one in done.planned if one.opens.astimezone(zone).year == asked.year],
        done.posts,
        zone,
    ):
        print(line)
    print("totals, with the greetings of the second year")
    for line in totals(done.planned):
        print(line)
    print("breaches")
    for line in verdicts(done.found):
        print(line)
    print(
        f"{asked.groups} groups, {asked.fans:,} fans, {asked.engine}: {len(done.posts):,} posts "
        f"in {took:,.0f} s, {done.peak:,.0f} MB at the most"
    )
    sys.exit(0 if done.is_sound else 1)


if __name__ == "__main__":
    main()
