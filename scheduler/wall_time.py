"""From what a clock on the wall shows to the moment it shows it.

Schedules are written in the shop's wall time; everything else counts in UTC. One rule joins the
two, here and nowhere else: **a wall time happens at the first instant at which the wall shows it
or anything later.** So a time that comes twice when the clocks go back happens once, the first
time, and one that is skipped when they go forward happens at the next valid minute. Because
of "or anything later", a later wall time never comes at an earlier instant.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from storage.errors import SchedulingError

_MINUTE = timedelta(minutes=1)
_SECOND = timedelta(seconds=1)


class ZoneUnknown(SchedulingError):
    """The name of a time zone is not in the time zone database."""

    number = 310
    sentence = "There is no time zone {zone!r}."
    mend = "Write it as Region/City, for example Asia/Shanghai."


def zone_named(name: str) -> ZoneInfo:
    """The zone of the IANA database with this name, e.g. `Asia/Shanghai`.

    Raises:
        ZoneUnknown: there is none.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        # ValueError: a name that looks like a path; OSError: the name of a folder, e.g. "Asia".
        raise ZoneUnknown(zone=name) from error


def instant_of(local: datetime, zone: ZoneInfo) -> datetime:
    """The moment, in UTC, at which the wall of `zone` first shows the naive time `local` or later.

    Only `local.fold = 1` asks for the second of two equal wall times.
    """
    instant = local.replace(tzinfo=zone).astimezone(UTC)
    if _shown(instant, zone) == local:
        return instant
    # Skipped. Offsets change by whole minutes, so walk to the first minute that exists.
    minute = local.replace(second=0, microsecond=0, fold=0)
    while _shown(instant, zone) != minute:
        minute += _MINUTE
        instant = minute.replace(tzinfo=zone).astimezone(UTC)
    return instant


def last_second_of(day: date, zone: ZoneInfo) -> datetime:
    """The last whole second, in UTC, that belongs to this day in `zone`."""
    return instant_of(datetime.combine(day + timedelta(days=1), time.min), zone) - _SECOND


def _shown(instant: datetime, zone: ZoneInfo) -> datetime:
    """What the wall shows at this moment: a naive local time."""
    return instant.astimezone(zone).replace(tzinfo=None)
