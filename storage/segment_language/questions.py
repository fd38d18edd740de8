"""What the segment language can ask of a customer: a tree of frozen values.

The facts of a customer are those of all their members together: who carries a tag on one channel
and speaks on another has done both. To ask for something new, add a class here, a rule in
`grammar.lark`, and a line each in `parsing.py`, `writing.py` and `compiling.py`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Than(StrEnum):
    """How an age or a number is compared."""

    LESS = "<"
    AT_MOST = "<="
    MORE = ">"
    AT_LEAST = ">="
    EQUAL = "="
    UNEQUAL = "!="

    @property
    def opposite(self) -> Than:
        """What is true exactly where this is not."""
        return _OPPOSITES[self]

    @property
    def compare(self) -> Callable[[Any, Any], Any]:
        """The comparison itself, of two values or of a column."""
        return _COMPARISONS[self]


_OPPOSITES: Mapping[Than, Than] = {
    Than.LESS: Than.AT_LEAST,
    Than.AT_MOST: Than.MORE,
    Than.MORE: Than.AT_MOST,
    Than.AT_LEAST: Than.LESS,
    Than.EQUAL: Than.UNEQUAL,
    Than.UNEQUAL: Than.EQUAL,
}
_COMPARISONS: Mapping[Than, Callable[[Any, Any], Any]] = {
    Than.LESS: operator.lt,
    Than.AT_MOST: operator.le,
    Than.MORE: operator.gt,
    Than.AT_LEAST: operator.ge,
    Than.EQUAL: operator.eq,
    Than.UNEQUAL: operator.ne,
}


class Mark(StrEnum):
    """What is simply so of somebody, or not."""

    OPTED_OUT = "optedout"
    REACHABLE = "reachable"
    STAFF = "staff"


@dataclass(frozen=True, slots=True)
class Tagged:
    """Carries one of these tags, and still does."""

    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InGroup:
    """Sits in a group with one of these names, or with one of these ids, whatever it is called."""

    names: tuple[str, ...] = ()
    ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class InTaggedGroup:
    """Sits in a group that has one of these group tags."""

    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LastSpoke:
    """Last spoke so many days ago; who never spoke did so longer ago than any number of days."""

    than: Than
    days: int


@dataclass(frozen=True, slots=True)
class Joined:
    """Came into a group of the shop, the first time, so many days ago."""

    than: Than
    days: int


@dataclass(frozen=True, slots=True)
class Spoke:
    """Said so many messages within the last `days`; None: of all that is kept."""

    than: Than
    number: int
    days: int | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """Said a message with this piece of text in it; a-z and A-Z are the same."""

    piece: str
    days: int | None = None


@dataclass(frozen=True, slots=True)
class Saved:
    """Is in the segment that was saved under this name."""

    name: str


@dataclass(frozen=True, slots=True)
class Not:
    """What the part does not hold of."""

    part: Question


@dataclass(frozen=True, slots=True)
class Every:
    """All parts hold; there are two or more."""

    parts: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """One of the parts holds, or several; there are two or more."""

    parts: tuple[Question, ...]


Condition = Tagged | InGroup | InTaggedGroup | LastSpoke | Joined | Spoke | Said | Mark | Saved
Question = Condition | Not | Every | Some


def every(*parts: Question) -> Question:
    """All of these, in one level."""
    flat = [one for part in parts for one in (part.parts if isinstance(part, Every) else (part,))]
    return flat[0] if len(flat) == 1 else Every(tuple(flat))


def some(*parts: Question) -> Question:
    """One of these, in one level."""
    flat = [one for part in parts for one in (part.parts if isinstance(part, Some) else (part,))]
    return flat[0] if len(flat) == 1 else Some(tuple(flat))


def conditions(question: Question) -> Iterator[Condition]:
    """Everything that is asked for, without how it is joined."""
    match question:
        case Not(part):
            yield from conditions(part)
        case Every(parts) | Some(parts):
            for part in parts:
                yield from conditions(part)
        case _:
            yield question


def wanted(question: Question, *, wants: bool = True) -> Iterator[Condition]:
    """What is asked for, without what leaves somebody out."""
    match question:
        case Not(part):
            yield from wanted(part, wants=not wants)
        case Every(parts) | Some(parts):
            for part in parts:
                yield from wanted(part, wants=wants)
        case _ if wants:
            yield question
        case _:
            return


def rewritten(question: Question, change: Callable[[Condition], Question]) -> Question:
    """The question with each of its conditions changed."""
    match question:
        case Not(part):
            return Not(rewritten(part, change))
        case Every(parts):
            return every(*(rewritten(part, change) for part in parts))
        case Some(parts):
            return some(*(rewritten(part, change) for part in parts))
        case _:
            return change(question)


def depth(question: Question) -> int:
    """How many levels of `not`, `and` and `or` stand above the lowest condition."""
    match question:
        case Not(part):
            return 1 + depth(part)
        case Every(parts) | Some(parts):
            return 1 + max(map(depth, parts))
        case _:
            return 0
