"""What the days and times of a programme mean in one year, for one shop.

`programme_dates.py` reads how a file writes them; with the anchor, the shop's facts and the
platform's nodes they become dates and local times here. What hangs on something that nobody has
told yet is not guessed.

Each day of a task has a label that says which one is meant, whatever date it falls on: `d-3` for
days counted to the anchor, to a node or the like, the month for those of every month (`03`), the
number in a list (`2`), else the date (`11-05`). A single day has none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import chain
from zoneinfo import ZoneInfo

from scheduler.festivals import Region, festivals_of, lunar_days
from scheduler.nodes import Node
from scheduler.programme_dates import (
    LAST_MONTH_DAY,
    DayRule,
    Days,
    Every,
    EveryMonth,
    Source,
    Span,
    iso_day,
)
from storage.errors import SchedulingError

_DAY = timedelta(days=1)
_LONGEST_MONTH = timedelta(days=31)
_LONGEST = 400  # days that one task may fall on


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
            found = iso_day(f"{calendar.year}-{rule.name}")
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
                case Span():
                    yield from _between(days, calendar)
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


def _between(span: Span, calendar: Calendar) -> Iterator[tuple[str, date]]:
    first, last = (day_of(rule, calendar) for rule in (span.first, span.last))
    for after, day in enumerate(_each_day(first, last)):
        label = counted_label(span.first.offset + after) if span.counted else f"{day:%m-%d}"
        yield label, day


def counted_label(after: int) -> str:
    """The label of a day so many days after the one it is counted to: `d-3`, `d-0`, `d+2`."""
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
        if not 1 <= number <= LAST_MONTH_DAY:
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
