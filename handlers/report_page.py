"""The full report as one HTML file: charts are drawn by the template, nothing is fetched or run.

Here the figures become what the template shows: words, and shapes by their size (`Bar`, `Spark`);
`report_page.html` puts them on the page. Everything that fans wrote is escaped there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from handlers.full_report import FullReport
from handlers.html_page import page_template
from handlers.report_words import DEMANDS, STANCES, listed_groups
from handlers.wording import Say
from insights.demands import Demand
from insights.lexicon import WHOLE
from insights.opinions import Stance
from insights.report import AspectRow
from insights.trends import Trend

Key = TypeVar("Key")

_QUADRANTS = (Stance.DISLIKE, Stance.MIND, Stance.LIKE, Stance.CARE)  # what hurts is read first
_PAGE = Path(__file__).with_name("report_page.html")
_ROWS = 12
_LINES = 12
_SPARK_WIDTH, _SPARK_HEIGHT, _SPARK_EDGE = 120.0, 32.0, 4.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One figure: its name, how many fans, the bar's length in percent, and what they said.

    `before` is the same of the period that it is compared with.
    """

    name: str
    count: int
    length: float
    quotes: Sequence[str]
    before: int | None = None
    sign: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A coloured part of a bar: the stance, how many fans, from where to where in percent."""

    stance: str
    count: int
    start: float
    length: float


@dataclass(frozen=True, slots=True)
class Stacked:
    """One aspect with its four stances side by side, and in words for who cannot see them."""

    name: str
    told: str
    parts: Sequence[Part]


@dataclass(frozen=True, slots=True)
class Spark:
    """How a share went: the line's points and its last one, in the units of the drawing.

    `colour` is that of the stance, or of what is asked for or talked about; `spoken` tells whether
    anybody said it in the newest period.
    """

    name: str
    kind: str
    colour: str
    spoken: bool
    rising: bool
    told: str
    points: str
    end: tuple[float, float]
    quotes: Sequence[str]


def report_page(say: Say, language: str, full: FullReport) -> str:
    """The report as an HTML document.

    Args:
        say: the shop's words.
        language: zh or en, for the page itself.
        full: the report.
    """
    found = full.found
    return page_template(_PAGE).render(
        language="zh-CN" if language == "zh" else language,
        words=_words(say, full),
        full=full,
        groups=listed_groups(say, full.groups),
        stacked=_stacked(say, full),
        quadrants=[
            (stance.value, say(STANCES[stance]), _of_stance(full, stance)) for stance in _QUADRANTS
        ],
        demands=_demands(say, full),
        keywords=_keywords(full),
        sparks=_sparks(say, full),
        topics=[
            Bar(say("、").join(topic.terms), len(topic.members), 0.0, full.shown(topic.quotes))
            for topic in found.topics
        ],
        bundles=found.bundles,
        spark_width=_SPARK_WIDTH,
        spark_height=_SPARK_HEIGHT,
    )


def _words(say: Say, full: FullReport) -> dict[str, str]:
    """What stands on the page beside names and numbers."""
    first, last, other = full.period.first, full.period.last, full.other
    compared = (
        ""
        if other is None
        else say(
            "和 {first} 至 {last} 对比（那时 {speakers} 人说话）",
            first=other.period.first,
            last=other.period.last,
            speakers=other.speakers,
        )
    )
    return {
        "title": say("粉丝在说什么"),
        "days": say("{first} 至 {last}", first=first, last=last),
        "messages": say("条消息"),
        "speakers": say("人说话"),
        "compared": compared,
        "hint": say("数字是人数，点开一项看原话。"),
        "glance": say("一眼看"),
        "demands": say("想要"),
        "keywords": say("在聊"),
        "trends": say("明显的变化"),
        "steady": say("没有明显的变化：差几个人可能只是碰巧。"),
        "topics": say("新的话题"),
        "bundles": say("常在一起提到"),
        "bundle": say("商品"),
        "baskets": say("人数"),
        "confidence": say("也提到后者"),
        "lift": say("是平常的几倍"),
        "nothing": say("还没有"),
        "silent": say("这几天还没有人说话。"),
        "unquoted": full.withheld or say("原话已经过了保存的日子。"),
        "unspoken": say("这段时间没有人说起。"),
        "before": say("之前 {count}", count="{count}"),
        "masked": say("原话里有名字，请小心保管。")
        if full.named
        else say("原话已遮住名字、电话和地址。"),
        "made": say("{time} 生成", time=f"{full.made_at:%Y-%m-%d %H:%M}"),
    }


def _stacked(say: Say, full: FullReport) -> list[Stacked]:
    """The aspects most spoken of, each with its stances as parts of one bar."""
    rows = full.found.aspects[:_ROWS]
    longest = max((_stances(row) for row in rows), default=0)
    found = []
    for row in rows:
        parts, start = [], 0.0
        for stance in _QUADRANTS:
            count = getattr(row, stance.value)
            length = 100.0 * count / longest
            if count:
                parts.append(Part(stance.value, count, round(start, 2), round(length, 2)))
            start += length
        told = [f"{say(STANCES[Stance(part.stance)])} {part.count}" for part in parts]
        found.append(Stacked(row.aspect, say("、").join(told), parts))
    return found


def _stances(row: AspectRow) -> int:
    return row.like + row.dislike + row.mind + row.care


def _of_stance(full: FullReport, stance: Stance) -> list[Bar]:
    """The aspects that most fans take this stance on; the whole is no aspect."""
    rows = [row for row in full.found.aspects if row.aspect != WHOLE]
    counted = [(getattr(row, stance.value), row) for row in rows]
    most = sorted(((n, row) for n, row in counted if n), key=lambda one: (-one[0], one[1].aspect))
    # One scale for all four: a short list of worries must not look like a loud one.
    longest = max(getattr(row, one.value) for row in rows for one in Stance) if rows else 0
    return [
        Bar(
            row.aspect,
            count,
            _percent(count, longest),
            full.about_stance(row, stance),
            None if full.other is None else full.other.stance(row, stance),
        )
        for count, row in most[:_ROWS]
    ]


def _demands(say: Say, full: FullReport) -> list[Bar]:
    rows = full.found.demands[:_ROWS]
    longest = max((row.speakers for row in rows), default=0)
    return [
        Bar(
            f"{say(DEMANDS[row.kind])} {row.thing}".strip(),
            row.speakers,
            _percent(row.speakers, longest),
            full.about_demand(Demand(row.kind, row.thing)),
            None if full.other is None else full.other.demand(row),
        )
        for row in rows
    ]


def _keywords(full: FullReport) -> list[Bar]:
    rows = full.found.keywords
    longest = max((row.speakers for row in rows), default=0)
    return [
        Bar(
            row.word,
            row.speakers,
            _percent(row.speakers, longest),
            full.shown(row.quotes),
            None if full.other is None else full.other.term(row.word),
            sign="↑" if (row.change or 0) > 0 else "↓" if (row.change or 0) < 0 else "",
        )
        for row in rows
    ]


def _sparks(say: Say, full: FullReport) -> list[Spark]:
    """What has surely changed, the surest first; what grows before what fades."""
    trends = full.found.trends
    found = [
        *(
            (
                one.chance,
                _spark(
                    one,
                    one.key.aspect,
                    say(STANCES[one.key.stance]),
                    one.key.stance.value,
                    full.about_aspect(one.key),
                ),
            )
            for one in trends.aspects
            if one.key.aspect != WHOLE
        ),
        *(
            (
                one.chance,
                _spark(
                    one,
                    one.key.thing,
                    say(DEMANDS[one.key.kind]),
                    "wish",
                    full.about_demand(one.key),
                ),
            )
            for one in trends.demands
        ),
        *(
            (one.chance, _spark(one, one.key, say("在聊"), "talk", full.about_term(one.key)))
            for one in trends.terms
        ),
    ]
    found.sort(key=lambda one: (one[0], one[1].name))
    return sorted((spark for _, spark in found[:_LINES]), key=lambda spark: not spark.rising)


def _spark(trend: Trend[Any], name: str, kind: str, colour: str, quotes: Sequence[str]) -> Spark:
    shares = trend.shares
    highest = max(shares) or 1.0
    room = _SPARK_HEIGHT - 2 * _SPARK_EDGE
    step = (_SPARK_WIDTH - 2 * _SPARK_EDGE) / (len(shares) - 1)
    points = [
        (round(_SPARK_EDGE + place * step, 1), round(_SPARK_EDGE + room * (1 - share / highest), 1))
        for place, share in enumerate(shares)
    ]
    before = sum(trend.speakers[:-1]) / max(sum(trend.active[:-1]), 1)
    return Spark(
        name=name or kind,
        kind=kind,
        colour=colour,
        spoken=trend.speakers[-1] > 0,
        rising=trend.rising,
        told=f"{_share(before)} → {_share(shares[-1])}",
        points=" ".join(f"{x:g},{y:g}" for x, y in points),
        end=points[-1],
        quotes=quotes,
    )


def _percent(count: int, longest: int) -> float:
    return round(100.0 * count / longest, 2)


def _share(share: float) -> str:
    return f"{share:.0%}" if share >= 0.1 or not share else f"{share:.1%}"  # noqa: PLR2004 (10%)
