"""Quiet hours: the part of a day in which fans are not written to.

They are written as wall times (22:00 to 09:00) and belong to the day on which they begin. A
promotion may name **late nights**: days whose quiet hours begin at midnight instead.

When the clocks are changed, quiet hours are never cut short: they begin when the wall first
shows their beginning, and end when it shows their end for the last time. So no fan who looks at
the clock finds a post in a quiet hour, the second time of a repeated hour included.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from scheduler.wall_time import instant_of

_DAY = timedelta(days=1)
_KNOWN_NIGHTS = 1_024


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From one wall time until another, on the same day or over midnight; equal: none."""

    begin: time
    end: time

    @property
    def over_midnight(self) -> bool:
        """Whether they end on the day after the one on which they begin."""
        return self.begin > self.end


def quiet_until(
    now: datetime, zone: ZoneInfo, hours: QuietHours, late_nights: Collection[date] = ()
) -> datetime | None:
    """When the quiet hours that `now` lies in are over, in UTC; None when it lies in none.

    Args:
        now: any aware moment.
        zone: where the walls are that show the hours.
        hours: the quiet hours of every day.
        late_nights: days whose quiet hours, if they reach over midnight, begin only there.
    """
    today = now.astimezone(zone).date()
    for day in (today - _DAY, today):
        begin, end = _on(day, zone, hours, day in late_nights)
        if begin <= now < end:
            return end
    return None


@lru_cache(maxsize=_KNOWN_NIGHTS)
def _on(day: date, zone: ZoneInfo, hours: QuietHours, late: bool) -> tuple[datetime, datetime]:  # noqa: FBT001 (a cache takes no keywords as cheaply)
    """The quiet hours that begin on `day`: their first moment, and the first after them."""
    last_day = day + _DAY if hours.over_midnight else day
    begin = datetime.combine(day, hours.begin)
    if late and hours.over_midnight:
        begin = datetime.combine(last_day, time.min)
    end = datetime.combine(last_day, hours.end).replace(fold=1)
    return instant_of(begin, zone), instant_of(end, zone)
