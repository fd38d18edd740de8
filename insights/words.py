"""Cuts text into words: one small interface over jieba's dictionary.

`RjiebaSegmenter` (Rust) is what runs; `JiebaSegmenter` (pure Python, the original) takes over
where rjieba has no wheel, and is the oracle of the contract tests. `open_segmenter` picks.

A dictionary costs some 25 MB of memory, and importing rjieba already makes one. So
`RjiebaSegmenter()` works on that one, and words learnt through it are known to the whole process:
one process serves one merchant. Tests that want a dictionary of their own hand one in.
"""

from __future__ import annotations

import hashlib
import importlib
import logging
import warnings
from collections.abc import Iterable, Mapping
from typing import Any, Protocol, cast

TaggedWord = tuple[str, str]
"""A word and its part of speech, in jieba's (ICTCLAS) letters: n noun, v verb, a adjective..."""

LEARNT_TAG = "n"
"""A word that a shop teaches is the name of a thing."""

_FORGOTTEN = 0  # with this frequency, both dictionaries no longer join the characters


class Segmenter(Protocol):
    """Cuts text into words. Joined together, the words give the text back."""

    @property
    def name(self) -> str:
        """Which implementation this is."""
        ...

    @property
    def version(self) -> str:
        """Changes with the implementation and with what was learnt or forgotten."""
        ...

    @property
    def changes(self) -> Mapping[str, bool]:
        """What was learnt (true) or forgotten (false), by word: with it another one is the same."""
        ...

    def cut(self, text: str) -> list[str]:
        """The words of `text`, in order; blanks and punctuation are words as well."""
        ...

    def tag(self, text: str) -> list[TaggedWord]:
        """The words of `text` with their parts of speech."""
        ...

    def knows(self, word: str) -> bool:
        """Whether the dictionary holds `word`."""
        ...

    def learn(self, words: Iterable[str]) -> None:
        """Keep each of `words` whole from now on."""
        ...

    def forget(self, word: str) -> None:
        """Keep `word` whole no longer, whether learnt or from the dictionary."""
        ...


class RjiebaSegmenter:
    """Jieba's dictionary and algorithm in Rust; the default."""

    name = "rjieba"

    def __init__(self, dictionary: Any = None) -> None:
        """Work on `dictionary` (an `rjieba.Jieba`), or on the process's own.

        Raises:
            ImportError: rjieba has no wheel for this machine.
        """
        # The module offers the methods of the dictionary it has made, under the same names.
        source = _import_rjieba() if dictionary is None else dictionary
        self._source = source
        self._cut = source.cut
        self._tag = source.tag
        self._changes: dict[str, bool] = {}

    @property
    def version(self) -> str:
        """Changes with what this segmenter learnt or forgot."""
        return _version(self.name, self._changes)

    @property
    def changes(self) -> Mapping[str, bool]:
        """What was learnt or forgotten, by word."""
        return self._changes

    def cut(self, text: str) -> list[str]:
        """The words of `text`, in order."""
        return cast("list[str]", self._cut(text))

    def tag(self, text: str) -> list[TaggedWord]:
        """The words of `text` with their parts of speech."""
        return cast("list[TaggedWord]", self._tag(text))

    def knows(self, word: str) -> bool:
        """Whether the dictionary holds `word`."""
        return bool(self._source.has_word(word))

    def learn(self, words: Iterable[str]) -> None:
        """Keep each of `words` whole from now on."""
        for word in words:
            self._source.add_word(word, None, LEARNT_TAG)
            self._changes[word] = True

    def forget(self, word: str) -> None:
        """Keep `word` whole no longer."""
        self._source.add_word(word, _FORGOTTEN, None)
        self._changes[word] = False


class JiebaSegmenter:
    """The original jieba: some fifteen times slower, runs wherever Python does."""

    name = "jieba"

    def __init__(self) -> None:
        jieba, posseg = _import_jieba()
        self._tokenizer = jieba.Tokenizer()
        self._tagger = posseg.POSTokenizer(self._tokenizer)
        self._changes: dict[str, bool] = {}

    @property
    def version(self) -> str:
        """Changes with what this segmenter learnt or forgot."""
        return _version(self.name, self._changes)

    @property
    def changes(self) -> Mapping[str, bool]:
        """What was learnt or forgotten, by word."""
        return self._changes

    def cut(self, text: str) -> list[str]:
        """The words of `text`, in order."""
        return cast("list[str]", self._tokenizer.lcut(text))

    def tag(self, text: str) -> list[TaggedWord]:
        """The words of `text` with their parts of speech."""
        return [(pair.word, pair.flag) for pair in self._tagger.cut(text)]

    def knows(self, word: str) -> bool:
        """Whether the dictionary holds `word`."""
        self._tokenizer.check_initialized()
        return bool(self._tokenizer.FREQ.get(word))

    def learn(self, words: Iterable[str]) -> None:
        """Keep each of `words` whole from now on."""
        for word in words:
            self._tokenizer.add_word(word, None, LEARNT_TAG)
            self._changes[word] = True

    def forget(self, word: str) -> None:
        """Keep `word` whole no longer."""
        self._tokenizer.del_word(word)
        self._changes[word] = False


def _version(name: str, changes: Mapping[str, bool]) -> str:
    if not changes:
        return name
    lines = "\n".join(f"{word} {kept}" for word, kept in sorted(changes.items()))
    return f"{name}-{hashlib.sha256(lines.encode()).hexdigest()[:12]}"


def _import_rjieba() -> Any:
    return importlib.import_module("rjieba")


def _import_jieba() -> tuple[Any, Any]:
    """Import jieba quietly: it logs to stderr and was written before today's warnings."""
    with warnings.catch_warnings():
        # Unescaped backslashes in its patterns (a DeprecationWarning up to Python 3.11, a
        # SyntaxWarning later), and its use of pkg_resources (a UserWarning of setuptools).
        for category in (SyntaxWarning, DeprecationWarning, UserWarning):
            warnings.simplefilter("ignore", category)
        jieba = importlib.import_module("jieba")
        posseg = importlib.import_module("jieba.posseg")
    jieba.setLogLevel(logging.WARNING)
    return jieba, posseg


def open_segmenter(words: Iterable[str] = (), *, alone: bool = False) -> Segmenter:
    """The best segmenter of this machine, with the shop's `words` learnt.

    With `alone` on a dictionary of its own: what others are just reading is not disturbed, and
    what the process has learnt before is not known.
    """
    segmenter: Segmenter
    try:
        segmenter = RjiebaSegmenter(_import_rjieba().Jieba() if alone else None)
    except ImportError:
        segmenter = JiebaSegmenter()
    segmenter.learn(words)
    return segmenter


def open_same(changes: Mapping[str, bool]) -> Segmenter:
    """The best segmenter of this machine, changed as another one was (its `changes`)."""
    segmenter = open_segmenter(word for word, kept in changes.items() if kept)
    for word, kept in changes.items():
        if not kept:
            segmenter.forget(word)
    return segmenter
