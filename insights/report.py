"""The demand report: what fans care about, mind, like, dislike and ask for in a period.

`demand_report` is pure arithmetic over analysed days and knows messages by their ids only. The
caller then reads the texts of `report.quoted()`, masks them, and hands them to `with_quotes`.
All counts of people are distinct members.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from insights.background import Background
from insights.bundles import Bundle
from insights.days import AnalysedDay, AspectStance, Tally, merge_days
from insights.demands import Demand
from insights.keywords import Keyword, find_keywords
from insights.lexicon import DemandKind
from insights.opinions import Stance
from insights.trends import Topic, Trend

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
        rows: tuple[Keyword | AspectRow | DemandRow, ...] = (
            *self.keywords,
            *self.aspects,
            *self.demands,
            *self.emerging,
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


def demand_report(
    days: Sequence[AnalysedDay],
    before: Sequence[AnalysedDay],
    background: Background,
    *,
    top: int = 20,
    names: Collection[str] = (),
) -> DemandReport:
    """The report of `days`, with changes against the days `before`.

    A term that is a part of one of the members' `names`, and no word of the dictionary, is how
    somebody is called and not what is talked about; it is left out. Each list holds at most
    `top` rows. `emerging` are terms of three members or more whose share of the speakers has
    surely grown; without days before there are none.
    """
    now = merge_days(days)
    called = _called(now.terms, names, background)
    keywords = tuple(
        keyword
        for keyword in find_keywords(now, merge_days(before), background)
        if keyword.word not in called
    )
    emerging = [
        keyword
        for keyword in keywords
        if keyword.change and keyword.change > 0 and keyword.speakers >= _EMERGING_SPEAKERS
    ]
    emerging.sort(key=lambda keyword: (-(keyword.change or 0), -keyword.speakers, keyword.word))
    return DemandReport(
        messages=now.message_count,
        speakers=now.speakers,
        keywords=keywords[:top],
        aspects=_aspects(now)[:top],
        demands=_demands(now)[:top],
        emerging=tuple(emerging[:top]),
    )


def _called(terms: Iterable[str], names: Collection[str], background: Background) -> frozenset[str]:
    """The terms by which members are called."""
    everybody = "\n".join(names)
    parts = [term for term in terms if term in everybody]
    return frozenset(parts) - background.look_up(parts).keys()


def _aspects(day: AnalysedDay) -> tuple[AspectRow, ...]:
    stances: dict[tuple[str, str], dict[Stance, Tally]] = {}
    for key, tally in day.aspects.items():
        stances.setdefault((key.aspect, key.category), {})[key.stance] = tally
    rows = [_aspect(*named, found) for named, found in stances.items()]
    return tuple(sorted(rows, key=lambda row: (-row.speakers, row.aspect, row.category)))


def _aspect(aspect: str, category: str, stances: Mapping[Stance, Tally]) -> AspectRow:
    def speakers(stance: Stance) -> int:
        return stances[stance].speakers if stance in stances else 0

    everybody = {member for tally in stances.values() for member in tally.members}
    return AspectRow(
        aspect=aspect,
        category=category,
        care=speakers(Stance.CARE),
        mind=speakers(Stance.MIND),
        like=speakers(Stance.LIKE),
        dislike=speakers(Stance.DISLIKE),
        speakers=len(everybody),
        quotes=_by_turns([stances[s] for s in _QUOTED_FIRST if s in stances]),
    )


def _demands(day: AnalysedDay) -> tuple[DemandRow, ...]:
    rows = [
        DemandRow(demand.kind, demand.thing, tally.mentions, tally.speakers, _by_turns([tally]))
        for demand, tally in day.demands.items()
    ]
    return tuple(sorted(rows, key=lambda row: (-row.speakers, -row.mentions, row.kind, row.thing)))


def _by_turns(tallies: Sequence[Tally]) -> tuple[int, ...]:
    """The newest quote of each tally, then the second of each, and so on, without repeats."""
    newest = [sorted(tally.quotes.values(), reverse=True) for tally in tallies]
    longest = max((len(quotes) for quotes in newest), default=0)
    turns = [quotes[turn] for turn in range(longest) for quotes in newest if turn < len(quotes)]
    return tuple(dict.fromkeys(turns))[:_ASPECT_QUOTES]
