"""The shop's own days: its anniversary, its members' day, whatever it keeps besides the calendar.

When a day comes is one of these rules, as it is stored and as a manager writes it:

    10-18          every year; 02-29 is kept on 28 February where there is none
    2016-10-18     the same, since that year: greetings can say how many years it has been
    lunar:08-08    a month and day of the Chinese calendar (days 1 to 29), never in a leap month
    monthly:18     every month; in a shorter one on its last day
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from scheduler.festivals import lunar_days
from storage.errors import SchedulingError

_RULE = re.compile(
    r"(?:(?P<since>\d{4})-)?(?P<month>\d\d?)-(?P<day>\d\d?)"
    r"|lunar:(?P<lunar_month>\d\d?)-(?P<lunar_day>\d\d?)"
    r"|monthly:(?P<monthly>\d\d?)"
)
_LEAP_YEAR = 2024
_LEAP_DAY = (2, 29)
_MONTHS, _LUNAR_DAYS, _LONGEST_MONTH = 12, 29, 31


class OwnDayInvalid(SchedulingError):
    """A day of the shop's own is not written as one."""

    number = 350
    sentence = "The shop's day {name} cannot fall on {found!r}."
    mend = "Write 10-18, 2016-10-18, lunar:08-08 or monthly:18."


class OwnKind(StrEnum):
    """What a day of the shop's own is; the kinds are the topics of `greetings/own.toml`."""

    ANNIVERSARY = "anniversary"
    MEMBER_DAY = "member-day"


@dataclass(frozen=True, slots=True)
class OwnDay:
    """One day of the shop's own, by what the shop calls it.

    Raises:
        OwnDayInvalid: `rule` is none of the four, or no such day exists.
    """

    name: str
    kind: OwnKind
    rule: str

    def __post_init__(self) -> None:
        if not _possible(_RULE.fullmatch(self.rule)):
            raise OwnDayInvalid(name=self.name, found=self.rule)

    @property
    def since(self) -> int | None:
        """The year from which it is kept, where the rule says one."""
        found = _parts(self.rule)["since"]
        return None if found is None else int(found)

    def falls_on(self, day: date) -> bool:
        """Whether it is kept on this day."""
        parts = _parts(self.rule)
        if parts["monthly"] is not None:
            last = calendar.monthrange(day.year, day.month)[1]
            return day.day == min(int(parts["monthly"]), last)
        if parts["lunar_month"] is not None:
            month, on = int(parts["lunar_month"]), int(parts["lunar_day"])
            return day in lunar_days(day.year, month, on)
        if self.since is not None and day.year < self.since:
            return False
        wanted = (int(parts["month"]), int(parts["day"]))
        if wanted == _LEAP_DAY and not calendar.isleap(day.year):
            wanted = (2, 28)
        return (day.month, day.day) == wanted

    def years_on(self, day: date) -> int:
        """How many years it has been on a day that it falls on; 0 where nobody said since when."""
        return 0 if self.since is None else day.year - self.since


def own_days_on(days: Sequence[OwnDay], day: date) -> tuple[OwnDay, ...]:
    """Which of the shop's days fall on this one: anniversaries first, then in the given order."""
    found = [one for one in days if one.falls_on(day)]
    return tuple(sorted(found, key=lambda one: one.kind is not OwnKind.ANNIVERSARY))


def _parts(rule: str) -> dict[str, str | Any]:
    found = _RULE.fullmatch(rule)
    return {} if found is None else found.groupdict()


def _possible(found: re.Match[str] | None) -> bool:
    """Whether there is such a day in any year."""
    if found is None:
        return False
    if found["monthly"] is not None:
        return 1 <= int(found["monthly"]) <= _LONGEST_MONTH
    if found["lunar_month"] is not None:
        month, day = int(found["lunar_month"]), int(found["lunar_day"])
        return 1 <= month <= _MONTHS and 1 <= day <= _LUNAR_DAYS
    try:
        date(_LEAP_YEAR, int(found["month"]), int(found["day"]))
    except ValueError:
        return False
    return found["since"] is None or int(found["since"]) > 0
