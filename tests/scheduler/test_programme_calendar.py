from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.festivals import Region
from scheduler.nodes import Node
from scheduler.programme_calendar import (
    Calendar,
    DayMissing,
    NotKnownYet,
    day_of,
    labelled_days,
    moment_of,
)
from scheduler.programme_dates import Days, Source, read_day, read_days

SHANGHAI = ZoneInfo("Asia/Shanghai")
BALANCE = Node(
    "balance-end", {"zh": "尾款截止"}, datetime(2026, 10, 24, 23, 59, tzinfo=SHANGHAI), "test"
)
CALENDAR = Calendar(
    2026,
    zone=SHANGHAI,
    anchor=date(2026, 11, 11),
    nodes={"balance-end": BALANCE},
    facts={
        "parcels": date(2026, 11, 20),
        "live": datetime.fromisoformat("2026-11-09T19:30"),
        "number": 18,
    },
)
FIRST, LAST = date(2026, 11, 1), date(2026, 11, 10)


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("11-05", "2026-11-05"),
        ("11-05-5d", "2026-10-31"),
        ("2025-11-05", "2025-11-05"),
        ("d-11", "2026-10-31"),
        ("d+51", "2027-01-01"),
        ("node:balance-end", "2026-10-24"),
        ("node:balance-end+1d", "2026-10-25"),
        ("fact:parcels-1d", "2026-11-19"),
        ("fact:live", "2026-11-09"),
        # The nearest to the anchor, not the one of the year.
        ("festival:spring-festival", "2027-02-06"),
        ("festival:mid-autumn", "2026-09-25"),
        ("lunar:10-01", "2026-11-09"),
    ],
)
def test_a_day_of_the_year(written: str, day: str) -> None:
    assert day_of(read_day(written), CALENDAR).isoformat() == day


@pytest.mark.parametrize(
    ("year", "written", "day"),
    [
        (2026, "festival:spring-festival", "2026-02-17"),
        (2022, "lunar:12-08", "2022-01-10"),  # the first of two
        (2028, "02-29", "2028-02-29"),
    ],
)
def test_without_an_anchor_a_day_is_the_first_of_the_year(
    year: int, written: str, day: str
) -> None:
    assert day_of(read_day(written), Calendar(year)).isoformat() == day


@pytest.mark.parametrize(
    ("year", "written"), [(2023, "lunar:12-08"), (2026, "02-29"), (2027, "02-29+1d")]
)
def test_a_day_that_the_year_does_not_have_is_told(year: int, written: str) -> None:
    with pytest.raises(DayMissing, match=f"The year {year} has no day"):
        day_of(read_day(written), Calendar(year))


@pytest.mark.parametrize(
    ("written", "what"),
    [("node:end-2d", "node:end"), ("fact:gift", "gift"), ("fact:number", "number"), ("d-3", "day")],
)
def test_what_nobody_has_told_is_not_guessed(written: str, what: str) -> None:
    calendar = replace(CALENDAR, anchor=None, anchor_needs="day")
    with pytest.raises(NotKnownYet) as caught:
        day_of(read_day(written), calendar)
    assert caught.value.what == what


def test_the_region_chooses_little_new_year() -> None:
    rule = read_day("festival:little-new-year")
    north, south = (day_of(rule, Calendar(2026, region=region)) for region in Region)
    assert south - north == timedelta(days=1)


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("Asia/Shanghai", "2026-10-24T23:59:00"),
        ("America/New_York", "2026-10-24T11:59:00"),
        ("Pacific/Auckland", "2026-10-25T04:59:00"),
    ],
)
def test_a_node_is_shown_by_the_shop_s_clock(zone: str, shown: str) -> None:
    calendar = replace(CALENDAR, zone=ZoneInfo(zone))
    assert moment_of(Source.NODE, "balance-end", calendar).isoformat() == shown
    assert day_of(read_day("node:balance-end"), calendar).isoformat() == shown[:10]


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        (("11-05",), [("", "11-05")]),
        (("11-05", "d-1"), [("1", "11-05"), ("2", "11-10")]),
        (("d-3..d-1",), [("d-3", "11-08"), ("d-2", "11-09"), ("d-1", "11-10")]),
        (("d-0..d+1",), [("d-0", "11-11"), ("d+1", "11-12")]),
        (("11-02..11-03",), [("11-02", "11-02"), ("11-03", "11-03")]),
        (("d-9..11-03",), [("11-02", "11-02"), ("11-03", "11-03")]),
        (
            ("node:balance-end-1d..node:balance-end+1d",),
            [("d-1", "10-23"), ("d-0", "10-24"), ("d+1", "10-25")],
        ),
        (("every mon",), [("11-02", "11-02"), ("11-09", "11-09")]),
        (("every month 5",), [("11", "11-05")]),
        (("every month 5-4d",), [("11", "11-01")]),
        (("every month fact:number-10d",), [("11", "11-08")]),
        (("every month 1-3d",), []),
        (("11-03..11-02",), []),
    ],
)
def test_the_days_of_a_task_have_labels(
    on: tuple[str, ...], expected: list[tuple[str, str]]
) -> None:
    found = labelled_days(tuple(map(read_days, on)), CALENDAR, FIRST, LAST)
    shown = [(label, f"{day:%m-%d}") for label, day in found if isinstance(day, date)]
    assert shown == expected


def test_a_day_that_cannot_be_told_keeps_its_place() -> None:
    days = tuple(map(read_days, ("11-05", "node:end", "lunar:12-08", "11-06")))
    found = list(labelled_days(days, Calendar(2023), FIRST, LAST))
    assert [label for label, _ in found] == ["1", "2", "3", "4"]
    assert [type(day) for _, day in found] == [date, NotKnownYet, DayMissing, date]


@pytest.mark.parametrize("written", ["every day", "every month 5"])
def test_days_of_a_phase_wait_with_it(written: str) -> None:
    waits = NotKnownYet(what="parcels")
    ((_, found),) = labelled_days((read_days(written),), Calendar(2026), waits, waits)
    assert found is waits


def test_a_number_that_is_no_day_of_every_month_is_told() -> None:
    days = read_days("every month fact:number")
    for told, kind in (({"number": 31}, DayMissing), ({}, NotKnownYet)):
        calendar = Calendar(2026, facts=told)
        ((_, found),) = labelled_days((days,), calendar, FIRST, LAST)
        assert isinstance(found, kind)


years = st.integers(2020, 2056)
series = st.sampled_from(
    [
        "d-10..d-1",
        "d-3..d+3",
        "12-28..12-31",
        "every day",
        "every mon",
        "every month 28-1d",
        "11-11",
    ]
).map(read_days)


@settings(max_examples=200, deadline=None)
@given(years, st.sampled_from(list(Region)))
def test_a_festival_is_found_near_every_anchor(year: int, region: Region) -> None:
    for month in range(1, 13):
        calendar = Calendar(year, region, anchor=date(year, month, 15))
        found = day_of(read_day("festival:spring-festival"), calendar)
        assert abs((found - date(year, month, 15)).days) <= 200  # half a long lunar year
        laba = day_of(read_day("lunar:12-08"), calendar)
        assert laba.month in (12, 1)


@settings(max_examples=200, deadline=None)
@given(years, series, st.integers(1, 12), st.integers(0, 60))
def test_labels_are_unique_and_days_ascend(year: int, days: Days, month: int, length: int) -> None:
    first = date(year, month, 1)
    calendar = Calendar(year, anchor=date(year, 11, 11))
    last = min(first + timedelta(days=length), date(year, 12, 31))
    found = list(labelled_days((days,), calendar, first, last))
    labels, dates = [label for label, _ in found], [day for _, day in found]
    assert len(set(labels)) == len(labels)
    told = [day for day in dates if isinstance(day, date)]
    assert told == dates
    assert told == sorted(set(told))


@settings(max_examples=100, deadline=None)
@given(years, st.integers(-400, 400))
def test_days_before_and_after_an_anchor_count_over_leap_days_and_year_ends(
    year: int, offset: int
) -> None:
    anchor = date(year, 2, 28)
    day = day_of(read_day(f"d{offset:+}"), Calendar(year, anchor=anchor))
    assert (day - anchor).days == offset
