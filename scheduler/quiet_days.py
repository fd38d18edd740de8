"""Quiet days: those on which a shop sells nothing and cheers at nothing.

They are the festivals of remembrance (清明, 中元: `quiet` in `festivals.toml`), the days in
`quiet_days.toml` (12·13), and those that the shop declared (`storage/quiet_days.py`). On them,
`decide` holds marketing, by the date where the recipient lives. What may be heard nevertheless is
what remembers with the fans, and care for them (a storm does not wait).
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path

from scheduler.festivals import all_festivals, festivals_of
from scheduler.greeting_facts import names_of

CARE = "care"
"""The programme of unplanned care, which no day of mourning holds back."""
FESTIVALS = "festivals"
"""The programme of greetings."""

_FILE = Path(__file__).with_name("quiet_days.toml")
_DAY = timedelta(days=1)
_KNOWN_DAYS = 1_024


@dataclass(frozen=True, slots=True)
class QuietDay:
    """A quiet day of the calendar, the same date every year."""

    key: str
    chinese: str
    english: str
    month: int
    day: int


@lru_cache(maxsize=1)
def silent_days() -> tuple[QuietDay, ...]:
    """The days of `quiet_days.toml`."""
    with _FILE.open("rb") as file:
        rows = tomllib.load(file)["day"]
    return tuple(
        QuietDay(row["key"], row["chinese"], row["english"], *map(int, row["solar"].split("-")))
        for row in rows
    )


def is_quiet(day: date, declared: Collection[date] = ()) -> bool:
    """Whether a day is quiet, by the calendar or because the shop declared it."""
    return day in declared or bool(quiet_names(day))


@lru_cache(maxsize=_KNOWN_DAYS)
def quiet_names(day: date) -> tuple[tuple[str, str], ...]:
    """What a day that is quiet by the calendar is called, in Chinese and English; none: it is not.

    The calendar is China's for every recipient: a day of remembrance is that date on their wall.
    """
    silent = [one for one in silent_days() if (one.month, one.day) == (day.month, day.day)]
    found = [one.festival for one in festivals_of(day.year) if one.day == day]
    remembered = [(one.chinese, one.english) for one in found if one.quiet]
    return (*remembered, *((one.chinese, one.english) for one in silent))


def over_on(day: date, declared: Collection[date] = ()) -> date:
    """The first day from `day` on that is not quiet."""
    while is_quiet(day, declared):
        day += _DAY
    return day


def may_be_heard(programme: str, slot: str) -> bool:
    """Whether a post of this programme and slot is fit for a quiet day.

    That is care, and the words of a day of remembrance itself (`2026-04-05:qingming`).
    """
    return programme == CARE or (programme == FESTIVALS and names_of(slot)[0] in _remembrances())


@lru_cache(maxsize=1)
def _remembrances() -> frozenset[str]:
    return frozenset(festival.key for festival in all_festivals() if festival.quiet)
