"""How common a word is in Chinese at large, and its part of speech.

The figures are those of jieba's own dictionary: one `word frequency tag` a line, some 350,000
lines. Held in memory they would cost more than the whole bot may; so the file is read through
once for all the words that are asked for together, and the answers are remembered.
"""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Iterable, Mapping
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import NamedTuple

from storage.errors import UnderstandingError

_REMEMBERED = 20_000  # words; some 3 MB
_FEW = 20  # words that are looked for one by one: about 1 ms each


class DictionaryMissing(UnderstandingError):
    """Jieba's dictionary is not where its package should be."""

    number = 202
    sentence = "The dictionary of the package jieba was not found."
    mend = "Install it with: pip install jieba"


class KnownWord(NamedTuple):
    """A word of the dictionary: its share of all words written, and its part of speech."""

    share: float
    tag: str


class Background:
    """Looks words up in the dictionary. Safe to share between threads."""

    def __init__(self, path: Path | None = None) -> None:
        """Read the dictionary at `path`, or that of the installed jieba.

        Raises:
            DictionaryMissing: jieba is not installed.
        """
        self._path = path or dictionary_file()
        self._lock = threading.Lock()
        self._total = 0
        self._remembered: dict[str, tuple[int, str] | None] = {}

    def look_up(self, words: Iterable[str]) -> Mapping[str, KnownWord]:
        """What the dictionary knows of `words`; the unknown are left out.

        Reads the file (about 0.1 s) unless all words have been asked for lately.
        """
        wanted = set(words)
        with self._lock:
            missing = wanted.difference(self._remembered)
            if missing:
                if len(self._remembered) + len(missing) > _REMEMBERED:
                    self._remembered.clear()
                    missing = wanted
                self._read(missing)
            known = {word: self._remembered[word] for word in wanted}
        return {
            word: KnownWord(entry[0] / self._total, entry[1])
            for word, entry in known.items()
            if entry is not None
        }

    def _read(self, words: set[str]) -> None:
        """Remember the dictionary's lines of `words`, and that it has none of the others."""
        if self._total and len(words) <= _FEW:
            self._find(words)
        else:
            self._read_through(words)

    def _find(self, words: set[str]) -> None:
        """The same for a few words: looking for each takes less than reading every line."""
        with self._path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as lines:
            for word in words:
                start = word.encode() + b" "
                is_first = lines[: len(start)] == start
                place = 0 if is_first else lines.find(b"\n" + start, 0) + 1
                if is_first or place:
                    lines.seek(place + len(start))
                    frequency, _, tag = lines.readline().partition(b" ")
                    self._remembered[word] = (int(frequency), tag.decode().strip())
                else:
                    self._remembered[word] = None

    def _read_through(self, words: set[str]) -> None:
        wanted = {word.encode(): word for word in words}
        total, first_time = 0, self._total == 0
        found: dict[str, tuple[int, str] | None] = dict.fromkeys(words)
        with self._path.open("rb") as lines:
            for line in lines:
                word, _, rest = line.partition(b" ")
                if first_time:
                    total += int(rest.partition(b" ")[0])
                if word in wanted:
                    frequency, _, tag = rest.partition(b" ")
                    found[wanted[word]] = (int(frequency), tag.decode().strip())
        self._total = total if first_time else self._total
        self._remembered.update(found)


def dictionary_file() -> Path:
    """Where the installed jieba keeps its dictionary.

    Raises:
        DictionaryMissing: jieba is not installed.
    """
    # Finding the package does not import it: that would cost time and memory for nothing.
    found = importlib.util.find_spec("jieba")
    for folder in (found.submodule_search_locations or ()) if found else ():
        path = Path(folder) / "dict.txt"
        if path.is_file():
            return path
    raise DictionaryMissing
