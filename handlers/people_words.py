"""How people are named where groups may be: by a tag, as a saved segment, or by an expression.

`@标签:老客` and `-tag:敏感肌` are who carries a tag, `@分组:常客` is who is in a saved segment, and
`@(tag:老客 and last_active < 30d)` asks in the segment language. Of several that are wanted each
will do; nobody who is unwanted is meant, whatever else they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from storage.segment_language.questions import Not, Question, Saved, Tagged, every, some
from storage.segment_language.quotes import without_quotes
from storage.segment_language.reading import read
from storage.segment_language.trouble import Trouble, Wrong
from storage.segments import Segment

_NAMED = re.compile(
    r"(?:(?P<tag>tag|标签)|(?P<saved>segment|分组))[:：](?P<name>.+)", re.IGNORECASE | re.DOTALL
)
_OPENING = re.compile("[(（]")
_BRACKET = re.compile("(?P<opens>[(（])|[)）]")

_SENTENCES: Mapping[Wrong, str] = {
    Wrong.EMPTY: "还没写要找谁，例如 {example}",
    Wrong.ENDS_EARLY: "{where}\n后面还少一点，例如 {example}",
    Wrong.UNCLOSED: "{where}\n这个括号没有关上，例如 {example}",
    Wrong.UNOPENED: "{where}\n多了一个右括号，例如 {example}",
    Wrong.UNCLOSED_QUOTE: "{where}\n引号没有关上，或者里面是空的，例如 {example}",
    Wrong.UNKNOWN: "{where}\n不认识「{word}」，例如 {example}",
    Wrong.NOT_YET: "{where}\n还不能按「{word}」找人：订单、积分和地区以后才有，可以写 {example}",
    Wrong.NOT_JOINED: "{where}\n两个条件之间要写 and（且）或 or（或），例如 {example}",
    Wrong.UNFIT: "{where}\n「{word}」放在这里读不懂，例如 {example}",
    Wrong.TOO_LONG: "太长了，最多 {most} 个字",
    Wrong.TOO_MANY: "条件太多了，最多 {most} 个",
    Wrong.TOO_DEEP: "括号和 not 套得太深了，最多 {most} 层",
    Wrong.TOO_LARGE: "{where}\n这个数太大了，最多 {most}，例如 {example}",
}


def why_unreadable(trouble: Trouble) -> tuple[str, dict[str, object]]:
    """A sentence of the wording, with its facts, that says what is wrong with an expression.

    The place is shown with a caret below the line that it is in.
    """
    return _SENTENCES[trouble.wrong], {
        "where": f"{trouble.line}\n{trouble.pointer}",
        "word": trouble.word,
        "most": trouble.most,
        "example": trouble.example,
    }


@dataclass(frozen=True, slots=True)
class InBrackets:
    """An expression in brackets, as it is written with them, and what is left behind it."""

    written: str
    left: str

    @property
    def question(self) -> Question:
        """What it asks.

        Raises:
            SegmentUnreadable: nothing that can be read.
        """
        return read(self.written)


def in_brackets(rest: str) -> InBrackets | None:
    """The expression in brackets at the front of a text.

    None where there is no bracket, or where its end is followed by more of a name, as (深圳)群 has.
    One that is never closed goes to the end of its line.
    """
    if not _OPENING.match(rest):
        return None
    deep = 0
    for bracket in _BRACKET.finditer(without_quotes(rest)):
        deep += 1 if bracket["opens"] else -1
        if deep == 0:
            left = rest[bracket.end() :]
            return None if left[:1].strip() else InBrackets(rest[: bracket.end()], left)
    line, end, left = rest.partition("\n")
    return InBrackets(line, end + left)


def named(name: str) -> Question | None:
    """Who is meant by `标签:老客` or `分组:常客`; None by any other word."""
    found = _NAMED.fullmatch(name)
    if found is None:
        return None
    word = found["name"].strip()
    return Tagged((word,)) if found["tag"] else Saved(word)


@dataclass(slots=True)
class People:
    """The people among the words of a choice."""

    wanted: list[Question] = field(default_factory=list)
    unwanted: list[Question] = field(default_factory=list)

    def take(self, name: str, asked: InBrackets | None, *, wants: bool) -> bool:
        """Take a word, or an expression in brackets, if it names people; whether it does.

        Raises:
            SegmentUnreadable: the expression is none.
        """
        question = named(name) if asked is None else asked.question
        if question is None:
            return False
        (self.wanted if wants else self.unwanted).append(question)
        return True

    def segment(self) -> Segment | None:
        """All of them; None where nobody was named.

        Raises:
            SegmentUnreadable: together they are too many.
        """
        if not self.wanted and not self.unwanted:
            return None
        meant = [_together(self.wanted)] if self.wanted else []
        without = [Not(_together(self.unwanted))] if self.unwanted else []
        together = Segment.asking(every(*meant, *without))
        _ = together.question  # each may be readable, and all of them too many
        return together


def _together(questions: list[Question]) -> Question:
    """One of these; their tags, which are most of what is asked for, in one condition."""
    tags = tuple(tag for one in questions if isinstance(one, Tagged) for tag in one.tags)
    others = [one for one in questions if not isinstance(one, Tagged)]
    return some(*([Tagged(tuple(dict.fromkeys(tags)))] if tags else []), *others)
