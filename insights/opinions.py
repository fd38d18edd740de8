"""What a text thinks of what: aspect, opinion word, polarity and stance.

How the stance is decided, clause by clause:

- **like, dislike**: a judgement that is stated. `judging` says which way it goes.
- **mind**: a worry (怕过敏, 会不会掉色), a risk that is asked about (会闷痘吗), or a condition or
  wish (要是不香就好了, 希望包装结实点): something that stands between this fan and being content.
- **care**: attention without judgement: an aspect asked about, compared or just named.

A judgement belongs to the aspect named before it in its clause (味道和质地都不错 names two), to the
one behind it (喜欢这个味道, 好闻的味道), to the one its word speaks of by itself (刺鼻), to the
aspect that the clause before just named (味道呢，一般), or else to the whole thing.

The lexicon explains, so it speaks first. Where a statement holds no judging word (第二天就到了), or
words of one clause contradict each other about an aspect, the polarity model decides where it is
sure enough (see `unsaid`), and the opinion names the words it rests on. It never overrules a word
that the shop itself taught: that counts as the shop says (`teaching`), and as nothing where it is
to judge nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import pairwise
from math import tanh

from insights.binding import aspects_of, named_in
from insights.clauses import Clause, Mark
from insights.judging import Judgement, read_judgements
from insights.lexicon import WHOLE, DemandKind, Lexicon, Role, Taught
from insights.unsaid import Model, left_open, may_judge, said, states, words_of
from insights.words import TaggedWord

_CONTRASTING, _MINDED, _LEANING = 1.5, 0.5, 0.5  # weights in the sentiment
_FEELING = 0.7
_CALM = 0.5  # keeps the sentiment of a single judgement away from ±1
# Log-odds at which the model settles a contradiction, chosen on dianping's training part: of 38 in
# its dev part it settles 34 as people did.
_SURE = 1.25


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


_STATED = {1: (Stance.LIKE, Polarity.POSITIVE), -1: (Stance.DISLIKE, Polarity.NEGATIVE)}


@dataclass(frozen=True, slots=True)
class Opinion:
    """One stance to one aspect.

    `opinion` are the words that say it, as written: the judging word, or those that weighed most
    where the model decided. It is empty for care of something that is just named.
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
    model: Model | None
    ironic: bool
    opinions: dict[Opinion, None] = field(default_factory=dict)
    # Aspects without a judgement yet, with the clauses that may judge them all the same.
    named: dict[str, list[Clause]] = field(default_factory=dict)
    weights: list[float] = field(default_factory=list)

    def add(self, aspect: str, word: str, polarity: Polarity, stance: Stance) -> None:
        opinion = Opinion(aspect, word, self.lexicon.category(aspect), polarity, stance)
        self.opinions[opinion] = None


def read_opinions(
    text: str,
    tagged: Sequence[TaggedWord],
    clauses: Sequence[Clause],
    lexicon: Lexicon,
    model: Model | None = None,
) -> tuple[tuple[Opinion, ...], float]:
    """The opinions of a text in the order they are found, and its sentiment in -1..1.

    The sentiment weighs each stated judgement by its degree, more behind a 但是, and half for what
    is only minded; questions do not count. To these comes half of tanh(lean / 2), which is half of
    the chance for good less the chance for bad, for each clause that states something. It is
    sum / (sum of sizes + 0.5). Where nothing is judged or minded the clauses do not count, only
    the emoji. Without `model` the lexicon decides alone.

    Args:
        text: in normal form.
        tagged: the segmenter's words of it.
        clauses: what `read_clauses` makes of both.
        lexicon: what the words mean.
        model: what is asked where no word judges.
    """
    ironic = any(Role.IRONY in clause.roles for clause in clauses)
    reading = _Reading(lexicon, model, ironic)
    before: list[str] = []  # aspects named and not judged before, in the same sentence
    sentence = 0
    for clause in clauses:
        if clause.sentence != sentence:
            before, sentence = [], clause.sentence
        if clause.marks:
            before = _read_clause(text, clause, before, reading) or before
        else:
            _leave_to(text, before, clause, reading)
    _decide(text, tagged, reading)
    if model and any(opinion.stance is not Stance.CARE for opinion in reading.opinions):
        told = [said(text, clause) for clause in clauses if states(clause)]
        reading.weights.extend(_LEANING * tanh(model.lean(one) / 2) for one in told if one)
    size = sum(abs(weight) for weight in reading.weights)
    sentiment = sum(reading.weights) / (size + _CALM) if size else 0.0
    return tuple(reading.opinions), round(sentiment, 3)


def _leave_to(text: str, before: Sequence[str], clause: Clause, reading: _Reading) -> None:
    """Let a clause without aspect judge what the one before it named, or else the whole."""
    if not left_open(text, clause):
        return
    for name in before or [WHOLE]:
        if may_judge(reading.lexicon.category(name)):
            reading.named.setdefault(name, []).append(clause)


def _decide(text: str, tagged: Sequence[TaggedWord], reading: _Reading) -> None:
    """Decide on what no word judges: the model where it is sure, else what is named is cared for.

    It judges the whole only where nothing else is judged.
    """
    judged = {opinion.aspect for opinion in reading.opinions}
    whole = reading.named.pop(WHOLE, [])
    for aspect, clauses in reading.named.items():
        if aspect not in judged and not _ask(text, tagged, aspect, clauses, reading):
            reading.add(aspect, "", Polarity.NEUTRAL, Stance.CARE)
    if all(opinion.stance is Stance.CARE for opinion in reading.opinions):
        _ask(text, tagged, WHOLE, whole, reading)


def _ask(
    text: str,
    tagged: Sequence[TaggedWord],
    aspect: str,
    clauses: Sequence[Clause],
    reading: _Reading,
) -> bool:
    """Let the first clause that the model is sure of judge the aspect, if there is one."""
    if (model := reading.model) is None:
        return False
    for clause in clauses:
        if way := model.speaks(said(text, clause)):
            stance, polarity = _STATED[way]
            words = model.rests_on(words_of(clause, tagged), way)
            reading.add(aspect, words, polarity, stance)
            return True
    return False


def _read_clause(text: str, clause: Clause, before: Sequence[str], reading: _Reading) -> list[str]:
    """Read one clause into `reading`; returns the aspects it names and does not judge."""
    judgements = read_judgements(text, clause, ironic=reading.ironic)
    unbound = named_in(clause, reading.lexicon)
    found: list[tuple[Judgement, list[str]]] = []
    previous_end = clause.start
    for place, judgement in enumerate(judgements):
        following = judgements[place + 1].start if place + 1 < len(judgements) else clause.end
        names = aspects_of(text, judgement, unbound, (previous_end, following), reading.lexicon)
        if not names:
            term = judgement.mark.term
            names = [term.speaks_of] if term.speaks_of else []
            if not names and before and not term.whole:
                names = list(before)
            names = names or [WHOLE]
        found.append((judgement, names))
        previous_end = judgement.mark.end
    found = _without_contradictions(text, clause, found, reading)
    for judgement, names in found:
        if judgement.mark.term.taught:
            for name in names:
                _judge_as_taught(text, clause, judgement, name, reading)
        else:
            _judge(text, clause, judgement, names, reading)
    feelings = [mark.term.feeling for mark in clause.marks if mark.term.feeling]
    reading.weights.extend(_FEELING * feeling for feeling in feelings)
    if unbound or judgements:
        _leave(clause, unbound, reading, judged=bool(judgements))
    else:
        _leave_to(text, before, clause, reading)
    return [mark.term.aspect for mark in unbound]


def _leave(clause: Clause, unbound: Sequence[Mark], reading: _Reading, *, judged: bool) -> None:
    """Take in the aspects that a clause names and no word in it judges."""
    fears = Role.WORRY in clause.roles and not judged and not _is_calmed(clause)
    minding = Role.REGRET if Role.REGRET in clause.roles else Role.WORRY
    complaint = next((m for m in clause.marks if Role.COMPLAINT in m.term.roles), None)
    silent = judged or any(mark.term.own for mark in clause.marks)
    may_say = states(clause) and not silent
    for mark in unbound:
        name = mark.term.aspect
        if (fears and Role.WORRY not in mark.term.roles) or Role.REGRET in clause.roles:
            word = next(other.word for other in clause.marks if minding in other.term.roles)
            reading.add(name, word, Polarity.NEGATIVE, Stance.MIND)
            reading.weights.append(-_MINDED)
        elif complaint:
            reading.add(name, complaint.word, Polarity.NEGATIVE, Stance.DISLIKE)
            reading.weights.append(-1.0)
        else:
            asks = mark.term.always or mark.term.asked
            open_to = reading.named.setdefault(name, [])
            if may_say and not asks and may_judge(reading.lexicon.category(name)):
                open_to.append(clause)


def _without_contradictions(
    text: str, clause: Clause, found: list[tuple[Judgement, list[str]]], reading: _Reading
) -> list[tuple[Judgement, list[str]]]:
    """Leave out what speaks against the rest about the same aspect, where the model is sure."""
    if len(found) < 2 or reading.model is None:  # noqa: PLR2004 (it takes two to disagree)
        return found
    ways = [judgement.polarity for judgement, _ in found]
    well, badly = ways.count(1), ways.count(-1)
    about: dict[str, set[int]] = {}
    for judgement, names in found:
        for name in names:
            about.setdefault(name, set()).add(judgement.polarity)
    disputed = {name for name, sides in about.items() if len(sides) > 1}
    if not disputed or any(judgement.mark.term.own for judgement, _ in found):
        return found
    leaning = reading.model.lean(said(text, clause), well, badly)
    if abs(leaning) <= _SURE:
        return found
    wrong = -1 if leaning > 0 else 1
    return [
        (judgement, names)
        for judgement, names in found
        if judgement.polarity != wrong or disputed.isdisjoint(names)
    ]


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
                reading.named.setdefault(name, [])
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
    return _STATED[polarity]
