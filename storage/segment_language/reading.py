"""From text to a question, with limits; or what is wrong with the text, and where.

The parser (`parsing.py`) is imported when the first expression is read: few shops ask for people
before their bot is ready, and its library takes a while.
"""

from __future__ import annotations

from functools import lru_cache

from storage.segment_language.examples import example_at
from storage.segment_language.questions import Question, conditions, depth
from storage.segment_language.trouble import SegmentUnreadable, Trouble, Wrong

LONGEST = 1_000
"""Characters of an expression that somebody writes."""
LONGEST_KEPT = 50_000
"""Characters of one that is kept: its canonical form may be longer, and groups have many ids."""
MOST_CONDITIONS = 50
DEEPEST = 20
"""Levels of `not`, `and` and `or` in one another."""


@lru_cache(maxsize=512)
def read(text: str, longest: int = LONGEST) -> Question:
    """The question that a text of at most `longest` characters asks.

    Raises:
        SegmentUnreadable: it is none, or is too long, too deep, or too large.
    """
    from storage.segment_language.parsing import parsed  # noqa: PLC0415 (see above)

    if len(text) > longest:
        raise _too_much(Wrong.TOO_LONG, text[:longest], longest, longest)
    question = parsed(text)
    if sum(1 for _ in conditions(question)) > MOST_CONDITIONS:
        raise _too_much(Wrong.TOO_MANY, text, 0, MOST_CONDITIONS)
    if depth(question) > DEEPEST:
        raise _too_much(Wrong.TOO_DEEP, text, 0, DEEPEST)
    return question


def _too_much(wrong: Wrong, text: str, at: int, most: int) -> SegmentUnreadable:
    return SegmentUnreadable(Trouble(wrong, text, at, "", example_at(text, at), most))
