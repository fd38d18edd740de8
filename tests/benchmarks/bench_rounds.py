"""Prints how long a large draw, and the shop's answers, hold up everything else that the bot does.

A draw that 20,000 fans take part in is shown as it stands, closed, and shown to the managers; then
a batch of 500 questions is compared with 200 answers. Told are the seconds that each takes, and the
longest time in between in which the event loop did nothing else.

Run it with: python -m tests.benchmarks.bench_rounds
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Awaitable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.closing_rounds import close_rounds
from handlers.settings import ShopSettings
from handlers.standing_rounds import Shown, show_standing
from storage.bulk import insert_new
from storage.database import Database
from storage.tables import customers, groups, members, memberships, round_entries
from tests.handlers.conftest import with_groups
from tests.handlers.shop import ACCOUNT, DAY, MANAGER, Shop, open_shop

FANS = 20_000
QUESTIONS = 500
ANSWERS = 200
DRAW = "/draw @一群 双11抽奖 | 面霜正装 x10 | 小样 x100 | 截止 今晚8点"
THINGS = "面霜精华眼霜口红粉底面膜乳液喷雾卸妆洗面奶"


async def measured(what: str, deed: Awaitable[Any]) -> None:
    """Print how long a deed takes, and how long at most the loop stood still meanwhile."""
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.001)
            longest = max(longest, time.perf_counter() - before - 0.001)

    watching = asyncio.create_task(watch())
    await asyncio.sleep(0.01)
    began = time.perf_counter()
    await deed
    took = time.perf_counter() - began
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching
    print(f"{what:<44} {took:>7.3f} s   loop held {longest * 1000:>6.0f} ms", flush=True)


async def crowd(shop: Shop) -> None:
    """Let so many fans sit in the group and take part in its draw."""
    first, now = 100_000, shop.clock.now()
    ids = range(first, first + FANS)
    async with shop.desk.database.writing() as connection:
        (like,) = await members_like(connection)
        there = await connection.scalar(select(groups.c.id).where(groups.c.name == "一群"))
        await insert_new(connection, customers, [{"id": one} for one in ids])
        people = [{**like, "id": one, "customer_id": one, "person": f"fan{one}"} for one in ids]
        await insert_new(connection, members, people)
        seats = [{"group_id": there, "member_id": one, "joined_at": now} for one in ids]
        await insert_new(connection, memberships, seats)
        entries = [
            {"round_id": 1, "number": one - first + 1, "customer_id": one, "body": {}, "at": now}
            for one in ids
        ]
        await insert_new(connection, round_entries, entries)


async def members_like(connection: AsyncConnection) -> list[dict[str, Any]]:
    """A fan's row, to be written again for others."""
    rows = await connection.execute(select(members).where(members.c.name == "小鱼"))
    return [dict(row) for row in rows.mappings()]


async def main() -> None:
    """Measure, and print."""
    with tempfile.TemporaryDirectory() as folder:
        database = await Database.open(f"sqlite+aiosqlite:///{Path(folder) / 'rounds.db'}")
        shop = await with_groups(await open_shop(database, ShopSettings()))
        await shop.joins("小鱼")
        await shop.says(MANAGER, DRAW, group=None)
        await shop.says(MANAGER, "/confirm", group=None)
        await shop.delivers()
        await crowd(shop)
        await measured(f"a draw of {FANS:,}, as it stands", stand(shop))
        await measured("the same for a manager", shop.says(MANAGER, "/draw 1", group=None))
        shop.clock.advance(DAY)
        await measured("closed and drawn", close_rounds(shop.desk))
        await measured("its result for a manager", shop.says(MANAGER, "/draw 1", group=None))
        for number in range(ANSWERS):
            thing = THINGS[number % 20 : number % 20 + 2]
            await shop.says(MANAGER, f"/faq {thing}{number}号多久发货 = 答{number}", group=None)
        shop.clock.advance(timedelta(hours=1))
        asked = [
            shop.heard("小鱼", f"{THINGS[n % 19 : n % 19 + 2]}什么时候发货呀{n}")
            for n in range(QUESTIONS)
        ]
        await measured(f"{QUESTIONS} questions, {ANSWERS} answers", shop.hear(*asked))
        await database.close()


async def stand(shop: Shop) -> None:
    """Show how the draw stands."""
    await show_standing(shop.desk, ACCOUNT, Shown())


if __name__ == "__main__":
    asyncio.run(main())
