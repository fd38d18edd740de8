"""The demand report as a picture: four quadrants, and below them what grew or faded most.

`insight_sheet` chooses what is shown and says it in words; `insight_picture` has it drawn. A
picture is an extra: where it cannot be drawn the text goes out alone, and the log says why.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from operator import attrgetter
from typing import TypeVar

import structlog
from prometheus_client import Counter

from handlers.desk import Desk
from handlers.period import Period
from handlers.pictures.drawing import NotDrawn, drawn
from handlers.pictures.sheet import Bar, Line, Quadrant, Sheet
from handlers.report_words import DEMANDS, STANCES, listed_groups
from handlers.shares import shares_told
from handlers.wording import Say
from insights.lexicon import WHOLE
from insights.opinions import Stance
from insights.report import AspectRow, DemandReport, Trends
from insights.trends import Trend
from scheduler.content import Picture

Key = TypeVar("Key", bound=Hashable)

_log = structlog.get_logger(__name__)

_DRAWN = Counter("nuanqun_pictures_total", "Pictures asked for", ["outcome"])

_BARS = 6
_LINES = 6


async def insight_picture(
    desk: Desk, found: DemandReport, period: Period, groups: Sequence[str]
) -> Picture | None:
    """The report of these groups as a picture for a phone.

    None where there is nothing to show, and where it could not be drawn: no font, a failure, or
    more than `drawing.DEADLINE` seconds. The text then goes out alone.
    """
    sheet = insight_sheet(desk.say, found, period, groups)
    if not sheet.lines and not any(quadrant.bars for quadrant in sheet.quadrants):
        return None
    try:
        png = await drawn(sheet)
    except NotDrawn as trouble:
        _DRAWN.labels("failed").inc()
        _log.warning("picture not drawn", reason=str(trouble))
        return None
    _DRAWN.labels("drawn").inc()
    return Picture.drawn(png)


def insight_sheet(say: Say, found: DemandReport, period: Period, groups: Sequence[str]) -> Sheet:
    """What the picture of a report shows, in words."""
    lines = _lines(say, found.trends)
    return Sheet(
        title=say("粉丝在说什么"),
        subtitle=say(
            "{first:%m-%d} 至 {last:%m-%d} · {messages:,} 条 · {speakers:,} 人",
            first=period.first,
            last=period.last,
            messages=found.messages,
            speakers=found.speakers,
        ),
        groups=listed_groups(say, groups),
        quadrants=(
            _quadrant(say, found.aspects, Stance.CARE),
            _quadrant(say, found.aspects, Stance.MIND),
            _quadrant(say, found.aspects, Stance.LIKE),
            _quadrant(say, found.aspects, Stance.DISLIKE),
        ),
        lines=lines,
        lines_title=say("变化最大的"),
        before=say("之前"),
        now=say("现在"),
        footnote=say("数字是人数，百分比是占发言粉丝的比例。") if lines else say("数字是人数。"),
        nothing=say("还没有"),
        nameless=say("（表情）"),
    )


def _quadrant(say: Say, aspects: Sequence[AspectRow], stance: Stance) -> Quadrant:
    """The aspects that most fans take this stance on; the whole is no aspect."""
    count_of = attrgetter(stance.value)
    rows = [row for row in aspects if row.aspect != WHOLE and count_of(row)]
    rows.sort(key=lambda row: (-count_of(row), row.aspect))
    left = len(rows) - _BARS
    return Quadrant(
        title=say(STANCES[stance]),
        bars=tuple(Bar(row.aspect, count_of(row)) for row in rows[:_BARS]),
        more=say("还有 {count} 项", count=left) if left > 0 else "",
    )


def _lines(say: Say, trends: Trends) -> tuple[Line, ...]:
    """The surest of all trends, what grows first; each thing once."""
    surest: dict[str, tuple[float, Line]] = {}
    for chance, line in _every_line(say, trends):
        known = surest.get(line.name)
        if known is None or chance < known[0]:
            surest[line.name] = (chance, line)
    chosen = sorted(surest.values(), key=lambda one: (one[0], one[1].name))[:_LINES]
    return tuple(sorted((line for _, line in chosen), key=lambda line: not line.rising))


def _every_line(say: Say, trends: Trends) -> Iterator[tuple[float, Line]]:
    for aspect in trends.aspects:
        if aspect.key.aspect != WHOLE:
            kind = say(STANCES[aspect.key.stance])
            yield aspect.chance, _line(aspect, aspect.key.aspect, kind)
    for demand in trends.demands:
        kind = say(DEMANDS[demand.key.kind])
        named = (demand.key.thing, kind) if demand.key.thing else (kind, say("想要"))
        yield demand.chance, _line(demand, *named)
    for term in trends.terms:
        yield term.chance, _line(term, term.key, say("在聊"))


def _line(trend: Trend[Key], name: str, kind: str) -> Line:
    """A trend as it is drawn: against the mean of the periods before."""
    return Line(name, kind, trend.shares, trend.rising, " → ".join(shares_told(trend)))
