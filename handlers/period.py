"""Periods: calendar days of the shop, and the moments at which they begin and are over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from handlers.desk import Desk

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """Calendar days of the shop, first and last included."""

    first: date
    last: date

    @property
    def days(self) -> list[date]:
        """Every day of it."""
        return [self.first + n * _DAY for n in range((self.last - self.first).days + 1)]

    @classmethod
    def ending(cls, last: date, days: int) -> Period:
        """So many days, the last of them `last`."""
        return cls(last - (days - 1) * _DAY, last)

    def before(self) -> Period:
        """The period of the same length right before."""
        return Period(self.first - len(self.days) * _DAY, self.first - _DAY)

    def before_it(self, number: int) -> list[Period]:
        """So many periods of the same length before, the earliest first."""
        found = [self]
        for _ in range(number):
            found.insert(0, found[0].before())
        return found[:-1]


def today(desk: Desk) -> date:
    """The shop's day."""
    return desk.shop.day_of(desk.clock.now())


def last_days(desk: Desk, number: int) -> Period:
    """The last `number` days of the shop, today included."""
    return Period.ending(today(desk), number)


def bounds_of(desk: Desk, period: Period) -> tuple[datetime, datetime]:
    """The moments at which a period begins and is over."""
    return day_bounds(desk, period.first)[0], day_bounds(desk, period.last)[1]


def day_bounds(desk: Desk, day: date) -> tuple[datetime, datetime]:
    """The moments at which a day begins and is over."""
    zone = ZoneInfo(desk.shop.zone)
    return datetime.combine(day, time.min, zone), datetime.combine(day + _DAY, time.min, zone)
