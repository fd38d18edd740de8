"""What `/review` takes: the number of a campaign, or a programme with or without its year."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar, Self

from handlers.arguments import Unreadable, token

EXAMPLE = "/review double11 2026"

_NUMBER = re.compile(r"[#＃]?(\d{1,18})")
_YEAR = re.compile(r"(20\d\d)年?")
_WITH_YEAR = re.compile(r"([^:：]+)[:：](20\d\d)")
_LONGEST = 200  # characters: a campaign's key may hold a message's


@dataclass(frozen=True, slots=True)
class ReviewWords:
    """What is to be looked back on: a campaign (`number`), or what is `named` so, in a `year`."""

    label: ClassVar[str] = "编号|方案"
    number: int | None = None
    named: str = ""
    year: int | None = None

    @classmethod
    def read(cls, rest: str) -> tuple[Self, str]:
        """`12`, `#12`, `double11`, `双11 2026` or `double11:2026`."""
        text, left = token(rest)
        if not text or len(text) > _LONGEST or text[0] in "@＠":
            raise Unreadable("要看哪个活动的复盘，写它的编号；或者写方案和年份")
        if found := _NUMBER.fullmatch(text):
            return cls(number=int(found[1])), left
        if found := _WITH_YEAR.fullmatch(text):
            return cls(named=found[1], year=int(found[2])), left
        year, behind = token(left)
        if found := _YEAR.fullmatch(year):
            return cls(named=text, year=int(found[1])), behind
        return cls(named=text), left
