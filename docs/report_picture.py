"""The picture of a report that the docs show: sample figures, drawn by the bot's own code.

`make docs` draws it. Two machines draw the same picture with other pixels, so the file holds a
digest of what it shows, and a test compares that.
"""

from __future__ import annotations

import hashlib
from datetime import date

from handlers.period import Period
from handlers.pictures.drawing_process import drawn_page
from handlers.pictures.fonts import Fonts
from handlers.pictures.picture import insight_sheet
from handlers.pictures.sheet import CountdownSheet, Sheet
from handlers.wording import wording
from insights.days import AspectStance
from insights.demands import Demand
from insights.lexicon import DemandKind
from insights.opinions import Stance
from insights.report import AspectRow, DemandReport, Trends
from insights.trends import Trend

PLACE = "docs/images/report.png"
DIGEST = "Digest"
"""What the digest is called among the texts of the file."""

_ACTIVE = (212, 224, 218, 231, 246)
# Care, mind, like and dislike of each aspect.
_ASPECTS = {
    "气味": (12, 14, 9, 41),
    "功效": (38, 4, 36, 6),
    "价格": (24, 19, 11, 12),
    "成分": (29, 11, 7, 2),
    "包装": (5, 2, 27, 9),
    "物流": (9, 3, 18, 15),
    "质地": (8, 5, 21, 4),
    "客服": (2, 0, 13, 5),
}


def sample_sheet() -> Sheet:
    """What the picture shows."""
    found = DemandReport(
        messages=3_482,
        speakers=_ACTIVE[-1],
        keywords=(),
        aspects=tuple(
            AspectRow(name, "", *counts, speakers=max(counts), quotes=())
            for name, counts in _ASPECTS.items()
        ),
        demands=(),
        emerging=(),
        trends=Trends(
            terms=(Trend("双十一", (4, 6, 9, 14, 52), _ACTIVE, 2.6, 0.0001),),
            aspects=(
                Trend(
                    AspectStance("气味", "", Stance.DISLIKE), (9, 8, 11, 10, 41), _ACTIVE, 2, 0.0
                ),
                Trend(
                    AspectStance("物流", "", Stance.LIKE), (43, 46, 41, 39, 18), _ACTIVE, -1.2, 0.0
                ),
            ),
            demands=(
                Trend(
                    Demand(DemandKind.RESTOCK, "玫瑰精华水"), (3, 5, 4, 6, 28), _ACTIVE, 2.6, 0.0
                ),
            ),
        ),
    )
    week = Period(date(2026, 11, 2), date(2026, 11, 8))
    return insight_sheet(wording("zh"), found, week, ["小暖花福利一群", "小暖花福利二群"])


def digest_of(sheet: Sheet | CountdownSheet) -> str:
    """A short name for all that a sheet shows."""
    return hashlib.sha256(repr(sheet).encode()).hexdigest()[:16]


def report_picture(fonts: Fonts) -> bytes:
    """The picture as a PNG file."""
    sheet = sample_sheet()
    return drawn_page(sheet, fonts).png({DIGEST: digest_of(sheet)})
