"""Prints how long it takes to find the people of a segment among 20,000 fans.

The fans sit in 200 groups and said 25 messages each within the last
fifty days, and carry a tag. Each expression is asked a few times as a campaign asks it
(`customers_in`, all groups), and the fastest time counts: what is measured is the question, not
the machine's other work.

Run it with: python -m tests.benchmarks.bench_segments [FANS]
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import String, cast, insert, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.columns import UtcDateTime
from storage.database import Database
from storage.segments import Segment, customers_in
from storage.tables import members, messages
from tests.benchmarks import _engines
from tests.benchmarks._shop import NOON, make_groups, make_people, seat_people

FANS, GROUPS, EACH, DAYS = 20_000, 200, 25, 50
TIMES = 3
EXPRESSIONS = (
    "tag:老客",
    "tag:老客 and not tag:员工 and last_active < 30d and group in (chat-1, chat-2)",
    "last_active < 30d",
    "last_active > 30d",
    "joined > 7d and reachable",
    "messages >= 5 in 30d",
    "messages = 0 in 7d",
    "said 补货 in 30d",
    "tag:老客 and (said 补货 in 30d or messages >= 20 in 30d) and not optedout",
)


async def prepare(connection: AsyncConnection, fans: int) -> list[int]:
    """The shop; the ids of its groups."""
    groups = await make_groups(connection, GROUPS, "account")
    await make_people(connection, fans)
    await seat_people(connection, fans, GROUPS, "老客")
    for number in range(EACH):
        said = literal("这个面霜什么时候补货呀" if number == 0 else "收到了，很好用，谢谢店家")
        at = literal(NOON - timedelta(days=DAYS / EACH * number, hours=1), UtcDateTime())
        key = literal(f"m{number}-") + cast(members.c.id, String)
        await connection.execute(
            insert(messages).from_select(
                ["account", "message", "group_id", "member_id", "at", "kind", "text"],
                select(
                    literal("account"),
                    key,
                    members.c.id % GROUPS + 1,
                    members.c.id,
                    at,
                    literal("fan"),
                    said,
                ),
            )
        )
    return list(groups)


async def measure(url: str, fans: int) -> None:
    """Ask each expression, and print how many it finds and how long that takes."""
    database = await Database.open(url)
    async with database.writing() as connection:
        groups = await prepare(connection, fans)
    await _engines.settle(database)
    for expression in EXPRESSIONS:
        segment = Segment.parse(expression)
        took: list[float] = []
        found: Sequence[int] = ()
        for _ in range(TIMES):
            async with database.reading() as connection:
                began = time.perf_counter()
                found = await customers_in(connection, segment, groups, [], NOON)
                took.append(time.perf_counter() - began)
        print(f"  {min(took) * 1000:6,.0f} ms  {len(found):>7,} fans  {expression}", flush=True)
    await database.close()


def main() -> None:
    """Measure what there is."""
    fans = int(sys.argv[1]) if len(sys.argv) > 1 else FANS
    print(f"{fans:,} fans in {GROUPS} groups, {fans * EACH:,} messages in {DAYS} days")
    with _engines.postgres_server() as server:
        for name, database in _engines.engines(server):
            print(name)
            with database() as url:
                asyncio.run(measure(url, fans))


if __name__ == "__main__":
    main()
