"""Two periods compared, as a short text for a chat: from → to, what surely changed first."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import TypeVar

from handlers.comparison import Other
from handlers.desk import shortened
from handlers.period import Period
from handlers.report_words import DEMANDS, STANCES, listed_groups
from handlers.wording import Say
from insights.lexicon import WHOLE, DemandKind
from insights.opinions import Stance
from insights.report import DemandReport, Trends
from insights.trends import Trend

Key = TypeVar("Key", bound=Hashable)
Sides = tuple[int, int]

_ROWS = 6


def compare_text(
    say: Say,
    found: DemandReport,
    period: Period,
    other: Other,
    groups: Sequence[str],
    *,
    notes: Sequence[str] = (),
) -> str:
    """How a period differs from another one; `found` is its report against that one.

    `notes` are lines that say what is not counted.
    """
    lines = [
        say(
            "对比：{before:%m-%d} 至 {before_end:%m-%d} → {first:%m-%d} 至 {last:%m-%d}\n{groups}",
            before=other.period.first,
            before_end=other.period.last,
            first=period.first,
            last=period.last,
            groups=listed_groups(say, groups),
        ),
        say("说话的 {before} → {speakers} 人", before=other.speakers, speakers=found.speakers),
        *notes,
        "",
    ]
    changed = list(_changed(say, found.trends))
    for title, rising in (("明显变多", True), ("明显变少", False)):
        parts = [told for grows, told in changed if grows is rising]
        lines += _line(say, title, parts[:_ROWS])
    if not changed:
        lines.append(say("没有明显的变化：差几个人可能只是碰巧。"))
    lines.append("")
    for stance, name in STANCES.items():
        lines += _line(say, name, _sides(say, _aspects(other, stance)))
    lines += _line(say, "想要", _sides(say, _demands(say, other)))
    return "\n".join(lines).rstrip()


def _aspects(other: Other, stance: Stance) -> Mapping[str, Sides]:
    """Aspect → how many members take a stance on it, in the other period and in this one."""
    sides: dict[str, Sides] = {}
    for key in other.spoken.aspects.keys() | other.now.aspects.keys():
        if key.stance is stance and key.aspect != WHOLE:
            before, now = sides.get(key.aspect, (0, 0))
            # One aspect may have been read under another category before.
            sides[key.aspect] = (
                max(before, other.spoken.aspects.get(key, 0)),
                max(now, other.now.aspects.get(key, 0)),
            )
    return sides


def _demands(say: Say, other: Other) -> Mapping[str, Sides]:
    """The same of what is asked for."""
    return {
        _asked(say, key.kind, key.thing): (
            other.spoken.demands.get(key, 0),
            other.now.demands.get(key, 0),
        )
        for key in other.spoken.demands.keys() | other.now.demands.keys()
    }


def _asked(say: Say, kind: DemandKind, thing: str) -> str:
    return f"{say(DEMANDS[kind])} {thing}".strip()


def _line(say: Say, name: str, parts: Sequence[str]) -> list[str]:
    return [say("{name}：{parts}", name=say(name), parts=say("、").join(parts))] if parts else []


def _sides(say: Say, counted: Mapping[str, Sides]) -> list[str]:
    """The largest figures, each as it was and as it is."""
    most = sorted(counted.items(), key=lambda one: (-max(one[1]), -one[1][1], one[0]))
    return [
        say("{what} {before}→{count} 人", what=shortened(what), before=before, count=count)
        for what, (before, count) in most[:_ROWS]
        if before or count
    ]


def _changed(say: Say, trends: Trends) -> Iterator[tuple[bool, str]]:
    """What has surely changed: whether it grew, and from how many members to how many."""
    found: list[tuple[float, bool, str]] = [
        *(
            _told(say, one, f"{one.key.aspect} {say(STANCES[one.key.stance])}")
            for one in trends.aspects
            if one.key.aspect != WHOLE
        ),
        *(
            _told(say, one, f"{say(DEMANDS[one.key.kind])} {one.key.thing}".strip())
            for one in trends.demands
        ),
        *(_told(say, one, one.key) for one in trends.terms),
    ]
    for _, rising, told in sorted(found):
        yield rising, told


def _told(say: Say, trend: Trend[Key], what: str) -> tuple[float, bool, str]:
    told = say(
        "{what} {before}→{count} 人",
        what=shortened(what),
        before=trend.speakers[0],
        count=trend.speakers[-1],
    )
    return trend.chance, trend.rising, told
