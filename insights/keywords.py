"""What stands out in a period: keywords against Chinese at large, and against the period before.

**Score.** The log-odds of a term in the period against the background, with an informative
Dirichlet prior, divided by its standard deviation: Monroe, Colaresi and Quinn, "Fightin' Words"
(Political Analysis 16:4, 2008, equations 16, 18, 19 and 22), with the background as the prior
and as the other corpus, so large that its own variance vanishes. It was chosen over Dunning's
log-likelihood because the prior holds back terms that were said two or three times, and because
the result is a z-score: 2 is worth a look, 10 is loud.

**Speakers.** A member's n mentions of a term count as 1 + ln n, and a term needs two members: one
loud fan does not make a trend.

**Change.** How much the share of the speakers who say a term has changed against the period
before: log2 of the ratio, moved towards 0 by its 95% margin (Wald, one half added to each count).
So 1 means "at least doubled", and 0 means "cannot be told from chance", as it should be for small
counts. Without a period before there is no change to speak of: None.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from insights.background import Background, KnownWord
from insights.days import AnalysedDay, Tally
from insights.terms import is_noun

_PRIOR = 1_000.0  # α0, in words: how much text the prior is worth
_RARE = 1e-6  # share of a word or phrase that the dictionary does not count
_MARGIN = 1.96  # standard deviations: 95%
_FEWEST_SPEAKERS = 2
_OTHERS = 0.6  # weight of verbs and adjectives: nouns and phrases say more by themselves
_PART_OF_PHRASE = 0.8  # a word said this often inside one phrase gives way to the phrase
_CANDIDATES = 3_000  # terms with the most speakers that are looked up


@dataclass(frozen=True, slots=True)
class Keyword:
    """A term that stands out."""

    word: str
    mentions: int
    speakers: int
    score: float
    change: float | None
    quotes: tuple[int, ...]


def find_keywords(
    now: AnalysedDay, before: AnalysedDay, background: Background
) -> tuple[Keyword, ...]:
    """Every term of `now` that at least two members said, the most outstanding first."""
    candidates = _candidates(now)
    known = background.look_up(candidates)
    weights = {term: _weight(tally) for term, tally in now.terms.items()}
    total = math.fsum(weights[term] for term in sorted(weights))  # the same however days merge
    found = [
        Keyword(
            word=term,
            mentions=tally.mentions,
            speakers=tally.speakers,
            score=round(_score(weights[term], total, known.get(term)), 2),
            change=change(tally.speakers, now.speakers, _speakers(before, term), before.speakers),
            quotes=tuple(sorted(tally.quotes.values(), reverse=True)),
        )
        for term, tally in candidates.items()
    ]
    found.sort(key=lambda keyword: (-keyword.score, keyword.word))
    return tuple(found)


def change(now: int, now_all: int, before: int, before_all: int) -> float | None:
    """The surely seen change of a share, `now` of `now_all` against `before` of `before_all`.

    In powers of two; 0.0 where chance explains it; None without a period before.
    """
    if before_all == 0 or now_all == 0:
        return None
    ratio = math.log((now + 0.5) / (now_all + 0.5)) - math.log((before + 0.5) / (before_all + 0.5))
    margin = _MARGIN * math.sqrt(
        max(0.0, 1 / (now + 0.5) - 1 / (now_all + 0.5))
        + max(0.0, 1 / (before + 0.5) - 1 / (before_all + 0.5))
    )
    return round(math.copysign(max(0.0, abs(ratio) - margin), ratio) / math.log(2), 2) + 0.0


def _candidates(day: AnalysedDay) -> dict[str, Tally]:
    spoken = {
        term: tally for term, tally in day.terms.items() if tally.speakers >= _FEWEST_SPEAKERS
    }
    taken_in: set[str] = set()
    phrases = sorted(spoken, key=lambda term: (-len(term), term))
    for phrase in phrases:
        enough = spoken[phrase].mentions / _PART_OF_PHRASE
        for start in range(len(phrase)):
            for end in range(start + 2, len(phrase) + 1):
                part = phrase[start:end]
                if part != phrase and part in spoken and spoken[part].mentions <= enough:
                    taken_in.add(part)
    left = sorted(
        (term for term in spoken if term not in taken_in),
        key=lambda term: (-spoken[term].speakers, -spoken[term].mentions, term),
    )
    return {term: spoken[term] for term in left[:_CANDIDATES]}


def _weight(tally: Tally) -> float:
    return math.fsum(1.0 + math.log(count) for count in tally.members.values())


def _score(weight: float, total: float, known: KnownWord | None) -> float:
    share = max(known.share, _RARE) if known else _RARE
    prior = _PRIOR * share
    seen = weight + prior
    odds = math.log(seen / max(total + _PRIOR - seen, 1.0)) - math.log(share / (1 - share))
    part = 1.0 if known is None or is_noun(known.tag) else _OTHERS
    return part * odds * math.sqrt(seen)


def _speakers(day: AnalysedDay, term: str) -> int:
    tally = day.terms.get(term)
    return tally.speakers if tally else 0
