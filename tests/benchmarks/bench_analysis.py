"""Prints how long reports of a month take, and how much memory, on SQLite and PostgreSQL.

A million messages of 30 days in 40 groups by 20,000 members, made from the labelled sentences of
the tests with a fixed seed; in three of ten a made-up name stands before the sentence, so that
there are tens of thousands of different terms, as where people really talk. Measured, as the
command line and the bot do it: the first report, which has everything read by one process for
each core; later reports, with new messages of today in between, and a week's by turns, which is
compared with the four weeks before; the first report of a process that finds all read. Beside it,
in the same run, how fast one process reads. The targets are 90 s for the first on two cores and
0.3 s for later ones. The bot's own memory is told apart from that of the processes that read.

Run it with: python tests/benchmarks/bench_analysis.py [--scale 0.05] [--engine SQLite]
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))  # run as a file, tests/ is not on the path

import psutil
from sqlalchemy import bindparam, delete, insert, update

from bot.collecting import keep_what_stands
from bot.configuration import Configuration
from bot.wiring import open_desk
from handlers import periods_read
from handlers.demand import report
from handlers.desk import Desk
from handlers.period import Period, last_days
from handlers.readers import cores
from handlers.reading_days import analyse_finished_days
from handlers.rereading import read_unread
from scheduler.clock import SimulatedClock
from storage.groups import Group, all_groups
from storage.tables import analysed_days, memberships, messages
from storage.tables import groups as group_rows
from storage.tables import members as member_rows
from tests.benchmarks._engines import engines, postgres_server, settle
from tests.benchmarks._shop import make_groups, make_people
from tests.insights.sentences import read_fan_sentences, read_sentences

MESSAGES, DAYS, GROUPS, MEMBERS = 1_000_000, 30, 40, 20_000
FIRST_WITHIN, LATER_WITHIN = 90.0, 0.3  # seconds
NOW = datetime(2026, 11, 5, 12, 0, tzinfo=UTC)  # 20:00 in Shanghai
ACCOUNT = "bench"
_AT_ONCE = 10_000
_SEED = 11
_WEEK = 7  # days
_LATER = 7  # reports
_NEW = 50  # messages between two of them
_NAMED = 0.3  # of the messages begin with a name
_SIGNS = "云絮白茶乳霜露晨星月桃梨杏梅兰竹菊松柏青紫红蓝雪雨风花鸟鱼虫山水石玉金银铜木林森海河湖江"
_ENDINGS = ("", "", "", "啊", "呢", "哈哈", "！", "，真的", "～", "😭")


def sentences() -> list[str]:
    """What fans say: the labelled sentences of the tests."""
    found = [one.text for one in read_fan_sentences()]
    for name in ("sentences.tsv", "sentences_unseen.tsv"):
        found += [text for text, *_ in read_sentences(name)]
    return found


def name(chance: random.Random) -> str:
    """A made-up name of two to four signs; some are met often, most hardly ever."""
    return "".join(
        _SIGNS[int(len(_SIGNS) * chance.random() ** 2)] for _ in range(chance.randint(2, 4))
    )


def talk(number: int, groups: int, members: int) -> Iterator[dict[str, object]]:
    """So many messages, the same each time: few members of a group say most of what is said."""
    chance = random.Random(_SEED)  # noqa: S311 (for figures, not for secrets)
    said = sentences()
    each = members // groups
    for index in range(number):
        group = chance.randrange(groups)
        text = chance.choice(said) + chance.choice(_ENDINGS)
        if chance.random() < 0.2:
            text += "，" + chance.choice(said)
        if chance.random() < _NAMED:
            text = f"{name(chance)}的{text}"
        yield {
            "account": ACCOUNT,
            "message": f"m{index}",
            "group_id": group + 1,
            "member_id": group * each + int(each * chance.random() ** 2) + 1,
            "at": NOW - timedelta(seconds=chance.random() * DAYS * 86_400 * 0.99),
            "kind": "fan",
            "text": text,
        }


async def fill(desk: Desk, number: int, groups: int, members: int) -> float:
    """Make the shop's groups, people and messages; characters of a message on average."""
    characters = 0
    async with desk.database.writing() as connection:
        await make_people(connection, members)
        chance = random.Random(_SEED)  # noqa: S311 (the same)
        called = [{"of": index + 1, "as": name(chance)} for index in range(members)]
        naming = update(member_rows).where(member_rows.c.id == bindparam("of"))
        await connection.execute(naming.values(name=bindparam("as")), called)
        await make_groups(connection, groups, ACCOUNT)
        await connection.execute(update(group_rows).values(accepted_at=NOW))
        each = members // groups
        seats = [
            {"group_id": index // each + 1, "member_id": index + 1, "joined_at": NOW}
            for index in range(each * groups)
        ]
        await connection.execute(insert(memberships), seats)
    rows = talk(number, groups, members)
    while some := list(islice(rows, _AT_ONCE)):
        characters += sum(len(str(row["text"])) for row in some)
        async with desk.database.writing() as connection:
            await connection.execute(insert(messages), some)
    await settle(desk.database)
    return characters / number


class Memory:
    """The most memory that was had at once, in MB of resident pages.

    `own` is this process, which stands for the bot; `peak` is it with the processes that read.
    """

    def __init__(self) -> None:
        self.peak = self.own = 0.0
        self.processes = 0
        self._over = threading.Event()
        self._me = psutil.Process()
        self.at_first = self._me.memory_info().rss / 1e6

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Look every tenth of a second."""
        watching = threading.Thread(target=self._watch)
        watching.start()
        try:
            yield
        finally:
            self._over.set()
            watching.join()

    def _watch(self) -> None:
        while not self._over.wait(0.1):
            total, alive = 0.0, 0
            for one in (self._me, *self._me.children(recursive=True)):
                try:
                    if "postgres" in one.name():
                        continue
                    total += one.memory_info().rss / 1e6
                except psutil.NoSuchProcess:
                    continue
                alive += 1
            self.own = max(self.own, self._me.memory_info().rss / 1e6)
            self.peak, self.processes = max(self.peak, total), max(self.processes, alive)


async def seconds(work: Callable[[], Awaitable[object]]) -> float:
    """How long it takes."""
    began = time.perf_counter()
    await work()
    return time.perf_counter() - began


async def one_process(desk: Desk, groups: list[Group], period: Period, share: int) -> float:
    """Messages a second that one process reads, measured on some of the groups."""
    some = groups[: max(1, len(groups) // share)]
    took = await seconds(lambda: analyse_finished_days(desk, some, period))
    read = (
        await report(desk, some, Period(period.first, period.last - timedelta(days=1)))
    ).messages
    async with desk.database.writing() as connection:
        await connection.execute(delete(analysed_days))
    periods_read.forget(desk)
    return read / took


async def say_something(desk: Desk, groups: int, first: int) -> None:
    """Some fans say something now."""
    rows = [
        {**row, "message": f"new{first + index}", "at": NOW}
        for index, row in enumerate(talk(_NEW, groups, MEMBERS // 40 * groups))
    ]
    async with desk.database.writing() as connection:
        await connection.execute(insert(messages), rows)


async def measure(engine: str, url: str, scale: float) -> None:
    """Measure on one engine, and print."""
    number = round(MESSAGES * scale)
    groups = max(1, round(GROUPS * scale))
    members = MEMBERS // GROUPS * groups
    configuration = Configuration.model_validate(
        {"storage": {"url": url}, "shop": {"key": "bench"}}
    )
    desk = await open_desk(configuration, SimulatedClock(NOW))
    length = await fill(desk, number, groups, members)
    async with desk.database.reading() as connection:
        seats = await all_groups(connection, desk.shop_id)
    ids = [seat.id for seat in seats]
    period = last_days(desk, DAYS)
    alone = await one_process(desk, seats, period, share=10)
    memory = Memory()
    finished: list[tuple[int, int]] = []

    async def first_report() -> None:
        await read_unread(desk, ids, period, lambda *how: finished.append(how))
        await report(desk, seats, period)

    with memory.watched():
        first = await seconds(first_report)
        last_week = last_days(desk, _WEEK)
        await report(desk, seats, last_week)
        later, weekly = [], []
        for turn in range(_LATER):
            await say_something(desk, groups, turn * _NEW)
            later.append(await seconds(lambda: report(desk, seats, period)))
            weekly.append(await seconds(lambda: report(desk, seats, last_week)))
        periods_read.forget(desk)
        again = await seconds(lambda: report(desk, seats, period))
    found = await report(desk, seats, period)
    if found.messages != number + _LATER * _NEW:
        raise SystemExit(f"not every message was read: {found.messages}")
    terms = len((await periods_read.understood(desk, ids, period)).terms)
    await desk.database.close()
    speed = number / first
    middle, week = statistics.median(later), statistics.median(weekly)
    print(
        f"{engine}: {number:,} messages of {length:.1f} characters, {DAYS} days, {groups} groups, "
        f"{members:,} members, {cores()} reading processes\n"
        f"  first report              {first:8.2f} s   {speed:,.0f} messages/s"
        f"   {_verdict(first, FIRST_WITHIN, scale)}\n"
        f"  one process reads         {alone:8,.0f} messages/s   the first report is"
        f" {speed / alone:.2f} times as fast\n"
        f"  later reports             {middle:8.2f} s in the middle, {max(later):.2f} s at most"
        f"   {_verdict(middle, LATER_WITHIN, scale)}\n"
        f"  later ones of a week      {week:8.2f} s in the middle, {max(weekly):.2f} s at most"
        f"   {_verdict(week, LATER_WITHIN, scale)}\n"
        f"  first of a new process    {again:8.2f} s\n"
        f"  memory of the bot         {memory.own:8,.0f} MB at most,"
        f" {memory.at_first:,.0f} MB before\n"
        f"  memory, all processes     {memory.peak:8,.0f} MB at most,"
        f" {memory.processes} processes\n"
        f"  terms of the month        {terms:8,d}"
    )


def _verdict(took: float, target: float, scale: float) -> str:
    if scale < 1:
        return ""
    return f"target {target:g} s: {'met' if took <= target else 'MISSED'}"


def main() -> None:
    """Measure on every engine there is."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--scale", type=float, default=1.0, help="1 is a million messages")
    reader.add_argument("--engine", choices=["SQLite", "PostgreSQL"])
    chosen = reader.parse_args()
    keep_what_stands()  # as the bot does
    with postgres_server() as server:
        for name, database in engines(server):
            if chosen.engine in (None, name):
                with database() as url:
                    asyncio.run(measure(name, url, chosen.scale))


if __name__ == "__main__":
    main()
