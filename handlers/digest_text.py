"""The words of the weekly digest: the report of the week, what changed, what spiked, what waits."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from datetime import datetime
from typing import TypeVar

from handlers.desk import Desk, shortened
from handlers.period import Period
from handlers.report_text import report_text
from handlers.report_words import DEMANDS, STANCES
from handlers.spike_text import thing_name, usual_text
from handlers.wording import Say
from insights.lexicon import WHOLE
from insights.report import DemandReport, Trends
from insights.trends import Trend
from insights.watched import Sort, Thing
from storage.told_spikes import FoundSpike

Key = TypeVar("Key", bound=Hashable)

_CHANGES = 5  # in each direction
_SPIKES = 5
_WORDS = 5
_TELLING = (Sort.WORD, Sort.DEMAND, Sort.ASPECT)


def digest_text(
    desk: Desk,
    found: DemandReport,
    period: Period,
    groups: Sequence[str],
    *,
    spikes: Sequence[FoundSpike],
    words: Sequence[str],
    notes: Sequence[str] = (),
) -> str:
    """The digest in a screenful.

    Args:
        desk: the shop's words and clock.
        found: the report of the period.
        period: usually a week.
        groups: by name.
        spikes: those of the period, in the order they began; also what reached nobody at the time.
        words: those that wait for a manager.
        notes: lines that say what is not counted.
    """
    say = desk.say
    lines = [say("📋 周报"), report_text(say, found, period, groups, notes)]
    changed = [*_changed_lines(say, found.trends)]
    if changed:
        lines += ["", say("和前四期比："), *changed]
    told = [_spike_line(desk, spike) for spike in _incidents(spikes)]
    if told:
        lines += ["", say("突然很多人提到："), *told[:_SPIKES]]
        if len(told) > _SPIKES:
            lines.append(say("还有 {count} 次", count=len(told) - _SPIKES))
    if words:
        listed = [say("「{word}」", word=shortened(word)) for word in words]
        lines += ["", say("等你决定的新词：{words}", words=desk.listed(listed, _WORDS))]
    return "\n".join(lines)


def _changed_lines(say: Say, trends: Trends) -> Iterator[str]:
    """What surely grew, and what faded, the surest first."""
    changes = sorted(
        [
            *(
                _change(say, one, f"{one.key.aspect} {say(STANCES[one.key.stance])}")
                for one in trends.aspects
                if one.key.aspect != WHOLE
            ),
            *(
                _change(say, one, f"{say(DEMANDS[one.key.kind])} {one.key.thing}".strip())
                for one in trends.demands
            ),
            *(_change(say, one, one.key) for one in trends.terms),
        ]
    )
    for name, rising in (("明显变多", True), ("明显变少", False)):
        parts = [told for _, grows, told in changes if grows is rising]
        if parts:
            yield say("{name}：{parts}", name=say(name), parts=say("、").join(parts[:_CHANGES]))


def _change(say: Say, trend: Trend[Key], what: str) -> tuple[float, bool, str]:
    """How sure it is, whether it grew, and how many fans said it in the period before and now."""
    told = say(
        "{what} {before}→{count} 人",
        what=shortened(what),
        before=trend.speakers[-2],
        count=trend.speakers[-1],
    )
    return trend.chance, trend.rising, told


def _incidents(spikes: Sequence[FoundSpike]) -> list[FoundSpike]:
    """Of the spikes that were told as one alert, one: a word if there is one, and a demand next.

    Of those that nobody was told of, those that began at one look are one.
    """
    alerts: dict[datetime, list[FoundSpike]] = {}
    for one in spikes:
        alerts.setdefault(one.told_at or one.began_at, []).append(one)
    return [
        min(told, key=lambda one: (_TELLING.index(Thing.of(one.thing).sort), -one.fans))
        for told in alerts.values()
    ]


def _spike_line(desk: Desk, spike: FoundSpike) -> str:
    facts = {
        "time": desk.show_time(spike.began_at),
        "thing": thing_name(desk.say, Thing.of(spike.thing)),
        "count": spike.fans,
    }
    usual = usual_text(spike.usually)
    if usual:
        return desk.say("{time} {thing} {count} 人，平时 {usual}", usual=usual, **facts)
    return desk.say("{time} {thing} {count} 人，平时几乎没有", **facts)
