"""When a campaign speaks: four kinds of schedule, and the moments each of them has.

A schedule is written in wall time and names each of its moments by a slot. The slot says which
moment is meant, never when it comes, so a schedule moved by an hour, or looked at again after
a restart, still means the same moments and nothing is said twice:

    Once        once
    Countdown   d-10 ... d-1, d-0
    Festivals   2026-09-25:mid-autumn
    Recurring   2026-11-05, or 2026-11-05T1018 where a day can have several

Slots are unique within a campaign. `moments` is the one way from a schedule to time;
`wall_time.py` holds the rule for the hours that clocks skip or repeat.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger

from scheduler.festivals import Region, festival_named, festivals_of
from scheduler.wall_time import instant_of
from storage.errors import SchedulingError

_DAY = timedelta(days=1)
_TICK = timedelta(microseconds=1)
_CRON_FIELDS = ("minute", "hour", "day", "month", "day_of_week")
_LONGEST_COUNTDOWN = 365


class ScheduleInvalid(SchedulingError):
    """A part of a schedule has a value that it cannot have."""

    number = 312
    sentence = "The schedule's {part} cannot be {found!r}."
    mend = "Give {allowed}."


@dataclass(frozen=True, slots=True)
class Once:
    """One moment, at a naive local time to the minute or finer.

    The slot does not hold the time: a manager may move the moment, and it stays one moment.
    `at.fold = 1` means the second of two equal wall times, so that "now" can always be said.
    """

    at: datetime
    slot: str = "once"

    def __post_init__(self) -> None:
        _require_wall_time(self.at)
        if not self.slot:
            raise ScheduleInvalid(part="slot", found=self.slot, allowed="a short name")


@dataclass(frozen=True, slots=True)
class Countdown:
    """One moment on each of the days before `day`, from `first_days_left` on, all at `at`.

    With `last_day` the day itself (slot `d-0`) has its moment too.
    """

    day: date
    first_days_left: int
    at: time
    last_day: bool = True

    def __post_init__(self) -> None:
        _require_wall_time(self.at)
        if not 1 <= self.first_days_left <= _LONGEST_COUNTDOWN:
            raise ScheduleInvalid(
                part="first_days_left",
                found=self.first_days_left,
                allowed=f"a number of days from 1 to {_LONGEST_COUNTDOWN}",
            )


@dataclass(frozen=True, slots=True)
class Festivals:
    """One moment on each of these festivals, every year, at `at`; `keys` None means them all."""

    at: time
    keys: tuple[str, ...] | None = None
    region: Region = Region.NORTH

    def __post_init__(self) -> None:
        _require_wall_time(self.at)
        for key in self.keys or ():
            festival_named(key)


@dataclass(frozen=True, slots=True)
class Recurring:
    """Moments by a cron expression: minute, hour, day of month, month, weekday.

    It is read by APScheduler: day of month and weekday must both hold, and weekdays are written
    by name (`mon`), because APScheduler counts them from Monday and cron from Sunday.
    """

    cron: str

    def __post_init__(self) -> None:
        _cron_trigger(self.cron)

    @property
    def once_a_day(self) -> bool:
        """Whether no day can have more than one moment: minute and hour are single numbers."""
        minute, hour, *_ = self.cron.split()
        return minute.isdigit() and hour.isdigit()


Schedule = Once | Countdown | Festivals | Recurring


@dataclass(frozen=True, slots=True)
class Moment:
    """One moment of a schedule: its slot, what the wall shows then (aware), and when, in UTC."""

    slot: str
    local: datetime
    at: datetime


def moments(schedule: Schedule, zone: ZoneInfo, since: datetime, until: datetime) -> list[Moment]:
    """The moments after `since` up to and including `until` (both aware), in order of time.

    Cutting a span in two anywhere gives the same moments as the whole, so a planner may go on
    from where it stopped. Where skipped times of one schedule land on the same moment as
    another of its times, that happens once, under the later time's slot.

    Raises:
        ValueError: `since` or `until` has no time zone.
    """
    if since.tzinfo is None or until.tzinfo is None:
        raise ValueError("a span of time needs moments with a time zone")
    found: list[tuple[datetime, Moment]] = []
    # No wall time up to the one shown at `since` comes after it, so the walk can begin there;
    # but in a repeated hour the wall at `until` may show less than it has shown before. A fold
    # would travel on into the schedule's times and make them happen in the second hour.
    first = since.astimezone(zone).replace(tzinfo=None, fold=0)
    last = until.astimezone(zone).replace(tzinfo=None, fold=0) + _DAY
    for slot, wall in _walls(schedule, first, last):
        at = instant_of(wall, zone)
        if not since < at <= until:
            continue
        while found and found[-1][1].at == at and found[-1][0] < wall:
            found.pop()
        found.append((wall, Moment(slot, at.astimezone(zone), at)))
    return [moment for _, moment in found]


def days_left(slot: str) -> int | None:
    """How many days a countdown's slot has left (`d-3` has 3), None for any other slot."""
    number = slot.removeprefix("d-")
    return int(number) if slot.startswith("d-") and number.isdigit() else None


def _walls(schedule: Schedule, first: datetime, last: datetime) -> Iterator[tuple[str, datetime]]:
    """The slots and naive local times of a schedule, ascending; all from `first` to `last`."""
    match schedule:
        case Once(at, slot):
            yield slot, at
        case Countdown(day, first_days_left, at, last_day):
            for left in range(first_days_left, -1 if last_day else 0, -1):
                yield f"d-{left}", datetime.combine(day - timedelta(days=left), at)
        case Festivals(at, keys, region):
            for year in range(first.year, last.year + 1):
                for found in festivals_of(year, region):
                    if keys is None or found.festival.key in keys:
                        slot = f"{found.day:%Y-%m-%d}:{found.festival.key}"
                        yield slot, datetime.combine(found.day, at)
        case Recurring(cron):
            shape = "%Y-%m-%d" if schedule.once_a_day else "%Y-%m-%dT%H%M"
            for wall in _cron_walls(cron, first, last):
                yield f"{wall:{shape}}", wall


def _cron_walls(cron: str, first: datetime, last: datetime) -> Iterator[datetime]:
    # UTC stands in for the wall: it skips and repeats nothing, so the arithmetic is exact.
    trigger = _cron_trigger(cron, last)
    wall = trigger.get_next_fire_time(None, first.replace(tzinfo=UTC))
    while wall is not None:
        yield wall.replace(tzinfo=None)
        wall = trigger.get_next_fire_time(None, wall + _TICK)


def _cron_trigger(cron: str, last: datetime | None = None) -> CronTrigger:
    invalid = ScheduleInvalid(
        part="cron",
        found=cron,
        allowed="minute, hour, day of month, month and weekday (mon to sun), "
        'for example "18 10 * * mon"',
    )
    fields = cron.split()
    if len(fields) != len(_CRON_FIELDS) or any(sign.isdigit() for sign in fields[-1]):
        raise invalid
    try:
        return CronTrigger(
            **dict(zip(_CRON_FIELDS, fields, strict=True)),
            timezone=UTC,
            end_date=last.replace(tzinfo=UTC) if last else None,
        )
    except ValueError as error:
        raise invalid from error


def _require_wall_time(at: datetime | time) -> None:
    if at.tzinfo is not None:
        raise ScheduleInvalid(part="at", found=str(at), allowed="a local time without a zone")
