"""Aspects and opinions in the sentences of dianping's dev part: what people marked, what is found.

People marked what is judged (玉米汤锅底) and the stretch that judges it (味道比较清淡), both by
their place. The bot names an aspect by its one name and quotes the judging word, so its places are
looked up: the word, and the nearest word of that aspect. What is judged as a whole has no place. A
pair is an aspect with what judges it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from insights.lexicon import Lexicon
from insights.normalise import normalise
from insights.opinions import Polarity
from insights.understanding import Understanding
from tests.benchmarks._other_readers import Span, WordsAlone, words_pattern

# The ends of the marks are the last token, not the one behind it.
_MARKED = re.compile(r"\(\((-?\d+), (-?\d+)\), \((-?\d+), (-?\d+)\), '\w+'\)")

Place = tuple[Span, ...]
"""One span, or an aspect's and its opinion's."""


@dataclass(frozen=True)
class Extracted:
    """The places of one sentence: of aspects, of opinions, and of both together."""

    aspects: frozenset[Place]
    opinions: frozenset[Place]
    pairs: frozenset[Place]

    @property
    def kinds(self) -> tuple[frozenset[Place], frozenset[Place], frozenset[Place]]:
        """The three, in the order of `KINDS`."""
        return self.aspects, self.opinions, self.pairs


KINDS = ("aspects", "opinions", "pairs")
Extract = Callable[[str], Extracted]


def read_marked(file: Path) -> list[tuple[str, Extracted]]:
    """The sentences in normal form, each with what people marked in it and gave a place."""
    return [_marked(line) for line in file.read_text("utf-8-sig").splitlines() if "####" in line]


def _marked(line: str) -> tuple[str, Extracted]:
    written, _, marks = line.rpartition("####")
    tokens = written.split(" ")
    pairs = []
    for mark in _MARKED.findall(marks):
        first, last, begin, end = (int(number) for number in mark)
        pairs.append((_span(tokens, first, last), _span(tokens, begin, end)))
    return normalise("".join(tokens)), Extracted(
        frozenset((aspect,) for aspect, _ in pairs if aspect),
        frozenset((opinion,) for _, opinion in pairs if opinion),
        frozenset((aspect, opinion) for aspect, opinion in pairs if aspect and opinion),
    )


def _span(tokens: Sequence[str], first: int, last: int) -> Span | None:
    """The place of these tokens in the normal form; None for what is only meant."""
    if first < 0:
        return None
    start = len(normalise("".join(tokens[:first])))
    return start, start + len(normalise("".join(tokens[first : last + 1])))


def from_reading(read: Callable[[str], Understanding], lexicon: Lexicon) -> Extract:
    """The bot's own way: every judgement or fear that it reads, with a judging word or without."""

    @cache
    def named(aspect: str) -> re.Pattern[str]:
        terms = lexicon.terms.items()
        return words_pattern(word for word, term in terms if aspect in (term.aspect, term.second))

    def extract(text: str) -> Extracted:
        aspects, opinions, pairs = set(), set(), set()
        for opinion in read(text).opinions:
            if opinion.polarity is Polarity.NEUTRAL:
                continue
            naming = _places(named(opinion.aspect), text)
            judging = _places(words_pattern(filter(None, [opinion.opinion])), text)
            near = list(_nearest(naming, judging))
            if near:
                aspect, word = min(near, key=lambda both: _gap(*both))
                aspects.add((aspect,))
                opinions.add((word,))
                pairs.add((aspect, word))
            else:
                aspects |= {(place,) for place in naming[:1]}
                opinions |= {(place,) for place in judging[:1]}
        return Extracted(frozenset(aspects), frozenset(opinions), frozenset(pairs))

    return extract


def from_words_alone(words: WordsAlone) -> Extract:
    """Every word that names an aspect, every word that judges, and the nearest of each."""

    def extract(text: str) -> Extracted:
        found = words.found(text)
        return _joined(
            [span for span, term in found if term.aspect and not term.polarity],
            [span for span, term in found if term.polarity],
        )

    return extract


def from_words(find: Callable[[str], tuple[Collection[str], Collection[str]]]) -> Extract:
    """Nouns as aspects and adjectives as opinions, wherever they stand, and the nearest of each."""

    def extract(text: str) -> Extracted:
        nouns, adjectives = find(text)
        return _joined(
            _places(words_pattern(nouns), text), _places(words_pattern(adjectives), text)
        )

    return extract


def _places(pattern: re.Pattern[str], text: str) -> list[Span]:
    return [match.span() for match in pattern.finditer(text)]


def _joined(aspects: Sequence[Span], opinions: Sequence[Span]) -> Extracted:
    return Extracted(
        frozenset((aspect,) for aspect in aspects),
        frozenset((opinion,) for opinion in opinions),
        frozenset(_nearest(aspects, opinions)),
    )


def _nearest(aspects: Sequence[Span], opinions: Iterable[Span]) -> Iterator[tuple[Span, Span]]:
    for opinion in opinions:
        if aspects:
            yield min(aspects, key=lambda aspect: (_gap(aspect, opinion), aspect)), opinion


def _gap(one: Span, other: Span) -> int:
    return max(one[0] - other[1], other[0] - one[1], 0)


def f1_scores(
    marked: Sequence[Extracted], found: Sequence[Extracted], *, overlapping: bool
) -> tuple[float, ...]:
    """F1 over all sentences of each of `KINDS`.

    A hit is a place that is found exactly as marked; with `overlapping`, one that shares a
    character with it (a pair: both with both). Each mark and each find is in one hit at most.
    """
    scores = []
    for kind in range(len(KINDS)):
        truth = [one.kinds[kind] for one in marked]
        said = [one.kinds[kind] for one in found]
        hits = sum(_hits(t, s, overlapping=overlapping) for t, s in zip(truth, said, strict=True))
        scores.append(2 * hits / (sum(map(len, truth)) + sum(map(len, said))))
    return tuple(scores)


def _hits(truth: frozenset[Place], said: frozenset[Place], *, overlapping: bool) -> int:
    exact = truth & said
    if not overlapping:
        return len(exact)
    hits, left = len(exact), sorted(truth - exact)
    for place in sorted(said - exact):
        met = next((mark for mark in left if _overlap(mark, place)), None)
        if met is not None:
            left.remove(met)
            hits += 1
    return hits


def _overlap(mark: Place, place: Place) -> bool:
    return all(
        one[0] < other[1] and other[0] < one[1] for one, other in zip(mark, place, strict=True)
    )
