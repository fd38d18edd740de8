"""The report page in Chromium: readable on a phone, open on paper, and on its own."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from handlers.comparison import Other
from handlers.full_report import FullReport
from handlers.period import Period
from handlers.report_page import report_page
from handlers.wording import wording
from insights.bundles import Bundle
from insights.counted import Spoken
from insights.days import AnalysedDay, AspectStance, Tally
from insights.demands import Demand
from insights.keywords import Keyword
from insights.lexicon import DemandKind
from insights.opinions import Stance
from insights.report import AspectRow, DemandReport, DemandRow, Trends
from insights.trends import Topic
from tests.browser.pages import DESK, PHONE
from tests.handlers.pictures.sheets import trend

pytestmark = [pytest.mark.browser, pytest.mark.peer]

NAMES = (
    "气味",
    "玻尿酸烟酰胺传明酸多重精华水乳套装礼盒限定版超级长的名字",
    "Averyveryverylongenglishwordwithoutanyblankinside" * 3,
    "👩‍👩‍👧‍👦🎉" * 8,
    "مرحبا بالعالم",
    "<img src=x onerror=alert(1)>",
)
QUOTE = "气味太刺鼻了，" + "受不了" * 400
SMELL = AspectStance("气味", "气味", Stance.DISLIKE)


def full() -> FullReport:
    """A report with every part, and names that no layout expects."""
    wish = Demand(DemandKind.RESTOCK, NAMES[1])
    tally = Tally({1: 1}, {1: 1})
    found = DemandReport(
        messages=1_234_567,
        speakers=156,
        keywords=tuple(Keyword(name, 40, 30 - n, 9.0, 1.0, (1,)) for n, name in enumerate(NAMES)),
        aspects=tuple(
            AspectRow(name, name, 1, 2, 3 * n, 200 - 30 * n, 9, (1,))
            for n, name in enumerate(NAMES)
        ),
        demands=tuple(
            DemandRow(DemandKind.RESTOCK, name, 9, 9 - n, (1,)) for n, name in enumerate(NAMES)
        ),
        emerging=(),
        trends=Trends(
            terms=tuple(trend(name, (1, 0, 2, 3, 18 + n)) for n, name in enumerate(NAMES)),
            aspects=(trend(SMELL, (4, 5, 3, 6, 26)),),
            demands=(trend(wish, (20, 22, 18, 25, 4)),),
        ),
        topics=(Topic(NAMES, frozenset({1, 2}), (1,)),),
        bundles=(Bundle(NAMES[:2], NAMES[2], 9, 0.1, 0.5, 3.2, 0.001),),
        texts={1: QUOTE},
    )
    return FullReport(
        found=found,
        understood=AnalysedDay(
            messages={1: 1},
            terms=dict.fromkeys(NAMES, tally),
            aspects={SMELL: tally},
            demands={wish: tally},
        ),
        period=Period(date(2026, 10, 30), date(2026, 11, 5)),
        groups=NAMES,
        notes=["没听到（telegram:shop）：11-05 14:02–14:10"],
        texts=found.texts,
        made_at=datetime(2026, 11, 5, tzinfo=UTC),
        other=Other(
            Period(date(2026, 10, 23), date(2026, 10, 29)), Spoken(speakers=9), Spoken(speakers=156)
        ),
    )


async def opened(browser: Browser, folder: Path, language: str, asked: list[str]) -> Page:
    """The page from its file, as somebody opens it who was sent it."""
    file = folder / "report.html"
    file.write_text(report_page(wording(language), language, full()), encoding="utf-8")
    page = await browser.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: asked.append(dialog.message))
    await page.goto(file.as_uri())
    return page


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_it_fits_a_phone_and_a_desk_and_fetches_nothing(
    browser: Browser, tmp_path: Path, language: str
) -> None:
    asked: list[str] = []
    page = await opened(browser, tmp_path, language, asked)
    for size in (PHONE, DESK):
        await page.set_viewport_size(size)
        width = await page.evaluate("document.documentElement.scrollWidth")
        assert width <= size["width"]
    assert asked == [(tmp_path / "report.html").as_uri()]


async def test_a_row_opens_to_its_quotes_and_on_paper_all_are_open(
    browser: Browser, tmp_path: Path
) -> None:
    page = await opened(browser, tmp_path, "zh", [])
    quotes = page.locator(".quadrant .quotes li")
    await expect(quotes.first).not_to_be_visible()
    await page.locator(".quadrant summary").first.click()
    await expect(quotes.first).to_be_visible()
    assert len(await quotes.first.inner_text()) < 700
    last = page.locator(".quotes li").last
    await expect(last).not_to_be_visible()
    await page.emulate_media(media="print")
    await expect(last).to_be_visible()
