"""A day's analysis is kept once, and marked when what it was made from changes."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from storage import analysis
from tests.storage.builders import NOW, group

FIRST = date(2026, 11, 1)


async def keep(connection: AsyncConnection, group_id: int, *days: date) -> None:
    for day in days:
        await analysis.store_day(connection, group_id, day, version="1", body={"词": 3}, at=NOW)


async def dirty(connection: AsyncConnection, *group_ids: int) -> set[tuple[int, date]]:
    found = await analysis.stored_days(connection, group_ids, date.min, date.max)
    return {(day.group_id, day.day) for day in found if day.dirty}


async def test_a_day_comes_back_as_it_was_kept(connection: AsyncConnection) -> None:
    seat = await group(connection, "一群")
    await keep(connection, seat.id, FIRST)
    (found,) = await analysis.stored_days(connection, [seat.id], FIRST, FIRST)
    assert found == analysis.StoredDay(seat.id, FIRST, "1", {"词": 3}, dirty=False)


async def test_days_are_read_from_the_first_to_the_last_of_the_groups_asked_for(
    connection: AsyncConnection,
) -> None:
    one, two = await group(connection, "一群"), await group(connection, "二群")
    days = [FIRST + timedelta(days=number) for number in range(5)]
    for seat in (one, two):
        await keep(connection, seat.id, *days)
    found = await analysis.stored_days(connection, [one.id], days[1], days[3])
    assert {(day.group_id, day.day) for day in found} == {(one.id, day) for day in days[1:4]}
    assert await analysis.stored_days(connection, [], days[0], days[4]) == []


async def test_a_newer_analysis_takes_the_place_of_the_older_and_is_clean(
    connection: AsyncConnection,
) -> None:
    seat = await group(connection, "一群")
    await keep(connection, seat.id, FIRST)
    await analysis.mark_dirty(connection, [(seat.id, FIRST)])
    await analysis.begin_day(connection, seat.id, FIRST, at=NOW)
    await analysis.store_day(connection, seat.id, FIRST, version="2", body=[], at=NOW)
    (found,) = await analysis.stored_days(connection, [seat.id], FIRST, FIRST)
    assert found == analysis.StoredDay(seat.id, FIRST, "2", [], dirty=False)


async def test_what_changes_a_day_while_it_is_read_leaves_it_dirty(
    connection: AsyncConnection,
) -> None:
    seat = await group(connection, "一群")
    await analysis.begin_day(connection, seat.id, FIRST, at=NOW)
    assert await analysis.stored_days(connection, [seat.id], FIRST, FIRST) == []
    await analysis.mark_dirty(connection, [(seat.id, FIRST)])
    await analysis.store_day(connection, seat.id, FIRST, version="1", body={}, at=NOW)
    assert await dirty(connection, seat.id) == {(seat.id, FIRST)}


async def test_only_the_days_named_are_marked_and_none_is_made(
    connection: AsyncConnection,
) -> None:
    one, two = await group(connection, "一群"), await group(connection, "二群")
    later = FIRST + timedelta(days=1)
    await keep(connection, one.id, FIRST, later)
    await keep(connection, two.id, FIRST)
    await analysis.mark_dirty(connection, [(one.id, FIRST), (two.id, later)])
    await analysis.mark_dirty(connection, [])
    assert await dirty(connection, one.id, two.id) == {(one.id, FIRST)}
    assert len(await analysis.stored_days(connection, [one.id, two.id], FIRST, later)) == 3
