"""What the commands about rounds take: a new poll, chain or draw in one line, or a round's number.

The parts of a new one are divided by bars or line breaks. One of them may say the deadline
(`截止 今晚8点`); of a poll the others are what is chosen from, of a draw its prizes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar, Self
from zoneinfo import ZoneInfo

from handlers.arguments import Groups, Rest, Unreadable, token
from handlers.draws import Prize
from handlers.forms.moments import read_moment

MOST_OPTIONS = 8
"""So many can be chosen from: each has a button, on a phone."""

MOST_WINNERS = 500

_LONGEST_TITLE = 60  # characters
_LONGEST_OPTION = 30
_MOST_AMOUNT = 99
_EMPHASIS = ".。、!~"
_BAR = re.compile(r"[|｜\n]")
_NUMBERED = re.compile(r"[#＃]?(?P<number>\d{1,9})(?:\s+(?P<then>\S+))?\s*")
_CLOSE_WORDS = frozenset({"close", "结束", "截止", "停"})
_CALL_OFF_WORDS = frozenset({"cancel", "取消", "作废"})
_DEADLINE = re.compile(r"截止到?[\s:：]*(?P<when>.+)")
# What may also begin something to choose (到店自提): a deadline only where no other one is written.
_UNTIL = re.compile(r"(?:直到|到|until\b|by\b)[\s:：]*(?P<when>.+)", re.IGNORECASE)
_ANY_DAY = datetime(2026, 1, 1, tzinfo=UTC)  # whether a text is a moment hangs on no day
_PRIZE = re.compile(
    r"(?P<name>.+?)\s*(?:[xX×*＊]\s*(?P<count>\d{1,3})\s*(?:份|个|名|位|瓶|盒|张|套|件|支|台)?"
    r"|(?P<counted>\d{1,3})\s*(?:份|个|名|位|瓶|盒|张|套|件|支|台))"
)
_LISTED = re.compile(r"^\s*\d{1,3}\s*[.、．]", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class RoundOrder:
    """A new round, or one that stands: its number, and whether it is to be closed or called off.

    `groups` are those that a new one is for, where they were named; `deadline` is how the deadline
    was written; empty: nothing was said of it.
    """

    groups: Groups | None = None
    number: int | None = None
    close: bool = False
    call_off: bool = False
    title: str = ""
    options: tuple[str, ...] = ()
    prizes: tuple[Prize, ...] = ()
    deadline: str = ""


def _standing(rest: str) -> RoundOrder | None:
    """The number of a round, perhaps with the word that closes it or calls it off."""
    found = _NUMBERED.fullmatch(rest.strip())
    if found is None:
        return None
    then = (found["then"] or "").lower()
    if then and then not in _CLOSE_WORDS | _CALL_OFF_WORDS:
        return None
    return RoundOrder(
        number=int(found["number"]), close=then in _CLOSE_WORDS, call_off=then in _CALL_OFF_WORDS
    )


def _groups(rest: str) -> tuple[Groups | None, str]:
    """The groups that stand in front, if any do, and what is left."""
    try:
        return Groups.read(rest)
    except Unreadable:
        return None, rest


def _parts(rest: str, example: str) -> tuple[str, list[str], str]:
    """The title, the other parts, and the deadline of a new round."""
    title, *parts = (part.strip() for part in _BAR.split(rest.strip()))
    if not title or not any(parts):
        raise Unreadable(example)
    if len(title) > _LONGEST_TITLE:
        raise Unreadable("题目太长了，最多 60 个字")
    deadlines = {part: found["when"] for part in parts if (found := _DEADLINE.fullmatch(part))}
    if not deadlines:
        deadlines = {
            part: found["when"]
            for part in parts
            if (found := _UNTIL.fullmatch(part)) and _is_moment(found["when"])
        }
    if len(deadlines) > 1:
        raise Unreadable("截止时间只写一个")
    left = [part for part in parts if part and part not in deadlines]
    return title, left, next(iter(deadlines.values()), "")


def _is_moment(written: str) -> bool:
    try:
        read_moment(written, _ANY_DAY, ZoneInfo("UTC"))
    except Unreadable:
        return False
    return True


@dataclass(frozen=True, slots=True)
class PollOrder(RoundOrder):
    """A poll, or the number of one."""

    label: ClassVar[str] = "@群 题目 | 选项 | 选项 | 截止 时间"

    @classmethod
    def read(cls, rest: str) -> tuple[Self, str]:
        """`下次先上哪个香味 | 栀子 | 白茶 | 截止 今晚8点`, or `3`, or `3 结束`."""
        if (standing := _standing(rest)) is not None:
            return cls(number=standing.number, close=standing.close, call_off=standing.call_off), ""
        groups, rest = _groups(rest)
        title, options, deadline = _parts(rest, "投票要写题目和选项，用竖线隔开")
        if not 2 <= len(options) <= MOST_OPTIONS:  # noqa: PLR2004 (one is no choice)
            raise Unreadable("投票要有 2 到 8 个选项")
        if len({_plain(one) for one in options}) < len(options):
            raise Unreadable("有两个选项是一样的")
        if any(len(one) > _LONGEST_OPTION for one in options):
            raise Unreadable("选项太长了，每个最多 30 个字")
        return cls(groups, title=title, options=tuple(options), deadline=deadline), ""


@dataclass(frozen=True, slots=True)
class ChainOrder(RoundOrder):
    """A chain, or the number of one."""

    label: ClassVar[str] = "@群 题目 | 截止 时间"

    @classmethod
    def read(cls, rest: str) -> tuple[Self, str]:
        """`桂花面膜拼单 | 截止 今晚10点`, or `3`, or `3 结束`."""
        if (standing := _standing(rest)) is not None:
            return cls(number=standing.number, close=standing.close, call_off=standing.call_off), ""
        groups, rest = _groups(rest)
        if _LISTED.search(rest):
            raise Unreadable("名单不用写，大家自己接")
        title, others, deadline = _parts(rest, "接龙要写题目和截止时间，用竖线隔开")
        if others or not deadline:
            raise Unreadable("接龙要写题目和截止时间，用竖线隔开")
        return cls(groups, title=title, deadline=deadline), ""


@dataclass(frozen=True, slots=True)
class DrawOrder(RoundOrder):
    """A draw, or the number of one."""

    label: ClassVar[str] = "@群 题目 | 奖品 x份数 | 截止 时间"

    @classmethod
    def read(cls, rest: str) -> tuple[Self, str]:
        """`双11抽奖 | 面霜正装 x1 | 小样 x5 | 截止 11-10 20:00`, or `3`, or `3 结束`."""
        if (standing := _standing(rest)) is not None:
            if standing.close:
                raise Unreadable("抽奖到点自动开，不能提前开")
            return cls(number=standing.number, call_off=standing.call_off), ""
        groups, rest = _groups(rest)
        title, written, deadline = _parts(rest, "抽奖要写题目、奖品和截止时间，用竖线隔开")
        if not deadline or not written:
            raise Unreadable("抽奖要写题目、奖品和截止时间，用竖线隔开")
        prizes = tuple(_prize(one) for one in written)
        if not 1 <= sum(one.count for one in prizes) <= MOST_WINNERS:
            raise Unreadable("奖品一共要 1 到 500 份")
        return cls(groups, title=title, prizes=prizes, deadline=deadline), ""


def _prize(written: str) -> Prize:
    found = _PRIZE.fullmatch(unicodedata.normalize("NFKC", written))
    count = 0 if found is None else int(found["count"] or found["counted"])
    if found is None or len(found["name"]) > _LONGEST_OPTION or not count:
        raise Unreadable("每样奖品要写上份数，例如 面霜正装 x1")
    return Prize(found["name"].strip(), count)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().lower()


def choice_in(text: str, options: Sequence[str]) -> int | None:
    """Which of some options a text says, by its number or its words; None: neither."""
    said = _plain(text).rstrip(_EMPHASIS)
    if said.isdecimal():
        number = int(said)
        return number - 1 if 1 <= number <= len(options) else None
    words = [_plain(one) for one in options]
    return words.index(said) if said in words else None


@dataclass(frozen=True, slots=True)
class Choice(Rest):
    """Which of the options, as `choice_in` reads it: the second is 2, or what it says."""

    label: ClassVar[str] = "第几项"


@dataclass(frozen=True, slots=True)
class Amount:
    """How many pieces: 1 to 99."""

    label: ClassVar[str] = "几份"
    number: int

    @classmethod
    def read(cls, rest: str) -> tuple[Self, str]:
        """A number, perhaps with its measure: `2`, `2份`."""
        word, left = token(rest)
        found = re.fullmatch(r"\+?(\d{1,2})\D?", _plain(word))
        if found is None or not 1 <= int(found[1]) <= _MOST_AMOUNT:
            raise Unreadable("几份要写成 1 到 99 的数字")
        return cls(int(found[1])), left
