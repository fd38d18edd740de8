"""接龙 lines: what one fan adds to a list that everybody sends on.

Fans copy the whole list and add a line at its end, or only say their line, or reply with a number.
What a fan adds is theirs: the lines behind the last one that somebody else has said, and those of
their own that stand in the list. So it does not matter that two lists grow at once, how the lines
are numbered, or that a list is sent twice. A line is known by the name that it begins with.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass

_MOST_LINES = 10  # of one person
_MOST_AMOUNT = 99
_LONGEST_NAME = 30  # characters
_EMPHASIS = "。.!~"
_LINE = re.compile(r"^\s*\d{1,3}\s*[.、)：:]\s*(?P<said>\S.{0,60})$")
_SAMPLE = re.compile(r"^\s*(?:例|示例|格式)")
_MEASURE_WORDS = "份瓶盒件套个支包箱斤袋罐"
_AMOUNT = re.compile(rf"\s*(?:\+|[xX×*])?\s*(?P<amount>\d{{1,2}})\s*[{_MEASURE_WORDS}]?\s*$")
_ONLY = re.compile(rf"\+?\s*(?P<amount>\d{{1,2}})\s*[{_MEASURE_WORDS}]?")
_JOIN_WORDS = frozenset({"参加", "我要", "要", "报名", "接", "我也要", "in"})
_QUIT_WORDS = frozenset({"不要了", "取消", "不参加", "退出", "-1", "out"})


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a list: who or what it is for, and how many."""

    name: str
    amount: int


def lines_in(text: str) -> list[Line]:
    """The numbered lines of a text, in their order; a sample line is none."""
    found = []
    for row in unicodedata.normalize("NFKC", text).splitlines():
        line = _LINE.match(row)
        if line is not None and not _SAMPLE.match(line["said"]):
            found.append(_line(line["said"]))
    return found


def _line(said: str) -> Line:
    amount = _AMOUNT.search(said)
    name = said[: amount.start()] if amount else said
    count = min(int(amount["amount"]), _MOST_AMOUNT) if amount else 1
    name = name.strip(" :,") or said.strip()
    return Line(name[:_LONGEST_NAME], max(count, 1))


def entry_after(
    lines: list[Line], mine: Mapping[str, int], others: Collection[str]
) -> dict[str, int]:
    """What somebody has in a chain once they have sent these lines: name → how many.

    Args:
        lines: what they sent.
        mine: what they had in it before.
        others: the names on the lines of everybody else.
    """
    last = max((place for place, one in enumerate(lines) if one.name in others), default=-1)
    own = {
        one.name: one.amount
        for place, one in enumerate(lines)
        if one.name not in others and (place > last or one.name in mine)
    }
    if not own:
        return dict(mine)
    kept = dict(mine) if len(lines) == 1 else {}
    return dict(list((kept | own).items())[:_MOST_LINES])


def amount_in(reply: str) -> int | None:
    """How many a reply asks for (参加, +2, 3盒); 0 where it steps back, None where it is talk."""
    said = unicodedata.normalize("NFKC", reply).strip().lower().rstrip(_EMPHASIS)
    if said in _QUIT_WORDS:
        return 0
    if said in _JOIN_WORDS:
        return 1
    found = _ONLY.fullmatch(said)
    return min(int(found["amount"]), _MOST_AMOUNT) or None if found else None
