"""What stands out: keywords against Chinese at large, and against the period before.

**Score.** The log-odds of a term against the background, with an informative Dirichlet prior,
divided by its standard deviation: Monroe, Colaresi and Quinn, "Fightin' Words" (Political
Analysis 16:4, 2008, equations 16, 18, 19 and 22), with the background as the prior and as the
other corpus, so large that its own variance vanishes. It was chosen over Dunning's log-likelihood
because the prior holds back terms that were said two or three times, and because the result is a
z-score: 2 is worth a look, 10 is loud. A phrase scores as one word that the dictionary does not
know, or as its words together if that is more: the sum of the scores that they would have if said
as often as the phrase, divided by √k for k words (Stouffer et al., "The American Soldier", 1949).

**Speakers.** A member's n mentions of a term count as 1 + ln n, and a term needs two members: one
loud fan does not make a trend.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from insights.background import Background, KnownWord
from insights.counted import Sums, counted, total_weight
from insights.days import AnalysedDay
from insights.normalise import normalise
from insights.phrases import WORDS
from insights.terms import is_noun, read_terms
from insights.words import Segmenter

_PRIOR = 1_000.0  # α0, in words: how much text the prior is worth
_RARE = 1e-6  # share of a word or phrase that the dictionary does not count
_FEWEST_SPEAKERS = 2
_OTHERS = 0.6  # weight of verbs and adjectives: nouns and phrases say more by themselves
_PART_OF_PHRASE = 0.8  # a word said this often inside one phrase gives way to the phrase
_SHORTEST_PHRASE = 3  # characters
_MET_ONCE = 0.3  # weight of a phrase that stands once in a text; chosen on half of csl_keywords
_CANDIDATES = 3_000  # terms with the most speakers that are looked up


@dataclass(frozen=True, slots=True)
class Keyword:
    """A term that stands out.

    `change` is log2 of its share of the speakers against that of the periods before, where that
    is surely no chance; 0.0 where chance explains it, None without a period before.
    """

    word: str
    mentions: int
    speakers: int
    score: float
    change: float | None
    quotes: tuple[int, ...]


def find_keywords(
    now: AnalysedDay, background: Background, changes: Mapping[str, float] | None = None
) -> tuple[Keyword, ...]:
    """Every term of `now` that at least two members said, the most outstanding first.

    `changes` are those of the terms whose share of the speakers has surely changed (see
    `insights.trends`), None without a period before.
    """
    terms = counted(now.terms)
    spoken = {term: sums for term, sums in terms.sums.items() if sums.speakers >= _FEWEST_SPEAKERS}
    left = _candidates(spoken)
    total = total_weight(terms.sums.values())
    words = _words(left, terms.sums, background)
    found = [
        Keyword(
            word=term,
            mentions=spoken[term].mentions,
            speakers=spoken[term].speakers,
            score=_score(spoken[term].weight, total, words[term]),
            change=None if changes is None else changes.get(term, 0.0),
            quotes=tuple(sorted(terms.quotes(term).values(), reverse=True)),
        )
        for term in left
    ]
    found.sort(key=lambda keyword: (-keyword.score, keyword.word))
    return tuple(found)


def keywords_of(
    text: str, segmenter: Segmenter, background: Background, *, most: int = 5
) -> list[str]:
    """The keywords of one text by itself, the most outstanding first; small letters throughout.

    Terms, their scores and which of them give way to phrases are those of `find_keywords`. In a
    text alone nothing tells a phrase said once from words that happened to meet: it counts less.
    """
    counts = Counter(read_terms(segmenter.tag(normalise(text))))
    words = _words(counts.keys() - _taken_in(counts), counts, background)
    total = counts.total()
    scores = {term: _score(counts[term], total, words[term]) for term in words}
    for term in scores:
        if counts[term] == 1 and len(words[term]) > 1:
            scores[term] *= _MET_ONCE
    return sorted(scores, key=lambda term: (-scores[term], term))[:most]


def _candidates(spoken: Mapping[str, Sums]) -> list[str]:
    """The terms with the most speakers, without those that are hardly said but inside a phrase.

    Of a month's hundred thousand terms few can be among them: the others are left out at once.
    """
    speakers = sorted((sums.speakers for sums in spoken.values()), reverse=True)
    likely = 2 * _CANDIDATES
    found = _ranked(spoken, speakers[likely]) if len(speakers) > likely else []
    return (found if len(found) >= _CANDIDATES else _ranked(spoken, 0))[:_CANDIDATES]


def _ranked(spoken: Mapping[str, Sums], least: int) -> list[str]:
    """The terms of `least` speakers or more that no phrase takes in."""
    # A phrase that takes one of them in is said nearly as often as that has speakers.
    said = int(_PART_OF_PHRASE * least)
    often = {term: sums.mentions for term, sums in spoken.items() if sums.mentions >= said}
    taken_in = _taken_in(often)
    left = (term for term in often if spoken[term].speakers >= least and term not in taken_in)
    return sorted(left, key=lambda term: (-spoken[term].speakers, -spoken[term].mentions, term))


def _taken_in(mentions: Mapping[str, int]) -> set[str]:
    """The terms that are hardly said but inside one phrase."""
    found: set[str] = set()
    for phrase in mentions:
        enough = mentions[phrase] / _PART_OF_PHRASE
        for start in range(len(phrase)):
            for end in range(start + 2, len(phrase) + 1):
                part = phrase[start:end]
                if part != phrase and part in mentions and mentions[part] <= enough:
                    found.add(part)
    return found


def _words(
    terms: Collection[str], among: Collection[str], background: Background
) -> dict[str, list[KnownWord | None]]:
    """The words that each of `terms` is made of; `among` are all terms of the text or period."""
    split = {term: _split(term, among) for term in terms}
    known = background.look_up({*terms, *(word for words in split.values() for word in words)})
    return {
        term: [known[term]] if term in known else [known.get(word) for word in words]
        for term, words in split.items()
    }


def _split(term: str, terms: Collection[str]) -> tuple[str, ...]:
    """The words of a phrase: as few as can be, each a term itself or a single character.

    A term that holds no other one is its own only word.
    """
    if len(term) < _SHORTEST_PHRASE:
        return (term,)
    best: list[tuple[str, ...]] = [()]
    for end in range(1, len(term) + 1):
        splits = [
            (*best[start], term[start:end])
            for start in range(end)
            if end - start == 1 or (end - start < len(term) and term[start:end] in terms)
        ]
        best.append(min(splits, key=len))
    split = best[-1]
    return split if len(split) <= WORDS and max(map(len, split)) > 1 else (term,)


def _score(weight: float, total: float, words: Sequence[KnownWord | None]) -> float:
    """The score of a term that is made of these words; `total` is the weight of all terms."""
    return round(_exact_score(weight, total, words), 2)


def _exact_score(weight: float, total: float, words: Sequence[KnownWord | None]) -> float:
    if len(words) == 1:
        part = _OTHERS if words[0] and not is_noun(words[0].tag) else 1.0
        return part * _z_score(weight, total, words[0])
    joined = math.fsum(_z_score(weight, total, word) for word in words) / math.sqrt(len(words))
    return max(joined, _z_score(weight, total, None))


def _z_score(weight: float, total: float, known: KnownWord | None) -> float:
    share = max(known.share, _RARE) if known else _RARE
    seen = weight + _PRIOR * share
    odds = math.log(seen / max(total + _PRIOR - seen, 1.0)) - math.log(share / (1 - share))
    return odds * math.sqrt(seen)
