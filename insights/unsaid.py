"""What a clause judges without a word of the lexicon: where the polarity model is asked.

The lexicon explains, so it speaks first, and the model is asked only about what it leaves open. It
is asked about statements, and about nothing that a shop taught, that asks for something, or that
is a matter of fact. Where it answers, the opinion names the words of the clause that weigh most in
its answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from insights.clauses import PARTICLES, Clause
from insights.lexicon import Role
from insights.words import TaggedWord

# Categories in which most of what is said is a fact, and whose talk the model has never met.
_FACTS = frozenset(["适用", "真伪", "成分", "效期", "库存", "活动"])
_EDGES = " ，,；;:：~～…()（）。.！!？?\n\"“”'"
_PARTICLES = "".join(PARTICLES)
# In clauses with these nothing is stated outright.
_OPEN = frozenset({Role.WISH, Role.CONDITION, Role.WORRY, Role.ALIKE, Role.DENIAL, Role.SCORN})


class Model(Protocol):
    """What the reading asks of the polarity model (`polarity.PolarityModel`)."""

    def lean(self, text: str, positive: int = 0, negative: int = 0) -> float:
        """Log-odds that a clause which judges does so well; with what the lexicon finds in it."""
        ...

    def speaks(self, text: str) -> int:
        """Whether a clause judges, where that is sure: 1 for well, -1 for badly, 0 for neither."""
        ...

    def rests_on(self, words: Sequence[str], way: int) -> str:
        """The words in a row that weigh most in what `speaks` says of the clause they make up."""
        ...


def states(clause: Clause) -> bool:
    """Whether a clause tells something: it asks nothing, and wishes and fears nothing."""
    return not clause.question and _OPEN.isdisjoint(clause.roles)


def said(text: str, clause: Clause) -> str:
    """The clause without the punctuation around it."""
    return text[clause.start : clause.end].strip(_EDGES)


def may_judge(category: str) -> bool:
    """Whether talk about this category is more than facts."""
    return category not in _FACTS


def left_open(text: str, clause: Clause) -> bool:
    """Whether a clause without aspect and judgement may judge.

    Not where a word has its say: one that the shop taught, one that asks for something, an emoji.
    Nor where a word that judges nothing (大家好) is all there is.
    """
    if not states(clause):
        return False
    for mark in clause.marks:
        term = mark.term
        if term.own or term.feeling or term.always or term.asked:
            return False
        if Role.PLAIN in term.roles and said(text, clause).rstrip(_PARTICLES) == mark.word:
            return False
    return True


def words_of(clause: Clause, tagged: Sequence[TaggedWord]) -> list[str]:
    """The words of a clause, of those of its text."""
    found, start = [], 0
    for word, _ in tagged:
        if clause.start <= start < clause.end and not word.isspace() and word not in _EDGES:
            found.append(word)
        start += len(word)
    return found
