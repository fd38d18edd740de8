"""From text to a question with lark's LALR parser; or what is wrong with the text, and where.

The grammar beside this room is read as it stands there, and the question is built as the parser
goes: nothing here recurses with the length of a text, and no text is ever run or becomes SQL. How
long an expression may be, and how deep, is for `reading.py` to say, which everybody else asks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from storage.segment_language.examples import EXAMPLE, EXAMPLE_OF, example_at
from storage.segment_language.questions import (
    InGroup,
    InTaggedGroup,
    Joined,
    LastSpoke,
    Mark,
    Not,
    Question,
    Said,
    Saved,
    Spoke,
    Tagged,
    Than,
    every,
    some,
)
from storage.segment_language.quotes import inside, without_quotes
from storage.segment_language.trouble import SegmentUnreadable, Trouble, Wrong
from storage.segment_language.writing import written

_MOST_DAYS = 3_650
_MOST_MESSAGES = 1_000_000
_WORD_SHOWN = 30

_NOT_YET = re.compile(
    r"orders?|bought|spent|paid|points?|tier|level|region|city|province|address"
    r"|订单|下单|买过|购买|消费|花费|积分|等级|会员等级|地区|城市|省份?|地址",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\s()（）,，、:：=＝<>＜＞≤≥]+|\S|$")
_OPERATORS = re.compile(r"(?:and|or|not|in)(?!\w)|[^\w\"“「]", re.IGNORECASE)
_ID = re.compile(r"#([0-9]{1,18})")
_OPENING, _CLOSING, _QUOTES = "(（", ")）", '"“「'
_HALF_WIDTH = str.maketrans("＜＞＝！", "<>=!")
_THAN = {"≤": "<=", "≥": ">=", "≠": "!=", "<>": "!=", "==": "="}
_MARKS = {"退订": Mark.OPTED_OUT, "可私聊": Mark.REACHABLE, "员工": Mark.STAFF}


def parsed(text: str) -> Question:
    """The question that a text asks, however long and deep.

    Raises:
        SegmentUnreadable: it is none, or has a number that is too large.
    """
    try:
        return _built(_parser().parse(text))
    except UnexpectedInput as unexpected:
        raise SegmentUnreadable(_trouble(text, unexpected)) from unexpected
    except _TooLarge as large:
        raise SegmentUnreadable(
            Trouble(Wrong.TOO_LARGE, text, large.at, "", example_at(text, large.at), large.most)
        ) from large


class _TooLarge(Exception):
    """A number is larger than anybody needs; where it stands, and how large it may be."""

    def __init__(self, token: Token, most: int) -> None:
        super().__init__(str(token))
        self.at, self.most = token.start_pos or 0, most


@cache
def _parser() -> Lark:
    grammar = Path(__file__).with_name("grammar.lark").read_text(encoding="utf-8")
    return Lark(
        grammar, parser="lalr", lexer="contextual", transformer=_Reader(), maybe_placeholders=True
    )


def _built(parsed: Any) -> Question:
    """What the parser built: with its transformer inside it gives no tree."""
    question: Question = parsed
    return question


class _Reader(Transformer[Token, Question]):
    """Builds the question, rule by rule."""

    def start(self, parts: Sequence[Question]) -> Question:
        """The whole."""
        return parts[0]

    def some(self, parts: Sequence[Question]) -> Question:
        """Parts with `or` between them."""
        return some(*parts)

    def every(self, parts: Sequence[Question]) -> Question:
        """Parts with `and` between them."""
        return every(*parts)

    def negation(self, parts: Sequence[Any]) -> Question:
        """A condition, or a bracket, with any number of `not` in front."""
        *nots, question = parts
        return _negated(question) if len(nots) % 2 else question

    def one(self, parts: Sequence[Token]) -> list[Token]:
        """One name."""
        return list(parts)

    many = one

    def tagged(self, parts: Sequence[Any]) -> Question:
        """Tags."""
        return _in_set(parts, lambda names: Tagged(tuple(map(_text, names))))

    def grouped(self, parts: Sequence[Any]) -> Question:
        """Groups by name, or by id where a name without quotes is a number behind #."""
        return _in_set(parts, _groups)

    def group_tagged(self, parts: Sequence[Any]) -> Question:
        """Group tags."""
        return _in_set(parts, lambda names: InTaggedGroup(tuple(map(_text, names))))

    def last_spoke(self, parts: Sequence[Token]) -> Question:
        """An age of the last word."""
        return LastSpoke(_than(parts[0]), _days(parts[1]))

    def joined(self, parts: Sequence[Token]) -> Question:
        """An age of the first coming."""
        return Joined(_than(parts[0]), _days(parts[1]))

    def spoke(self, parts: Sequence[Token | None]) -> Question:
        """A number of messages."""
        than, number, days = parts
        if than is None or number is None:
            raise ValueError(parts)
        return Spoke(_than(than), _number(number, _MOST_MESSAGES), _window(days))

    def said(self, parts: Sequence[Token | None]) -> Question:
        """A piece of text."""
        piece, days = parts
        if piece is None:
            raise ValueError(parts)
        return Said(_text(piece), _window(days))

    def mark(self, parts: Sequence[Token]) -> Question:
        """What is simply so."""
        word = parts[0].lower()
        return _MARKS[word] if word in _MARKS else Mark(word)

    def saved(self, parts: Sequence[Token]) -> Question:
        """The name of a saved segment."""
        return Saved(_text(parts[0]))


def _negated(question: Question) -> Question:
    return question.part if isinstance(question, Not) else Not(question)


def _in_set(parts: Sequence[Any], made: Any) -> Question:
    """What is made of the names; the opposite of it where a word for that stands in front."""
    *opposite, names = parts
    question: Question = made(list(dict.fromkeys(names)))
    return Not(question) if opposite else question


def _groups(names: Sequence[Token]) -> Question:
    found = {name: _ID.fullmatch(name) for name in names}
    return InGroup(
        tuple(_text(name) for name, number in found.items() if not number),
        tuple(int(number[1]) for number in found.values() if number),
    )


def _text(token: Token) -> str:
    """A name without its quotes."""
    if token.type != "QUOTED":
        return str(token)
    return inside(token)


def _than(token: Token) -> Than:
    sign = token.translate(_HALF_WIDTH)
    return Than(_THAN.get(sign, sign))


def _number(token: Token, most: int) -> int:
    digits = re.match(r"[0-9]+", token)
    text = "" if digits is None else digits[0].lstrip("0") or "0"
    if len(text) > len(str(most)) or int(text) > most:
        raise _TooLarge(token, most)
    return int(text)


def _days(token: Token) -> int:
    return _number(token, _MOST_DAYS)


def _window(days: Token | None) -> int | None:
    return None if days is None else _days(days)


def _trouble(text: str, unexpected: UnexpectedInput) -> Trouble:
    """What lark could not go on with, as a person would say it."""
    if not text.strip():
        return Trouble(Wrong.EMPTY, text, 0, "", EXAMPLE)
    expected = _expected(unexpected)
    if isinstance(unexpected, UnexpectedToken) and unexpected.token.type == "$END":
        end = len(text.rstrip())
        if "_CLOSE" in expected:
            return Trouble(Wrong.UNCLOSED, text, _unclosed(text), "(", example_at(text, end))
        return Trouble(Wrong.ENDS_EARLY, text, end, "", example_at(text, end))
    place: Any = unexpected.pos_in_stream  # lark's types know no number here
    at = int(place)
    found = _WORD.match(text, at)
    word = found[0][:_WORD_SHOWN] if found else ""
    wrong = _wrong(word, expected)
    if wrong is Wrong.UNKNOWN:
        close = get_close_matches(word.lower(), EXAMPLE_OF, n=1, cutoff=0.7)
        name = word.strip('"“”「」')
        example = written(Tagged((name,))) if name else EXAMPLE
        example = EXAMPLE_OF[close[0]] if close else example
    elif wrong in {Wrong.NOT_JOINED, Wrong.NOT_YET, Wrong.UNOPENED}:
        example = EXAMPLE
    else:
        example = example_at(text, at)
    return Trouble(wrong, text, at, word, example)


def _expected(unexpected: UnexpectedInput) -> set[str]:
    """The names of what could have stood there."""
    if isinstance(unexpected, UnexpectedToken):
        return {*(unexpected.accepts or unexpected.expected)}
    return {*(unexpected.allowed or ())} if isinstance(unexpected, UnexpectedCharacters) else set()


def _wrong(word: str, expected: set[str]) -> Wrong:
    if word[:1] in _QUOTES and "QUOTED" in expected:
        return Wrong.UNCLOSED_QUOTE
    if not expected.isdisjoint({"_AND", "_OR", "$END"}):
        return Wrong.UNOPENED if word in _CLOSING else Wrong.NOT_JOINED
    if "MARK" in expected and not _OPERATORS.match(word):
        return Wrong.NOT_YET if _NOT_YET.fullmatch(word) else Wrong.UNKNOWN
    return Wrong.UNFIT


def _unclosed(text: str) -> int:
    """Where the last bracket stands that is never closed."""
    plain = without_quotes(text)
    waiting: list[int] = []
    for at, sign in enumerate(plain):
        if sign in _OPENING:
            waiting.append(at)
        elif sign in _CLOSING and waiting:
            waiting.pop()
    return waiting[-1] if waiting else len(text.rstrip())
