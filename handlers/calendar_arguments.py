"""What commands about the shop's calendar take: when a day of its own falls, and a kind of care."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar, Self

from handlers.arguments import Unreadable, token
from scheduler.care import Care, care_named
from scheduler.own_days import OwnDay, OwnDayInvalid, OwnKind

NO_SUCH_CARE = "没有这件事的关怀话。发 /care 看有哪些；别的事用 /broadcast 自己写"
"""A key of the wording."""

_LUNAR_WORDS = ("农历", "阴历", "lunar:", "lunar")
_MONTHLY_WORDS = ("每月", "每个月", "monthly:", "monthly")
_MEMBER_WORDS = ("会员", "member")
_SOLAR = re.compile(r"(?:(\d{4})[-/年.])?(\d{1,2})[-/月.](\d{1,2})[日号]?")
_LUNAR = re.compile(r"(\d{1,2})[-/月.](\d{1,2})[日号]?")
_MONTHLY = re.compile(r"(\d{1,2})[日号]?")


@dataclass(frozen=True, slots=True)
class DayRule:
    """When a day of the shop's own falls: `10-18`, `2016-10-18`, `农历8-8`, `每月18`."""

    label: ClassVar[str] = "哪天"
    rule: str

    @classmethod
    def read(cls, rest: str) -> tuple[Self, str]:
        """A date with or without its first year, a Chinese date, or a day of every month."""
        first, left = token(rest)
        for word in sorted((*_LUNAR_WORDS, *_MONTHLY_WORDS), key=len, reverse=True):
            if first.lower().startswith(word):
                written = first[len(word) :]
                if not written:
                    written, left = token(left)
                return cls(_after(word, written)), left
        found = _SOLAR.fullmatch(first)
        if found is None:
            raise _unreadable()
        year, month, day = found.groups()
        return cls(_checked(f"{f'{year}-' if year else ''}{int(month):02}-{int(day):02}")), left

    def named(self, name: str) -> OwnDay:
        """The day of this name: a members' day where it comes every month or is called so."""
        members = self.rule.startswith("monthly:") or any(
            word in name.lower() for word in _MEMBER_WORDS
        )
        return OwnDay(name, OwnKind.MEMBER_DAY if members else OwnKind.ANNIVERSARY, self.rule)


@dataclass(frozen=True, slots=True)
class CareKind:
    """A kind of care by one of its names: `台风`."""

    label: ClassVar[str] = "什么事"
    care: Care

    @classmethod
    def read(cls, rest: str) -> tuple[Self, str]:
        """A name as `care.toml` knows it."""
        name, left = token(rest)
        found = care_named(name)
        if found is None:
            raise Unreadable(NO_SUCH_CARE)
        return cls(found), left


def _after(word: str, written: str) -> str:
    """The rule behind 农历 or 每月."""
    shape, make = (_MONTHLY, _monthly) if word in _MONTHLY_WORDS else (_LUNAR, _lunar)
    found = shape.fullmatch(written)
    if found is None:
        raise _unreadable()
    return _checked(make(*map(int, found.groups())))


def _monthly(day: int) -> str:
    return f"monthly:{day}"


def _lunar(month: int, day: int) -> str:
    return f"lunar:{month:02}-{day:02}"


def _checked(rule: str) -> str:
    """The rule, if such a day exists."""
    try:
        return OwnDay("", OwnKind.ANNIVERSARY, rule).rule
    except OwnDayInvalid as wrong:
        raise _unreadable() from wrong


def _unreadable() -> Unreadable:
    return Unreadable("日子写成 10-18、2016-10-18、农历8-8 或 每月18")
