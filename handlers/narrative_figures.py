"""The figures of a report that a narrative may speak of, each with what it allows to be said.

`figures_of` lists them; `narrative_claims` holds a sentence against them. What leaves the house is
`Figure.told` and `Figure.quotes`, masked once more, whatever the report did.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import Enum, auto
from typing import NamedTuple, TypeVar

from handlers.report_words import DEMANDS, STANCES
from handlers.shares import shares_told
from handlers.wording import Say
from insights.lexicon import WHOLE
from insights.masking import mask
from insights.opinions import Stance
from insights.report import AspectRow, DemandReport
from insights.trends import Trend

Key = TypeVar("Key", bound=Hashable)

_ROWS = 8  # aspects, demands, words, changes
_QUOTES = 2  # of each aspect or demand
_LONGEST_QUOTE = 80  # characters


class Claim(Enum):
    """What a sentence can say about a figure, beside its name and its number."""

    CARE = auto()
    MIND = auto()
    LIKE = auto()
    DISLIKE = auto()
    WANT = auto()
    TALK = auto()
    SPOKE = auto()
    SENT = auto()
    RISING = auto()
    FADING = auto()
    MOST = auto()


SUBJECTS = frozenset(Claim) - {Claim.RISING, Claim.FADING, Claim.MOST}
"""What a figure counts: each has one of these, and it has to be said."""

STANCE_CLAIMS = {
    Stance.CARE: Claim.CARE,
    Stance.MIND: Claim.MIND,
    Stance.LIKE: Claim.LIKE,
    Stance.DISLIKE: Claim.DISLIKE,
}


class Amount(NamedTuple):
    """A number as it is written: 26, or 2.8 percent."""

    value: Decimal
    percent: bool = False


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. `told` is its line in the prompt.

    A sentence that rests on it has its `name`, its `amount`, the one of its `claims` that is among
    `SUBJECTS` and its `kind` of demand in it; it may have one of the `others`, the share of before,
    and makes no other claim beside `claims`.
    """

    id: str
    name: str
    told: str
    amount: Amount
    others: frozenset[Amount] = frozenset()
    claims: frozenset[Claim] = frozenset()
    kind: str = ""
    quotes: tuple[str, ...] = ()


def figures_of(say: Say, found: DemandReport) -> tuple[Figure, ...]:
    """The figures of a report, numbered F1, F2 ... in the order in which they are told."""
    bare = (
        *_totals(say, found),
        *_aspects(say, found),
        *_demands(say, found),
        *_keywords(say, found),
        *_changes(say, found),
    )
    return tuple(
        replace(
            one,
            id=f"F{number}",
            name=mask(one.name),
            told=mask(one.told),
            quotes=tuple(" ".join(mask(quote).split())[:_LONGEST_QUOTE] for quote in one.quotes),
        )
        for number, one in enumerate(bare, 1)
    )


def _totals(say: Say, found: DemandReport) -> Iterator[Figure]:
    for count, told, claim in (
        (found.messages, say("一共 {count:,} 条消息", count=found.messages), Claim.SENT),
        (found.speakers, say("一共 {count:,} 人发言", count=found.speakers), Claim.SPOKE),
    ):
        yield Figure("", "", told, _whole(count), claims=frozenset({claim}))


def _aspects(say: Say, found: DemandReport) -> Iterator[Figure]:
    """Each stance to each of the most named aspects."""
    aspects = [row for row in found.aspects if row.aspect != WHOLE]
    for row in aspects[:_ROWS]:
        for stance, word in STANCES.items():
            count = _count(row, stance)
            if not count:
                continue
            claims = {STANCE_CLAIMS[stance]}
            if count == max(_count(other, stance) for other in aspects):
                claims.add(Claim.MOST)
            yield Figure(
                "",
                row.aspect,
                _counted(say, f"{say(word)} {row.aspect}", count),
                _whole(count),
                claims=frozenset(claims),
                quotes=_texts(found, row.quotes) if stance is _loudest(row) else (),
            )


def _demands(say: Say, found: DemandReport) -> Iterator[Figure]:
    for row in found.demands[:_ROWS]:
        kind = say(DEMANDS[row.kind])
        most = row.speakers == max(other.speakers for other in found.demands)
        yield Figure(
            "",
            row.thing or kind,
            _counted(say, f"{say('想要')} {kind} {row.thing}".strip(), row.speakers),
            _whole(row.speakers),
            claims=frozenset({Claim.WANT, Claim.MOST} if most else {Claim.WANT}),
            kind=kind if row.thing else "",
            quotes=_texts(found, row.quotes),
        )


def _keywords(say: Say, found: DemandReport) -> Iterator[Figure]:
    for row in found.keywords[:_ROWS]:
        told = _counted(say, f"{say('在聊')} {row.word}", row.speakers)
        yield Figure("", row.word, told, _whole(row.speakers), claims=frozenset({Claim.TALK}))


def _changes(say: Say, found: DemandReport) -> Iterator[Figure]:
    """What has grown or faded."""
    for aspect in found.trends.aspects[:_ROWS]:
        if aspect.key.aspect != WHOLE:
            stance = aspect.key.stance
            kind = say(STANCES[stance])
            yield _change(say, aspect, aspect.key.aspect, kind, STANCE_CLAIMS[stance])
    for demand in found.trends.demands[:_ROWS]:
        kind = say(DEMANDS[demand.key.kind])
        change = _change(say, demand, demand.key.thing or kind, kind, Claim.WANT)
        yield replace(change, kind=kind if demand.key.thing else "")
    for term in found.trends.terms[:_ROWS]:
        yield _change(say, term, term.key, say("在聊"), Claim.TALK)


def _change(say: Say, trend: Trend[Key], name: str, kind: str, subject: Claim) -> Figure:
    """A change: the share now is its number, that of before may be told."""
    before, now = shares_told(trend)
    told = say(
        "{kind} {name} 的人占发言的人：{before} → {now}，{way}",
        kind=kind,
        name=name,
        before=before,
        now=now,
        way=say("上升") if trend.rising else say("下降"),
    )
    way = Claim.RISING if trend.rising else Claim.FADING
    return Figure(
        "",
        name,
        told,
        _share(now),
        others=frozenset({_share(before)}),
        claims=frozenset({subject, way}),
    )


def _counted(say: Say, what: str, speakers: int) -> str:
    return say("{what} {count} 人", what=what, count=speakers)


def _count(row: AspectRow, stance: Stance) -> int:
    count: int = getattr(row, stance.value)
    return count


def _loudest(row: AspectRow) -> Stance:
    """The stance that most take: the quotes of an aspect stand below it."""
    return max(STANCES, key=lambda stance: _count(row, stance))


def _texts(found: DemandReport, quotes: Sequence[int]) -> tuple[str, ...]:
    return tuple(found.texts[quote] for quote in quotes if quote in found.texts)[:_QUOTES]


def _whole(count: int) -> Amount:
    return Amount(Decimal(count))


def _share(told: str) -> Amount:
    return Amount(Decimal(told.removesuffix("%")), percent=True)
