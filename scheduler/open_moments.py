"""When marketing may be said at all: neither in quiet hours nor on a quiet day.

`decide` holds each delivery against the same where its recipient lives; here a moment by the
shop's clock is looked at before anybody plans anything for it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from scheduler.caring import CareSettings
from scheduler.promotions import Promotion
from scheduler.quiet_days import is_quiet
from scheduler.quiet_hours import quiet_until
from scheduler.wall_time import instant_of

_MINUTE = timedelta(minutes=1)
_FARTHEST = 14 * 24 * 60  # minutes: no row of quiet days is longer


@dataclass(frozen=True, slots=True)
class OpenMoments:
    """A shop's quiet hours and days, with the late nights of a sale; moments are local times."""

    settings: CareSettings
    zone: ZoneInfo
    promotion: Promotion | None = None
    declared: Collection[date] = ()

    def on_quiet_day(self, at: datetime) -> bool:
        """Whether nothing is sold on its day."""
        return is_quiet(at.date(), self.declared)

    def in_quiet_hours(self, at: datetime) -> bool:
        """Whether fans sleep then."""
        sale, day = self.promotion, at.date()
        nights = sale.late_nights if sale is not None and sale.covers(day) else ()
        end = quiet_until(instant_of(at, self.zone), self.zone, self.settings.quiet_hours, nights)
        return end is not None

    def nearest(self, at: datetime, since: datetime) -> datetime | None:
        """The open minute nearest to `at`, from `since` on; None within two weeks of it."""
        for minutes in range(_FARTHEST):
            for moment in (at - minutes * _MINUTE, at + minutes * _MINUTE):
                if moment >= since and self._is_open(moment):
                    return moment
        return None

    def _is_open(self, at: datetime) -> bool:
        return not self.on_quiet_day(at) and not self.in_quiet_hours(at)
