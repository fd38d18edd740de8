"""What a text thinks of what: aspect, opinion word, polarity and stance.

How the stance is decided, clause by clause:

- **like, dislike**: a judgement that is stated. Its polarity turns with each negation before it.
- **mind**: a worry (怕过敏, 会不会掉色), a risk that is asked about (会闷痘吗), or a condition or
  wish (要是不香就好了, 希望包装结实点): something that stands between this fan and being content.
- **care**: attention without judgement: an aspect asked about, compared or just named.

A judgement belongs to the aspect named before it in its clause (味道和质地都不错 names two), to the
one behind it (喜欢这个味道, 好闻的味道), to the one its word speaks of by itself (刺鼻), to the
last aspect of the clause before (味道呢，一般), or else to the whole thing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from insights.clauses import PARTICLES, Clause, Mark
from insights.lexicon import WHOLE, Lexicon, Role

_NEGATION_REACH = 5  # characters: 没有以前那么好用
_ASPECT_REACH = 8  # characters between an aspect and its judgement: 味道我个人觉得一般
_OBJECT_REACH = 5  # characters between a judgement and the aspect behind it: 喜欢他们家这个味道
_ADJACENT = 2  # characters: an aspect this close is what a word judges, whatever it speaks of
_JOINTS = frozenset(["", "和", "、", "跟", "与", "还有", "以及", "都", "+", "&", "也", "及"])
_THAN = "比"  # 比专柜便宜 says nothing of the 专柜
_STRONG, _WEAK, _CONTRASTING, _MINDED = 1.5, 0.6, 1.5, 0.5  # weights in the sentiment
_FEELING = 0.7
_CALM = 0.5  # keeps the sentiment of a single judgement away from ±1


class Polarity(StrEnum):
    """Which way a judgement goes."""

    POSITIVE = "positive"
    NEUTRAL = "neutral"
    NEGATIVE = "negative"


class Stance(StrEnum):
    """How a fan stands to an aspect."""

    CARE = "care"
    MIND = "mind"
    LIKE = "like"
    DISLIKE = "dislike"


@dataclass(frozen=True, slots=True)
class Opinion:
    """One stance to one aspect. `opinion` is the word that says it, as written; empty for care."""

    aspect: str
    opinion: str
    category: str
    polarity: Polarity
    stance: Stance

    def to_json(self) -> dict[str, str]:
        """The opinion as plain JSON."""
        return {
            "aspect": self.aspect,
            "opinion": self.opinion,
            "category": self.category,
            "polarity": self.polarity.value,
            "stance": self.stance.value,
        }


class Judgement(NamedTuple):
    """A judging word in its clause: where, which way after negations, and how strongly."""

    mark: Mark
    start: int  # where its negation begins, or the word itself
    polarity: int
    strength: float
    negated: bool


@dataclass(slots=True)
class _Reading:
    """What has been found so far in one text."""

    lexicon: Lexicon
    opinions: dict[Opinion, None] = field(default_factory=dict)
    named: dict[str, None] = field(default_factory=dict)  # aspects without a judgement yet
    weights: list[float] = field(default_factory=list)

    def add(self, aspect: str, word: str, polarity: Polarity, stance: Stance) -> None:
        opinion = Opinion(aspect, word, self.lexicon.category(aspect), polarity, stance)
        self.opinions[opinion] = None


def read_opinions(
    text: str, clauses: Sequence[Clause], lexicon: Lexicon
) -> tuple[tuple[Opinion, ...], float]:
    """The opinions of a text in the order they are found, and its sentiment in -1..1.

    The sentiment weighs each stated judgement by its degree, more behind a 但是, and half for what
    is only minded; questions do not count. It is sum / (sum of sizes + 0.5).
    """
    reading = _Reading(lexicon)
    before: list[str] = []  # aspects of the clause before, in the same sentence
    sentence = 0
    for clause in clauses:
        if clause.sentence != sentence:
            before, sentence = [], clause.sentence
        before = _read_clause(text, clause, before, reading) or before
    judged = {opinion.aspect for opinion in reading.opinions}
    for aspect in reading.named:
        if aspect not in judged:
            reading.add(aspect, "", Polarity.NEUTRAL, Stance.CARE)
    size = sum(abs(weight) for weight in reading.weights)
    sentiment = sum(reading.weights) / (size + _CALM) if size else 0.0
    return tuple(reading.opinions), round(sentiment, 3)


def _read_clause(text: str, clause: Clause, before: Sequence[str], reading: _Reading) -> list[str]:
    """Read one clause into `reading`; returns the aspects it speaks of."""
    judgements = _judgements(text, clause)
    unbound = _named(clause, reading.lexicon)
    spoken: list[str] = []
    previous_end = clause.start
    for place, judgement in enumerate(judgements):
        following = judgements[place + 1].start if place + 1 < len(judgements) else clause.end
        names = _aspects_of(text, judgement, unbound, (previous_end, following), reading.lexicon)
        if not names:
            term = judgement.mark.term
            names = [term.speaks_of] if term.speaks_of else []
            if not names and before and not term.whole:
                names = list(before)
            names = names or [WHOLE]
        _judge(text, clause, judgement, names, reading)
        spoken.extend(name for name in names if name != WHOLE)
        previous_end = judgement.mark.end
    fears = Role.WORRY in clause.roles and not judgements and not _is_calmed(clause)
    for mark in unbound:
        name = mark.term.aspect
        spoken.append(name)
        if fears and Role.WORRY not in mark.term.roles:
            reading.add(name, "", Polarity.NEGATIVE, Stance.MIND)
        else:
            reading.named[name] = None
    for mark in clause.marks:
        if mark.term.feeling:
            reading.weights.append(_FEELING * mark.term.feeling)
    return spoken


def _named(clause: Clause, lexicon: Lexicon) -> list[Mark]:
    """The aspects named in a clause. In 保温效果 and its like the second word adds nothing."""
    found: list[Mark] = []
    for mark in clause.marks:
        aspect = mark.term.aspect
        if aspect and not mark.term.polarity:
            last = found[-1] if found else None
            if last and last.end == mark.start and lexicon.category(last.term.aspect) == aspect:
                found[-1] = last._replace(end=mark.end)
            else:
                found.append(mark)
    return found


def _judgements(text: str, clause: Clause) -> list[Judgement]:
    """The judging words of a clause, each with the negations and degrees that belong to it."""
    found: list[Judgement] = []
    negations: list[Mark] = []
    degree: Mark | None = None
    marks = clause.marks
    for place, mark in enumerate(marks):
        roles = mark.term.roles
        if mark.term.polarity:
            if Role.STRONG in roles and _only_strengthens(text, clause, place):
                degree = mark  # 好 in 好香, 好冷
                continue
            near = [n for n in negations if mark.start - n.end <= _NEGATION_REACH]
            polarity = mark.term.polarity * (-1 if len(near) % 2 else 1)
            strength = 1.0
            if degree is not None and mark.start - degree.end <= 1:
                strength = _STRONG if Role.STRONG in degree.term.roles else _WEAK
            start = near[0].start if near else mark.start
            found.append(Judgement(mark, start, polarity, strength, bool(near)))
            negations, degree = [], None
        elif Role.NEGATION in roles:
            negations.append(mark)
        elif Role.STRONG in roles or Role.WEAK in roles:
            degree = mark
        elif Role.QUESTION in roles and mark.end - mark.start > 1 and mark.term.aspect == "":
            negations = []  # 是不是, 好不: the 不 inside asks
    return found


def _only_strengthens(text: str, clause: Clause, place: int) -> bool:
    """Whether a word such as 好, which can judge or strengthen, has the word it strengthens."""
    mark = clause.marks[place]
    following = clause.marks[place + 1] if place + 1 < len(clause.marks) else None
    if following is not None and following.start == mark.end:
        return bool(following.term.polarity)
    behind = text[mark.end : min(mark.end + 1, clause.end)]
    return behind.isalpha() and behind not in PARTICLES


def _aspects_of(
    text: str,
    judgement: Judgement,
    unbound: list[Mark],
    room: tuple[int, int],
    lexicon: Lexicon,
) -> list[str]:
    """The aspects that the clause names for a judgement; takes them out of `unbound`.

    `room` is where the judgement before ends and where the next one begins.
    """
    previous_end, following = room
    mark, speaks_of = judgement.mark, judgement.mark.term.speaks_of
    ahead = [
        aspect
        for aspect in unbound
        if previous_end <= aspect.start < mark.start and text[max(aspect.start - 1, 0)] != _THAN
    ]
    if ahead:
        gap = judgement.start - ahead[-1].end
        same = speaks_of and lexicon.category(ahead[-1].term.aspect) == lexicon.category(speaks_of)
        reach = _ASPECT_REACH if same or not speaks_of else _ADJACENT
        if gap <= reach or (judgement.negated and not speaks_of):
            chosen = [ahead[-1]]
            for aspect in reversed(ahead[:-1]):
                if text[aspect.end : chosen[0].start] not in _JOINTS:
                    break
                chosen.insert(0, aspect)
            for aspect in chosen:
                unbound.remove(aspect)
            return list(dict.fromkeys(aspect.term.aspect for aspect in chosen))
    behind = next((a for a in unbound if mark.end <= a.start <= following), None)
    if behind is not None:
        between = text[mark.end : behind.start]
        takes_object = Role.OBJECT in mark.term.roles and len(between) <= _OBJECT_REACH
        if takes_object or between == "的":
            unbound.remove(behind)
            return [behind.term.aspect]
    return []


def _is_calmed(clause: Clause) -> bool:
    """Whether its worry is denied: 不怕, 不担心."""
    marks = clause.marks
    return any(
        Role.NEGATION in first.term.roles
        and Role.WORRY in second.term.roles
        and first.end == second.start
        for first, second in pairwise(marks)
    )


def _judge(
    text: str, clause: Clause, judgement: Judgement, names: Sequence[str], reading: _Reading
) -> None:
    """Decide the stance of one judgement, and what it weighs."""
    stance, polarity = _stance(clause, judgement, whole=list(names) == [WHOLE])
    word = text[judgement.start : judgement.mark.end]
    if stance is Stance.CARE:
        # Asked about, not judged: the word stays, so that the report can say what was asked.
        if list(names) == [WHOLE] and judgement.mark.term.whole is False:
            return
        for name in names:
            reading.add(name, word, Polarity.NEUTRAL, stance)
        return
    weight = {Polarity.POSITIVE: 1.0, Polarity.NEUTRAL: 0.0, Polarity.NEGATIVE: -1.0}[polarity]
    weight *= judgement.strength * (_CONTRASTING if clause.contrasting else 1.0)
    reading.weights.append(weight * (_MINDED if stance is Stance.MIND else 1.0))
    for name in names:
        reading.add(name, word, polarity, stance)


def _stance(clause: Clause, judgement: Judgement, *, whole: bool) -> tuple[Stance, Polarity]:
    roles, polarity, term = clause.roles, judgement.polarity, judgement.mark.term
    minds = cares = False
    if Role.WORRY in roles and not _is_calmed(clause):
        # A fear of something good (会不会好用) is no fear: it asks.
        minds, cares = polarity < 0 or term.polarity < 0, True
    elif clause.question:
        complains = Role.WHY in roles and polarity < 0  # 怎么这么贵 asks nothing
        minds, cares = term.risk, not complains
    elif Role.CONDITION in roles:
        minds = True
    elif Role.WISH in roles:
        minds, cares = not whole, True
    if minds:
        return Stance.MIND, Polarity.NEGATIVE
    if cares:
        return Stance.CARE, Polarity.NEUTRAL
    if polarity > 0:
        return Stance.LIKE, Polarity.POSITIVE
    return Stance.DISLIKE, Polarity.NEGATIVE
