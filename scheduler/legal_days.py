"""The days off that mainland China's State Council orders, and the weekends worked for them.

The source is the `holidays` library, which copies each yearly notice. A notice comes out in the
autumn before its year; until then the library can only apply the standing law, so those days
are marked provisional. From 2004 to 2026 it agrees with `chinesecalendar` on every day but
31 December 2005, a Saturday that the notice for 2006 made a working day and which only
`holidays` has.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from holidays import HolidayBase

# A notice also reaches back to the weekend before its 1 January (29 December 2018, for one), so
# the last days of a published year wait for the next notice.
_NEXT_NOTICE_FROM = (12, 25)
_SATURDAY = 5
_SEVERAL = re.compile(r"[;；、]")
_REMARK = re.compile(r"（.*")
_EXCHANGED = "休息日"
_EVES = {"农历除夕": "春节"}
_DAY = timedelta(days=1)


class DayKind(StrEnum):
    """What a day is to people who work in offices."""

    WORKING = "working"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    MADE_UP = "made-up"  # a weekend day that is worked in exchange for a day off


@dataclass(frozen=True, slots=True)
class LegalDay:
    """A day and what it is by law; `name` is the holiday's Chinese name, empty on other days.

    `provisional`: the notice that decides about it is not in the library yet.
    """

    day: date
    kind: DayKind
    name: str
    provisional: bool

    @property
    def holidays(self) -> tuple[str, ...]:
        """The holidays that it is given for, without remarks; none of a day that is exchanged.

        The eve belongs to the Spring Festival: the law gives it in the festival's name.
        """
        plain = (_REMARK.sub("", part.strip()) for part in _SEVERAL.split(self.name))
        return tuple(_EVES.get(one, one) for one in plain if one and one != _EXCHANGED)

    @property
    def off(self) -> bool:
        """Whether offices are closed."""
        return self.kind in {DayKind.WEEKEND, DayKind.HOLIDAY}


class DayOff(StrEnum):
    """Which day is taken in the place of one on which offices are closed."""

    NEXT = "next working day"
    PREVIOUS = "previous working day"


def worked_on(day: date, instead: DayOff) -> LegalDay:
    """The day itself where it is worked, weekends made up for included, else the one instead.

    It is `provisional` where any day on the way to it is.
    """
    step = _DAY if instead is DayOff.NEXT else -_DAY
    found = legal_day(day)
    provisional = found.provisional
    while found.off:
        found = legal_day(found.day + step)
        provisional = provisional or found.provisional
    return replace(found, provisional=provisional)


def legal_day(day: date) -> LegalDay:
    """What this day is by law in mainland China."""
    calendar = _calendar_of(day.year)
    name = calendar.get(day, "")
    if name:
        kind = DayKind.HOLIDAY
    elif day.weekday() < _SATURDAY:
        kind = DayKind.WORKING
    elif day in calendar.weekend_workdays:
        kind = DayKind.MADE_UP
    else:
        kind = DayKind.WEEKEND
    return LegalDay(day, kind, name, provisional=day >= provisional_from())


@lru_cache(maxsize=1)
def provisional_from() -> date:
    """The first day that no published notice decides, as far as the installed library knows.

    Every notice since 2001 has exchanged days, so the last year for which the library lists an
    exchange is the last year published.
    """
    from holidays.countries.china import ChinaStaticHolidays  # noqa: PLC0415 (see _calendar_of)

    last_published = max(ChinaStaticHolidays.special_public_holidays)
    return date(last_published, *_NEXT_NOTICE_FROM)


@lru_cache(maxsize=64)
def _calendar_of(year: int) -> HolidayBase:
    """The library's calendar of a year, with the days that the next year's notice made up."""
    # Imported on first use: it takes 0.3 s and 24 MB, and most runs never ask for a legal day.
    from holidays import country_holidays  # noqa: PLC0415

    return country_holidays("CN", years=(year, year + 1), language="zh_CN")
