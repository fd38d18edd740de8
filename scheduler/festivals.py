"""The festivals of a year: what falls on which day.

The festivals themselves are data, in `festivals.toml`; this room knows only the five kinds of
rule and how to find their dates. The Chinese calendar is `lunar-python`'s; its dates agreed
with seven other libraries for every year from 2020 to 2056. Schedules (`schedules.py`) turn the
days into moments, programmes (`programme.py`) give them their words.
"""

from __future__ import annotations

import calendar
import tomllib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

from lunar_python import Lunar, LunarYear
from lunar_python import Solar as SolarDay

from storage.errors import SchedulingError

_FILE = Path(__file__).with_name("festivals.toml")
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class FestivalUnknown(SchedulingError):
    """Somebody names a festival that the calendar does not have."""

    number = 311
    sentence = "There is no festival {key!r}."
    mend = "The festivals are: {known}."


class Region(StrEnum):
    """Which half of China's customs the shop follows; 小年 differs (north 23rd, south 24th)."""

    NORTH = "north"
    SOUTH = "south"


@dataclass(frozen=True, slots=True)
class SolarRule:
    """The same month and day every year."""

    month: int
    day: int


@dataclass(frozen=True, slots=True)
class LunarRule:
    """Month and day of the Chinese calendar, never in a leap month."""

    month: int
    day: int


@dataclass(frozen=True, slots=True)
class WeekdayRule:
    """The `nth` (from 1) `weekday` (0 is Monday) of a month."""

    month: int
    nth: int
    weekday: int


@dataclass(frozen=True, slots=True)
class TermRule:
    """The day, in China's time, on which the sun reaches a solar term such as 清明."""

    term: str


@dataclass(frozen=True, slots=True)
class EveRule:
    """The day before another festival, named by its key."""

    festival: str


Rule = SolarRule | LunarRule | WeekdayRule | TermRule | EveRule


@dataclass(frozen=True, slots=True)
class Festival:
    """One festival. `greeting` follows its Chinese name (端午节安康) and is empty on quiet days.

    A `great` one comes first where it shares its day with another.
    """

    key: str
    chinese: str
    english: str
    rule: Rule
    greeting: str
    quiet: bool
    great: bool
    region: Region | None


@dataclass(frozen=True, slots=True)
class FestivalDay:
    """A festival on its date."""

    day: date
    festival: Festival


@dataclass(frozen=True, slots=True)
class GreetingDay:
    """A day with one greeting: that of `festival`, and a word about `others` that share it."""

    day: date
    festival: Festival
    others: tuple[Festival, ...] = ()


@lru_cache(maxsize=1)
def all_festivals() -> tuple[Festival, ...]:
    """Every festival, in the order of the file; one kept by region on two dates comes twice."""
    with _FILE.open("rb") as file:
        rows = tomllib.load(file)["festival"]
    return tuple(_festival_from(row) for row in rows)


def festival_keys() -> tuple[str, ...]:
    """The key of every festival, once each, in the order of the file."""
    return tuple(dict.fromkeys(festival.key for festival in all_festivals()))


def festival_named(key: str) -> Festival:
    """The festival with this key (the northern one where the regions differ).

    Raises:
        FestivalUnknown: there is none.
    """
    for festival in all_festivals():
        if festival.key == key:
            return festival
    raise FestivalUnknown(key=key, known=", ".join(festival_keys()))


@lru_cache(maxsize=256)
def festivals_of(year: int, region: Region = Region.NORTH) -> tuple[FestivalDay, ...]:
    """The festivals whose date falls in this solar year, by date and then in the file's order.

    A festival late in the Chinese year can miss a solar year or come twice in it: 腊八 came on
    10 January and on 30 December 2022, and not at all in 2023.
    """
    days = [
        FestivalDay(day, festival)
        for festival in all_festivals()
        if festival.region in {None, region}
        for day in _dates(festival.rule, year)
    ]
    return tuple(sorted(days, key=lambda found: found.day))


def greeting_days(
    year: int, region: Region = Region.NORTH, keys: Collection[str] | None = None
) -> tuple[GreetingDay, ...]:
    """The days of a solar year with a greeting, of these festivals (None: of all), in order.

    Of festivals that share a day the greeting is a quiet one's, and then says nothing of the
    others; else a great one's; else that of the one that the file has first.
    """
    found: dict[date, list[Festival]] = {}
    for one in festivals_of(year, region):
        if keys is None or one.festival.key in keys:
            found.setdefault(one.day, []).append(one.festival)
    return tuple(_greeting_day(day, festivals) for day, festivals in found.items())


def _greeting_day(day: date, festivals: Sequence[Festival]) -> GreetingDay:
    first, *others = sorted(festivals, key=lambda one: (not one.quiet, not one.great))
    return GreetingDay(day, first, () if first.quiet else tuple(others))


def lunar_days(year: int, month: int, day: int) -> tuple[date, ...]:
    """The dates in a solar year of this day of the Chinese calendar: none, one or two."""
    return tuple(_dates(LunarRule(month, day), year))


def _dates(rule: Rule, year: int) -> Iterator[date]:
    """The dates of a rule in a solar year, ascending."""
    match rule:
        case SolarRule(month, day):
            yield date(year, month, day)
        case WeekdayRule(month, nth, weekday):
            first = calendar.weekday(year, month, 1)
            yield date(year, month, 1 + (weekday - first) % 7 + 7 * (nth - 1))
        case LunarRule(month, day):
            # The first months of a solar year still belong to the Chinese year before.
            found = (_lunar_date(lunar_year, month, day) for lunar_year in (year - 1, year))
            yield from (day for day in found if day.year == year)
        case TermRule(term):
            # A Chinese year's list of terms begins in the December before it.
            found = (_term_date(lunar_year, term) for lunar_year in (year, year + 1))
            yield from (day for day in found if day.year == year)
        case EveRule(festival):
            of = festival_named(festival).rule
            eves = (day - timedelta(days=1) for y in (year, year + 1) for day in _dates(of, y))
            yield from (eve for eve in eves if eve.year == year)


def _lunar_date(lunar_year: int, month: int, day: int) -> date:
    return _date_of(_lunar_year(lunar_year).getMonth(month).getFirstJulianDay() + day - 1)


def _term_date(lunar_year: int, term: str) -> date:
    place = Lunar.JIE_QI_IN_USE.index(term)
    return _date_of(_lunar_year(lunar_year).getJieQiJulianDays()[place])


@lru_cache(maxsize=8)
def _lunar_year(lunar_year: int) -> LunarYear:
    """The library works a year out in 3 ms and remembers only one; a solar year needs three."""
    return LunarYear(lunar_year)


def _date_of(julian_day: float) -> date:
    found = SolarDay.fromJulianDay(julian_day)
    return date(found.getYear(), found.getMonth(), found.getDay())


def _festival_from(row: dict[str, Any]) -> Festival:
    region = row.get("region")
    return Festival(
        key=row["key"],
        chinese=row["chinese"],
        english=row["english"],
        rule=_rule_from(row),
        greeting=row["greeting"],
        quiet=row.get("quiet", False),
        great=row.get("great", False),
        region=Region(region) if region else None,
    )


def _rule_from(row: dict[str, Any]) -> Rule:
    match row:
        case {"solar": str(text)}:
            return SolarRule(*map(int, text.split("-")))
        case {"lunar": str(text)}:
            return LunarRule(*map(int, text.split("-")))
        case {"weekday": str(text)}:
            month, nth, weekday = text.split("-")
            return WeekdayRule(int(month), int(nth), _WEEKDAYS.index(weekday))
        case {"solar_term": str(term)}:
            return TermRule(term)
        case {"eve_of": str(key)}:
            return EveRule(key)
        case _:
            raise ValueError(f"festivals.toml: {row['key']} has no rule")
