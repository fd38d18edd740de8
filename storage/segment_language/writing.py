"""From a question to its one canonical text, in English words, which reads back as the same."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import singledispatch

from storage.segment_language.questions import (
    Every,
    InGroup,
    InTaggedGroup,
    Joined,
    LastSpoke,
    Mark,
    Not,
    Question,
    Said,
    Saved,
    Some,
    Spoke,
    Tagged,
)

_PLAIN = re.compile(r"[^\s()（）,，、\"“”「」:：=＝<>＜＞≤≥≠!！&|#][^\s()（）,，、\"“”「」]*")
_TO_ESCAPE = re.compile(r'["\\]')


@singledispatch
def written(question: Question) -> str:
    """The canonical text."""
    raise TypeError(question)


@written.register
def _(question: Tagged) -> str:
    if len(question.tags) == 1:
        return f"tag:{_name(question.tags[0])}"
    return f"tag in ({', '.join(map(_name, question.tags))})"


@written.register
def _(question: InGroup) -> str:
    return _one_or_many("group", [*map(_name, question.names), *(f"#{i}" for i in question.ids)])


@written.register
def _(question: InTaggedGroup) -> str:
    return _one_or_many("grouptag", map(_name, question.tags))


@written.register
def _(question: LastSpoke) -> str:
    return f"last_active {question.than} {question.days}d"


@written.register
def _(question: Joined) -> str:
    return f"joined {question.than} {question.days}d"


@written.register
def _(question: Spoke) -> str:
    return f"messages {question.than} {question.number}{_within(question.days)}"


@written.register
def _(question: Said) -> str:
    return f"said {_name(question.piece)}{_within(question.days)}"


@written.register
def _(question: Mark) -> str:
    return question.value


@written.register
def _(question: Saved) -> str:
    return f"segment:{_name(question.name)}"


@written.register
def _(question: Not) -> str:
    return f"not {_bracketed(question.part, Every, Some)}"


@written.register
def _(question: Every) -> str:
    return " and ".join(_bracketed(part, Some) for part in question.parts)


@written.register
def _(question: Some) -> str:
    return " or ".join(_bracketed(part) for part in question.parts)


def _bracketed(part: Question, *looser: type[Every | Some]) -> str:
    """A part, in brackets where it binds less than what it stands in."""
    text = written(part)
    return f"({text})" if isinstance(part, looser) else text


def _one_or_many(field: str, names: Iterable[str]) -> str:
    every = list(names)
    return f"{field} = {every[0]}" if len(every) == 1 else f"{field} in ({', '.join(every)})"


def _name(name: str) -> str:
    """A name, in quotes where it would be read otherwise without them."""
    if _PLAIN.fullmatch(name):
        return name
    escaped = _TO_ESCAPE.sub(r"\\\g<0>", name)
    return f'"{escaped}"'


def _within(days: int | None) -> str:
    return "" if days is None else f" in {days}d"
