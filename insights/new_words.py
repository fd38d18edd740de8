"""Words that fans use and no dictionary knows, found from how they stand in what is said.

A run of characters is a word where it holds together and stands free (two measures that chat
needs both of):

- **cohesion**: its parts meet far more often than chance would have it, at the weakest place where
  it can be cut: the least pointwise mutual information over all cuts in two, in bits (Church and
  Hanks, Computational Linguistics 16:1, 1990). It holds 绝绝子 together and lets 的面霜 go.
- **freedom**: it meets many different neighbours on its left and on its right: the lesser of the
  two entropies, in bits (Harris, Language 31:2, 1955; Jin and Tanaka-Ishii, COLING/ACL 2006). It
  keeps 绝绝子 and lets 绝绝 go, which 子 always follows. Each end of a text counts as a neighbour
  of its own.

No new words are: what the dictionary or the shop knows, what is put together from such words (包装
盒子), what holds a small word that only joins others (味道也不错), what has a stop word at an end
(去买), and what members are called.

Characters are Chinese ones and Latin words as a whole: 早c晚a is four of them. Runs are counted
from short to long, and a longer one only where its parts are common, so that memory holds what is
common and not all that was said.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from insights.background import Background
from insights.days import Utterance
from insights.lexicon import stop_words
from insights.normalise import normalise

_LONGEST = 5  # characters
_MENTIONS = 5
_SPEAKERS = 3  # fewer are a joke between friends
_COHESION = 4.0  # bits: 16 times as often as by chance
_FREEDOM = 1.5  # bits: as if there were three neighbours, each as common as the others
_INSIDE = 0.8  # a word said this often inside a longer one is a part of it
_TEXTS = 50_000  # the newest that are read: some 60 MB and 3 s while they are

_RUN = re.compile(r"[\u4e00-\u9fffa-z0-9]+")
_CHARACTER = re.compile(r"[\u4e00-\u9fff]|[a-z0-9]*[a-z][a-z0-9]*|\d+")
_SMALL = frozenset(
    "的了吗呢啊呀吧着么啦哦得地也都很太就还又再不没在是有和跟与给把被让这那我你他她它们个一"
)
_BORDER = ""  # a neighbour like no other

Run = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NewWord:
    """A word to propose: how often it was said, by how many, and its two measures in bits."""

    word: str
    mentions: int
    speakers: int
    cohesion: float
    freedom: float


def find_new_words(
    said: Sequence[Utterance],
    background: Background,
    *,
    known: Collection[str] = (),
    names: Collection[str] = (),
) -> tuple[NewWord, ...]:
    """The new words of what was said in a period, those of the most members first.

    A text that one member says again and again counts once; of very many texts the newest 50,000
    are read.

    Args:
        said: in the order it was said.
        background: the dictionary.
        known: words that the shop has taught or refused, in any case.
        names: what members are called.
    """
    texts = _runs(said)
    counts = _common_runs([run for run, _ in texts])
    total = sum(count for run, count in counts.items() if len(run) == 1)
    cohesive = {
        run: bits
        for run, count in counts.items()
        if len(run) > 1
        and count >= _MENTIONS
        and (bits := _cohesion(run, counts, total)) >= _COHESION
    }
    strange = _strange(cohesive, background, known, names)
    places = _places(texts, strange)
    found = [
        NewWord("".join(run), counts[run], len(place.members), round(cohesive[run], 2), freedom)
        for run, place in places.items()
        if len(place.members) >= _SPEAKERS and (freedom := round(place.freedom, 2)) >= _FREEDOM
    ]
    left = [word for word in found if not _is_part(word, found)]
    return tuple(sorted(left, key=lambda word: (-word.speakers, -word.mentions, word.word)))


@dataclass(slots=True)
class _Places:
    """Who said a run, and what stood on its left and its right."""

    members: set[int]
    left: Counter[str]
    right: Counter[str]

    @property
    def freedom(self) -> float:
        return min(_entropy(self.left), _entropy(self.right))


def _runs(said: Sequence[Utterance]) -> list[tuple[Run, int]]:
    """What was said between punctuation marks, with who said it."""
    once = dict.fromkeys((one.member, normalise(one.text)) for one in said[-_TEXTS:])
    return [
        (tuple(_CHARACTER.findall(run)), member)
        for member, text in once
        for run in _RUN.findall(text)
    ]


def _common_runs(texts: Sequence[Run]) -> Mapping[Run, int]:
    """How often each run of up to `_LONGEST` characters stands there, the common ones alone.

    Every part of a common run is common too. Numbers are parts of no run.
    """
    counts: Counter[Run] = Counter((character,) for text in texts for character in text)
    common = {run for run, count in counts.items() if count >= _MENTIONS and not run[0].isdigit()}
    for length in range(2, _LONGEST + 1):
        found = Counter(
            run
            for text in texts
            for run in _windows(text, length)
            if run[1:] in common and run[:-1] in common
        )
        common = {run for run, count in found.items() if count >= _MENTIONS}
        counts.update({run: found[run] for run in common})
    return counts


def _windows(text: Run, length: int) -> Iterator[Run]:
    return (text[start : start + length] for start in range(len(text) - length + 1))


def _cohesion(run: Run, counts: Mapping[Run, int], total: int) -> float:
    """The pointwise mutual information of both parts at the weakest cut, in bits."""
    strongest = max(counts[run[:cut]] * counts[run[cut:]] for cut in range(1, len(run)))
    return math.log2(counts[run] * total / strongest)


def _strange(
    runs: Collection[Run], background: Background, known: Collection[str], names: Collection[str]
) -> set[Run]:
    """Those that nobody knows: not the dictionary, not the shop, and no member is called so."""
    called = "\n".join(names).lower()
    left = [run for run in runs if _is_compact(run) and "".join(run) not in called]
    parts = {
        "".join(run[start:end])
        for run in left
        for start in range(len(run))
        for end in range(start + 2, len(run) + 1)
    }
    familiar = background.look_up(parts).keys() | {word.lower() for word in known}
    return {run for run in left if not _is_made_of(run, familiar)}


def _is_compact(run: Run) -> bool:
    """Whether no word inside only joins others; among Latin ones (早c晚a) stop words mean more."""
    mixed = any(character.isascii() for character in run)
    ends_meet = mixed or stop_words().isdisjoint((run[0], run[-1]))
    return ends_meet and _SMALL.isdisjoint(run)


def _is_made_of(run: Run, familiar: Collection[str]) -> bool:
    """Whether familiar words of two characters or more make it up, or it is one itself."""
    reached = [True] + [False] * len(run)
    for end in range(2, len(run) + 1):
        reached[end] = any(
            reached[start] and "".join(run[start:end]) in familiar for start in range(end - 1)
        )
    return reached[-1]


def _places(texts: Sequence[tuple[Run, int]], wanted: Collection[Run]) -> Mapping[Run, _Places]:
    found: dict[Run, _Places] = {}
    for text, member in texts:
        for length in range(2, _LONGEST + 1):
            for start, run in enumerate(_windows(text, length)):
                if run in wanted:
                    place = found.setdefault(run, _Places(set(), Counter(), Counter()))
                    place.members.add(member)
                    end = start + length
                    place.left[text[start - 1] if start else _BORDER] += 1
                    place.right[text[end] if end < len(text) else _BORDER] += 1
    return found


def _entropy(neighbours: Counter[str]) -> float:
    """How many bits it takes to tell the neighbour; each border is a neighbour of its own."""
    total = neighbours.total()
    borders = neighbours[_BORDER]
    inner = math.fsum(
        -count / total * math.log2(count / total)
        for neighbour, count in neighbours.items()
        if neighbour != _BORDER
    )
    return inner + borders / total * math.log2(total)


def _is_part(word: NewWord, others: Sequence[NewWord]) -> bool:
    return any(
        word.word in other.word
        and word.word != other.word
        and other.mentions >= _INSIDE * word.mentions
        for other in others
    )
