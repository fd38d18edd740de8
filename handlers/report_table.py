"""The full report as a table for Excel and the like: one row a figure, its quotes in columns.

The text begins with a byte order mark, without which Excel takes Chinese for something else. What
fans wrote never becomes a formula: a cell that would begin like one is led by an apostrophe
(OWASP, "CSV Injection"). Numbers stay numbers.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any

from handlers.full_report import FullReport
from handlers.report_words import DEMANDS, STANCES
from handlers.wording import Say
from insights.demands import Demand
from insights.opinions import Stance
from insights.report import AspectRow
from insights.trends import Trend

_MARK = "\ufeff"
_QUOTES = 4
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠|%]")
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class _Row:
    """One figure; what does not apply to it is None, and its cell is empty.

    `before` are the speakers in the period that it is compared with, `change` how many times as
    large the share of the speakers is as before.
    """

    part: str
    name: str
    category: str = ""
    speakers: int | None = None
    messages: int | None = None
    stances: AspectRow | None = None
    before: int | None = None
    change: float | None = None
    quotes: Sequence[str] = ()


def report_table(say: Say, full: FullReport) -> str:
    """The report as comma-separated values, its head in the shop's language."""
    written = StringIO()
    table = csv.writer(written, lineterminator="\r\n")
    table.writerow(
        [
            *(say(name) for name in ("部分", "名称", "类别", "人数", "条数")),
            *(say(name) for name in STANCES.values()),
            say("之前人数"),
            say("变成几倍"),
            *(say("原话 {number}", number=number + 1) for number in range(_QUOTES)),
        ]
    )
    for row in _rows(say, full):
        table.writerow(_cells(row))
    return _MARK + written.getvalue()


def _rows(say: Say, full: FullReport) -> Iterator[_Row]:
    found, other = full.found, full.other
    days = say("{first} 至 {last}", first=full.period.first, last=full.period.last)
    before = None if other is None else other.speakers
    yield _Row(say("总计"), days, "", found.speakers, found.messages, before=before)
    for aspect in found.aspects:
        yield _Row(
            say("方面"),
            aspect.aspect,
            aspect.category,
            aspect.speakers,
            stances=aspect,
            quotes=full.shown(aspect.quotes),
        )
    for demand in found.demands:
        yield _Row(
            say("想要"),
            demand.thing,
            say(DEMANDS[demand.kind]),
            demand.speakers,
            demand.mentions,
            before=None if other is None else other.demand(demand),
            quotes=full.shown(demand.quotes),
        )
    for word in found.keywords:
        yield _Row(
            say("在聊"),
            word.word,
            "",
            word.speakers,
            word.mentions,
            before=None if other is None else other.term(word.word),
            change=_times(word.change) if word.change else None,
            quotes=full.shown(word.quotes),
        )
    yield from _trends(say, full)
    for topic in found.topics:
        yield _Row(
            say("新的话题"),
            say("、").join(topic.terms),
            "",
            len(topic.members),
            quotes=full.shown(topic.quotes),
        )
    for bundle in found.bundles:
        yield _Row(
            say("常在一起提到"),
            " + ".join((*bundle.others, bundle.adds)),
            "",
            bundle.baskets,
            change=round(bundle.lift, 2),
        )


def _trends(say: Say, full: FullReport) -> Iterator[_Row]:
    """What has surely changed."""
    trends, other, part = full.found.trends, full.other, say("明显的变化")
    for one in trends.aspects:
        yield _Row(
            part,
            one.key.aspect,
            say(STANCES[one.key.stance]),
            one.speakers[-1],
            before=None if other is None else other.spoken.aspects.get(one.key, 0),
            change=_grown(one),
            quotes=full.about_aspect(one.key),
        )
    for wish in trends.demands:
        yield _Row(
            part,
            wish.key.thing,
            say(DEMANDS[wish.key.kind]),
            wish.speakers[-1],
            before=None if other is None else other.spoken.demands.get(wish.key, 0),
            change=_grown(wish),
            quotes=full.about_demand(Demand(wish.key.kind, wish.key.thing)),
        )
    for term in trends.terms:
        yield _Row(
            part,
            term.key,
            say("在聊"),
            term.speakers[-1],
            before=None if other is None else other.term(term.key),
            change=_grown(term),
            quotes=full.about_term(term.key),
        )


def _grown(trend: Trend[Any]) -> float | None:
    """How many times as large a share is; None where nobody said it before."""
    return _times(trend.change) if any(trend.speakers[:-1]) else None


def _times(change: float) -> float:
    """How many times as large, of a change that is told as log2."""
    return round(math.exp2(change), 2)


def _cells(row: _Row) -> list[str | int | float | None]:
    counted = row.stances
    quotes = [*row.quotes[:_QUOTES], *[""] * _QUOTES][:_QUOTES]
    return [
        _text(row.part),
        _text(row.name),
        _text(row.category),
        row.speakers,
        row.messages,
        *(None if counted is None else _count(counted, stance) for stance in STANCES),
        row.before,
        row.change,
        *map(_text, quotes),
    ]


def _count(row: AspectRow, stance: Stance) -> int:
    count: int = getattr(row, stance.value)
    return count


def _text(text: str) -> str:
    """A text as a cell: it is never taken for a formula."""
    plain = _UNFIT.sub("", text)
    return f"'{plain}" if _FORMULA.match(plain) else plain
