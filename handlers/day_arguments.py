"""Days as commands take them: a date as people write it, a number of days, a festival.

A date may be written without its year (`12-12`, `12月12日`). Which year is meant then hangs on what
is asked: a campaign aims at the next such day, a report looks back at the last one.
"""

from __future__ import annotations

import re
from calendar import monthrange
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Self

from handlers.arguments import Unreadable, token
from scheduler.festivals import Festival, all_festivals

DATE = re.compile(
    r"(?:(?P<year>20\d\d)[-/.年])?(?P<month>\d{1,2})[-/.月](?P<day>\d{1,2})(?!\d)[日号]?"
)
"""A date, with its parts by name: `WrittenDate.of` reads what it, or a pattern around it, finds."""

_DAYS = re.compile(r"(\d{1,3})(?:天|日|d)?")
_A_LEAP_YEAR = 2024
_MONTHS = range(1, 13)
_SHOPPING_DAYS = {
    "双11": (11, 11),
    "双十一": (11, 11),
    "双12": (12, 12),
    "双十二": (12, 12),
    "618": (6, 18),
    "女神节": (3, 8),
    "double11": (11, 11),
    "double12": (12, 12),
}


@dataclass(frozen=True, slots=True)
class WrittenDate:
    """A date as it was written, perhaps without its year, and perhaps in no calendar: `13-40`."""

    year: int | None
    month: int
    day: int

    @classmethod
    def of(cls, found: re.Match[str]) -> Self:
        """What `DATE` has found."""
        year = int(found["year"]) if found["year"] else None
        return cls(year, int(found["month"]), int(found["day"]))

    @property
    def exists(self) -> bool:
        """Whether there is such a day: in its year, or without one in any."""
        return self.month in _MONTHS and 1 <= self.day <= _days_in(self.year, self.month)

    def coming(self, today: date) -> date:
        """The date meant: in the year that was written, else the next one from today on.

        Raises:
            ValueError: there is no such day.
        """
        if self.year is not None:
            return date(self.year, self.month, self.day)
        # 29 February may be up to eight years away.
        for year in range(today.year, today.year + 9):
            with suppress(ValueError):
                meant = date(year, self.month, self.day)
                if meant >= today:
                    return meant
        raise ValueError(f"no year has {self.month}-{self.day}")

    def in_year(self, year: int) -> date:
        """The day, which must exist, in a year; of 29 February in others the 28th."""
        return date(year, self.month, min(self.day, _days_in(year, self.month)))

    def until(self, latest: date) -> date:
        """Of days gone by: in its year, else the last such day up to `latest`; it must exist."""
        if self.year is not None:
            return self.in_year(self.year)
        meant = self.in_year(latest.year)
        return meant if meant <= latest else self.in_year(latest.year - 1)

    def since(self, earliest: date) -> date:
        """The same, else the first such day from `earliest` on."""
        if self.year is not None:
            return self.in_year(self.year)
        meant = self.in_year(earliest.year)
        return meant if meant >= earliest else self.in_year(earliest.year + 1)


def _days_in(year: int | None, month: int) -> int:
    """The days of a month; without a year, those it can have."""
    return monthrange(_A_LEAP_YEAR if year is None else year, month)[1]


@dataclass(frozen=True, slots=True)
class Day:
    """A day to come: `双11`, `12-12`, `2026-12-12` or `12月12日`.

    `written` is how it was called.
    """

    label: ClassVar[str] = "日子"
    written: str
    meant: WrittenDate

    @classmethod
    def read(cls, rest: str) -> tuple[Self, str]:
        """A shopping day by name, or a date with or without its year."""
        text, left = token(rest)
        if (shopping := _SHOPPING_DAYS.get(text.lower())) is not None:
            return cls(text, WrittenDate(None, *shopping)), left
        found = DATE.fullmatch(text)
        if not found:
            raise Unreadable("日子要写成 双11、12-12 或 2026-12-12")
        return cls(text, WrittenDate.of(found)), left

    def after(self, today: date) -> date:
        """The date meant: in the year that was written, else the next one from today on.

        Raises:
            ValueError: there is no such day.
        """
        return self.meant.coming(today)


@dataclass(frozen=True, slots=True)
class Days:
    """A number of days, 1 to 366."""

    label: ClassVar[str] = "天数"
    number: int

    @classmethod
    def read(cls, rest: str) -> tuple[Self, str]:
        """`7`, `7天` or `7d`."""
        text, left = token(rest)
        found = _DAYS.fullmatch(text)
        if not found or not 1 <= int(found[1]) <= 366:  # noqa: PLR2004 (a leap year)
            raise Unreadable("天数要在 1 到 366 之间")
        return cls(int(found[1])), left


@dataclass(frozen=True, slots=True)
class FestivalName:
    """A festival by its Chinese or English name."""

    label: ClassVar[str] = "节日"
    festival: Festival

    @classmethod
    def read(cls, rest: str) -> tuple[Self, str]:
        """A name as the calendar knows it; 节 at its end may be left out."""
        text, left = token(rest)
        wanted = text.lower().removesuffix("节")
        for festival in all_festivals():
            names = (festival.key, festival.chinese, festival.english.lower())
            if wanted and wanted in {name.removesuffix("节") for name in names}:
                return cls(festival), left
        raise Unreadable("日历里没有这个节日")
