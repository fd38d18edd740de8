"""A spike alert as the staff read it: how many, how many usually, where, in which words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from handlers.insight_arguments import About
from handlers.report_words import DEMANDS
from handlers.wording import Say
from insights.alarms import Alarm
from insights.watched import WINDOW, Sort, Thing
from scheduler.content import Button, Content
from storage.groups import Group

_GROUPS = 5
_OTHERS = 3
_MINUTES = WINDOW.seconds // 60


def spike_content(
    say: Say,
    alarm: Alarm,
    groups: Mapping[Group, int],
    *,
    quotes: Sequence[str],
    about: Thing,
) -> Content:
    """The alert, with buttons that lead on.

    Args:
        say: finds the words.
        alarm: what is told.
        groups: where it comes from, the loudest first, and how many fans of each.
        quotes: masked.
        about: what more quotes can be asked for of.
    """
    lead = alarm.lead
    facts = {"thing": thing_name(say, lead.key), "count": lead.fans, "minutes": _MINUTES}
    usual = usual_text(lead.usually)
    if usual:
        opening = say(
            "⚠️ {thing}：{count} 位粉丝 {minutes} 分钟内提到，平时 {usual} 位。",
            usual=usual,
            **facts,
        )
    else:
        opening = say("⚠️ {thing}：{count} 位粉丝 {minutes} 分钟内提到，平时几乎没有。", **facts)
    lines = [opening]
    others = [
        say("{what} {count} 人", what=thing_name(say, one.key), count=one.fans)
        for one in alarm.others[:_OTHERS]
    ]
    if others:
        lines.append(say("同时：{parts}", parts=say("、").join(others)))
    if groups:
        counted = [
            say("{what} {count} 人", what=group.title, count=count)
            for group, count in list(groups.items())[:_GROUPS]
        ]
        if len(groups) > _GROUPS:
            counted.append(say("等 {count} 个", count=len(groups)))
        lines.append(say("来自：{parts}", parts=say("、").join(counted)))
    if quotes:
        lines += ["", say("原话："), *(say("“{quote}”", quote=quote) for quote in quotes)]
    return Content("\n".join(lines), buttons=_buttons(say, about))


def thing_name(say: Say, thing: Thing) -> str:
    """What is watched, as people call it."""
    if thing.kind is not None:
        return f"{say(DEMANDS[thing.kind])} {thing.name}".strip()
    if thing.sort is Sort.ASPECT:
        return say("对{aspect}不满或担心", aspect=thing.name)
    return say("「{word}」", word=thing.name)


def usual_text(usually: float) -> str:
    """How many are usual, to a digit that tells something; empty for almost none."""
    if usually < 0.05:  # noqa: PLR2004 (what rounds to nothing)
        return ""
    return f"{usually:.1f}".removesuffix(".0")


def _buttons(say: Say, about: Thing) -> tuple[Button, ...]:
    written = About(about.name, kind=about.kind).written
    # Two days: shortly after midnight the quotes are of yesterday.
    return (
        Button(say("看原话"), f"/quotes {written} 2"),
        Button(say("看今天"), "/insights 1"),
    )
