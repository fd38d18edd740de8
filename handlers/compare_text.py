"""Two periods compared, as a short text for a chat: from → to, what surely changed first."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import TypeVar

from handlers.comparison import Other
from handlers.desk import shortened
from handlers.period import Period
from handlers.report_words import DEMANDS, STANCES, listed_groups
from handlers.wording import Say
from insights.lexicon import WHOLE
from insights.report import DemandReport, Trends
from insights.trends import Trend

Key = TypeVar("Key", bound=Hashable)

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
        say(
            "消息 {messages_before} → {messages} 条，说话的 {speakers_before} → {speakers} 人",
            messages_before=other.messages,
            messages=found.messages,
            speakers_before=other.speakers,
            speakers=found.speakers,
        ),
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
        counted = [
            (getattr(row, stance.value), other.stance(row, stance), row.aspect)
            for row in found.aspects
            if row.aspect != WHOLE
        ]
        lines += _line(say, name, _sides(say, counted))
    lines += _line(
        say,
        "想要",
        _sides(
            say,
            [
                (row.speakers, other.demand(row), f"{say(DEMANDS[row.kind])} {row.thing}".strip())
                for row in found.demands
            ],
        ),
    )
    return "\n".join(lines).rstrip()


def _line(say: Say, name: str, parts: Sequence[str]) -> list[str]:
    return [say("{name}：{parts}", name=say(name), parts=say("、").join(parts))] if parts else []


def _sides(say: Say, counted: Iterable[tuple[int, int, str]]) -> list[str]:
    """The largest figures of a list, each as it was and as it is."""
    most = sorted((one for one in counted if one[0]), key=lambda one: (-one[0], one[2]))
    return [
        say("{what} {before}→{count} 人", what=shortened(what), before=before, count=count)
        for count, before, what in most[:_ROWS]
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
