"""What the bot's reading is measured beside: SnowNLP, jieba's rankings of words, and words alone.

"Words alone" is the bot's own lexicon without any rule: its words where they stand, the longest
first, with no clause, negation or degree. SnowNLP's model is its own, made of shop reviews; nobody
knows whether some of those that are read here were among them, so it may know them.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Iterable
from typing import cast

import jieba
import jieba.analyse

from insights.lexicon import Lexicon, Term
from insights.normalise import normalise

try:
    from snownlp import SnowNLP
except ImportError as missing:
    raise SystemExit("SnowNLP is not installed. Install it with: make bench") from missing

jieba.setLogLevel(logging.WARNING)

Span = tuple[int, int]
"""Where something stands in a text: its first character, and the one behind its last."""

_MOST = 5  # words that are taken of a ranking
_MIDDLE = 0.5  # SnowNLP's, between badly and well
_UNDECIDED = 0.1  # this near to it SnowNLP counts as feeling nothing: it has no other way to say so
_NOUNS = ("n", "nr", "ns", "nt", "nz", "nrt", "nrfg", "vn", "eng")
_ADJECTIVES = ("a", "ad", "ag", "an", "i", "l", "z")


class WordsAlone:
    """Words of the lexicon, where they stand."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._terms = lexicon.terms
        meant = [w for w, term in lexicon.terms.items() if term.aspect or term.polarity]
        self._pattern = words_pattern(meant)

    def found(self, text: str) -> list[tuple[Span, Term]]:
        """The words that name or judge something in a text in normal form."""
        return [
            (match.span(), self._terms[match.group()]) for match in self._pattern.finditer(text)
        ]

    def balance(self, text: str) -> int:
        """The words that judge well less those that judge badly."""
        return sum(term.polarity for _, term in self.found(normalise(text)))

    def speaks_well(self, text: str) -> bool:
        """Whether more words judge well than badly."""
        return self.balance(text) > 0


def words_pattern(words: Iterable[str]) -> re.Pattern[str]:
    """Finds these words, the longest first; nothing where there are none."""
    longest_first = sorted(set(words), key=lambda word: (-len(word), word))
    return re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")


def snownlp_feeling(text: str) -> float:
    """How likely a text speaks well, 0..1; a text of blanks alone, which it cannot read, is 0.5."""
    return cast("float", SnowNLP(text).sentiments) if text.strip() else _MIDDLE


def snownlp_speaks_well(text: str) -> bool:
    """Whether it more likely speaks well than badly."""
    return snownlp_feeling(text) > _MIDDLE


def snownlp_balance(text: str) -> float:
    """Above 0 where a text speaks well, below 0 where it speaks badly, and 0 where that is open."""
    leaning = snownlp_feeling(text) - _MIDDLE
    return leaning if abs(leaning) > _UNDECIDED else 0.0


def tfidf_keywords(text: str) -> list[str]:
    """jieba's five first words by TF-IDF."""
    return cast("list[str]", jieba.analyse.extract_tags(text, topK=_MOST))


def textrank_keywords(text: str) -> list[str]:
    """jieba's five first words by TextRank."""
    return cast("list[str]", jieba.analyse.textrank(text, topK=_MOST))


def snownlp_keywords(text: str) -> list[str]:
    """SnowNLP's five first words, by its own TextRank."""
    return cast("list[str]", SnowNLP(text).keywords(_MOST))


def tfidf_words(text: str) -> tuple[list[str], list[str]]:
    """The nouns, and the adjectives and idioms, that TF-IDF ranks first; five of each."""
    ranked = jieba.analyse.extract_tags
    return ranked(text, topK=_MOST, allowPOS=_NOUNS), ranked(text, topK=_MOST, allowPOS=_ADJECTIVES)


def textrank_words(text: str) -> tuple[list[str], list[str]]:
    """The nouns, and the adjectives and idioms, that TextRank ranks first; five of each."""
    ranked = jieba.analyse.textrank
    return ranked(text, topK=_MOST, allowPOS=_NOUNS), ranked(text, topK=_MOST, allowPOS=_ADJECTIVES)


def snownlp_words(text: str) -> tuple[list[str], list[str]]:
    """All nouns, and all adjectives and idioms, that SnowNLP finds; it ranks no adjectives."""
    tagged = list(SnowNLP(text).tags) if text.strip() else []
    return _tagged(tagged, _NOUNS), _tagged(tagged, _ADJECTIVES)


def _tagged(tagged: Iterable[tuple[str, str]], wanted: Collection[str]) -> list[str]:
    return [word for word, tag in tagged if tag.lower() in wanted]
