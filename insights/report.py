"""The demand report: what fans care about, mind, like, dislike and ask for in a period.

`demand_report` is pure arithmetic over analysed days and knows messages by their ids only. The
caller then reads the texts of `report.quoted()`, masks them, and hands them to `with_quotes`.
All counts of people are distinct members.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import reduce
from operator import attrgetter, or_
from typing import Any, TypeVar

from insights.background import Background
from insights.bundles import Bundle, find_named_bundles
from insights.counted import Counted, Spoken, counted, spoken
from insights.days import AnalysedDay, AspectStance
from insights.demands import Demand
from insights.keywords import Keyword, find_keywords
from insights.lexicon import DemandKind, Lexicon
from insights.masking import as_a_word, folded
from insights.normalise import normalise
from insights.opinions import Stance
from insights.trends import Key, Topic, Trend, find_topics, find_trends

Row = TypeVar("Row")

_TERMS, _ASPECTS, _DEMANDS = map(attrgetter, ("terms", "aspects", "demands"))

_EMERGING_SPEAKERS = 3  # fewer are a chat between friends
_ASPECT_QUOTES = 4
# What hurts is read first; one quote of each stance before a second of any.
_QUOTED_FIRST = (Stance.DISLIKE, Stance.MIND, Stance.LIKE, Stance.CARE)


@dataclass(frozen=True, slots=True)
class AspectRow:
    """How many members stand how to one aspect."""

    aspect: str
    category: str
    care: int
    mind: int
    like: int
    dislike: int
    speakers: int
    quotes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DemandRow:
    """How many members ask for one thing."""

    kind: DemandKind
    thing: str
    mentions: int
    speakers: int
    quotes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Trends:
    """What has surely grown or faded against the periods before, the surest first."""

    terms: tuple[Trend[str], ...] = ()
    aspects: tuple[Trend[AspectStance], ...] = ()
    demands: tuple[Trend[Demand], ...] = ()


@dataclass(frozen=True, slots=True)
class DemandReport:
    """The report of one period. `texts` holds the quotes that have been filled in."""

    messages: int
    speakers: int
    keywords: tuple[Keyword, ...]
    aspects: tuple[AspectRow, ...]
    demands: tuple[DemandRow, ...]
    emerging: tuple[Keyword, ...]
    trends: Trends = Trends()
    topics: tuple[Topic, ...] = ()
    bundles: tuple[Bundle, ...] = ()
    texts: Mapping[int, str] = field(default_factory=dict)

    def quoted(self) -> frozenset[int]:
        """The messages that the report would quote."""
        rows: tuple[Keyword | AspectRow | DemandRow | Topic, ...] = (
            *self.keywords,
            *self.aspects,
            *self.demands,
            *self.emerging,
            *self.topics,
        )
        return frozenset(message for row in rows for message in row.quotes)

    def with_quotes(self, texts: Mapping[int, str]) -> DemandReport:
        """The report with the masked texts of its quotes; those that are gone are left out."""
        return replace(self, texts=dict(texts))

    def to_json(self) -> dict[str, Any]:
        """The report as plain JSON, as `nuanqun insights --json` prints it."""
        return {
            "messages": self.messages,
            "speakers": self.speakers,
            "keywords": [self._keyword(keyword) for keyword in self.keywords],
            "aspects": [
                {
                    "aspect": row.aspect,
                    "category": row.category,
                    "care": row.care,
                    "mind": row.mind,
                    "like": row.like,
                    "dislike": row.dislike,
                    "quotes": self._texts(row.quotes),
                }
                for row in self.aspects
            ],
            "demands": [
                {
                    "kind": row.kind.value,
                    "thing": row.thing,
                    "mentions": row.mentions,
                    "speakers": row.speakers,
                    "quotes": self._texts(row.quotes),
                }
                for row in self.demands
            ],
            "emerging": [self._keyword(keyword) for keyword in self.emerging],
            "trends": {
                "terms": [{"term": one.key, **_trend(one)} for one in self.trends.terms],
                "aspects": [
                    {
                        "aspect": one.key.aspect,
                        "category": one.key.category,
                        "stance": one.key.stance.value,
                        **_trend(one),
                    }
                    for one in self.trends.aspects
                ],
                "demands": [
                    {"kind": one.key.kind.value, "thing": one.key.thing, **_trend(one)}
                    for one in self.trends.demands
                ],
            },
            "topics": [
                {
                    "terms": list(topic.terms),
                    "speakers": len(topic.members),
                    "quotes": self._texts(topic.quotes),
                }
                for topic in self.topics
            ],
            "bundles": [asdict(bundle) for bundle in self.bundles],
        }

    def _keyword(self, keyword: Keyword) -> dict[str, Any]:
        return {
            "word": keyword.word,
            "mentions": keyword.mentions,
            "speakers": keyword.speakers,
            "score": keyword.score,
            "change": keyword.change,
            "quotes": self._texts(keyword.quotes),
        }

    def _texts(self, quotes: Sequence[int]) -> list[str]:
        return [self.texts[message] for message in quotes if message in self.texts]


def _trend(trend: Trend[Key]) -> dict[str, Any]:
    return {
        "speakers": list(trend.speakers),
        "active": list(trend.active),
        "change": trend.change,
        "chance": trend.chance,
    }


def demand_report(
    now: AnalysedDay,
    before: Sequence[Spoken],
    background: Background,
    lexicon: Lexicon,
    *,
    top: int = 20,
    names: Collection[str] = (),
) -> DemandReport:
    """The report of the period `now`, with changes against the periods `before` it.

    A term that is a part of one of the members' `names`, however they write it, and no word of the
    dictionary or the lexicon, is how somebody is called and not what is talked about; it is left
    out. Each list holds at most
    `top` rows. `emerging` are the keywords of three members or more that surely grow; without
    periods before there are none.

    Args:
        now: the period.
        before: the periods to compare with, of the same length, the earliest first.
        background: Chinese at large.
        lexicon: which terms name a product.
        top: rows of each list.
        names: those of the members.
    """
    compared = any(one.speakers for one in before)
    periods = [*before, spoken(now)] if compared else []
    calling = _Calling(names, background, lexicon)
    changed = find_trends(periods, _TERMS)
    terms = calling.without([(one.key, one) for one in changed], len(changed))
    changes = {one.key: one.change for one in terms}
    keywords = find_keywords(now, background, changes if compared else None)
    rising = [one.key for one in terms if one.rising]
    by_word = {keyword.word: keyword for keyword in keywords}
    emerging = [
        by_word[term]
        for term in rising
        if term in by_word and by_word[term].speakers >= _EMERGING_SPEAKERS
    ]
    return DemandReport(
        messages=now.message_count,
        speakers=now.speakers,
        keywords=calling.without([(one.word, one) for one in keywords], top),
        aspects=_aspects(now)[:top],
        demands=_demands(now)[:top],
        emerging=tuple(emerging[:top]),
        trends=Trends(
            terms=terms[:top],
            aspects=find_trends(periods, _ASPECTS)[:top],
            demands=find_trends(periods, _DEMANDS)[:top],
        ),
        topics=find_topics(now, rising)[:top],
        bundles=find_named_bundles(now, lexicon)[:top],
    )


class _Calling:
    """How members are called: what is a part of a name, and no word that we know."""

    def __init__(self, names: Iterable[str], background: Background, lexicon: Lexicon) -> None:
        everybody = folded("\n".join(names))
        # A term is in normal form, and is found there; a mention would take its name away.
        self._everybody = f"{everybody}\n{normalise(everybody.replace('@', ' '))}"
        self._background = background
        self._known = lexicon.terms

    def without(self, found: Sequence[tuple[str, Row]], most: int) -> tuple[Row, ...]:
        """The first rows of (term, row) pairs whose terms call nobody, `most` of them at most."""
        left: list[Row] = []
        for start in range(0, len(found), max(most, 1)):
            if len(left) >= most:
                break
            some = found[start : start + most]
            parts = [term for term, _ in some if self._calls(term)]
            words = self._background.look_up(parts) if parts else {}
            called = set(parts).difference(words)
            left += [row for term, row in some if term not in called]
        return tuple(left[:most])

    def _calls(self, term: str) -> bool:
        return (
            term in self._everybody
            and term not in self._known
            and re.search(as_a_word(term), self._everybody) is not None
        )


def _aspects(day: AnalysedDay) -> tuple[AspectRow, ...]:
    tallies = counted(day.aspects)
    stances: dict[tuple[str, str], dict[Stance, AspectStance]] = {}
    for key in tallies:
        stances.setdefault((key.aspect, key.category), {})[key.stance] = key
    rows = [_aspect(tallies, *named, found) for named, found in stances.items()]
    return tuple(sorted(rows, key=lambda row: (-row.speakers, row.aspect, row.category)))


def _aspect(
    tallies: Counted[AspectStance],
    aspect: str,
    category: str,
    stances: Mapping[Stance, AspectStance],
) -> AspectRow:
    def speakers(stance: Stance) -> int:
        return tallies.sums[stances[stance]].speakers if stance in stances else 0

    everybody = reduce(or_, map(tallies.bits, stances.values()))
    quoted = [tallies.quotes(stances[stance]) for stance in _QUOTED_FIRST if stance in stances]
    return AspectRow(
        aspect=aspect,
        category=category,
        care=speakers(Stance.CARE),
        mind=speakers(Stance.MIND),
        like=speakers(Stance.LIKE),
        dislike=speakers(Stance.DISLIKE),
        speakers=everybody.bit_count(),
        quotes=_by_turns(quoted),
    )


def _demands(day: AnalysedDay) -> tuple[DemandRow, ...]:
    tallies = counted(day.demands)
    rows = [
        DemandRow(
            demand.kind,
            demand.thing,
            sums.mentions,
            sums.speakers,
            _by_turns([tallies.quotes(demand)]),
        )
        for demand, sums in tallies.sums.items()
    ]
    return tuple(sorted(rows, key=lambda row: (-row.speakers, -row.mentions, row.kind, row.thing)))


def _by_turns(quoted: Sequence[Mapping[int, int]]) -> tuple[int, ...]:
    """The newest quote of each tally, then the second of each, and so on, without repeats."""
    newest = [sorted(quotes.values(), reverse=True) for quotes in quoted]
    longest = max((len(quotes) for quotes in newest), default=0)
    turns = [quotes[turn] for turn in range(longest) for quotes in newest if turn < len(quotes)]
    return tuple(dict.fromkeys(turns))[:_ASPECT_QUOTES]
