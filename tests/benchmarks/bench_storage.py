"""Prints how fast messages are stored: in batches of 500, against one commit for each message.

Every figure is `storage.messages.record`, the way that the live bot and an import take, into an
empty database: 200 fans in 4 groups, each message with a command, a duplicate or plain talk as
in a real group. PostgreSQL is left out where it is not installed; it runs without fsync here.

Run it with: python tests/benchmarks/bench_storage.py
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))  # run as a file, tests/ is not on the path

from storage import messages, shops
from storage.database import Database
from storage.members import Seen
from storage.messages import COMMAND, FAN, Heard
from tests.peers import postgres

START = datetime(2026, 11, 1, 4, 0, tzinfo=UTC)
BATCH = 500
BATCHED = 20_000
SINGLE = 1_000


def history(number: int) -> list[Heard]:
    """A busy group's messages: one in fifty a command, one in a hundred delivered twice."""
    heard = []
    for index in range(number):
        at = START + timedelta(seconds=index)
        fan = index * 7 % 200
        name = index - 1 if index % 100 == 99 else index
        heard.append(
            Heard(
                message=f"m{name}",
                chat=f"chat-{fan % 4}",
                chat_name=f"{fan % 4}群",
                sender=Seen(f"fan-{fan}", f"粉丝{fan}"),
                at=at,
                day=at.date(),
                kind=COMMAND if index % 50 == 0 else FAN,
                text=f"这款面霜第{index}次回购了，敏感肌用着也不刺激，就是双十一能不能再便宜一点点呀",
            )
        )
    return heard


async def per_second(database: Database, account: str, heard: Sequence[Heard], size: int) -> float:
    """Messages stored in a second, `size` to a commit."""
    async with database.writing() as connection:
        shop_id = await shops.ensure_shop(connection, "bench")
    began = time.perf_counter()
    for start in range(0, len(heard), size):
        async with database.writing() as connection:
            await messages.record(
                connection,
                shop_id=shop_id,
                platform="bench",
                account=account,
                heard=heard[start : start + size],
                cursor=str(start),
            )
    return len(heard) / (time.perf_counter() - began)


async def measure(name: str, url: str) -> None:
    """Print one engine's two figures and their ratio."""
    database = await Database.open(url)
    try:
        await per_second(database, "warm-up", history(BATCH), BATCH)
        single = await per_second(database, "single", history(SINGLE), 1)
        batched = await per_second(database, "batched", history(BATCHED), BATCH)
    finally:
        await database.close()
    print(
        f"{name:<11} batches of {BATCH}: {batched:>8,.0f} messages/s   "
        f"a commit each: {single:>6,.0f} messages/s   ratio {batched / single:.1f}"
    )


def main() -> None:
    """Measure what there is."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure("SQLite", f"sqlite+aiosqlite:///{folder}/bench.db"))
    if postgres.find_programs() is None:
        print(f"PostgreSQL  is not on this machine. {postgres.HOW_TO_GET}")
        return
    with postgres.running() as server, server.database() as url:
        asyncio.run(measure("PostgreSQL", url))


if __name__ == "__main__":
    main()
