"""When a campaign speaks: five kinds of schedule, and the moments each of them has.

A schedule is written in wall time and names each of its moments by a slot. The slot says which
moment is meant, never when it comes, so a schedule moved by an hour, or looked at again after
a restart, still means the same moments and nothing is said twice:

    Once        once
    Countdown   d-10 ... d-1, d-0
    Festivals   2026-09-25:mid-autumn, or with a + where festivals share a day
    Recurring   2026-11-05, or 2026-11-05T1018 where a day can have several
    Dated       whatever its maker calls each of them: wish-list, countdown:d-3

Slots are unique within a campaign. Any of them may be `Changed`: some of its slots left out or
moved by a manager. `moments` is the one way from a schedule to time; `wall_time.py` holds the rule
for the hours that clocks skip or repeat.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from heapq import merge
from itertools import chain
from operator import attrgetter
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger

from scheduler.festivals import Region, festival_named, greeting_days
from scheduler.greeting_facts import slot_of
from scheduler.legal_days import DayOff, worked_on
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


@dataclass(frozen=True, slots=True)
class DatedMoment:
    """One moment by its name, its naive local time, and the local time it is valid until.

    Without `until` it is valid as long as its campaign says. With `day_off` it is never on a day on
    which offices are closed: it `settles` on another, as far as is known when that is asked, so
    that it follows the notices of legal holidays until it has come.
    """

    slot: str
    at: datetime
    until: datetime | None = None
    day_off: DayOff | None = None

    def __post_init__(self) -> None:
        if not self.slot:
            raise ScheduleInvalid(part="slot", found=self.slot, allowed="a short name")
        _require_wall_time(self.at)
        if self.until is not None:
            _require_wall_time(self.until)
            if self.until <= self.at:
                raise ScheduleInvalid(
                    part="until", found=str(self.until), allowed=f"a local time after {self.at}"
                )

    def settled(self) -> DatedMoment:
        """The moment on the day on which it comes, at the same time of the day."""
        if self.day_off is None:
            return self
        later = worked_on(self.at.date(), self.day_off).day - self.at.date()
        until = None if self.until is None else self.until + later
        return DatedMoment(self.slot, self.at + later, until)


@dataclass(frozen=True, slots=True)
class Dated:
    """Moments written out one by one, each with a slot of its own; kept by time."""

    moments: tuple[DatedMoment, ...]

    def __post_init__(self) -> None:
        slots = [moment.slot for moment in self.moments]
        if twice := next((slot for slot in slots if slots.count(slot) > 1), None):
            raise ScheduleInvalid(part="slot", found=twice, allowed="each slot once")
        ordered = tuple(sorted(self.moments, key=attrgetter("at")))
        object.__setattr__(self, "moments", ordered)


Unchanged = Once | Countdown | Festivals | Recurring | Dated


@dataclass(frozen=True, slots=True)
class Changed:
    """A schedule as a manager changed it: slots that are `skipped`, and slots that are `moved`.

    A moved slot keeps its name and happens at its naive local time, whether or not the schedule
    still has it. One that is valid until a time of its own stays so where it is moved to before
    that, for as long as it was valid at most; moved past it, it is valid as long as it was.
    """

    schedule: Unchanged
    skipped: frozenset[str] = frozenset()
    moved: Mapping[str, datetime] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for at in self.moved.values():
            _require_wall_time(at)


Schedule = Unchanged | Changed


def unchanged(schedule: Schedule) -> Unchanged:
    """The schedule without what a manager changed in it."""
    return schedule.schedule if isinstance(schedule, Changed) else schedule


def changed(
    schedule: Schedule, *, skipped: frozenset[str], moved: Mapping[str, datetime]
) -> Schedule:
    """The schedule with exactly these changes, whatever was changed in it before."""
    plain = unchanged(schedule)
    return Changed(plain, skipped, dict(moved)) if skipped or moved else plain


def last_wall(schedule: Schedule) -> datetime | None:
    """The local time by which every moment has come, or is over where the schedule says when.

    None where the schedule has no last moment.
    """
    match unchanged(schedule):
        case Once(at):
            last = [at]
        case Countdown(day):
            last = [datetime.combine(day, time(23, 59, 59))]
        case Dated(dated):
            settled = (moment.settled() for moment in dated)
            last = [moment.until or moment.at for moment in settled]
        case _:
            return None
    if isinstance(schedule, Changed):
        last += [at for slot, at in schedule.moved.items() if slot not in schedule.skipped]
    return max(last, default=None)


@dataclass(frozen=True, slots=True)
class Moment:
    """One moment of a schedule: its slot, what the wall shows then (aware), and when, in UTC.

    `until` is the moment, in UTC, that it is valid until, where the schedule says so.
    """

    slot: str
    local: datetime
    at: datetime
    until: datetime | None = None


def moments(schedule: Schedule, zone: ZoneInfo, since: datetime, until: datetime) -> list[Moment]:
    """The moments after `since` up to and including `until` (both aware), in order of time.

    Cutting a span in two anywhere gives the same moments as the whole, so a planner may go on
    from where it stopped. Where skipped times of a recurring schedule land on the same moment as
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
    crowding = isinstance(unchanged(schedule), Recurring)
    for slot, wall, valid_until in _walls(schedule, first, last):
        at = instant_of(wall, zone)
        if not since < at <= until:
            continue
        while crowding and found and found[-1][1].at == at and found[-1][0] < wall:
            found.pop()
        end = None if valid_until is None else instant_of(valid_until, zone)
        found.append((wall, Moment(slot, at.astimezone(zone), at, end)))
    return [moment for _, moment in found]


def days_left(slot: str) -> int | None:
    """How many days a countdown's slot has left (`d-3` has 3), None for any other slot."""
    number = slot.removeprefix("d-")
    return int(number) if slot.startswith("d-") and number.isdigit() else None


_Wall = tuple[str, datetime, datetime | None]


def _walls(schedule: Schedule, first: datetime, last: datetime) -> Iterator[_Wall]:
    """Slots, naive local times and ends of a schedule, ascending; all from `first` to `last`."""
    if not isinstance(schedule, Changed):
        yield from _unchanged_walls(schedule, first, last)
        return
    plain, skipped, moved = schedule.schedule, schedule.skipped, schedule.moved
    kept = (
        wall
        for wall in _unchanged_walls(plain, first, last)
        if wall[0] not in skipped and wall[0] not in moved
    )
    dated = {one.slot: one.settled() for one in plain.moments} if isinstance(plain, Dated) else {}
    instead = sorted(
        (slot, at, _moved_end(dated.get(slot), at))
        for slot, at in moved.items()
        if slot not in skipped
    )
    yield from merge(kept, sorted(instead, key=_time_of), key=_time_of)


def _time_of(wall: _Wall) -> datetime:
    return wall[1]


def _moved_end(before: DatedMoment | None, at: datetime) -> datetime | None:
    if before is None or before.until is None:
        return None
    as_long = at + (before.until - before.at)
    return min(as_long, before.until) if at < before.until else as_long


def _unchanged_walls(schedule: Unchanged, first: datetime, last: datetime) -> Iterator[_Wall]:
    match schedule:
        case Once(at, slot):
            yield slot, at, None
        case Countdown(day, first_days_left, at, last_day):
            for left in range(first_days_left, -1 if last_day else 0, -1):
                yield f"d-{left}", datetime.combine(day - timedelta(days=left), at), None
        case Festivals(at, keys, region):
            years = range(first.year, last.year + 1)
            for found in chain(*(greeting_days(year, region, keys) for year in years)):
                yield slot_of(found), datetime.combine(found.day, at), None
        case Recurring(cron):
            shape = "%Y-%m-%d" if schedule.once_a_day else "%Y-%m-%dT%H%M"
            for wall in _cron_walls(cron, first, last):
                yield f"{wall:{shape}}", wall, None
        case Dated(dated):
            settled = (moment.settled() for moment in dated)
            walls = [(moment.slot, moment.at, moment.until) for moment in settled]
            yield from sorted(walls, key=_time_of)


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
