"""A day's analysis is kept once, claimed by one reader, and marked when what it is of changes."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import analysis
from storage.analysis import Claim, DayState, Standing
from storage.database import Database
from tests.storage.builders import ALWAYS, DAY, MINUTE, NOW, analysed, group, heard, record

FIRST = date(2026, 11, 1)
OVER = timedelta(seconds=-1)  # a claim that lasts so long has ended


def span(day: date) -> tuple[datetime, datetime]:
    """A day in UTC."""
    begins = datetime.combine(day, time.min, UTC)
    return begins, begins + DAY


async def state(connection: AsyncConnection, group_id: int, day: date = FIRST) -> DayState:
    """How this day stands."""
    (found,) = await analysis.day_states(connection, [group_id], day, day)
    return found


async def claim(
    connection: AsyncConnection,
    group_id: int,
    lasts: timedelta = MINUTE,
    *,
    seen: int | None = None,
) -> Claim | None:
    """Claim the first day."""
    return await analysis.claim_day(connection, group_id, FIRST, lasts, seen=seen)


async def store(connection: AsyncConnection, held: Claim | None, version: str) -> bool:
    assert held is not None
    return await analysis.store_day(connection, held, version=version, body="[]", at=NOW)


async def test_a_day_comes_back_as_it_was_kept(connection: AsyncConnection) -> None:
    seat = await group(connection, "一群")
    await analysed(connection, seat, FIRST, version="v", body='{"词":3}')
    found = await state(connection, seat.id)
    assert found == DayState(seat.id, FIRST, "v", dirty=False, claim=1, claimed=False)
    assert await analysis.bodies(connection, seat.id, [FIRST]) == {FIRST: '{"词":3}'}


async def test_what_stands_changes_with_every_claim_reading_and_change(
    connection: AsyncConnection,
) -> None:
    seat, other = await group(connection, "一群"), await group(connection, "二群")
    later = FIRST + DAY

    async def stands() -> tuple[Standing, ...]:
        return await analysis.standing(connection, [seat.id], FIRST, later, but=later)

    seen = [await stands()]
    held = await claim(connection, seat.id)
    assert await stands() == ()  # claimed and never read: nothing is known of it
    await store(connection, held, "v")
    seen.append(await stands())
    assert seen[-1] == (Standing("v", 1, 1, 0),)
    await analysis.mark_dirty(connection, [(seat.id, FIRST)])
    seen.append(await stands())
    held = await claim(connection, seat.id, seen=2)
    seen.append(await stands())
    await store(connection, held, "w")
    seen.append(await stands())
    assert len(set(seen)) == len(seen)
    await analysed(connection, seat, later)
    await analysed(connection, other, FIRST)
    assert await stands() == seen[-1]


async def test_days_are_read_from_the_first_to_the_last_of_the_groups_asked_for(
    connection: AsyncConnection,
) -> None:
    one, two = await group(connection, "一群"), await group(connection, "二群")
    days = [FIRST + timedelta(days=number) for number in range(5)]
    for seat in (one, two):
        await analysed(connection, seat, *days)
    found = await analysis.day_states(connection, [one.id], days[1], days[3])
    assert {(day.group_id, day.day) for day in found} == {(one.id, day) for day in days[1:4]}
    assert await analysis.day_states(connection, [], days[0], days[4]) == []
    assert (await analysis.bodies(connection, one.id, days[1:3])).keys() == set(days[1:3])
    assert await analysis.bodies(connection, one.id, []) == {}


async def test_a_newer_analysis_takes_the_place_of_the_older_and_is_clean(
    connection: AsyncConnection,
) -> None:
    seat = await group(connection, "一群")
    await analysed(connection, seat, FIRST)
    await analysis.mark_dirty(connection, [(seat.id, FIRST)])
    await analysed(connection, seat, FIRST, version="2", body="[]")
    found = await state(connection, seat.id)
    assert (found.version, found.dirty) == ("2", False)
    assert await analysis.bodies(connection, seat.id, [FIRST]) == {FIRST: "[]"}


async def test_what_changes_a_day_while_it_is_read_keeps_the_reading_out(
    connection: AsyncConnection,
) -> None:
    seat = await group(connection, "一群")
    held = await claim(connection, seat.id)
    await analysis.mark_dirty(connection, [(seat.id, FIRST)])
    assert not await store(connection, held, "late")
    found = await state(connection, seat.id)
    assert (found.version, found.dirty, found.claimed) == (analysis.UNREAD, True, False)
    assert await analysis.bodies(connection, seat.id, [FIRST]) == {}
    assert await store(connection, await claim(connection, seat.id, seen=found.claim), "in time")


async def test_a_stale_day_stands_as_it_is_until_it_is_read_again(
    connection: AsyncConnection,
) -> None:
    seat = await group(connection, "一群")
    await analysed(connection, seat, FIRST, version="old", body="[1]")
    held = await claim(connection, seat.id, seen=1)
    assert (await state(connection, seat.id)).version == "old"
    assert await analysis.bodies(connection, seat.id, [FIRST]) == {FIRST: "[1]"}
    assert await store(connection, held, "new")
    assert (await state(connection, seat.id)).version == "new"


@pytest.mark.parametrize("known", [False, True])
async def test_a_day_is_claimed_by_one_reader_at_a_time(
    connection: AsyncConnection,
    known: bool,  # noqa: FBT001 (a table's column)
) -> None:
    seat = await group(connection, "一群")
    if known:
        await analysed(connection, seat, FIRST)
    seen = 1 if known else None
    held = await claim(connection, seat.id, seen=seen)
    assert held is not None
    assert (await state(connection, seat.id)).claimed
    for anybody in (None, seen, held.number):
        assert await claim(connection, seat.id, seen=anybody) is None


async def test_a_day_that_was_read_since_it_was_seen_is_not_read_twice(
    connection: AsyncConnection,
) -> None:
    seat = await group(connection, "一群")
    await analysed(connection, seat, FIRST)
    await analysed(connection, seat, FIRST, version="2")
    assert await claim(connection, seat.id, seen=1) is None


async def test_a_claim_ends_by_itself_and_what_it_read_is_worth_nothing(
    connection: AsyncConnection,
) -> None:
    seat = await group(connection, "一群")
    killed = await claim(connection, seat.id, OVER)
    found = await state(connection, seat.id)
    assert not found.claimed
    living = await claim(connection, seat.id, seen=found.claim)
    assert not await store(connection, killed, "dead")
    assert await store(connection, living, "alive")


async def test_a_claim_can_be_kept_and_given_up(connection: AsyncConnection) -> None:
    seat = await group(connection, "一群")
    held = await claim(connection, seat.id, OVER)
    assert held is not None
    assert await analysis.keep_claim(connection, held, MINUTE)
    assert (await state(connection, seat.id)).claimed
    await analysis.give_up(connection, held)
    assert not (await state(connection, seat.id)).claimed
    assert await claim(connection, seat.id, seen=held.number) is not None
    assert not await analysis.keep_claim(connection, held, MINUTE)


async def test_only_the_days_named_are_marked_and_none_is_made(
    connection: AsyncConnection,
) -> None:
    one, two = await group(connection, "一群"), await group(connection, "二群")
    later = FIRST + timedelta(days=1)
    await analysed(connection, one, FIRST, later)
    await analysed(connection, two, FIRST)
    await analysis.mark_dirty(connection, [(one.id, FIRST), (two.id, later)])
    await analysis.mark_dirty(connection, [])
    found = await analysis.day_states(connection, [one.id, two.id], *ALWAYS)
    assert {(day.group_id, day.day) for day in found if day.dirty} == {(one.id, FIRST)}
    assert len(found) == 3


async def test_the_days_on_which_anybody_spoke(connection: AsyncConnection) -> None:
    begins, ends = span(FIRST)
    await record(
        connection,
        heard("before", at=begins - MINUTE),
        heard("first", at=begins),
        heard("behind", at=ends),
        heard("there", chat="chat-二群", at=ends - MINUTE),
        heard("private", chat=None, at=begins),
    )
    one, two = await group(connection, "一群"), await group(connection, "二群")
    days = {day: span(day) for day in (FIRST - DAY, FIRST, FIRST + DAY, FIRST + 2 * DAY)}
    found = await analysis.spoken_days(connection, [one.id, two.id], days)
    assert found == {
        (one.id, FIRST - DAY),
        (one.id, FIRST),
        (one.id, FIRST + DAY),
        (two.id, FIRST),
    }
    assert (
        await analysis.spoken_days(connection, [two.id], {FIRST + DAY: span(FIRST + DAY)}) == set()
    )
    assert await analysis.spoken_days(connection, [], days) == set()
    assert await analysis.spoken_days(connection, [one.id], {}) == set()


@pytest.mark.parametrize("known", [False, True])
async def test_of_two_processes_that_claim_at_once_one_has_the_day(
    database: Database,
    database_url: str,
    known: bool,  # noqa: FBT001 (a table's column)
) -> None:
    other = await Database.open(database_url)
    async with database.writing() as connection:
        seat = await group(connection, "一群")
        if known:
            await analysed(connection, seat, FIRST)

    async def try_it(where: Database) -> Claim | None:
        async with where.writing() as connection:
            return await claim(connection, seat.id, seen=1 if known else None)

    claims = await asyncio.gather(*(try_it(one) for one in (database, other) * 4))
    assert len([one for one in claims if one is not None]) == 1
    await other.close()


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
async def test_who_claims_a_day_waits_for_a_message_that_is_being_stored(
    database: Database,
) -> None:
    """Its row is not there yet, so that the message cannot mark it."""
    async with database.writing() as connection:
        seat = await group(connection, "一群")

    async def claimed_and_seen() -> bool:
        async with database.writing() as connection:
            assert await claim(connection, seat.id) is not None
        async with database.reading() as connection:
            return bool(await analysis.spoken_days(connection, [seat.id], {FIRST: span(FIRST)}))

    async with database.writing() as connection:
        await record(connection, heard("m1", at=NOW))
        waiting = asyncio.create_task(claimed_and_seen())
        done, _ = await asyncio.wait([waiting], timeout=0.3)
        assert not done
    assert await waiting


async def test_a_day_of_many_groups_is_read_at_once(connection: AsyncConnection) -> None:
    first, second, unread = [await group(connection, name) for name in ("一群", "二群", "三群")]
    day = NOW.date()
    await analysed(connection, first, day, body='{"a": 1}')
    await analysed(connection, first, day - DAY)
    await analysed(connection, second, day)
    assert await analysis.claim_day(connection, unread.id, day, MINUTE, seen=None)
    ids = [first.id, second.id, unread.id]
    found = await analysis.bodies_of_day(connection, ids, day)
    assert {key: json.loads(body) for key, body in found.items()} == {
        first.id: {"a": 1},
        second.id: {},
    }
    assert set(await analysis.bodies_of_day(connection, [first.id], day)) == {first.id}
