"""Reports to draw: with no rows, with too many, with names of every kind."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from handlers.period import Period
from insights.days import AspectStance
from insights.demands import Demand
from insights.lexicon import DemandKind
from insights.opinions import Stance
from insights.report import AspectRow, DemandReport, Trends
from insights.trends import Key, Trend

WEEK = Period(date(2026, 11, 1), date(2026, 11, 7))
NO_TRENDS = Trends()
ACTIVE = (120, 130, 118, 140, 150)

PLAIN = ("气味", "包装", "功效", "价格", "物流", "质地")
ENGLISH = ("fragrance", "packaging", "skin compatibility", "value for money", "delivery", "texture")
ODD = (
    "🎁🎁",
    "❤️包装❤️盒",
    "A$B$C",
    "supercalifragilistic fragrance-free",
    "两\n行",
    "方面名字很长很长的第一号东西啊",
    "خصم",
    "e\u0301\u200d",
)
MANY = tuple(f"第{number}个很长很长很长的方面" for number in range(1, 21))


def aspects(names: Sequence[str], largest: int = 40) -> tuple[AspectRow, ...]:
    """One row for each name; each stance is taken by another number of fans."""
    return tuple(
        AspectRow(
            aspect=name,
            category="",
            care=max(largest - number, 1),
            mind=max(largest // 2 - number, 1),
            like=number + 1,
            dislike=max(largest // 3 - number, 1),
            speakers=largest,
            quotes=(),
        )
        for number, name in enumerate(names)
    )


def trend(key: Key, speakers: tuple[int, ...], chance: float = 0.001) -> Trend[Key]:
    """A trend with these speakers in each of five periods."""
    before = sum(speakers[:-1]) / sum(ACTIVE[:-1])
    change = 1.0 if speakers[-1] / ACTIVE[-1] > before else -1.0
    return Trend(key, speakers, ACTIVE, change, chance)


def trends(names: Sequence[str]) -> Trends:
    """Trends of every kind, of which the odd ones fade."""
    up, down = (3, 2, 4, 5, 30), (20, 22, 18, 25, 0)
    turns = [(name, down if number % 2 else up) for number, name in enumerate(names)]
    return Trends(
        terms=tuple(trend(f"{name}热", speakers) for name, speakers in turns),
        aspects=tuple(
            trend(AspectStance(name, "", Stance.DISLIKE), speakers) for name, speakers in turns
        ),
        demands=(
            trend(Demand(DemandKind.RESTOCK, "玫瑰精华水"), up),
            trend(Demand(DemandKind.PRICE, ""), down),
        ),
    )


def report(
    rows: Sequence[AspectRow] = (), changes: Trends = NO_TRENDS, messages: int = 1234
) -> DemandReport:
    """A report with these rows and trends, and nothing else."""
    return DemandReport(
        messages=messages,
        speakers=156,
        keywords=(),
        aspects=tuple(rows),
        demands=(),
        emerging=(),
        trends=changes,
    )
