"""From text to a question, with limits; or what is wrong with the text, and where.

The grammar beside this room is read by lark's LALR parser, which builds the question as it goes:
nothing here recurses with the length of a text, and no text is ever run or becomes SQL.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

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
    conditions,
    depth,
    every,
    some,
)
from storage.segment_language.trouble import SegmentUnreadable, Trouble, Wrong
from storage.segment_language.writing import written

EXAMPLE = "tag:敏感肌 and not tag:员工 and last_active < 30d"
LONGEST = 1_000
"""Characters of an expression that somebody writes."""
LONGEST_KEPT = 50_000
"""Characters of one that is kept: its canonical form may be longer, and groups have many ids."""
MOST_CONDITIONS = 50
DEEPEST = 20
"""Levels of `not`, `and` and `or` in one another."""
_MOST_DAYS = 3_650
_MOST_MESSAGES = 1_000_000
_WORD_SHOWN = 30

_EXAMPLES = {
    ("tag", "标签"): "tag:敏感肌",
    ("group", "群"): "group in (一群, 二群)",
    ("grouptag", "群标签"): "grouptag = 福利群",
    ("last_active", "最近发言", "上次发言"): "last_active < 30d",
    ("joined", "入群"): "joined > 7d",
    ("messages", "发言"): "messages >= 5 in 30d",
    ("said", "说过"): "said 补货 in 30d",
    ("segment", "分组"): "segment:常客",
    ("optedout", "退订"): "not optedout",
    ("reachable", "可私聊"): "reachable",
    ("staff", "员工"): "not staff",
}
_EXAMPLE_OF: Mapping[str, str] = {
    word: example for words, example in _EXAMPLES.items() for word in words
}
_FIELD = re.compile(
    "|".join(rf"{word}(?!\w)" for word in sorted(_EXAMPLE_OF, key=len, reverse=True)),
    re.IGNORECASE,
)
_NOT_YET = re.compile(
    r"orders?|bought|spent|paid|points?|tier|level|region|city|province|address"
    r"|订单|下单|买过|购买|消费|花费|积分|等级|会员等级|地区|城市|省份?|地址",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\s()（）,，、:：=＝<>＜＞≤≥]+|\S|$")
_OPERATORS = re.compile(r"(?:and|or|not|in)(?!\w)|[^\w\"“「]", re.IGNORECASE)
_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"|“(?:\\.|[^”\\])*”|「(?:\\.|[^」\\])*」', re.DOTALL)
_ESCAPED = re.compile(r'\\(["”」\\])')
_ID = re.compile(r"#([0-9]{1,18})")
_OPENING, _CLOSING, _QUOTES = "(（", ")）", '"“「'
_HALF_WIDTH = str.maketrans("＜＞＝！", "<>=!")
_THAN = {"≤": "<=", "≥": ">=", "≠": "!=", "<>": "!=", "==": "="}
_MARKS = {"退订": Mark.OPTED_OUT, "可私聊": Mark.REACHABLE, "员工": Mark.STAFF}


def is_word(name: str) -> bool:
    """Whether a condition may begin with this word, so that it can be nobody's name."""
    return name.lower() in _EXAMPLE_OF


def without_quotes(text: str) -> str:
    """The text with as many signs, and nothing in quotes that could mean anything."""
    return _QUOTED.sub(lambda quote: "_" * len(quote[0]), text)


@lru_cache(maxsize=512)
def read(text: str, longest: int = LONGEST) -> Question:
    """The question that a text of at most `longest` characters asks.

    Raises:
        SegmentUnreadable: it is none, or is too long, too deep, or too large.
    """
    if len(text) > longest:
        raise _unreadable(Wrong.TOO_LONG, text[:longest], longest, most=longest)
    try:
        question = _built(_parser().parse(text))
    except UnexpectedInput as unexpected:
        raise SegmentUnreadable(_trouble(text, unexpected)) from unexpected
    except _TooLarge as large:
        raise _unreadable(Wrong.TOO_LARGE, text, large.at, most=large.most) from large
    if sum(1 for _ in conditions(question)) > MOST_CONDITIONS:
        raise _unreadable(Wrong.TOO_MANY, text, 0, most=MOST_CONDITIONS)
    if depth(question) > DEEPEST:
        raise _unreadable(Wrong.TOO_DEEP, text, 0, most=DEEPEST)
    return question


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
    return _ESCAPED.sub(r"\1", token[1:-1])


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


def _unreadable(
    wrong: Wrong, text: str, at: int, *, word: str = "", most: int = 0
) -> SegmentUnreadable:
    return SegmentUnreadable(Trouble(wrong, text, at, word, _example_at(text, at), most))


def _trouble(text: str, unexpected: UnexpectedInput) -> Trouble:
    """What lark could not go on with, as a person would say it."""
    if not text.strip():
        return Trouble(Wrong.EMPTY, text, 0, "", EXAMPLE)
    expected = _expected(unexpected)
    if isinstance(unexpected, UnexpectedToken) and unexpected.token.type == "$END":
        end = len(text.rstrip())
        if "_CLOSE" in expected:
            return Trouble(Wrong.UNCLOSED, text, _unclosed(text), "(", _example_at(text, end))
        return Trouble(Wrong.ENDS_EARLY, text, end, "", _example_at(text, end))
    place: Any = unexpected.pos_in_stream  # lark's types know no number here
    at = int(place)
    found = _WORD.match(text, at)
    word = found[0][:_WORD_SHOWN] if found else ""
    wrong = _wrong(word, expected)
    if wrong is Wrong.UNKNOWN:
        close = get_close_matches(word.lower(), _EXAMPLE_OF, n=1, cutoff=0.7)
        name = word.strip('"“”「」')
        example = written(Tagged((name,))) if name else EXAMPLE
        example = _EXAMPLE_OF[close[0]] if close else example
    elif wrong in {Wrong.NOT_JOINED, Wrong.NOT_YET, Wrong.UNOPENED}:
        example = EXAMPLE
    else:
        example = _example_at(text, at)
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


def _example_at(text: str, at: int) -> str:
    """A right example of the condition that a place belongs to; of all, where it is in none."""
    fields = _FIELD.findall(text, 0, at)
    return _EXAMPLE_OF[fields[-1].lower()] if fields else EXAMPLE


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
