from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.festivals import (
    EveRule,
    FestivalDay,
    FestivalUnknown,
    LunarRule,
    Region,
    all_festivals,
    festival_keys,
    festival_named,
    festivals_of,
    greeting_days,
)
from scheduler.greeting_facts import slot_of
from tests.scheduler.calendar_truth import truth

YEARS = range(2020, 2057)
OURS = {
    "chongyang": "double-ninth",
    "dragonboat": "dragon-boat",
    "laba": "laba",
    "lantern": "lantern",
    "midautumn": "mid-autumn",
    "qixi": "qixi",
    "spring": "spring-festival",
    "zhongyuan": "zhongyuan",
}


def dates_of(key: str, years: range = YEARS, region: Region = Region.NORTH) -> list[date]:
    return [
        found.day
        for year in years
        for found in festivals_of(year, region)
        if found.festival.key == key
    ]


def test_lunar_festivals_fall_where_eight_libraries_say() -> None:
    # `year` in the file is the Chinese year: its 腊八 falls in that December or the January after.
    rows = [row for row in truth("lunar_festivals_2020_2100.csv") if int(row["year"]) in YEARS]
    assert Counter(row["festival"] for row in rows) == dict.fromkeys(OURS, len(YEARS))
    for festival, key in OURS.items():
        expected = {row["date"] for row in rows if row["festival"] == festival}
        found = {day.isoformat() for day in dates_of(key, range(2020, 2058))}
        # 腊八 of the Chinese year 2019 fell in January 2020, before the file begins; the
        # festivals of 2057 are there only to hold the 腊八 of the Chinese year 2056.
        ours = {day for day in found if min(expected) <= day <= max(expected)}
        assert ours == expected, festival


@pytest.mark.parametrize(
    ("key", "day"),
    [
        ("new-year", "2026-01-01"),
        ("valentine", "2026-02-14"),
        ("spring-eve", "2026-02-16"),
        ("spring-eve", "2024-02-09"),
        ("women", "2026-03-08"),
        ("qingming", "2024-04-04"),
        ("qingming", "2026-04-05"),
        ("labour", "2026-05-01"),
        ("mother", "2026-05-10"),
        ("mother", "2022-05-08"),
        ("five-twenty", "2026-05-20"),
        ("children", "2026-06-01"),
        ("father", "2026-06-21"),
        ("father", "2025-06-15"),
        ("teacher", "2026-09-10"),
        ("national-day", "2026-10-01"),
        ("winter-solstice", "2021-12-21"),
        ("winter-solstice", "2023-12-22"),
        ("christmas", "2026-12-25"),
    ],
)
def test_other_festivals_fall_where_they_did(key: str, day: str) -> None:
    assert date.fromisoformat(day) in dates_of(key, range(int(day[:4]), int(day[:4]) + 1))


def test_little_new_year_comes_a_day_later_in_the_south() -> None:
    north = dates_of("little-new-year")
    south = dates_of("little-new-year", region=Region.SOUTH)
    assert date(2026, 2, 10) in north
    assert south == [day + timedelta(days=1) for day in north]


def test_new_years_eve_is_always_the_day_before() -> None:
    eves = dates_of("spring-eve")
    assert eves == [day - timedelta(days=1) for day in dates_of("spring-festival")]


@pytest.mark.parametrize("key", festival_keys())
def test_a_festival_comes_once_a_year_in_its_season(key: str) -> None:
    days = dates_of(key)
    gaps = [(later - day).days for day, later in pairwise(days)]
    # A Chinese year has 353 to 385 days; an eve or a weekday moves less.
    assert all(353 <= gap <= 385 for gap in gaps)
    chinese = isinstance(festival_named(key).rule, LunarRule | EveRule)
    if key != "laba":
        assert [day.year for day in days] == list(YEARS)
    if not chinese:
        assert all(364 <= gap <= 371 for gap in gaps)


def test_laba_can_miss_a_year_or_come_twice() -> None:
    assert [day.isoformat() for day in dates_of("laba", range(2022, 2024))] == [
        "2022-01-10",
        "2022-12-30",
    ]


@pytest.mark.parametrize("region", Region)
def test_a_year_is_in_order_and_holds_only_itself(region: Region) -> None:
    for year in YEARS:
        days: list[FestivalDay] = list(festivals_of(year, region))
        assert days == sorted(days, key=lambda found: found.day)
        assert {found.day.year for found in days} == {year}
        assert len(days) == len({(found.day, found.festival.key) for found in days})


def test_only_the_days_of_remembrance_are_quiet_and_they_have_no_greeting() -> None:
    assert {f.key for f in all_festivals() if f.quiet} == {"qingming", "zhongyuan"}
    assert all(bool(f.greeting) != f.quiet for f in all_festivals())
    assert festival_named("dragon-boat").greeting == "安康"


def test_an_unknown_festival_is_named_with_the_known_ones() -> None:
    with pytest.raises(FestivalUnknown, match=r"'easter'.*mid-autumn"):
        festival_named("easter")


# Festivals that share a day


@pytest.mark.parametrize(
    ("year", "keys", "slot"),
    [
        (2020, None, "2020-10-01:mid-autumn+national-day"),
        (2022, None, "2022-09-10:mid-autumn+teacher"),
        (2031, None, "2031-01-01:new-year+laba"),
        (2033, None, "2033-02-14:lantern+valentine"),
        (2033, None, "2033-06-01:dragon-boat+children"),
        (2033, None, "2033-10-01:national-day+double-ninth"),
        (2037, None, "2037-02-14:spring-eve+valentine"),
        (2048, None, "2048-02-14:spring-festival+valentine"),
        (2022, ["teacher", "christmas"], "2022-09-10:teacher"),
        (2022, ["mid-autumn"], "2022-09-10:mid-autumn"),
    ],
)
def test_festivals_on_one_day_are_one_greeting_the_greater_first(
    year: int, keys: list[str] | None, slot: str
) -> None:
    assert slot in [slot_of(found) for found in greeting_days(year, keys=keys)]


@given(st.integers(2020, 2056), st.sampled_from(Region))
def test_every_festival_is_in_exactly_one_greeting_of_its_day(year: int, region: Region) -> None:
    greeted = greeting_days(year, region)
    assert len({found.day for found in greeted}) == len(greeted)
    assert sorted(
        (found.day, one.key) for found in greeted for one in (found.festival, *found.others)
    ) == sorted((found.day, found.festival.key) for found in festivals_of(year, region))


def test_a_day_of_remembrance_shares_its_words_with_nothing() -> None:
    quiet = [found for year in range(2020, 2057) for found in greeting_days(year)]
    assert all(found.others == () for found in quiet if found.festival.quiet)
