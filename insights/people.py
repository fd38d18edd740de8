"""What part somebody plays in a group, from what they say over a period.

- **advocate**: recommended something twice or more (安利, 强推, 闭眼入, in a judgement that speaks
  well), and judged well at least twice as often as badly;
- **helper**: answered three questions of others or more;
- **critic**: judged badly three times or more, and at least twice as often as well;
- **silent**: is a member and said nothing. With the orders known, the silent buyers are among them.

A **question** is a text that asks; it stands open for a quarter of an hour. An **answer** is the
first text of another member that replies to it, or speaks of something the question named; it asks
nothing itself and is no echo (同问, 我也没收到). What nobody answered counts for nobody.

An **interest** is an aspect's category, or a product, that somebody spoke of in three messages or
more.

Nobody is known by their health. Judgements and mentions of it, and of whatever else the caller
holds private, count towards nothing here: who complains of a rash three times is no critic, and
who asks what suits their skin has shown no interest. The words stand in `people.toml`.
"""

from __future__ import annotations

import tomllib
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from importlib import resources

from insights.clauses import read_clauses
from insights.days import AnalysedDay, Utterance
from insights.lexicon import WHOLE, Lexicon
from insights.normalise import normalise
from insights.opinions import Stance
from insights.terms import read_terms
from insights.understanding import understand
from insights.words import Segmenter

_OPEN_FOR = timedelta(minutes=15)
_OPEN_AT_ONCE = 20  # questions: in a busier group no answer can be told from other talk
OFTEN = 3
"""In so many messages, at least, somebody speaks of what they are interested in."""

_RECOMMENDED, _ANSWERED, _DISLIKED = 2, 3, 3  # the least number of messages
_CLEARLY = 2  # times as often one way as the other

IsPrivate = Callable[[str], bool]


class Standing(StrEnum):
    """A part that somebody plays."""

    ADVOCATE = "advocate"
    HELPER = "helper"
    CRITIC = "critic"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Deeds:
    """How often each member recommended something, and answered somebody."""

    recommended: Mapping[int, int] = field(default_factory=dict)
    answered: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Person:
    """The parts that one member plays, and what they rest on."""

    member: int
    standings: frozenset[Standing]
    messages: int
    likes: int
    dislikes: int
    recommended: int
    answered: int


def read_deeds(
    utterances: Iterable[Utterance],
    segmenter: Segmenter,
    lexicon: Lexicon,
) -> Deeds:
    """Who recommended and who answered, in one group.

    Args:
        utterances: what fans said, in the order they said it.
        segmenter: cuts it into words.
        lexicon: knows what asks and what judges.
    """
    recommended: Counter[int] = Counter()
    answered: Counter[int] = Counter()
    questions: deque[_Question] = deque(maxlen=_OPEN_AT_ONCE)
    for utterance in utterances:
        while questions and utterance.at - questions[0].at > _OPEN_FOR:
            questions.popleft()
        text = normalise(utterance.text)
        tagged = segmenter.tag(text)
        terms = frozenset(read_terms(tagged))
        if any(clause.question for clause in read_clauses(text, tagged, lexicon)):
            questions.append(_Question(utterance.message, utterance.member, utterance.at, terms))
            continue
        if not _has_any(text, _word_lists().echoes):
            question = _answered(questions, utterance.member, terms, utterance.reply_to)
            if question is not None:
                answered[utterance.member] += 1
                questions.remove(question)
        if _recommends(text, segmenter, lexicon):
            recommended[utterance.member] += 1
    return Deeds(dict(recommended), dict(answered))


def join_deeds(parts: Iterable[Deeds]) -> Deeds:
    """The deeds of several groups or days as one."""
    recommended: Counter[int] = Counter()
    answered: Counter[int] = Counter()
    for part in parts:
        recommended.update(part.recommended)
        answered.update(part.answered)
    return Deeds(dict(recommended), dict(answered))


def find_people(
    period: AnalysedDay, deeds: Deeds, members: Collection[int], is_private: IsPrivate
) -> tuple[Person, ...]:
    """The members who play a part, in the order of their ids.

    Args:
        period: what was said.
        deeds: those of the same period.
        members: who is in the group; others are left out.
        is_private: whether a word touches what nobody is to be known by.
    """
    likes = _judged(period, Stance.LIKE, is_private)
    dislikes = _judged(period, Stance.DISLIKE, is_private)
    people = (
        _person(
            member,
            period.messages.get(member, 0),
            (likes[member], dislikes[member]),
            (deeds.recommended.get(member, 0), deeds.answered.get(member, 0)),
        )
        for member in sorted(members)
    )
    return tuple(person for person in people if person.standings)


def find_interests(
    period: AnalysedDay, lexicon: Lexicon, is_private: IsPrivate
) -> Mapping[int, Mapping[str, int]]:
    """Each member's interests, the most spoken of first → in how many messages.

    Members without any are left out.

    Args:
        period: what was said.
        lexicon: knows the shop's products.
        is_private: whether a word touches what nobody is to be known by.
    """
    spoken: dict[int, Counter[str]] = {}
    for key, tally in period.aspects.items():
        if key.aspect != WHOLE and not _is_withheld((key.aspect, key.category), is_private):
            _count(spoken, key.category, tally.members)
    for term, tally in period.terms.items():
        known = lexicon.terms.get(term)
        if known is not None and known.thing and not _is_withheld((known.thing,), is_private):
            _count(spoken, known.thing, tally.members)
    found = {}
    for member in sorted(spoken):
        counts = spoken[member]
        often = [name for name in sorted(counts) if counts[name] >= OFTEN]
        if often:
            often.sort(key=lambda name: (-counts[name], name))
            found[member] = {name: counts[name] for name in often}
    return found


def is_private_thing(names: Collection[str], period: AnalysedDay, is_private: IsPrivate) -> bool:
    """Whether a thing, by any of its names, is what nobody is to be known by.

    Args:
        names: what it is called; an aspect is also judged by its category.
        period: what was said, which tells the category.
        is_private: whether a word touches what nobody is to be known by.
    """
    categories = {key.category for key in period.aspects if key.aspect in names}
    return _is_withheld({*names, *categories}, is_private)


@dataclass(frozen=True, slots=True)
class _Question:
    message: int
    member: int
    at: datetime
    terms: frozenset[str]


@dataclass(frozen=True, slots=True)
class _WordLists:
    recommending: tuple[str, ...]
    echoes: tuple[str, ...]
    health: frozenset[str]


@lru_cache(maxsize=1)
def _word_lists() -> _WordLists:
    lists = tomllib.loads(resources.files(__package__).joinpath("people.toml").read_text("utf-8"))
    return _WordLists(
        recommending=tuple(lists["recommending"]),
        echoes=tuple(lists["echoes"]),
        health=frozenset(lists["health"]),
    )


def _answered(
    questions: Iterable[_Question], member: int, terms: frozenset[str], replied_to: int | None
) -> _Question | None:
    """The question that a text answers: the one it replies to, else the newest it fits."""
    others = [question for question in questions if question.member != member]
    for question in others:
        if question.message == replied_to:
            return question
    return next((one for one in reversed(others) if one.terms & terms), None)


def _recommends(text: str, segmenter: Segmenter, lexicon: Lexicon) -> bool:
    words = _word_lists().recommending
    return _has_any(text, words) and any(
        opinion.stance is Stance.LIKE and _has_any(opinion.opinion, words)
        for opinion in understand(text, segmenter, lexicon).opinions
    )


def _has_any(text: str, words: Iterable[str]) -> bool:
    return any(word in text for word in words)


def _judged(period: AnalysedDay, stance: Stance, is_private: IsPrivate) -> Counter[int]:
    """How often each member took this stance, on whatever is not private."""
    counts: Counter[int] = Counter()
    for key, tally in period.aspects.items():
        if key.stance is stance and not _is_withheld((key.aspect, key.category), is_private):
            counts.update(tally.members)
    return counts


def _is_withheld(names: Iterable[str], is_private: IsPrivate) -> bool:
    return any(name in _word_lists().health or is_private(name) for name in names)


def _count(spoken: dict[int, Counter[str]], name: str, members: Mapping[int, int]) -> None:
    for member, count in members.items():
        spoken.setdefault(member, Counter())[name] += count


def _person(member: int, messages: int, judged: tuple[int, int], did: tuple[int, int]) -> Person:
    (likes, dislikes), (recommended, answered) = judged, did
    holds = {
        Standing.ADVOCATE: recommended >= _RECOMMENDED and likes >= _CLEARLY * max(dislikes, 1),
        Standing.HELPER: answered >= _ANSWERED,
        Standing.CRITIC: dislikes >= _DISLIKED and dislikes >= _CLEARLY * likes,
        Standing.SILENT: messages == 0,
    }
    standings = frozenset(standing for standing, held in holds.items() if held)
    return Person(member, standings, messages, likes, dislikes, recommended, answered)
