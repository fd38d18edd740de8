"""Joins neighbouring words to phrases, by their parts of speech.

A phrase is two or three words in a row that name one thing: noun + noun (补水面膜), adjective +
noun (敏感肌面霜), verb + noun (过期面霜), noun + verb (面霜补货). An adjective never ends one, and
no verb follows a verb: 推荐购买 names nothing. Single characters join in (洗面奶瓶), and are no
phrase alone. `terms` says which part each word takes; `keywords` weighs what comes out.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

WORDS = 3
"""A phrase has at most so many words."""

_LONGEST = 10  # characters of a phrase: more is a sentence


class Part(IntEnum):
    """What a word can be in a phrase."""

    BORDER = 0  # nothing: the phrase ends before it
    ADJECTIVE = 1  # any place but the last
    VERB = 2  # any place but behind another verb
    NOUN = 3  # any place


def find_phrases(words: Iterable[tuple[str, Part]]) -> list[str]:
    """The phrases of a text, each as often as it stands there, in the order of their ends."""
    found: list[str] = []
    run: list[tuple[str, Part]] = []  # the words before, back to a border
    for word, part in words:
        if part is Part.BORDER:
            run.clear()
            continue
        if run and part is not Part.ADJECTIVE:
            phrase, before_verb = word, part is Part.VERB
            for previous, place in reversed(run):
                phrase = previous + phrase
                if len(phrase) > _LONGEST or (place is Part.VERB and before_verb):
                    break
                found.append(phrase)
                before_verb = place is Part.VERB
        run.append((word, part))
        if len(run) == WORDS:
            del run[0]
    return found
