"""A review as one HTML file, with every phase, task, trial and figure; nothing is fetched or run.

Here the figures become what the template shows: words, and bars by their length; `page.html` puts
them on the page. Everything that people wrote is escaped there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from handlers.desk import Desk
from handlers.html_page import page_template
from handlers.reviewing.advice_text import KINDS, advice_line
from handlers.reviewing.figures import PartSeen, Review, TaskSeen
from handlers.reviewing.text import (
    Row,
    figure_lines,
    metrics_shown,
    part_name,
    quotes_of,
    standing_lines,
    talk_heads,
    talk_rows,
    title_line,
)
from handlers.trial_text import METRICS, span_told, trial_lines
from storage.outcome_sources import Metric

_PAGE = Path(__file__).with_name("page.html")
_ROWS = 12
_QUOTES = 8


@dataclass(frozen=True, slots=True)
class Line:
    """A phase, a task or a post: how it went, with its bar in percent of the longest one.

    `groups` and `people` were reached; `did` are how many fans did what, in the order of the heads.
    """

    name: str
    about: str
    times: int
    groups: int
    people: int
    planned: int
    sent: int
    planned_length: float
    sent_length: float
    did: Sequence[int]


@dataclass(frozen=True, slots=True)
class Talk:
    """What fans said: how many, what of it, and some of it in their words, masked."""

    lines: Sequence[str]
    rows: Sequence[tuple[str, Sequence[Row]]]
    quotes: Sequence[str]


def review_page(desk: Desk, review: Review) -> str:
    """The review as an HTML document, in the shop's language."""
    say, ledger, language = desk.say, review.ledger, desk.shop.language
    return page_template(_PAGE).render(
        language="zh-CN" if language == "zh" else language,
        title=title_line(desk, review),
        standing=standing_lines(desk, review),
        totals=[
            (say("计划"), ledger.planned),
            (say("发出"), ledger.sent),
            (say("没发出"), ledger.held_back + ledger.uncertain),
            (say("回复"), review.did.people(Metric.REPLIES)),
        ],
        figures=_figures(desk, review),
        advice=_advice(desk, review),
        parts=_parts(desk, review),
        metrics=[say(METRICS[metric]) for metric in metrics_shown(review.did)],
        trials=[
            (say("对照「{name}」", name=seen.name), trial_lines(desk, seen.trial))
            for seen in review.trials
            if seen.trial.plan is not None
        ],
        talk=_talk(desk, review),
        words=_words(desk, review),
    )


def _figures(desk: Desk, review: Review) -> list[str]:
    """The lines below the totals; that of the deliveries where the totals do not tell all of it."""
    ledger, lines = review.ledger, figure_lines(desk, review)
    told = 0 < ledger.planned == ledger.sent + ledger.held_back and not ledger.held_out
    return lines[1:] if told else lines


def _words(desk: Desk, review: Review) -> dict[str, str]:
    """What stands on the page beside names and numbers."""
    say = desk.say
    return {
        "advice": say("下次"),
        "parts": say("每个阶段发出多少") if review.has_phases else say("每次发出多少"),
        "times": say("次数"),
        "groups": say("群"),
        "people": say("私信"),
        "sent": say("发出"),
        "counted": say(
            "{names}：发出后 {within}做了这件事的粉丝，一位只算一次。",
            names=desk.listed(say(METRICS[metric]) for metric in metrics_shown(review.did)),
            within=say("{window}内", window=span_told(desk, review.window)),
        ),
        "talk": say("粉丝在说什么"),
        "before": say("之前"),
        "now": say("现在"),
        "made": say("{time} 生成", time=f"{desk.shop.local(review.made_at):%Y-%m-%d %H:%M}"),
        "masked": say("原话已遮住名字、电话和地址。"),
    }


def _advice(desk: Desk, review: Review) -> list[tuple[str, str, list[str]]]:
    found = []
    for kind, title in KINDS.items():
        sentences = [advice_line(desk.say, one) for one in review.advice if one.kind is kind]
        if sentences:
            found.append((kind.value, desk.say(title), sentences))
    return found


def _parts(desk: Desk, review: Review) -> list[tuple[Line | None, list[Line]]]:
    """Each phase with its tasks; what has no phases has tasks or posts, and nothing above them."""
    bars = review.parts if review.has_phases else review.tasks
    longest = max((one.ledger.planned for one in bars), default=0)
    shown = metrics_shown(review.did)
    return [
        (
            _of_part(desk, part, longest, shown) if review.has_phases else None,
            [_of_task(task, longest, shown) for task in part.tasks],
        )
        for part in review.parts
    ]


def _of_part(desk: Desk, part: PartSeen, longest: int, shown: Sequence[Metric]) -> Line:
    about = [f"{day:%m-%d}" for day in (part.first, part.last) if day is not None]
    told = " ".join(filter(None, ("–".join(about), part.goal)))
    return _line(part_name(desk, part), told, part, longest, shown)


def _of_task(task: TaskSeen, longest: int, shown: Sequence[Metric]) -> Line:
    return _line(task.name, task.goal, task, longest, shown)


def _line(
    name: str, about: str, seen: PartSeen | TaskSeen, longest: int, shown: Sequence[Metric]
) -> Line:
    ledger, did = seen.ledger, seen.did

    def length(count: int) -> float:
        return round(100.0 * count / longest, 2) if longest else 0.0

    return Line(
        name,
        about,
        len(seen.posts),
        0 if did.groups is None else did.groups.recipients,
        0 if did.private is None else did.private.recipients,
        ledger.planned,
        ledger.sent,
        length(ledger.planned),
        length(ledger.sent),
        [did.people(metric) for metric in shown],
    )


def _talk(desk: Desk, review: Review) -> Talk | None:
    if review.talk is None:
        return None
    rows = [(name, rows[:_ROWS]) for name, rows in talk_rows(desk, review.talk).items()]
    lines = [*talk_heads(desk, review.talk), *review.talk.notes]
    return Talk(lines, rows, quotes_of(review.talk)[:_QUOTES])
