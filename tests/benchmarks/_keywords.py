"""Keywords against those that the authors gave their abstracts (csl_keywords).

`f1_at_5(abstracts, find)` scores any way to find keywords; `keywords_of` is the bot's own, the one
its reports use. The bot reads jieba's dictionary once a report; over a thousand abstracts one
after the other that would measure the disk, so here it is held in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from insights import keywords
from insights.background import Background, KnownWord, dictionary_file
from insights.normalise import normalise
from insights.words import RjiebaSegmenter, Segmenter

_MOST = 5


class Abstract(NamedTuple):
    """An abstract and its authors' keywords, in normal form."""

    text: str
    keywords: frozenset[str]


class _WholeDictionary(Background):
    """The same figures, all of them in memory."""

    def __init__(self) -> None:
        super().__init__()
        rows = [line.split(" ") for line in dictionary_file().read_text("utf-8").splitlines()]
        total = sum(int(count) for _, count, _ in rows)
        self._words = {word: KnownWord(int(count) / total, tag) for word, count, tag in rows}

    def look_up(self, words: Iterable[str]) -> Mapping[str, KnownWord]:
        """What the dictionary knows of `words`."""
        return {word: self._words[word] for word in set(words) if word in self._words}


def read_abstracts(file: Path) -> list[Abstract]:
    """The abstracts of `kg_dev.tsv`: a task, the text, and the keywords joined by `_`."""
    rows = [line.split("\t") for line in file.read_text("utf-8").splitlines()]
    return [
        Abstract(text, frozenset(normalise(word) for word in words.split("_")))
        for _, text, words in rows
    ]


def keywords_of(text: str) -> list[str]:
    """The bot's keywords of one text, the most outstanding first."""
    segmenter, background = _tools()
    return keywords.keywords_of(text, segmenter, background, most=_MOST)


def f1_at_5(abstracts: Sequence[Abstract], find: Callable[[str], Sequence[str]]) -> float:
    """The harmonic mean of precision and recall over all keywords, the first five of each text.

    A hit is a whole keyword, the same in normal form (`normalise`).
    """
    hits = found = wanted = 0
    for abstract in abstracts:
        first = list(dict.fromkeys(map(normalise, find(abstract.text))))[:_MOST]
        hits += len(abstract.keywords.intersection(first))
        found += len(first)
        wanted += len(abstract.keywords)
    return 2 * hits / (found + wanted)


@lru_cache(maxsize=1)
def _tools() -> tuple[Segmenter, Background]:
    return RjiebaSegmenter(), _WholeDictionary()
