"""The judging words of a clause, and which way each of them goes in it.

A word of the lexicon goes one way by itself (好用). What stands around it can turn it:

- **negation**: 不好用, 没觉得贵; two of them turn it back (没有不好).
- **comparison**: our side wins what is said behind 比 (比旧版清爽). It loses it behind 不如
  (不如旧版清爽), behind 比 and our own name (旧版比这个清爽), and where the other side leads
  (旧版更清爽).
- **a question that means its opposite**: 谁说不好用; and scorn, which turns praise: 这也能叫滋润.
- **irony**: praise in quotes that is laid on thick (真是“好用”极了), or beside a 呵呵.

`opinions` finds what each judgement is about.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from insights.clauses import PARTICLES, Clause, Mark, is_quoted
from insights.lexicon import Role

_NEGATION_REACH = 5  # characters: 没有以前那么好用
_STRONG, _WEAK = 1.5, 0.6  # weights in the sentiment
_WITH = frozenset("跟和与同像")  # what differs, differs from something
_MORE = ("多了", "得多", "太多", "一些", "点", "些")
_LAID_ON = ("极了", "得很", "死了", "哭了")


class Judgement(NamedTuple):
    """A judging word in its clause: where, which way after all that turns it, how strongly."""

    mark: Mark
    start: int  # where the words that turn it begin, or the word itself
    polarity: int
    strength: float
    negated: bool


def read_judgements(text: str, clause: Clause, *, ironic: bool = False) -> list[Judgement]:
    """The judgements of a clause in the order of their words.

    `ironic` says that praise in the text around it is meant badly.
    """
    found = _stated(text, clause)
    roles = clause.roles
    if found and (ironic or roles & _TURNING or clause.quoting):
        found = [_turned(text, clause, one, ironic=ironic) for one in _spoken(text, found)]
    return found


_TURNING = frozenset(
    {Role.BEATEN, Role.OURS, Role.THEIRS, Role.DENIAL, Role.SCORN, Role.DIFFERS, Role.IRONY}
)


def _stated(text: str, clause: Clause) -> list[Judgement]:
    """The judging words with the negations and degrees that belong to them."""
    found: list[Judgement] = []
    negations: list[Mark] = []
    degree: Mark | None = None
    for place, mark in enumerate(clause.marks):
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


def _spoken(text: str, found: Sequence[Judgement]) -> list[Judgement]:
    """Without the words that only turn others: 不如 in 不如旧版清爽, 也能叫 in 也能叫滋润."""
    left = []
    for place, one in enumerate(found):
        roles = one.mark.term.roles
        if Role.BEATEN in roles and any(other.polarity > 0 for other in found[place + 1 :]):
            continue
        if Role.SCORN in roles and len(found) > 1:
            continue
        if Role.DIFFERS in roles and _WITH.isdisjoint(text[: one.mark.start]):
            continue
        left.append(one)
    return left


def _turned(text: str, clause: Clause, one: Judgement, *, ironic: bool) -> Judgement:
    mark, polarity = one.mark, one.polarity
    before = [other for other in clause.marks if other.end <= mark.start]
    turns = [other for other in before if other.term.roles & {Role.OURS, Role.DENIAL}] or _lost(
        text, mark, before, positive=polarity > 0
    )
    if turns:
        return one._replace(start=min(one.start, turns[-1].start), polarity=-polarity)
    if polarity > 0:
        scorn = [other for other in before if Role.SCORN in other.term.roles]
        if scorn:
            return one._replace(start=scorn[-1].start, polarity=-1)
        if ironic or _is_laid_on(text, one):
            return one._replace(polarity=-1)
    return one


def _lost(text: str, mark: Mark, before: Sequence[Mark], *, positive: bool) -> list[Mark]:
    """The marks by which the other side wins what `mark` says."""
    beaten = [other for other in before if Role.BEATEN in other.term.roles]
    if beaten:
        return beaten if positive else []
    theirs = [other for other in before if Role.THEIRS in other.term.roles]
    if not theirs or "比" in text[: theirs[0].start]:
        return []  # 比旧版更清爽: our side leads
    if any(Role.NEGATION in other.term.roles for other in before):
        return []  # 没有旧版清爽: said already
    leads = text[: theirs[0].start].endswith("还是")
    more = text.startswith(_MORE, mark.end) or "更" in text[theirs[0].end : mark.start]
    return theirs[:1] if leads or more else []


def _is_laid_on(text: str, one: Judgement) -> bool:
    """Whether praise stands in quotes, and is strengthened there."""
    mark = one.mark
    if not is_quoted(text, mark.start, mark.end):
        return False
    return one.strength >= _STRONG or text.startswith(_LAID_ON, mark.end + 1)
