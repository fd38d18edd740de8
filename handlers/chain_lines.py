"""接龙 lines: what one fan adds to a list that everybody sends on.

Fans copy the whole list and add a line at its end, or only say their line, or reply with a number.
What a fan adds is theirs: the lines behind the last one that somebody else has said, and those of
their own that stand in the list. So it does not matter that two lists grow at once, how the lines
are numbered, or that a list is sent twice. A line of somebody else's is known by its name and how
many, and each explains one line of a list: two fans may have one name, or want one thing. What a
fan sends as their only line is theirs in any case, and so is a last one that begins with their own
name, where theirs is not the name of a line that was copied with the list.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

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


def digest_of(chain: str, line: Line) -> str:
    """What is kept of a line that counts for nobody: enough to know it again in this chain."""
    return sha256(f"{chain}\n{line.name}\n{line.amount}".encode()).hexdigest()[:16]


def entry_after(
    lines: Sequence[Line], mine: Mapping[str, int], others: Sequence[Line], *, called: str = ""
) -> dict[str, int]:
    """What somebody has in a chain once they have sent these lines: name → how many.

    Args:
        lines: what they sent.
        mine: what they had in it before.
        others: the lines of everybody else.
        called: the sender's name.
    """
    theirs = _others_places(lines, mine, others, called)
    last = max(theirs, default=-1)
    own = {
        one.name: one.amount
        for place, one in enumerate(lines)
        if place not in theirs and (place > last or one.name in mine)
    }
    if not own:
        return dict(mine)
    kept = dict(mine) if len(lines) == 1 else {}
    return dict(list((kept | own).items())[:_MOST_LINES])


def _others_places(
    lines: Sequence[Line], mine: Mapping[str, int], others: Sequence[Line], called: str
) -> set[int]:
    """The places in a list at which somebody else's line stands."""
    if len(lines) <= 1:
        return set()
    left, places = Counter(others), set()
    for place, one in enumerate(lines):
        if left[one]:
            left[one] -= 1
            places.add(place)
    # What is left may stand in an older list with another number: never its last line, for that is
    # where fans add theirs.
    names = Counter(one.name for one in left.elements())
    final = len(lines) - 1
    for place, one in enumerate(lines[:final]):
        is_mine = mine.get(one.name) == one.amount and one.name != lines[final].name
        if place not in places and not is_mine and names[one.name]:
            names[one.name] -= 1
            places.add(place)
    copied = any(lines[place].name == called for place in places - {final})
    if lines[final].name == called and not copied:
        places.discard(final)
    return places


def is_only_joining(reply: str) -> bool:
    """Whether a reply says that somebody takes part, and nothing of how many."""
    return _plain(reply) in _JOIN_WORDS


def _plain(reply: str) -> str:
    return unicodedata.normalize("NFKC", reply).strip().lower().rstrip(_EMPHASIS)


def amount_in(reply: str) -> int | None:
    """How many a reply asks for (参加, +2, 3盒); 0 where it steps back, None where it is talk."""
    said = _plain(reply)
    if said in _QUIT_WORDS:
        return 0
    if said in _JOIN_WORDS:
        return 1
    found = _ONLY.fullmatch(said)
    return min(int(found["amount"]), _MOST_AMOUNT) or None if found else None
