"""Days are read on all cores, once each, whoever is killed, joins in or changes them meanwhile."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from handlers import reading_days, rereading
from handlers.demand import report
from handlers.desk import Desk
from handlers.period import Period, last_days
from handlers.progress import progress_of
from handlers.readers import Reader, ReaderDied
from handlers.reading_days import Read, UnreadDay, read_day, unread_days, version_now
from handlers.rereading import keep_reading, read_unread
from insights.days import RULES, Utterance
from insights.documents import Reading
from storage import analysis, messages
from storage.analysis import DayState
from storage.database import Database
from tests.bot.program import until
from tests.handlers.shop import DAY, NOW, Shop

DAYS = 8


async def talk(shop: Shop, days: int = DAYS) -> Period:
    """Two fans spoke on each of the last days in one group; the days."""
    await shop.hear(
        *(
            shop.heard(name, "面霜太油了，什么时候补货", at=NOW - number * DAY)
            for number in range(1, days + 1)
            for name in ("小鱼", "小美")
        )
    )
    return Period.ending(shop.desk.shop.day_of(NOW) - DAY, days)


async def ids(shop: Shop) -> list[int]:
    return [(await shop.group("一群")).id]


async def states(shop: Shop, period: Period) -> list[DayState]:
    async with shop.desk.database.reading() as connection:
        return await analysis.day_states(connection, await ids(shop), period.first, period.last)


async def counted(shop: Shop, period: Period) -> tuple[int, int]:
    """Messages and speakers."""
    found = await report(shop.desk, [await shop.group("一群")], period)
    return found.messages, found.speakers


def metric(name: str) -> float:
    return REGISTRY.get_sample_value(f"nuanqun_{name}") or 0.0


async def test_unread_days_are_read_by_processes_and_these_end(any_shop: Shop) -> None:
    period = await talk(any_shop)
    told: list[tuple[int, int]] = []
    before = metric("days_read_total")
    await read_unread(
        any_shop.desk, await ids(any_shop), period, lambda *how: told.append(how), processes=2
    )
    assert [(one.version, one.claimed) for one in await states(any_shop, period)] == [
        (version_now(any_shop.desk), False)
    ] * DAYS
    assert told[-1] == (DAYS, DAYS)
    assert told == sorted(told)
    assert metric("days_read_total") == before + DAYS
    assert metric("days_to_read") == 0
    assert await counted(any_shop, period) == (2 * DAYS, 2)


async def test_a_process_reads_as_a_thread_does(shop: Shop) -> None:
    shop.desk.segmenter.learn(["云絮霜"])
    said = [Utterance(n, 1, NOW, "云絮霜味道有点刺鼻，怕过敏") for n in range(3)]
    reader = Reader(shop.desk)
    try:
        assert await reader.read(said) == await reading_days.in_thread(shop.desk)(said)
    finally:
        await reader.end()
        shop.desk.segmenter.forget("云絮霜")


async def test_a_few_days_need_no_process(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(Reader, "read", never)
    period = await talk(shop, rereading.FEW)
    await read_unread(shop.desk, await ids(shop), period)
    assert await counted(shop, period) == (2 * rereading.FEW, 2)


async def test_the_newest_days_are_read_first(shop: Shop) -> None:
    period = await talk(shop)
    found = await unread_days(shop.desk, await ids(shop), period)
    assert [one.day for one in found] == period.days[::-1]


async def test_a_killed_process_costs_only_its_time(
    any_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    period = await talk(any_shop)
    killed: list[int] = []
    asked = Reader._ask

    async def kill_first(
        self: Reader, process: asyncio.subprocess.Process, said: Sequence[Utterance]
    ) -> Reading:
        if not killed:
            killed.append(process.pid)
            os.kill(process.pid, signal.SIGKILL)
        return await asked(self, process, said)

    monkeypatch.setattr(Reader, "_ask", kill_first)
    died = metric("readers_died_total")
    await read_unread(any_shop.desk, await ids(any_shop), period, processes=1)
    assert killed
    assert metric("readers_died_total") == died + 1
    assert await counted(any_shop, period) == (2 * DAYS, 2)


async def test_a_day_that_kills_every_process_is_left_alone(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    period = await talk(shop)
    asked = Reader.read

    async def deadly(self: Reader, said: Sequence[Utterance]) -> Reading:
        if said[0].at == NOW - DAY:
            raise ReaderDied
        return await asked(self, said)

    monkeypatch.setattr(Reader, "read", deadly)
    monkeypatch.setattr(rereading, "FEW", 0)
    await read_unread(shop.desk, await ids(shop), period, processes=2)
    found = await unread_days(shop.desk, await ids(shop), period)
    assert [(one.day, one.claimed) for one in found] == [(period.last, False)]


async def test_processes_of_another_release_are_not_used(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What they understood would be stale at once, and they would read for ever."""
    period = await talk(shop)
    asked = Reader._ask

    async def otherwise(
        self: Reader, process: asyncio.subprocess.Process, said: Sequence[Utterance]
    ) -> Reading:
        return (await asked(self, process, said))._replace(version="another")

    monkeypatch.setattr(Reader, "_ask", otherwise)
    await read_unread(shop.desk, await ids(shop), period, processes=2)
    assert {one.version for one in await states(shop, period)} == {version_now(shop.desk)}


async def test_two_processes_share_the_days_and_none_is_read_twice(
    any_shop: Shop, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    period = await talk(any_shop)
    other = await Database.open(database_url)
    monkeypatch.setattr(rereading, "FEW", 100)
    before = metric("days_read_total")
    desks = (any_shop.desk, replace(any_shop.desk, database=other))
    group_ids = await ids(any_shop)
    await asyncio.gather(*(read_unread(desk, group_ids, period) for desk in desks))
    assert metric("days_read_total") == before + DAYS
    assert {one.claim for one in await states(any_shop, period)} == {1}
    await other.close()


async def test_the_claims_of_a_killed_bot_end_and_others_read_its_days(
    any_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    period = await talk(any_shop)
    group_ids = await ids(any_shop)
    async with any_shop.desk.database.writing() as connection:
        for day in period.days:
            lasts = timedelta(seconds=1)
            assert await analysis.claim_day(connection, group_ids[0], day, lasts, seen=None)
    monkeypatch.setattr(rereading, "_WAIT_FOR_OTHERS", 0.05)
    monkeypatch.setattr(rereading, "FEW", 100)
    assert all(one.claimed for one in await unread_days(any_shop.desk, group_ids, period))
    await read_unread(any_shop.desk, group_ids, period)
    assert {one.claim for one in await states(any_shop, period)} == {2}


async def read_while(shop: Shop, period: Period, meanwhile: Callable[[], Awaitable[None]]) -> bool:
    """Read the newest day, and let something happen between its reading and its storing."""
    (unread, *_) = await unread_days(shop.desk, await ids(shop), period)

    async def read(said: Sequence[Utterance]) -> Reading:
        found = await reading_days.in_thread(shop.desk)(said)
        await meanwhile()
        return found

    return await read_day(shop.desk, unread, read) is not None


async def test_who_is_forgotten_while_a_day_is_read_is_not_in_it(any_shop: Shop) -> None:
    period = await talk(any_shop)

    async def forget() -> None:
        await any_shop.says("小鱼", "/norecord")

    assert not await read_while(any_shop, period, forget)
    assert await counted(any_shop, period) == (DAYS, 1)


async def test_a_message_that_comes_while_its_day_is_read_is_read_as_well(any_shop: Shop) -> None:
    period = await talk(any_shop)

    async def late() -> None:
        await any_shop.hear(any_shop.heard("阿云", "面霜很香", at=NOW - DAY))

    assert not await read_while(any_shop, period, late)
    assert await counted(any_shop, period) == (2 * DAYS + 1, 3)


async def test_words_that_change_while_days_are_read_have_them_read_again(
    any_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    period = await talk(any_shop)
    monkeypatch.setattr(rereading, "FEW", 100)
    desk = any_shop.desk
    learnt: list[str] = []

    async def learn_once(desk: Desk, one: UnreadDay, read: Read) -> int | None:
        done = await read_day(desk, one, read)
        if not learnt:
            learnt.append(version_now(desk))
            desk.segmenter.learn(["面霜太油"])
        return done

    monkeypatch.setattr(rereading, "read_day", learn_once)
    try:
        await read_unread(desk, await ids(any_shop), period)
        found = await states(any_shop, period)
        assert {one.version for one in found} == {version_now(desk)} != set(learnt)
        assert sorted(one.claim for one in found) == [1] * (DAYS - 1) + [2]
    finally:
        desk.segmenter.forget("面霜太油")


async def test_days_whose_text_goes_are_left_to_who_deletes_it(shop: Shop) -> None:
    await talk(shop)
    shop.clock.advance(shop.desk.shop.text_kept_for)
    reading = asyncio.create_task(keep_reading(shop.desk, look_every=0.01))
    await asyncio.sleep(0.2)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    whole = last_days(shop.desk, 365)
    assert await states(shop, whole) == []


async def test_the_bot_reads_in_its_background_and_stops_at_once(any_shop: Shop) -> None:
    period = await talk(any_shop, 60)
    before = asyncio.all_tasks()
    reading = asyncio.create_task(keep_reading(any_shop.desk))
    read = metric("days_read_total")
    await until(lambda: metric("days_read_total") > read)
    began = time.monotonic()
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    assert time.monotonic() - began < 2
    assert asyncio.all_tasks() == before
    assert not any(one.claimed for one in await states(any_shop, period))
    assert await messages_left(any_shop) == 120


async def messages_left(shop: Shop) -> int:
    async with shop.desk.database.reading() as connection:
        return await messages.count_messages(connection)


async def test_what_a_newer_release_read_stands_for_an_older_one(
    any_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    period = await talk(any_shop, 2)
    wanted = await ids(any_shop)
    with monkeypatch.context() as newer:
        newer.setattr("insights.days.RULES", RULES + 1)
        await read_unread(any_shop.desk, wanted, period)
    (version,) = {one.version for one in await states(any_shop, period)}
    assert version != version_now(any_shop.desk)
    assert await unread_days(any_shop.desk, wanted, period) == []
    assert (await progress_of(any_shop.desk, wanted, period)).other_words == 0
    with monkeypatch.context() as newest:
        newest.setattr("insights.days.RULES", RULES + 2)
        assert len(await unread_days(any_shop.desk, wanted, period)) == 2
