"""The demand report as a short text for a chat."""

from __future__ import annotations

from collections.abc import Sequence

from handlers.period import Period
from handlers.report_words import DEMANDS, STANCES, listed_groups
from handlers.wording import Say
from insights.days import AspectStance
from insights.demands import Demand
from insights.keywords import Keyword
from insights.lexicon import WHOLE
from insights.opinions import Stance
from insights.report import AspectRow, DemandReport

_ROWS = 6
_QUOTES = 4
_LONGEST_QUOTE = 100  # characters


def report_text(
    say: Say,
    found: DemandReport,
    period: Period,
    groups: Sequence[str],
    notes: Sequence[str] = (),
) -> str:
    """The report in a few lines: what is talked about, the four stances, what is asked for.

    `notes` are lines that say what is not counted: what was not heard, or not read yet.
    """
    title = say(
        "粉丝在说什么（{first:%m-%d} 至 {last:%m-%d}）\n{groups} · {messages} 条 · {speakers} 人",
        first=period.first,
        last=period.last,
        groups=listed_groups(say, groups),
        messages=found.messages,
        speakers=found.speakers,
    )
    if not found.messages:
        return "\n".join([title, *notes, say("这几天还没有人说话。")])
    lines = [title, *notes, ""]
    lines += _line(say, "在聊", [_keyword(say, one) for one in found.keywords[:_ROWS]])
    for stance, name in STANCES.items():
        lines += _line(say, name, _aspects(say, found, stance))
    lines += _line(say, "想要", _demands(say, found))
    quotes = _quotes(found)
    if quotes:
        lines += ["", say("原话：")] + [say("“{quote}”", quote=_cut(say, one)) for one in quotes]
    return "\n".join(lines)


def _line(say: Say, name: str, parts: Sequence[str]) -> list[str]:
    return [say("{name}：{parts}", name=say(name), parts=say("、").join(parts))] if parts else []


def _counted(say: Say, what: str, speakers: int, change: float) -> str:
    """A figure with its fans, and an arrow where it surely grew or shrank."""
    arrow = "↑" if change > 0 else "↓" if change < 0 else ""
    return say("{what} {count} 人", what=what, count=speakers) + arrow


def _keyword(say: Say, keyword: Keyword) -> str:
    return _counted(say, keyword.word, keyword.speakers, keyword.change or 0.0)


def _aspects(say: Say, found: DemandReport, stance: Stance) -> list[str]:
    """The aspects that the most fans take this stance on."""
    changes = {one.key: one.change for one in found.trends.aspects}
    # That fans like "the whole" tells a shop little; what about it they like is told beside it.
    counted = [
        (getattr(row, stance.value), row.aspect, AspectStance(row.aspect, row.category, stance))
        for row in found.aspects
        if row.aspect != WHOLE
    ]
    most = sorted((one for one in counted if one[0]), key=lambda one: -one[0])
    return [_counted(say, name, count, changes.get(key, 0.0)) for count, name, key in most[:_ROWS]]


def _demands(say: Say, found: DemandReport) -> list[str]:
    """What the most fans ask for."""
    changes = {one.key: one.change for one in found.trends.demands}
    return [
        _counted(
            say,
            f"{say(DEMANDS[row.kind])} {row.thing}".strip(),
            row.speakers,
            changes.get(Demand(row.kind, row.thing), 0.0),
        )
        for row in found.demands[:_ROWS]
    ]


def _cut(say: Say, quote: str) -> str:
    """A quote on one line, as long as a phone shows it without pushing the rest away."""
    line = " ".join(quote.split())
    return line if len(line) <= _LONGEST_QUOTE else f"{line[:_LONGEST_QUOTE]}{say('……')}"


def _quotes(found: DemandReport) -> list[str]:
    """A few quotes, each of another row, what is disliked and asked for first."""
    judged = [row for row in found.aspects if row.aspect != WHOLE]
    rows: list[AspectRow] = sorted(judged, key=lambda row: -(row.dislike + row.mind))
    wanted = [quote for row in rows for quote in row.quotes[:1]]
    wanted += [quote for row in found.demands for quote in row.quotes[:1]]
    texts = [found.texts[quote] for quote in dict.fromkeys(wanted) if quote in found.texts]
    return texts[:_QUOTES]
