"""Puts words and lexicon together: a text as clauses, each with the terms that stand in it.

The lexicon is matched over the characters, longest term first, because segmenters disagree on
chat (不香 and 太贵 are one word to jieba). What the segmenter says guards against terms that are
not there: a single character counts only as a word, or in a word that small words make up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from insights.lexicon import Lexicon, Role, Term
from insights.words import TaggedWord

_QUOTES = frozenset("\"“”'‘’「」")
_COMMAS = frozenset("，,；;:：~～…()（）") | _QUOTES
_ENDS = frozenset("。.！!\n")
_ASKING = frozenset("？?")
PARTICLES = frozenset("的了吗呢啊呀吧死点着过么啦哦得地多")
_STEERING = frozenset({Role.NEGATION, Role.STRONG, Role.WEAK})
_A_NOT_A = Term(roles=frozenset({Role.QUESTION}))
_QUOTED = 4  # characters: what stands in quotes and is no longer is a word of its clause
_LONG = 3  # 会不会 and its like are terms; a shorter match gives way to the A-not-A pattern


def is_quoted(text: str, start: int, end: int) -> bool:
    """Whether `text[start:end]` stands in quotes."""
    return text[start - 1 : start] in _QUOTES and text[end : end + 1] in _QUOTES


class Mark(NamedTuple):
    """A term found in a text: `text[start:end]` is `word`."""

    start: int
    end: int
    word: str
    term: Term


@dataclass(slots=True)
class Clause:
    """A stretch between two borders, and what steers it.

    `sentence` counts full stops before it. `contrasting` says that it begins with a 但是.
    """

    sentence: int
    start: int
    end: int = 0
    contrasting: bool = False
    asking: bool = False
    quoting: bool = False  # a single word of it stands in quotes
    marks: list[Mark] = field(default_factory=list)
    roles: set[Role] = field(default_factory=set)

    @property
    def question(self) -> bool:
        """Whether it asks something, and would be told."""
        roles = self.roles
        if not roles:
            return self.asking
        if Role.DENIAL in roles or Role.SCORN in roles:
            return False
        return self.asking or Role.QUESTION in roles or Role.WHY in roles


def read_clauses(text: str, tagged: Sequence[TaggedWord], lexicon: Lexicon) -> list[Clause]:
    """The clauses of a text in normal form, those in which no term stands as well.

    `tagged` are the segmenter's words of the same text.
    """
    reader = _Reader(text, _long_words(tagged), lexicon)
    return reader.read()


def _long_words(tagged: Sequence[TaggedWord]) -> dict[int, tuple[int, str]]:
    """Offset of each character of a word of two or more → (where the word begins, the word)."""
    found: dict[int, tuple[int, str]] = {}
    start = 0
    for word, _ in tagged:
        length = len(word)
        if length > 1:
            place = (start, word)
            for offset in range(start, start + length):
                found[offset] = place
        start += length
    return found


class _Reader:
    """One pass over one text."""

    def __init__(
        self, text: str, long_words: Mapping[int, tuple[int, str]], lexicon: Lexicon
    ) -> None:
        self._text = text
        self._long_words = long_words
        self._terms = lexicon.terms
        self._lengths = lexicon.lengths
        self._clauses: list[Clause] = []
        self._clause = Clause(sentence=0, start=0)
        self._closing = -1  # where the quote ends that stands in the clause

    def read(self) -> list[Clause]:
        text, position, length = self._text, 0, len(self._text)
        lengths = self._lengths
        while position < length:
            character = text[position]
            mark = self._term_at(position) if character in lengths else None
            if mark is None or mark.end - position < _LONG:
                following = text[position + 1 : position + 3]
                if following[1:] == character and following[0] in "不没":
                    self._clause.marks.append(
                        Mark(position, position + 2, text[position : position + 2], _A_NOT_A)
                    )
                    self._clause.roles.add(Role.QUESTION)
                    position += 2
                    continue
            if mark is not None:
                self._take(mark)
                # 就这？ asks no more, but ends a sentence like any other question mark.
                position = mark.end - (text[mark.end - 1] in _ASKING)
                if text[position : position + 2] == f"不{mark.word[-1]}":
                    self._clause.roles.add(Role.QUESTION)  # 味道大不大
                    position += 2
                continue
            self._pass(character, position)
            position += 1
        self._border(length, next_sentence=True)
        return self._clauses

    def _pass(self, character: str, position: int) -> None:
        """Go over a character at which no term begins; punctuation is a border."""
        if character in _COMMAS or character == " ":
            if character not in _QUOTES or not self._quotes_a_word(position):
                self._border(position, next_sentence=False)
        elif character in _ASKING:
            self._clause.asking = True
            self._border(position, next_sentence=True)
        elif character in _ENDS:
            self._border(position, next_sentence=True)
        elif character in "不没" and self._ends_clause(position + 1):
            self._clause.asking = True  # 好用不？

    def _take(self, mark: Mark) -> None:
        roles = mark.term.roles
        if Role.NEGATION in roles and len(mark.word) == 1 and self._ends_clause(mark.end):
            self._clause.asking = True  # 好用不？ 发货没
            return
        if Role.CONTRAST in roles and not mark.term.polarity:
            clause = self._clause
            # 就是 and its like turn against a judgement; elsewhere they are plain words.
            judged = any(m.term.polarity for m in clause.marks) or not clause.marks
            if judged:
                self._border(mark.start, next_sentence=False)
                self._clause.contrasting = True
            return
        self._clause.marks.append(mark)
        if roles:
            self._clause.roles |= roles

    def _quotes_a_word(self, position: int) -> bool:
        if position == self._closing:
            return True
        for end in range(position + 2, min(position + 2 + _QUOTED, len(self._text))):
            if self._text[end] in _QUOTES:
                if self._text[position + 1 : end].isalnum():
                    self._closing = end
                    self._clause.quoting = True
                return self._closing == end
        return False

    def _ends_clause(self, position: int) -> bool:
        rest = self._text[position : position + 1]
        had_words = bool(self._clause.marks)
        return had_words and (not rest or rest in _ASKING or rest in _ENDS)

    def _border(self, position: int, *, next_sentence: bool) -> None:
        clause = self._clause
        clause.end = position
        if clause.marks or clause.asking or position - clause.start > 1:
            self._clauses.append(clause)
        # A contrast that opens a clause before its border still holds behind it: 但是，...
        waiting = clause.contrasting and not clause.marks and not next_sentence
        self._clause = Clause(
            sentence=clause.sentence + next_sentence, start=position, contrasting=waiting
        )

    def _term_at(self, position: int) -> Mark | None:
        """The longest term that begins here and that the segmenter's words do not speak against."""
        text, terms = self._text, self._terms
        for length in self._lengths[text[position]]:
            end = position + length
            word = text[position:end]
            term = terms.get(word)
            if term is None or end > len(text):
                continue
            if length == 1:
                if not self._stands_alone(position):
                    continue
            elif word[0] in "不没" and self._judged_at(position + 1, beyond=end):
                continue  # 不好 would cut 好闻 in two
            elif end < len(text):
                # 不干净: 不干 would cut 干净 in two, which is a term itself.
                place = self._long_words.get(end)
                if place and position < place[0] < end and place[1] in terms:
                    continue
            return Mark(position, end, word, term)
        return None

    def _stands_alone(self, position: int) -> bool:
        place = self._long_words.get(position)
        if place is None:
            return True
        if self._steers(self._text[position]) and self._judged_at(position + 1):
            return True  # 不显瘦: jieba joins 不显
        start, word = place
        before, behind = word[: position - start], word[position - start + 1 :]
        rest = before + behind
        if rest in self._terms and self._steers(word[position - start]):
            return True  # 不香, 没闷痘: jieba guesses one word where two stand
        return all(other in PARTICLES or self._steers(other) for other in rest)

    def _judged_at(self, position: int, beyond: int = 0) -> bool:
        """Whether a judging word of two characters or more begins here, and ends `beyond`."""
        first = self._text[position : position + 1]
        for length in self._lengths.get(first, ()):
            end = position + length
            if length == 1 or not beyond < end <= len(self._text):
                continue
            term = self._terms.get(self._text[position:end])
            if term is not None and term.polarity:
                return True
        return False

    def _steers(self, character: str) -> bool:
        known = self._terms.get(character)
        return known is not None and not _STEERING.isdisjoint(known.roles)
