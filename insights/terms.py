"""What a text talks about: its content words, and phrases of them (see `phrases`).

Single characters and stop words are no terms by themselves; nor are words that only steer, such
as 什么时候. A word that judges (喜欢, 好闻) is a term and joins no phrase as a verb: 喜欢味道 is a
judgement, and names nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from insights.lexicon import standard_lexicon, stop_words
from insights.phrases import Part, find_phrases
from insights.words import TaggedWord

_NOUNS = ("n", "vn", "an", "j", "eng")  # jieba's tags; those that begin with n are nouns as well
# How a word's tag begins, whether the word is a term by itself, and what it is in a phrase.
_OTHERS = (
    ("i", True, Part.NOUN),  # 物美价廉: as good as a noun
    ("l", True, Part.BORDER),  # 怎么办, 差不多
    ("b", False, Part.ADJECTIVE),  # 大型, 家用: they say nothing alone
    ("a", True, Part.ADJECTIVE),
    ("z", True, Part.ADJECTIVE),
    ("v", True, Part.VERB),
)


def is_noun(tag: str) -> bool:
    """Whether a part of speech in jieba's letters names something."""
    return tag.startswith("n") or tag in _NOUNS


def read_terms(tagged: Sequence[TaggedWord]) -> list[str]:
    """The words and phrases of a text, as often as they stand in it."""
    found: list[str] = []
    parts: list[tuple[str, Part]] = []
    joinable = 0
    for word, tag in tagged:
        alone, part = _role(word, tag)
        if alone:
            found.append(word)
        parts.append((word, part))
        joinable += part is not Part.BORDER
    if joinable > 1:
        found += find_phrases(parts)
    return found


@lru_cache(maxsize=16_384)
def _role(word: str, tag: str) -> tuple[bool, Part]:
    """Whether a word is a term by itself, and what it is in a phrase."""
    if word in stop_words() or not any(map(str.isalpha, word)):
        return False, Part.BORDER
    known = standard_lexicon().terms.get(word)
    if known is not None and known.roles and not known.polarity:
        return False, Part.BORDER  # 什么时候, 怎么样: they steer
    noun = is_noun(tag)
    if len(word) == 1:
        return False, Part.NOUN if noun and not word.isascii() else Part.BORDER
    if noun:
        return True, Part.NOUN
    found = (row[1:] for row in _OTHERS if tag.startswith(row[0]))
    alone, part = next(found, (False, Part.BORDER))
    if part is Part.VERB and known is not None and known.polarity:
        part = Part.BORDER
    return alone, part
