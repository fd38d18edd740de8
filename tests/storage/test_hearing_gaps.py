"""Gaps in hearing: kept once however they overlap, and found by the time they touch."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.hearing_gaps import Gap, gaps_between, keep_gap
from storage.tables import hearing_gaps
from tests.storage.builders import ACCOUNT, DAY, MINUTE, NOW

Span = tuple[int, int]
ALWAYS = (NOW - DAY, NOW + DAY)


def minute(number: int) -> datetime:
    return NOW + number * MINUTE


async def kept(connection: AsyncConnection, *spans: Span, account: str = ACCOUNT) -> list[Span]:
    for since, until in spans:
        await keep_gap(connection, account, minute(since), minute(until))
    found = await gaps_between(connection, [account], *ALWAYS)
    return [
        ((one.since - NOW) // MINUTE, (one.until - NOW) // MINUTE)
        for one in found
        if one.until is not None
    ]


@pytest.mark.parametrize(
    ("spans", "stand"),
    [
        ([(0, 5)], [(0, 5)]),
        ([(10, 12), (0, 5)], [(0, 5), (10, 12)]),
        ([(0, 5), (5, 8)], [(0, 8)]),
        ([(5, 8), (0, 5)], [(0, 8)]),
        ([(0, 5), (3, 8)], [(0, 8)]),
        ([(0, 9), (3, 5)], [(0, 9)]),
        ([(3, 5), (0, 9)], [(0, 9)]),
        ([(0, 2), (4, 6), (8, 9), (1, 5)], [(0, 6), (8, 9)]),
        ([(0, 5), (0, 5)], [(0, 5)]),
        ([(3, 3)], []),
        ([(5, 3)], []),
    ],
)
async def test_gaps_that_touch_become_one(
    connection: AsyncConnection, spans: list[Span], stand: list[Span]
) -> None:
    assert await kept(connection, *spans) == stand


async def test_another_accounts_gaps_stay_its_own(connection: AsyncConnection) -> None:
    await kept(connection, (0, 5))
    assert await kept(connection, (3, 8), account="wechat:other") == [(3, 8)]
    assert await kept(connection) == [(0, 5)]


@pytest.mark.parametrize(
    ("since", "until", "touches"),
    [(0, 10, True), (5, 6, True), (0, 4, False), (0, 5, True), (8, 12, False), (7, 12, True)],
)
async def test_a_gap_is_found_whole_by_any_time_it_touches(
    connection: AsyncConnection, since: int, until: int, *, touches: bool
) -> None:
    await kept(connection, (4, 8))
    found = await gaps_between(connection, [ACCOUNT], minute(since), minute(until))
    assert found == ([Gap(ACCOUNT, minute(4), minute(8))] if touches else [])


async def test_only_the_accounts_asked_for_are_looked_at_all_in_one_order(
    connection: AsyncConnection,
) -> None:
    for account, span in (("b", (3, 4)), ("a", (3, 4)), ("c", (0, 1))):
        await kept(connection, span, account=account)
    found = await gaps_between(connection, ["a", "b"], *ALWAYS)
    assert [one.account for one in found] == ["a", "b"]
    assert await gaps_between(connection, [], *ALWAYS) == []


@given(spans=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=8))
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_the_same_minutes_are_deaf_however_they_were_told(
    connection: AsyncConnection, spans: list[Span]
) -> None:
    await connection.execute(delete(hearing_gaps))
    stand = await kept(connection, *spans)
    deaf = {number for since, until in spans for number in range(since, until)}
    assert [n for since, until in stand for n in range(since, until)] == sorted(deaf)
    assert all(before[1] < after[0] for before, after in pairwise(stand))
