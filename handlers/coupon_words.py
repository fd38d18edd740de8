"""What the commands about coupons take: a batch with its codes, and a name or a code by itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar, Self

from handlers.arguments import Rest, Unreadable
from handlers.coupon_texts import LONGEST_CODE
from handlers.day_arguments import Day

MOST_CODES = 5_000
"""So many codes come with one command, at most."""

_LONGEST_NAME = 20  # characters
_BAR = re.compile(r"[|｜]")
_BETWEEN_CODES = re.compile(r"[\s,，、;；]+")
_COUNT = re.compile(r"(?:(?P<few>\d{1,3})|(?P<measured>\d{1,6})\s*(?:张|个|pieces))")
_EITHER = re.compile(r"\d{4,6}")  # so many, or one code of the shop's
_SAID_TO_BE_CODES = re.compile(r"^(?:券码|codes?\b)[\s:：]*", re.IGNORECASE)
_NO_END_WORDS = frozenset({"不限", "长期", "always", "never"})


@dataclass(frozen=True, slots=True)
class CouponOrder:
    """A batch by its name alone, or what it is worth, until when, and its codes.

    `make` are so many codes to be made up, `codes` the shop's own. Without a `gives` the batch is
    only asked about.
    """

    label: ClassVar[str] = "名称 | 值什么 | 到哪天 | 张数或券码"
    name: str
    gives: str = ""
    until: Day | None = None
    make: int = 0
    codes: tuple[str, ...] = ()

    @classmethod
    def read(cls, rest: str) -> tuple[Self, str]:
        """`双11券`, or `双11券 | 满199减30 | 11-30 | 100`, perhaps without day or codes."""
        name, *parts = (part.strip() for part in _BAR.split(rest))
        if not name:
            raise Unreadable("还没写券的名称")
        if len(name) > _LONGEST_NAME or "\n" in name:
            raise Unreadable("券的名称要写在一行里，最多 20 个字")
        if not parts:
            return cls(name), ""
        gives, *more = parts
        if not gives:
            raise Unreadable("还没写这张券值什么，例如 满199减30")
        until, codes = _day_and_codes(more)
        count = _COUNT.fullmatch(codes)
        if count is not None:
            make = int(count["few"] or count["measured"])
            if not 1 <= make <= MOST_CODES:
                raise Unreadable("一次要 1 到 5000 张券")
            return cls(name, gives, until, make), ""
        if _EITHER.fullmatch(codes):
            raise Unreadable("分不清是张数还是券码，写成 1234张，或 券码 1234")
        return cls(name, gives, until, codes=_codes(_SAID_TO_BE_CODES.sub("", codes, count=1))), ""


def _day_and_codes(parts: list[str]) -> tuple[Day | None, str]:
    """The day that the batch ends, and what is written of codes."""
    match parts:
        case []:
            return None, ""
        case [only]:
            if _COUNT.fullmatch(only) or only.lower() in _NO_END_WORDS:
                return None, only if _COUNT.fullmatch(only) else ""
            try:
                return _day(only), ""
            except Unreadable:
                return None, only
        case [day, codes]:
            return (None if day.lower() in _NO_END_WORDS else _day(day)), codes
        case _:
            raise Unreadable("竖线多了：名称 | 值什么 | 到哪天 | 张数或券码")


def _day(written: str) -> Day:
    day, left = Day.read(written)
    if left.strip():
        raise Unreadable("到哪天要写成 11-30 这样")
    return day


def _codes(written: str) -> tuple[str, ...]:
    codes = tuple(filter(None, _BETWEEN_CODES.split(written)))
    if any(len(code) > LONGEST_CODE for code in codes):
        raise Unreadable("有一个券码太长了，最多 64 个字")
    if len(codes) > MOST_CODES:
        raise Unreadable("一次要 1 到 5000 张券")
    return codes


@dataclass(frozen=True, slots=True)
class CouponName(Rest):
    """A batch by its name, which may have blanks."""

    label: ClassVar[str] = "券名"
    missing: ClassVar[str] = "还没写券的名称"


@dataclass(frozen=True, slots=True)
class CouponCode:
    """One code."""

    label: ClassVar[str] = "券码"
    text: str

    @classmethod
    def read(cls, rest: str) -> tuple[Self, str]:
        """One word without blanks."""
        code = rest.strip()
        if not code or _BETWEEN_CODES.search(code):
            raise Unreadable("要写一个券码")
        return cls(code), ""
