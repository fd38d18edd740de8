"""What a text talks about: its content words, and phrases of them.

A phrase is two or three words in a row that form one noun by their parts of speech: noun + noun
(补水面膜), adjective + noun, verbal noun + noun. Single characters and stop words are no terms.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from functools import lru_cache

from insights.lexicon import standard_lexicon, stop_words
from insights.words import TaggedWord

_LONGEST = 10  # characters of a phrase: more is a sentence
_CONTENT = ("n", "v", "a", "i", "j", "l", "z")  # jieba's tags begin with these
_NOUNS = ("n", "vn", "an", "j", "eng")
_MODIFIERS = ("a", "b")


class _Part(IntEnum):
    BORDER = 0  # ends a phrase, and is no term
    WORD = 1  # a term that no phrase takes in
    MODIFIER = 2  # a term, and the beginning of a phrase
    NOUN = 3  # a term, and any place in a phrase


def is_noun(tag: str) -> bool:
    """Whether a part of speech in jieba's letters can end a noun phrase."""
    return tag.startswith("n") or tag in _NOUNS


def read_terms(tagged: Sequence[TaggedWord]) -> list[str]:
    """The words and phrases of a text, as often as they stand in it."""
    found: list[str] = []
    run: list[str] = []  # the phrase in the making
    for word, tag in tagged:
        part = _part(word, tag)
        if part is not _Part.BORDER:
            found.append(word)
        if part is _Part.NOUN:
            if run:
                _add_phrases(run, word, found)
            run.append(word)
        elif part is _Part.MODIFIER:
            run = [word]
        elif run:
            run = []
    return found


def _add_phrases(run: Sequence[str], noun: str, found: list[str]) -> None:
    for length in (1, 2):
        phrase = "".join(run[-length:]) + noun
        if length <= len(run) and len(phrase) <= _LONGEST:
            found.append(phrase)


@lru_cache(maxsize=16_384)
def _part(word: str, tag: str) -> _Part:
    if len(word) == 1 or word in stop_words() or not any(map(str.isalpha, word)):
        return _Part.BORDER
    known = standard_lexicon().terms.get(word)
    if known is not None and known.roles and not known.polarity:
        return _Part.BORDER  # 什么时候, 怎么样: they steer
    if is_noun(tag):
        return _Part.NOUN
    if tag in _MODIFIERS:
        return _Part.MODIFIER
    return _Part.WORD if tag.startswith(_CONTENT) else _Part.BORDER
