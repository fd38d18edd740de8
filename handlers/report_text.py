"""The demand report as a short text for a chat."""

from __future__ import annotations

from collections.abc import Sequence

from handlers.period import Period
from handlers.report_words import DEMANDS, STANCES, listed_groups
from handlers.wording import Say
from insights.keywords import Keyword
from insights.lexicon import WHOLE
from insights.report import AspectRow, DemandReport

_ROWS = 6
_QUOTES = 4


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
        lines += _line(say, name, _aspects(say, found.aspects, stance.value))
    lines += _line(
        say,
        "想要",
        [
            _counted(say, f"{say(DEMANDS[row.kind])} {row.thing}".strip(), row.speakers)
            for row in found.demands[:_ROWS]
        ],
    )
    quotes = _quotes(found)
    if quotes:
        lines += ["", say("原话：")] + [say("“{quote}”", quote=quote) for quote in quotes]
    return "\n".join(lines)


def _line(say: Say, name: str, parts: Sequence[str]) -> list[str]:
    return [say("{name}：{parts}", name=say(name), parts=say("、").join(parts))] if parts else []


def _counted(say: Say, what: str, speakers: int) -> str:
    return say("{what} {count} 人", what=what, count=speakers)


def _keyword(say: Say, keyword: Keyword) -> str:
    """A keyword with its speakers, and an arrow where it surely grew or shrank."""
    change = keyword.change or 0.0
    arrow = "↑" if change > 0 else "↓" if change < 0 else ""
    return _counted(say, keyword.word, keyword.speakers) + arrow


def _aspects(say: Say, rows: Sequence[AspectRow], stance: str) -> list[str]:
    """The aspects that the most fans take this stance on."""
    # That fans like "the whole" tells a shop little; what about it they like is told beside it.
    counted = [(getattr(row, stance), row.aspect) for row in rows if row.aspect != WHOLE]
    most = sorted(((count, name) for count, name in counted if count), key=lambda one: -one[0])
    return [_counted(say, name, count) for count, name in most[:_ROWS]]


def _quotes(found: DemandReport) -> list[str]:
    """A few quotes, each of another row, what is disliked and asked for first."""
    judged = [row for row in found.aspects if row.aspect != WHOLE]
    rows: list[AspectRow] = sorted(judged, key=lambda row: -(row.dislike + row.mind))
    wanted = [quote for row in rows for quote in row.quotes[:1]]
    wanted += [quote for row in found.demands for quote in row.quotes[:1]]
    texts = [found.texts[quote] for quote in dict.fromkeys(wanted) if quote in found.texts]
    return texts[:_QUOTES]
