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

Each day of a task has a label that says which one is meant, whatever date it falls on: `d-3` for
days counted to the anchor, the month for those of every month (`03`), the number in a list (`2`),
else the date (`11-05`). A single day has none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import chain
from zoneinfo import ZoneInfo

from scheduler.festivals import Region, festival_keys, festivals_of, lunar_days
from scheduler.nodes import Node
from storage.errors import SchedulingError

_DAY = timedelta(days=1)
_LEAP_YEAR = 2024  # has every month and day that a file may name
_LONGEST = 400  # days that one task may fall on
_DAYS = (
    "11-05, 2026-11-05, d-10, d+3, lunar:12-08, festival:KEY, node:KEY or fact:KEY, "
    "each with -3d or +1d behind it where wanted"
)
_SERIES = (
    f'a day, a list of days, "A..B", "every day", "every mon" or "every month 18"; a day is {_DAYS}'
)
_TIMES = "a time of the day, 10:18, or node:KEY-2h or fact:KEY+30m"
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_KEY = r"[a-z0-9]+(?:-[a-z0-9]+)*?"
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
_UNITS = {"d": _DAY, "h": timedelta(hours=1), "m": timedelta(minutes=1)}
_LAST_LUNAR_DAY = 29  # the 30th does not come every year
_LAST_MONTH_DAY = 28  # the 29th does not come every month
_LONGEST_OFFSET = 400
_LONGEST_MONTH = timedelta(days=31)


class DateInvalid(SchedulingError):
    """A day or a time of a programme is not written as one."""

    number = 342
    sentence = "There is no {what} {found!r}."
    mend = "Give {allowed}."


class NotKnownYet(SchedulingError):
    """A day or a time hangs on a fact or a node that nobody has told yet."""

    number = 343
    sentence = "{what} is not known yet."
    mend = "Tell it when the programme is switched on, or write the node into a file of nodes."

    @property
    def what(self) -> str:
        """The fact's key, or the node as `node:KEY`."""
        return str(self.facts["what"])


class DayMissing(SchedulingError):
    """A year does not have a day, such as 29 February or a day of the Chinese calendar."""

    number = 344
    sentence = "The year {year} has no day {found!r}."
    mend = "Choose another day for this year."


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


Days = DayRule | Every | EveryMonth | Span


@dataclass(frozen=True, slots=True)
class Calendar:
    """What the words of a programme mean in one year, for one shop.

    `facts` are the days, numbers and local moments that the shop has told. Days of the Chinese
    calendar and festivals are meant near to the `anchor`; where there is none yet, `anchor_needs`
    says what it waits for.
    """

    year: int
    region: Region = Region.NORTH
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Shanghai"))
    facts: Mapping[str, object] = field(default_factory=dict)
    nodes: Mapping[str, Node] = field(default_factory=dict)
    anchor: date | None = None
    anchor_needs: str = "anchor"

    def wall_of(self, node: Node) -> datetime:
        """What the shop's clock shows at a node."""
        return node.at.astimezone(self.zone).replace(tzinfo=None, fold=0)


def read_day(written: str) -> DayRule:
    """The day that is written so.

    Raises:
        DateInvalid: no day is.
    """
    found = _DAY_WRITTEN.fullmatch(written)
    if found is None:
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
            return _iso(rule.name) is not None
        case Source.YEAR:
            return _iso(f"{_LEAP_YEAR}-{rule.name}") is not None
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
        if 1 <= int(month["day"]) <= _LAST_MONTH_DAY:
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
    if found := _TIME_WRITTEN.fullmatch(written):
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


def day_of(rule: DayRule, calendar: Calendar) -> date:
    """The date of a day in a year.

    Raises:
        NotKnownYet: it hangs on a fact, a node or an anchor that is not known.
        DayMissing: the year does not have it.
    """
    return _base_of(rule, calendar) + rule.offset * _DAY


def _base_of(rule: DayRule, calendar: Calendar) -> date:
    match rule.source:
        case Source.DATE:
            return date.fromisoformat(rule.name)
        case Source.YEAR:
            found = _iso(f"{calendar.year}-{rule.name}")
            if found is None:
                raise DayMissing(year=calendar.year, found=rule.name)
            return found
        case Source.ANCHOR:
            if calendar.anchor is None:
                raise NotKnownYet(what=calendar.anchor_needs)
            return calendar.anchor
        case Source.LUNAR | Source.FESTIVAL:
            return _nearest(rule, calendar)
        case Source.NODE | Source.FACT:
            return moment_of(rule.source, rule.name, calendar).date()


def moment_of(source: Source, name: str, calendar: Calendar) -> datetime:
    """The naive local time of a node, or of a day or moment that the shop has told.

    Raises:
        NotKnownYet: it is not known.
    """
    if source is Source.NODE:
        if name not in calendar.nodes:
            raise NotKnownYet(what=f"node:{name}")
        return calendar.wall_of(calendar.nodes[name])
    found = calendar.facts.get(name)
    if isinstance(found, datetime):
        return found
    if isinstance(found, date):
        return datetime.combine(found, time.min)
    raise NotKnownYet(what=name)


def _nearest(rule: DayRule, calendar: Calendar) -> date:
    """A lunar day or a festival: the one nearest to the anchor, else the first of the year."""
    if calendar.anchor is None:
        days = _dates(rule, calendar.year, calendar.region)
        found = next(days, None)
    else:
        anchor, years = calendar.anchor, range(calendar.anchor.year - 1, calendar.anchor.year + 2)
        near = chain(*(_dates(rule, year, calendar.region) for year in years))
        found = min(near, key=lambda day: abs(day - anchor), default=None)
    if found is None:
        raise DayMissing(year=calendar.year, found=f"{rule.source}:{rule.name}")
    return found


def _dates(rule: DayRule, year: int, region: Region) -> Iterator[date]:
    if rule.source is Source.LUNAR:
        month, day = map(int, rule.name.split("-"))
        yield from lunar_days(year, month, day)
    else:
        days = festivals_of(year, region)
        yield from (found.day for found in days if found.festival.key == rule.name)


def labelled_days(
    on: tuple[Days, ...], calendar: Calendar, first: date | NotKnownYet, last: date | NotKnownYet
) -> Iterator[tuple[str, date | NotKnownYet | DayMissing]]:
    """The days of a task with their labels, in its phase from `first` to `last`.

    In place of a day that cannot be told there is the error that says why.
    """
    for place, days in enumerate(on, start=1):
        alone = len(on) == 1
        try:
            match days:
                case DayRule():
                    yield "" if alone else str(place), day_of(days, calendar)
                case Span(begin, end):
                    yield from _between(begin, end, calendar)
                case Every(weekday):
                    for day in _each_day(_told(first), _told(last)):
                        if weekday in (None, day.weekday()):
                            yield f"{day:%m-%d}", day
                case EveryMonth():
                    yield from _each_month(days, calendar, _told(first), _told(last))
        except (NotKnownYet, DayMissing) as why:
            yield "" if alone else str(place), why


def _told(day: date | NotKnownYet) -> date:
    if isinstance(day, NotKnownYet):
        raise day
    return day


def _between(begin: DayRule, end: DayRule, calendar: Calendar) -> Iterator[tuple[str, date]]:
    counted = {begin.source, end.source} == {Source.ANCHOR}
    anchor = calendar.anchor
    for day in _each_day(day_of(begin, calendar), day_of(end, calendar)):
        if counted and anchor is not None:
            yield counted_label(day, anchor), day
        else:
            yield f"{day:%m-%d}", day


def counted_label(day: date, anchor: date) -> str:
    """The label of a day counted to an anchor: `d-3`, `d-0`, `d+2`."""
    after = (day - anchor).days
    return f"d+{after}" if after > 0 else f"d-{-after}"


def _each_month(
    every: EveryMonth, calendar: Calendar, first: date, last: date
) -> Iterator[tuple[str, date]]:
    number = every.day
    if number is None:
        found = calendar.facts.get(every.fact)
        if not isinstance(found, int):
            raise NotKnownYet(what=every.fact)
        number = found
        if not 1 <= number <= _LAST_MONTH_DAY:
            raise DayMissing(year=calendar.year, found=number)
    month = (first - _LONGEST_MONTH).replace(day=1)
    while month <= last + _LONGEST_MONTH:
        day = month.replace(day=number) + every.offset * _DAY
        if first <= day <= last:
            yield f"{month:%m}", day
        month = (month + _LONGEST_MONTH).replace(day=1)


def _each_day(first: date, last: date) -> Iterator[date]:
    for after in range(min((last - first).days + 1, _LONGEST)):
        yield first + after * _DAY


def _iso(written: str) -> date | None:
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None
