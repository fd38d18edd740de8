"""The days and times of a programme, as its file writes them, and what they mean in a year.

A day is one of these, with whole days before or after it where wanted (`-3d`, `+1d`):

    11-05                     a month and day of the year
    2026-11-05                exactly this day
    d-10, d-0, d+3            before and after the programme's own day, its anchor
    lunar:12-08               a month and day of the Chinese calendar, never in a leap month
    festival:spring-eve       a festival of `festivals.toml`
    node:balance-end          the day of a node, by the shop's clock
    fact:last-parcel          a day, or the day of a moment, that the shop has told

Several days are a list of them, or one of

    d-10..d-1                 every day from one to another
    every day, every mon      within the task's phase
    every month 18            on this day of every month of the phase (or `fact:KEY`, a number),
    every month 18-1d         or the day before it

A time is a time of the day (`10:18`; as an end also `24:00`), or hangs on a node or on a moment
that the shop has told: `node:balance-end-2h`, `fact:live+30m`.

`programme_calendar.py` tells what they mean in a year.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, time, timedelta
from enum import StrEnum

from scheduler.festivals import festival_keys
from storage.errors import SchedulingError

_DAY = timedelta(days=1)
_LEAP_YEAR = 2024  # has every month and day that a file may name
_YEARS = range(2000, 2200)  # of a shop's life
_DAYS = (
    "11-05, 2026-11-05, d-10, d+3, lunar:12-08, festival:KEY, node:KEY or fact:KEY, "
    "each with -3d or +1d behind it where wanted"
)
_SERIES = (
    f'a day, a list of days, "A..B", "every day", "every mon" or "every month 18"; a day is {_DAYS}'
)
_TIMES = "a time of the day, 10:18, or node:KEY-2h or fact:KEY+30m"
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_KEY = r"[a-z0-9]+(?:[-_][a-z0-9]+)*?"
_DAY_WRITTEN = re.compile(
    rf"(?:(?P<date>\d{{4}}-\d\d-\d\d)|(?P<day>\d\d-\d\d)|d(?P<anchor>[+-]\d+)"
    rf"|(?P<source>lunar|festival|node|fact):(?P<key>{_KEY}))(?P<offset>[+-]\d+d)?"
)
_TIME_WRITTEN = re.compile(
    rf"(?P<source>node|fact):(?P<key>{_KEY})(?:(?P<sign>[+-])(?P<number>\d+)(?P<unit>[dhm]))?"
)
_EVERY = re.compile(r"every (?P<what>day|mon|tue|wed|thu|fri|sat|sun)")
_EVERY_MONTH = re.compile(
    rf"every month (?:(?P<day>\d\d?)|fact:(?P<fact>{_KEY}))(?P<offset>[+-]\d+d)?"
)
_LIKE_OFFSET = re.compile(r"-\d+[a-z]$")  # at a key's end: another unit than may stand there
_UNITS = {"d": _DAY, "h": timedelta(hours=1), "m": timedelta(minutes=1)}
_LAST_LUNAR_DAY = 29  # the 30th does not come every year
_LONGEST_OFFSET = 400  # days

LAST_MONTH_DAY = 28
"""The last day that comes every month."""


class DateInvalid(SchedulingError):
    """A day or a time of a programme is not written as one."""

    number = 342
    sentence = "There is no {what} {found!r}."
    mend = "Give {allowed}."


class Source(StrEnum):
    """What a day or a time hangs on."""

    YEAR = "year"
    DATE = "date"
    ANCHOR = "anchor"
    LUNAR = "lunar"
    FESTIVAL = "festival"
    NODE = "node"
    FACT = "fact"


@dataclass(frozen=True, slots=True)
class DayRule:
    """One day as a file writes it: what it hangs on, and how many days after that."""

    source: Source
    name: str
    offset: int = 0


@dataclass(frozen=True, slots=True)
class TimeRule:
    """One time as a file writes it: of the day, or so long after a node or a fact."""

    clock: timedelta | None
    source: Source | None = None
    name: str = ""
    offset: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Every:
    """Every day, or every weekday (0 is Monday), of a phase."""

    weekday: int | None


@dataclass(frozen=True, slots=True)
class EveryMonth:
    """A day of every month of a phase, as a number or as a fact, and how many days after it."""

    day: int | None
    fact: str = ""
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Span:
    """Every day from one to another."""

    first: DayRule
    last: DayRule

    @property
    def counted(self) -> bool:
        """Whether its days are known by how far they are from one day that both ends hang on."""
        same = (self.first.source, self.first.name) == (self.last.source, self.last.name)
        return same and self.first.source not in {Source.YEAR, Source.DATE}


Days = DayRule | Every | EveryMonth | Span


def read_day(written: str) -> DayRule:
    """The day that is written so.

    Raises:
        DateInvalid: no day is.
    """
    found = _DAY_WRITTEN.fullmatch(written)
    if found is None or _LIKE_OFFSET.search(found["key"] or ""):
        raise DateInvalid(what="day", found=written, allowed=_DAYS)
    offset = int((found["offset"] or "0d")[:-1])
    if found["anchor"]:
        rule = DayRule(Source.ANCHOR, "", int(found["anchor"]) + offset)
    elif found["date"]:
        rule = DayRule(Source.DATE, found["date"], offset)
    elif found["day"]:
        rule = DayRule(Source.YEAR, found["day"], offset)
    else:
        rule = DayRule(Source(found["source"]), found["key"], offset)
    if abs(rule.offset) > _LONGEST_OFFSET or not _exists(rule):
        raise DateInvalid(what="day", found=written, allowed=_DAYS)
    return rule


def _exists(rule: DayRule) -> bool:
    """Whether a rule can name a day in some year."""
    match rule.source:
        case Source.DATE:
            found = iso_day(rule.name)
            return found is not None and found.year in _YEARS
        case Source.YEAR:
            return iso_day(f"{_LEAP_YEAR}-{rule.name}") is not None
        case Source.LUNAR:
            month, _, day = rule.name.partition("-")
            known = month.isdigit() and day.isdigit()
            return known and 1 <= int(month) <= 12 and 1 <= int(day) <= _LAST_LUNAR_DAY  # noqa: PLR2004 (months)
        case Source.FESTIVAL:
            return rule.name in festival_keys()
        case _:
            return True


def read_days(written: str) -> Days:
    """The day, or the days, that are written so.

    Raises:
        DateInvalid: none are.
    """
    if every := _EVERY.fullmatch(written):
        return Every(None if every["what"] == "day" else _WEEKDAYS.index(every["what"]))
    if month := _EVERY_MONTH.fullmatch(written):
        offset = int((month["offset"] or "0d")[:-1])
        if month["fact"]:
            return EveryMonth(None, month["fact"], offset)
        if 1 <= int(month["day"]) <= LAST_MONTH_DAY:
            return EveryMonth(int(month["day"]), "", offset)
        raise DateInvalid(what="day of every month", found=written, allowed="a number from 1 to 28")
    if written.startswith("every"):
        raise DateInvalid(what="day", found=written, allowed=_SERIES)
    first, dots, last = written.partition("..")
    if dots:
        return Span(read_day(first.strip()), read_day(last.strip()))
    return read_day(written)


def read_time(written: str) -> TimeRule:
    """The time that is written so.

    Raises:
        DateInvalid: none is.
    """
    found = _TIME_WRITTEN.fullmatch(written)
    if found is not None and not _LIKE_OFFSET.search(found["key"]):
        offset = int(found["number"] or 0) * _UNITS[found["unit"] or "m"]
        signed = -offset if found["sign"] == "-" else offset
        return TimeRule(None, Source(found["source"]), found["key"], signed)
    if written == "24:00":
        return TimeRule(_DAY)
    try:
        at = time.fromisoformat(written) if re.fullmatch(r"\d\d:\d\d", written) else None
    except ValueError:
        at = None
    if at is None:
        raise DateInvalid(what="time", found=written, allowed=_TIMES)
    return TimeRule(timedelta(hours=at.hour, minutes=at.minute))


def iso_day(written: str) -> date | None:
    """The date that is written so in full, None where there is none."""
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None
