"""The morning report as a short text: all groups together, then those that want to be looked at.

With many groups only a few stand on lines of their own, with a question that nobody answered and a
complaint in a fan's words; the others are summed up in one line.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from handlers.desk import Desk, shortened
from handlers.hearing_gaps import gap_lines
from handlers.morning import QUOTES, Figures, GroupDay, Morning
from handlers.questions import OVERDUE
from handlers.reasons import words_for
from handlers.wording import Say
from insights.masking import mask_name

_ALONE = 5  # groups that stand on lines of their own
_NAMED = 4  # of what is complained about, and of reasons
_GAPS = 3  # of each account
_QUOTE = 50  # characters
_MINUTE = timedelta(minutes=1)


def morning_text(desk: Desk, morning: Morning) -> str:
    """The report of a day that has groups."""
    say, days = desk.say, morning.groups
    one_group = len(days) == 1
    title = (
        say("早报 · {day:%m-%d} · {group}", day=morning.day, group=days[0].group.name)
        if one_group
        else say("早报 · {day:%m-%d} · {count} 个群", day=morning.day, count=len(days))
    )
    figures = Figures.of(days)
    lines = [title, *_whole(say, figures)]
    lines += [*morning.progress.lines(desk), *gap_lines(desk, morning.gaps, _GAPS)]
    if one_group:
        return "\n".join([*lines, *_quotes(say, morning, days[0], QUOTES)])
    alone = [one for one in days if one.weight][:_ALONE]
    for one in alone:
        lines += ["", f"{_named(say, one)}{_brief(say, Figures.of([one]))}"]
        lines += _quotes(say, morning, one, 1)
    rest = days[len(alone) :]
    if rest and alone:
        summed = _brief(say, Figures.of(rest))
        lines += ["", say("其余 {count} 个群：{figures}", count=len(rest), figures=summed)]
    return "\n".join(lines)


def _named(say: Say, one: GroupDay) -> str:
    return say("「{group}」", group=shortened(one.group.name))


def _whole(say: Say, figures: Figures) -> list[str]:
    """All figures, in a line for each kind; what there is none of is left out."""
    net = figures.joined - figures.left
    moves = say(
        "进 {joined} 人，走 {left} 人，净 {net}",
        joined=figures.joined,
        left=figures.left,
        net=f"{net:+d}" if net else 0,
    )
    lines = [say("；").join([moves, *_active(say, figures)])]
    if figures.questions:
        lines.append(say("；").join(_asked(say, figures)))
    if figures.complainers:
        lines.append(
            say(
                "不满 {count} 人：{about}",
                count=figures.complainers,
                about=_listed(say, _complained(say, figures)),
            )
        )
    if figures.sent or figures.held or figures.uncertain:
        lines.append(_posted(say, figures))
    return lines


def _active(say: Say, figures: Figures) -> list[str]:
    if not figures.there:
        return []
    share = f"{figures.spoke / figures.there:.0%}"
    facts = {"share": share, "spoke": figures.spoke, "there": figures.there}
    return [say("活跃 {share}（{spoke}/{there} 人说过话）", **facts)]


def _asked(say: Say, figures: Figures) -> list[str]:
    """What was asked, and how it was answered."""
    parts = [say("提问 {count} 个", count=figures.questions)]
    if figures.first_answer is not None:
        parts.append(say("店员首答（中位）{time}", time=_duration(say, figures.first_answer)))
    if figures.slow:
        facts = {"count": figures.slow, "minutes": OVERDUE // _MINUTE}
        parts.append(
            say(
                "{count} 个超过 {minutes} 分钟没人回，{open} 个到现在也没有",
                **facts,
                open=figures.open,
            )
            if figures.open
            else say("{count} 个超过 {minutes} 分钟才有人回", **facts)
        )
    return parts


def _complained(say: Say, figures: Figures) -> list[tuple[str, int]]:
    after_sale = [(say("售后"), figures.after_sale)] if figures.after_sale else []
    return sorted([*after_sale, *figures.about], key=lambda one: -one[1])


def _posted(say: Say, figures: Figures) -> str:
    parts = [say("发出 {count} 条", count=figures.sent)]
    if figures.held:
        why = [(words_for(say, reason), count) for reason, count in figures.held]
        parts.append(
            say(
                "没发 {count} 条：{why}",
                count=sum(count for _, count in figures.held),
                why=_listed(say, why),
            )
        )
    if figures.uncertain:  # sent again by hand, they might stand there twice
        parts.append(say("不确定 {count} 条，用 /doubts 核实", count=figures.uncertain))
    return say("；").join(parts)


def _listed(say: Say, counted: Sequence[tuple[str, int]]) -> str:
    return say("、").join(f"{what} {count}" for what, count in counted[:_NAMED])


def _brief(say: Say, figures: Figures) -> str:
    """The figures in one line: only what is to be seen at once."""
    parts = [say("进 {joined} 走 {left}", joined=figures.joined, left=figures.left)]
    if figures.there:
        parts.append(say("活跃 {share}", share=f"{figures.spoke / figures.there:.0%}"))
    if figures.first_answer is not None:
        parts.append(say("首答 {time}", time=_duration(say, figures.first_answer)))
    held = sum(count for _, count in figures.held)
    counted = (
        ("慢回 {count}", figures.slow - figures.open),
        ("没人回 {count}", figures.open),
        ("不满 {count} 人", figures.complainers),
        ("没发 {count} 条", held),
        ("不确定 {count} 条", figures.uncertain),
    )
    parts += [say(sentence, count=count) for sentence, count in counted if count]
    return " · ".join(parts)


def _quotes(say: Say, morning: Morning, one: GroupDay, most: int) -> list[str]:
    """Questions that nobody answered, and complaints, in the fans' words."""
    lines = [
        say(
            "没人回：{name}“{quote}”",
            name=mask_name(asked.name),
            quote=_short(morning.texts[asked.question.message]),
        )
        for asked in one.open[:most]
        if asked.question.message in morning.texts
    ]
    quoted = [message for message, _ in one.complaints.quotes if message in morning.texts]
    lines += [
        say("不满：“{quote}”", quote=_short(morning.texts[message])) for message in quoted[:most]
    ]
    return lines


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _QUOTE else f"{line[: _QUOTE - 1]}…"


def _duration(say: Say, time: timedelta) -> str:
    """How long something took, to the minute."""
    minutes = round(time / _MINUTE)
    if minutes < 1:
        return say("不到 1 分钟")
    hours, left = divmod(minutes, 60)
    if not hours:
        return say("{count} 分钟", count=minutes)
    if not left:
        return say("{hours} 小时", hours=hours)
    return say("{hours} 小时 {minutes} 分", hours=hours, minutes=left)
