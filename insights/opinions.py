"""What a text thinks of what: aspect, opinion word, polarity and stance.

How the stance is decided, clause by clause:

- **like, dislike**: a judgement that is stated. `judging` says which way it goes.
- **mind**: a worry (怕过敏, 会不会掉色), a risk that is asked about (会闷痘吗), or a condition or
  wish (要是不香就好了, 希望包装结实点): something that stands between this fan and being content.
- **care**: attention without judgement: an aspect asked about, compared or just named.

A judgement belongs to the aspect named before it in its clause (味道和质地都不错 names two), to the
one behind it (喜欢这个味道, 好闻的味道), to the one its word speaks of by itself (刺鼻), to the
last aspect of the clause before (味道呢，一般), or else to the whole thing.

The lexicon explains, so it speaks first. Where an aspect is named in a statement and no word judges
it (量很大), or words of one clause contradict each other about it, `lean` (the polarity model's,
see `polarity`) decides where it is sure enough. It never overrules a word that the shop itself
taught: that counts as the shop says (`teaching`), and as nothing where it is to judge nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import pairwise
from math import tanh

from insights.clauses import Clause, Mark
from insights.judging import Judgement, read_judgements
from insights.lexicon import WHOLE, DemandKind, Lexicon, Role, Taught

Lean = Callable[[str, int, int], float]
"""Text of a clause, judgements of the lexicon that speak well of something in it, those that speak
badly → log-odds that it speaks well (`PolarityModel.lean`)."""

_ASPECT_REACH = 8  # characters between an aspect and its judgement: 味道我个人觉得一般
_OBJECT_REACH = 5  # characters between a judgement and the aspect behind it: 喜欢他们家这个味道
_ADJACENT = 2  # characters: an aspect this close is what a word judges, whatever it speaks of
_JOINTS = frozenset(["", "和", "、", "跟", "与", "还有", "以及", "都", "+", "&", "也", "及"])
_THAN = "比"  # 比专柜便宜 says nothing of the 专柜
_CONTRASTING, _MINDED, _LEANING = 1.5, 0.5, 0.5  # weights in the sentiment
_FEELING = 0.7
_CALM = 0.5  # keeps the sentiment of a single judgement away from ±1
# Log-odds at which the model decides, chosen on dianping's dev part for the best F0.5, for a wrong
# opinion costs a report more than a missing one. There it decides on 426 of 714 aspects without a
# judging word and is right about 64% of them (of the others, four in five are not marked at all),
# which finds 64% of what is marked. Of 38 contradictions it settles 34 as people did.
_SURE = 1.25
# Categories in which most of what is said is a fact, and whose talk the model has never met.
_FACTS = frozenset(["适用", "真伪", "成分", "效期", "库存", "活动"])
_EDGES = " ，,；;:：~～…()（）。.！!？?\n\"“”'"
# In clauses with these nothing is stated outright.
_OPEN = frozenset({Role.WISH, Role.CONDITION, Role.WORRY, Role.ALIKE, Role.DENIAL, Role.SCORN})


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
    """One stance to one aspect.

    `opinion` is the word that says it, as written; empty for care, and where the model decided.
    """

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


@dataclass(slots=True)
class _Reading:
    """What has been found so far in one text."""

    lexicon: Lexicon
    lean: Lean | None
    ironic: bool
    opinions: dict[Opinion, None] = field(default_factory=dict)
    # Aspects without a judgement yet, with what the clause says that may judge them all the same.
    named: dict[str, str] = field(default_factory=dict)
    weights: list[float] = field(default_factory=list)

    def add(self, aspect: str, word: str, polarity: Polarity, stance: Stance) -> None:
        opinion = Opinion(aspect, word, self.lexicon.category(aspect), polarity, stance)
        self.opinions[opinion] = None


def read_opinions(
    text: str, clauses: Sequence[Clause], lexicon: Lexicon, lean: Lean | None = None
) -> tuple[tuple[Opinion, ...], float]:
    """The opinions of a text in the order they are found, and its sentiment in -1..1.

    The sentiment weighs each stated judgement by its degree, more behind a 但是, and half for what
    is only minded; questions do not count. To these comes half of tanh(lean / 2), which is half of
    the chance for good less the chance for bad, for each clause that states something. It is
    sum / (sum of sizes + 0.5). Where nothing is judged or minded the clauses do not count, only
    the emoji. Without `lean` the lexicon decides alone.
    """
    ironic = any(Role.IRONY in clause.roles for clause in clauses)
    reading = _Reading(lexicon, lean, ironic)
    before: list[str] = []  # aspects of the clause before, in the same sentence
    sentence = 0
    for clause in clauses:
        if clause.sentence != sentence:
            before, sentence = [], clause.sentence
        if clause.marks:
            before = _read_clause(text, clause, before, reading) or before
    judged = {opinion.aspect for opinion in reading.opinions}
    for aspect, said in reading.named.items():
        if aspect not in judged:
            _decide(aspect, said, reading)
    if lean and any(opinion.stance is not Stance.CARE for opinion in reading.opinions):
        told = [_said(text, clause) for clause in clauses if _states(clause)]
        reading.weights.extend(_LEANING * tanh(lean(one, 0, 0) / 2) for one in told if one)
    size = sum(abs(weight) for weight in reading.weights)
    sentiment = sum(reading.weights) / (size + _CALM) if size else 0.0
    return tuple(reading.opinions), round(sentiment, 3)


def _states(clause: Clause) -> bool:
    """Whether a clause tells something: it asks nothing, and wishes and fears nothing."""
    return not clause.question and _OPEN.isdisjoint(clause.roles)


def _said(text: str, clause: Clause) -> str:
    return text[clause.start : clause.end].strip(_EDGES)


def _decide(aspect: str, said: str, reading: _Reading) -> None:
    """Decide on an aspect that no word judges: the model where it is sure, else it is cared for."""
    judges = said and reading.lexicon.category(aspect) not in _FACTS
    lean = reading.lean(said, 0, 0) if judges and reading.lean else 0.0
    if lean > _SURE:
        reading.add(aspect, "", Polarity.POSITIVE, Stance.LIKE)
    elif lean < -_SURE:
        reading.add(aspect, "", Polarity.NEGATIVE, Stance.DISLIKE)
    else:
        reading.add(aspect, "", Polarity.NEUTRAL, Stance.CARE)


def _read_clause(text: str, clause: Clause, before: Sequence[str], reading: _Reading) -> list[str]:
    """Read one clause into `reading`; returns the aspects it speaks of."""
    judgements = read_judgements(text, clause, ironic=reading.ironic)
    unbound = _named(clause, reading.lexicon)
    found: list[tuple[Judgement, list[str]]] = []
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
        found.append((judgement, names))
        previous_end = judgement.mark.end
    if len(found) > 1 and reading.lean:
        found = _without_contradictions(text, clause, found, reading.lean)
    for judgement, names in found:
        if judgement.mark.term.taught:
            for name in names:
                _judge_as_taught(text, clause, judgement, name, reading)
        else:
            _judge(text, clause, judgement, names, reading)
    for mark in clause.marks:
        if mark.term.feeling:
            reading.weights.append(_FEELING * mark.term.feeling)
    _leave(text, clause, unbound, reading, judged=bool(judgements))
    spoken = [name for _, names in found for name in names if name != WHOLE]
    return spoken + [mark.term.aspect for mark in unbound]


def _leave(
    text: str, clause: Clause, unbound: Sequence[Mark], reading: _Reading, *, judged: bool
) -> None:
    """Take in the aspects that a clause names and no word in it judges."""
    fears = Role.WORRY in clause.roles and not judged and not _is_calmed(clause)
    complaint = next((m for m in clause.marks if Role.COMPLAINT in m.term.roles), None)
    silent = judged or any(mark.term.own for mark in clause.marks)
    said = _said(text, clause) if _states(clause) and not silent else ""
    for mark in unbound:
        name = mark.term.aspect
        if (fears and Role.WORRY not in mark.term.roles) or Role.REGRET in clause.roles:
            reading.add(name, "", Polarity.NEGATIVE, Stance.MIND)
            reading.weights.append(-_MINDED)
        elif complaint:
            reading.add(name, complaint.word, Polarity.NEGATIVE, Stance.DISLIKE)
            reading.weights.append(-1.0)
        elif said or name not in reading.named:
            asks = mark.term.always or mark.term.asked
            reading.named[name] = "" if asks else said


def _without_contradictions(
    text: str, clause: Clause, found: list[tuple[Judgement, list[str]]], lean: Lean
) -> list[tuple[Judgement, list[str]]]:
    """Leave out what speaks against the rest about the same aspect, where the model is sure."""
    ways = [judgement.polarity for judgement, _ in found]
    well, badly = ways.count(1), ways.count(-1)
    about: dict[str, set[int]] = {}
    for judgement, names in found:
        for name in names:
            about.setdefault(name, set()).add(judgement.polarity)
    disputed = {name for name, sides in about.items() if len(sides) > 1}
    if not disputed or any(judgement.mark.term.own for judgement, _ in found):
        return found
    leaning = lean(_said(text, clause), well, badly)
    if abs(leaning) <= _SURE:
        return found
    wrong = -1 if leaning > 0 else 1
    return [
        (judgement, names)
        for judgement, names in found
        if judgement.polarity != wrong or disputed.isdisjoint(names)
    ]


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
        named = _name(ahead[-1], speaks_of)
        same = speaks_of and lexicon.category(named) == lexicon.category(speaks_of)
        reach = _ASPECT_REACH if same or not speaks_of else _ADJACENT
        if gap <= reach or (judgement.negated and not speaks_of):
            chosen = [ahead[-1]]
            for aspect in reversed(ahead[:-1]):
                if text[aspect.end : chosen[0].start] not in _JOINTS:
                    break
                chosen.insert(0, aspect)
            for aspect in chosen:
                unbound.remove(aspect)
            return list(dict.fromkeys(_name(aspect, speaks_of) for aspect in chosen))
    behind = next((a for a in unbound if mark.end <= a.start <= following), None)
    if behind is not None:
        between = text[mark.end : behind.start]
        takes_object = Role.OBJECT in mark.term.roles and len(between) <= _OBJECT_REACH
        if takes_object or between == "的":
            unbound.remove(behind)
            return [_name(behind, speaks_of)]
    return []


def _name(mark: Mark, speaks_of: str) -> str:
    """The aspect that a word names: of two, the one that its judgement speaks of."""
    return speaks_of if speaks_of and mark.term.second == speaks_of else mark.term.aspect


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
    stance, polarity = _stance(text, clause, judgement, whole=list(names) == [WHOLE])
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


def _judge_as_taught(
    text: str, clause: Clause, judgement: Judgement, name: str, reading: _Reading
) -> None:
    """Decide what a word that the shop taught counts as about one aspect."""
    term = judgement.mark.term
    taught = term.taught_about(name)
    turned = judgement.polarity != term.polarity
    word = text[judgement.start : judgement.mark.end]
    match taught:
        case None:
            _judge(text, clause, judgement, [name], reading)
        case Taught.LIKE | Taught.DISLIKE:
            way = 1 if taught is Taught.LIKE else -1
            meant = judgement.mark._replace(term=replace(term, polarity=way, risk=False))
            polarity = -way if turned else way
            _judge(text, clause, judgement._replace(mark=meant, polarity=polarity), [name], reading)
        case Taught.NOTHING:
            if any(mark.term.aspect == name and not mark.term.polarity for mark in clause.marks):
                reading.named.setdefault(name, "")
        case Taught.MIND if not turned:
            reading.add(name, word, Polarity.NEGATIVE, Stance.MIND)
            reading.weights.append(-_MINDED * judgement.strength)
        case _:
            reading.add(name, word, Polarity.NEUTRAL, Stance.CARE)


def _asks_no_more(text: str, clause: Clause, judgement: Judgement) -> bool:
    """Whether a bad thing is told in a question: 怎么这么贵, 坏了能退吗."""
    if Role.WHY in clause.roles:
        return True
    word = judgement.mark
    happened = "了" in (word.word[-1], text[word.end : word.end + 1])
    kinds = {mark.term.always or mark.term.asked for mark in clause.marks}
    return happened and DemandKind.AFTER_SALE in kinds and not word.term.risk


def _stance(
    text: str, clause: Clause, judgement: Judgement, *, whole: bool
) -> tuple[Stance, Polarity]:
    roles, polarity, term = clause.roles, judgement.polarity, judgement.mark.term
    minds = cares = False
    if Role.WORRY in roles and not _is_calmed(clause):
        # A fear of something good (会不会好用) is no fear: it asks.
        minds, cares = polarity < 0 or term.polarity < 0, True
    elif clause.question:
        complains = polarity < 0 and _asks_no_more(text, clause, judgement)
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
