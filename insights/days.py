"""An analysed day: who said what in one group on one day, compactly.

`analyse_day` reads each message once. An `AnalysedDay` keeps, for each term, aspect and demand,
which member said it how often, so that later reports can count distinct speakers, look at a
segment only, and forget a member. `merge_days` joins days to a period, which is an `AnalysedDay`
again; merging is associative and commutative, so it does not matter how days are grouped.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any, Generic, NamedTuple, TypeVar

from insights.demands import Demand
from insights.lexicon import DemandKind, Lexicon, stop_words
from insights.opinions import Stance
from insights.polarity import standard_model
from insights.terms import read_terms
from insights.understanding import understand
from insights.words import Segmenter

Key = TypeVar("Key")

RULES = 8
"""The version of the reading rules in this package; raise it when their results change."""

QUOTES = 3
"""How many messages a tally can quote, each of another member."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """One message of a fan: storage's ids of the message and the member, and when it was said.

    `reply_to` is the id of the message that it replies to, where the platform tells.
    """

    message: int
    member: int
    at: datetime
    text: str
    reply_to: int | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """Who said something how often, and where to read it.

    `members` maps a member to their count; `quotes` maps a member to their latest message, for
    the `QUOTES` members whose latest are the latest of all.
    """

    members: Mapping[int, int]
    quotes: Mapping[int, int]

    @property
    def mentions(self) -> int:
        """How often it was said."""
        return sum(self.members.values())

    @property
    def speakers(self) -> int:
        """By how many members."""
        return len(self.members)

    def without(self, member: int) -> Tally:
        """The tally as if the member had said nothing."""
        return Tally(
            {known: count for known, count in self.members.items() if known != member},
            {known: message for known, message in self.quotes.items() if known != member},
        )

    def only(self, members: Collection[int]) -> Tally:
        """The tally as if nobody but these had said anything."""
        return Tally(
            {known: count for known, count in self.members.items() if known in members},
            {known: message for known, message in self.quotes.items() if known in members},
        )


class AspectStance(NamedTuple):
    """One stance to one aspect."""

    aspect: str
    category: str
    stance: Stance


@dataclass(frozen=True)
class AnalysedDay:
    """What one group said on one day, or in a period of days.

    `messages` maps each member to the number of their messages; the others map what was said to
    who said it. `version` names the words and rules it was read with; in a period of days that
    were read differently, all of them, joined by `+`.
    """

    version: str = ""
    messages: Mapping[int, int] = field(default_factory=dict)
    terms: Mapping[str, Tally] = field(default_factory=dict)
    aspects: Mapping[AspectStance, Tally] = field(default_factory=dict)
    demands: Mapping[Demand, Tally] = field(default_factory=dict)

    @property
    def message_count(self) -> int:
        """How many messages were said."""
        return sum(self.messages.values())

    @property
    def speakers(self) -> int:
        """By how many members."""
        return len(self.messages)

    def without(self, member: int) -> AnalysedDay:
        """The day as if the member had said nothing. Fewer quotes may be left than could be."""
        return AnalysedDay(
            version=self.version,
            messages={known: n for known, n in self.messages.items() if known != member},
            terms=_without(self.terms, member),
            aspects=_without(self.aspects, member),
            demands=_without(self.demands, member),
        )

    def only(self, members: Collection[int]) -> AnalysedDay:
        """The day as if nobody but these had spoken. Fewer quotes may be left than could be."""
        wanted = frozenset(members)
        return AnalysedDay(
            version=self.version,
            messages={known: n for known, n in self.messages.items() if known in wanted},
            terms=_only(self.terms, wanted),
            aspects=_only(self.aspects, wanted),
            demands=_only(self.demands, wanted),
        )

    def to_json(self) -> dict[str, Any]:
        """The day as plain JSON: each tally as [[member, count, ...], [member, message, ...]]."""
        return {
            "version": self.version,
            "messages": _flat(self.messages),
            "terms": [[term, *_pair(tally)] for term, tally in self.terms.items()],
            "aspects": [[*key, *_pair(tally)] for key, tally in self.aspects.items()],
            "demands": [
                [demand.kind, demand.thing, *_pair(tally)] for demand, tally in self.demands.items()
            ],
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> AnalysedDay:
        """The day that `to_json` wrote.

        Raises:
            KeyError: a part is missing.
            ValueError: a part has another shape.
        """
        return cls(
            version=document["version"],
            messages=_deep(document["messages"]),
            terms={term: _tally(*pair) for term, *pair in document["terms"]},
            aspects={
                AspectStance(aspect, category, Stance(stance)): _tally(*pair)
                for aspect, category, stance, *pair in document["aspects"]
            },
            demands={
                Demand(DemandKind(kind), thing): _tally(*pair)
                for kind, thing, *pair in document["demands"]
            },
        )


def reading_version(segmenter: Segmenter, lexicon: Lexicon) -> str:
    """Names everything that decides how a text is read: a day read with another one is stale.

    It begins with the rules, so that an older release knows the readings of a newer one.
    """
    versions = (segmenter.version, lexicon.version, standard_model().version)
    parts = (*versions, *sorted(stop_words()))
    return f"{RULES}-{hashlib.sha256(chr(10).join(parts).encode()).hexdigest()[:12]}"


def is_current(version: str, now: str) -> bool:
    """Whether a day read with one version need not be read again with another, which is ours.

    Nor need one that was read by the rules of a newer release: while two releases run on one
    database, the older one does not undo what the newer one does.
    """
    return version == now or all(_rules(part) > RULES for part in version.split("+"))


def _rules(version: str) -> int:
    rules, dash, _ = version.partition("-")
    return int(rules) if dash else 0  # older releases did not say


def analyse_day(
    utterances: Iterable[Utterance], segmenter: Segmenter, lexicon: Lexicon
) -> AnalysedDay:
    """Read what was said in one group on one day.

    A term counts each time it is written; an aspect, stance or demand once a message.
    """
    messages: dict[int, int] = {}
    terms: _Tallies[str] = _Tallies()
    aspects: _Tallies[AspectStance] = _Tallies()
    demands: _Tallies[Demand] = _Tallies()
    for utterance in utterances:
        member, message = utterance.member, utterance.message
        messages[member] = messages.get(member, 0) + 1
        read = understand(utterance.text, segmenter, lexicon)
        for term in read_terms(read.tagged):
            terms.add(term, member, message)
        stances = (AspectStance(o.aspect, o.category, o.stance) for o in read.opinions)
        for stance in dict.fromkeys(stances):  # each once, in one order in every process
            aspects.add(stance, member, message)
        for demand in read.demands:
            demands.add(demand, member, message)
    return AnalysedDay(
        version=reading_version(segmenter, lexicon),
        messages=messages,
        terms=terms.close(),
        aspects=aspects.close(),
        demands=demands.close(),
    )


def merge_days(days: Iterable[AnalysedDay]) -> AnalysedDay:
    """The days as one period. Associative and commutative; no days give the empty period.

    What only one of them holds is shared with it and not copied: to merge a day into a long
    period costs what the day holds.
    """
    versions: set[str] = set()
    messages: dict[int, int] = {}
    terms: _Tallies[str] = _Tallies()
    aspects: _Tallies[AspectStance] = _Tallies()
    demands: _Tallies[Demand] = _Tallies()
    for day in days:
        versions.update(version for version in day.version.split("+") if version)
        for member, count in day.messages.items():
            messages[member] = messages.get(member, 0) + count
        terms.merge(day.terms)
        aspects.merge(day.aspects)
        demands.merge(day.demands)
    return AnalysedDay(
        version="+".join(sorted(versions)),
        messages=messages,
        terms=terms.close(),
        aspects=aspects.close(),
        demands=demands.close(),
    )


class _Tallies(Generic[Key]):
    """Tallies in the making."""

    def __init__(self) -> None:
        self._found: dict[Key, tuple[dict[int, int], dict[int, int]]] = {}
        self._given: dict[Key, Tally] = {}  # met once so far: as it was given, not to be changed

    def add(self, key: Key, member: int, message: int) -> None:
        found = self._found.get(key)
        if found is None:
            self._found[key] = ({member: 1}, {member: message})
            return
        members, latest = found
        members[member] = members.get(member, 0) + 1
        if message > latest.get(member, message - 1):
            latest[member] = message

    def merge(self, tallies: Mapping[Key, Tally]) -> None:
        for key, tally in tallies.items():
            found = self._found.get(key)
            if found is None:
                given = self._given.pop(key, None)
                if given is None:
                    self._given[key] = tally
                    continue
                more, less = sorted((given, tally), key=lambda one: -one.speakers)
                found = self._found[key] = (dict(more.members), dict(more.quotes))
                tally = less  # noqa: PLW2901 (the longer one is copied, the shorter one counted in)
            members, latest = found
            for member, count in tally.members.items():
                members[member] = members.get(member, 0) + count
            for member, message in tally.quotes.items():
                if message > latest.get(member, message - 1):
                    latest[member] = message

    def close(self) -> dict[Key, Tally]:
        closed = {
            key: Tally(members, _newest(latest)) for key, (members, latest) in self._found.items()
        }
        return {**self._given, **closed}


def _newest(latest: Mapping[int, int]) -> Mapping[int, int]:
    if len(latest) <= QUOTES:
        return latest
    return dict(heapq.nlargest(QUOTES, latest.items(), key=itemgetter(1, 0)))


def _without(tallies: Mapping[Key, Tally], member: int) -> dict[Key, Tally]:
    left = {
        key: tally.without(member) if member in tally.members else tally
        for key, tally in tallies.items()
    }
    return {key: tally for key, tally in left.items() if tally.members}


def _only(tallies: Mapping[Key, Tally], members: frozenset[int]) -> dict[Key, Tally]:
    return {
        key: tally.only(members)
        for key, tally in tallies.items()
        if not members.isdisjoint(tally.members)
    }


def _flat(pairs: Mapping[int, int]) -> list[int]:
    return [number for pair in pairs.items() for number in pair]


def _deep(numbers: list[int]) -> dict[int, int]:
    return dict(zip(numbers[::2], numbers[1::2], strict=True))


def _pair(tally: Tally) -> tuple[list[int], list[int]]:
    return _flat(tally.members), _flat(tally.quotes)


def _tally(members: list[int], quotes: list[int]) -> Tally:
    return Tally(_deep(members), _deep(quotes))
