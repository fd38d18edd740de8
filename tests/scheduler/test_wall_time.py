from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings

from scheduler.wall_time import ZoneUnknown, instant_of, last_second_of, zone_named
from tests.scheduler.strategies import wall_times, zones


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "local", "instant"),
    [
        pytest.param("Asia/Shanghai", "2026-11-11T10:18", "2026-11-11T02:18", id="ordinary"),
        pytest.param("America/New_York", "2026-11-01T01:30", "2026-11-01T05:30", id="twice"),
        pytest.param("America/New_York", "2026-11-01T02:00", "2026-11-01T07:00", id="after twice"),
        pytest.param("America/New_York", "2026-03-08T02:00", "2026-03-08T07:00", id="gap begins"),
        pytest.param("America/New_York", "2026-03-08T02:59", "2026-03-08T07:00", id="gap ends"),
        pytest.param("America/New_York", "2026-03-08T03:00", "2026-03-08T07:00", id="after gap"),
        pytest.param("Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-04T14:45", id="half hour"),
        pytest.param("Australia/Lord_Howe", "2026-10-04T02:10", "2026-10-03T15:30", id="half gap"),
        pytest.param("America/Santiago", "2026-09-06T00:00", "2026-09-06T04:00", id="no midnight"),
        pytest.param("Pacific/Apia", "2011-12-30T10:00", "2011-12-30T10:00", id="no such day"),
    ],
)
def test_a_repeated_time_happens_first_and_a_skipped_one_next(
    zone: str, local: str, instant: str
) -> None:
    assert instant_of(wall(local), ZoneInfo(zone)) == utc(instant)


def test_only_fold_asks_for_the_second_of_two_equal_times() -> None:
    second = wall("2026-11-01T01:30").replace(fold=1)
    assert instant_of(second, ZoneInfo("America/New_York")) == utc("2026-11-01T06:30")


@settings(max_examples=80)
@given(wall_times, zones)
def test_a_wall_time_happens_when_the_wall_first_shows_it_or_more(
    local: datetime, zone: ZoneInfo
) -> None:
    # Walked minute by minute from four hours before, which is more than clocks ever jump here.
    instant = local.replace(tzinfo=zone).astimezone(UTC) - timedelta(hours=4)
    while instant.astimezone(zone).replace(tzinfo=None) < local:
        instant += timedelta(minutes=1)
    assert instant_of(local, zone) == instant


@pytest.mark.parametrize(
    ("zone", "day", "end"),
    [
        ("Asia/Shanghai", "2026-11-11", "2026-11-11T15:59:59"),
        ("America/New_York", "2026-11-01", "2026-11-02T04:59:59"),
        ("America/Santiago", "2026-09-05", "2026-09-06T03:59:59"),
        ("America/Santiago", "2026-04-04", "2026-04-05T03:59:59"),
        ("Asia/Shanghai", "2024-12-31", "2024-12-31T15:59:59"),
    ],
)
def test_a_day_ends_one_second_before_the_next_begins(zone: str, day: str, end: str) -> None:
    assert last_second_of(date.fromisoformat(day), ZoneInfo(zone)) == utc(end)


@pytest.mark.parametrize("name", ["", "Asia", "Asia/Nowhere", "../etc/passwd"])
def test_an_unknown_zone_is_named(name: str) -> None:
    with pytest.raises(ZoneUnknown, match=re.escape(repr(name))):
        zone_named(name)
