"""The full report as a page and a table: every figure with its quotes, and nothing dangerous."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from io import StringIO
from xml.etree import ElementTree as ET

import pytest

from handlers.full_report import FullReport, full_report
from handlers.inquiry import Inquiry
from handlers.insight_arguments import PeriodWords, SegmentWord
from handlers.period import Period, last_days
from handlers.report_page import report_page
from handlers.report_table import report_table
from handlers.wording import wording
from insights.opinions import Stance
from storage import audit
from storage.segment_language.questions import Tagged
from tests.handlers.shop import DAY, MANAGER, Shop

SMELL = "气味太刺鼻了"
SCRIPT = "<script>alert('气味好闻')</script>&amp;<u>喜欢这个味道</u>"


async def said(shop: Shop, *texts: str, days_ago: int = 0) -> None:
    """Fans, each another one, said this."""
    at = shop.clock.now() - days_ago * DAY
    await shop.hear(*(shop.heard(f"粉丝{n}", text, at=at) for n, text in enumerate(texts)))


async def whole(
    shop: Shop, *, against: Period | None = None, names: bool = False, days: int = 7
) -> FullReport:
    """The full report of the last days."""
    period = last_days(shop.desk, days)
    inquiry = Inquiry(PeriodWords.of(period), period, "", (await shop.group("一群"),))
    return await full_report(shop.desk, inquiry, ["有 1 天还没读完"], against=against, names=names)


class Page(HTMLParser):
    """A page that was read: its texts, and every tag, which must be closed where it was opened."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag != "meta":
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] != "style" and data.strip():
            self.texts.append(data.strip())


def cells(table: str) -> list[list[str]]:
    """A table as Excel reads it."""
    assert table.startswith("\ufeff")
    return list(csv.reader(StringIO(table.removeprefix("\ufeff"))))


async def test_the_page_shows_every_figure_with_its_quotes(any_shop: Shop) -> None:
    shop = any_shop
    await said(shop, SMELL, "味道好闻，喜欢", "会不会过敏啊", "求补货面膜", "价格多少钱")
    page = Page(report_page(wording("zh"), "zh", await whole(shop)))
    for text in ("粉丝在说什么", "2026-10-30 至 2026-11-05 ·", "一群", "有 1 天还没读完"):
        assert text in page.texts
    for quote in (SMELL, "味道好闻，喜欢", "会不会过敏啊", "求补货面膜", "价格多少钱"):
        assert quote in page.texts
    assert {"讨厌", "介意", "喜欢", "关心", "想要", "补货 面膜"} <= set(page.texts)
    assert {"svg", "rect", "details"} <= set(page.tags)


async def test_the_page_fetches_and_runs_nothing(shop: Shop) -> None:
    await said(shop, SCRIPT, SMELL)
    html = report_page(wording("zh"), "zh", await whole(shop))
    page = Page(html)
    assert page.links == []
    assert not {"script", "u", "img", "link", "iframe"} & set(page.tags)
    assert "default-src 'none'" in html
    assert any("<script>" in text for text in page.texts)


async def test_a_stance_is_quoted_by_those_who_take_it(shop: Shop) -> None:
    await said(shop, SMELL, "味道好闻，喜欢")
    full = await whole(shop)
    (row,) = [one for one in full.found.aspects if one.aspect == "气味"]
    assert full.about_stance(row, Stance.DISLIKE) == [SMELL]
    assert full.about_stance(row, Stance.LIKE) == ["味道好闻，喜欢"]
    assert full.about_stance(row, Stance.MIND) == []


ODD = (
    "\u202e反过来" + SMELL,
    "\x07响铃" + SMELL,
    SMELL + "\U0001f600" * 50,
    SMELL + "啊" * 10_000,
    SMELL + "\n\n第二行\t\ufffe",
    "﷽" * 50 + SMELL,
)


async def test_odd_and_long_texts_are_shown_as_far_as_a_page_can(shop: Shop) -> None:
    await said(shop, *ODD)
    full = await whole(shop)
    html = report_page(wording("zh"), "zh", full)
    Page(html)
    assert not any(odd in html for odd in ("\u202e", "\x07", "\ufffe", "啊" * 700))
    assert all(
        len(one) <= 32_767 for row in cells(report_table(wording("zh"), full)) for one in row
    )


async def test_a_comparison_stands_beside_each_figure(any_shop: Shop) -> None:
    shop = any_shop
    await said(shop, SMELL, SMELL, "求补货面膜", days_ago=7)
    await said(shop, SMELL, "味道好闻，喜欢")
    full = await whole(shop, against=last_days(shop.desk, 7).before())
    texts = Page(report_page(wording("zh"), "zh", full)).texts
    assert "和 2026-10-23 至 2026-10-29 对比（那时 3 人说话）" in texts
    assert {"之前 2", "之前 0"} <= set(texts)
    english = Page(report_page(wording("en"), "en", full)).texts
    assert "before 2" in english
    head, total, *_ = cells(report_table(wording("zh"), full))
    assert dict(zip(head, total, strict=True))["之前人数"] == "3"


async def test_nobody_spoke(shop: Shop) -> None:
    full = await whole(shop)
    assert "这几天还没有人说话。" in Page(report_page(wording("zh"), "zh", full)).texts
    assert len(cells(report_table(wording("en"), full))) == 2


async def test_what_grows_is_drawn_as_a_line_of_five_periods(shop: Shop) -> None:
    for days_ago in range(1, 5):
        await said(shop, *["随便聊聊"] * 30, days_ago=days_ago)
    await said(shop, *[SMELL] * 20, *["随便聊聊"] * 10)
    html = report_page(wording("zh"), "zh", await whole(shop, days=1))
    svg = html[html.index("<polyline") - 200 :]
    drawn = ET.fromstring(svg[svg.index("<svg") : svg.index("</svg>") + 6])  # noqa: S314 (our own)
    line = drawn.find("polyline")
    assert line is not None
    assert len(line.attrib["points"].split()) == 5
    assert "0% → 67%" in Page(html).texts


async def test_what_has_faded_to_nobody_is_not_called_gone_and_what_is_liked_is_not_red(
    shop: Shop,
) -> None:
    for days_ago in range(1, 5):
        await said(shop, *[SMELL] * 20, *["随便聊聊"] * 10, days_ago=days_ago)
    await said(shop, *["物流很快，喜欢"] * 20, *["随便聊聊"] * 10)
    html = report_page(wording("zh"), "zh", await whole(shop, days=1))
    assert "这段时间没有人说起。" in Page(html).texts
    assert "过了保存的日子" not in html
    assert '<svg class="dislike" viewBox' in html
    assert '<svg class="like" viewBox' in html


async def test_the_table_tells_what_was_before_and_no_growth_from_nothing(shop: Shop) -> None:
    await said(shop, *["面霜很润，喜欢"] * 20, *["随便聊聊"] * 20, days_ago=1)
    await said(shop, *[SMELL] * 20, *["随便聊聊"] * 20)
    before = last_days(shop.desk, 1).before()
    full = await whole(shop, against=before, days=1)
    head, *rows = cells(report_table(wording("zh"), full))
    changed = [dict(zip(head, row, strict=True)) for row in rows if row[0] == "明显的变化"]
    (smell,) = [one for one in changed if (one["名称"], one["类别"]) == ("气味", "讨厌")]
    assert (smell["人数"], smell["之前人数"], smell["变成几倍"]) == ("20", "0", "")
    (gone,) = [one for one in changed if (one["名称"], one["类别"]) == ("保湿", "喜欢")]
    assert (gone["人数"], gone["之前人数"]) == ("0", "20")
    assert 0 < float(gone["变成几倍"]) < 1


async def test_the_table_holds_a_row_for_each_figure(shop: Shop) -> None:
    await said(shop, SMELL, "味道好闻，喜欢", "求补货面膜")
    head, *rows = cells(report_table(wording("zh"), await whole(shop)))
    found = {(row[0], row[1]): dict(zip(head, row, strict=True)) for row in rows}
    assert found["总计", "2026-10-30 至 2026-11-05"]["条数"] == "3"
    smell = found["方面", "气味"]
    assert [smell[one] for one in ("人数", "喜欢", "讨厌", "介意", "关心")] == list("21100")
    assert SMELL in {smell["原话 1"], smell["原话 2"]}
    assert found["想要", "面膜"]["类别"] == "补货"


@pytest.mark.parametrize(
    "danger", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "＝1", "＠SUM", "%cmd", "|cmd"]
)
async def test_no_cell_becomes_a_formula(shop: Shop, danger: str) -> None:
    await said(shop, f"{danger} {SMELL}")
    full = await whole(shop)
    one = next(iter(full.texts))
    full = replace(full, texts={one: f"{danger} 味道"})
    quotes = [
        cell for row in cells(report_table(wording("zh"), full)) for cell in row if "味道" in cell
    ]
    assert quotes
    assert all(cell == f"'{danger} 味道" for cell in quotes)


async def test_quotes_are_masked_unless_names_are_asked_for_and_that_is_kept(
    any_shop: Shop,
) -> None:
    shop = any_shop
    await said(shop, "你好", f"粉丝0说{SMELL}，打 138 0000 1234")
    masked = report_page(wording("zh"), "zh", await whole(shop))
    assert "138" not in masked
    assert "粉丝0" not in masked
    assert "原话已遮住名字、电话和地址。" in masked
    full = await whole(shop, names=True)
    named = Page(report_page(wording("zh"), "zh", full)).texts
    assert f"粉丝1：粉丝0说{SMELL}，打 138 0000 1234" in named
    assert "原话里有名字，请小心保管。" in named
    assert f"粉丝1：粉丝0说{SMELL}，打 138 0000 1234" in full.found.texts.values()
    async with shop.desk.database.reading() as connection:
        (look,) = await audit.latest(connection, 9)
    assert (look.actor, look.action, look.subject) == (
        "command-line",
        "names",
        "2026-10-30..2026-11-05",
    )
    log = (await shop.says(MANAGER, "/audit")).text
    assert "command-line 看了「2026-10-30..2026-11-05」的原话是谁说的" in log


async def test_a_tag_that_few_speakers_carry_is_quoted_on_no_page(shop: Shop) -> None:
    await said(shop, SMELL, "味道好闻，喜欢")
    period = last_days(shop.desk, 7)
    inquiry = Inquiry(
        PeriodWords.of(period),
        period,
        "",
        (await shop.group("一群"),),
        SegmentWord.asking(Tagged(("老客",))),
        frozenset({(await shop.member("粉丝0")).id}),
    )
    full = await full_report(shop.desk, inquiry, [])
    page = report_page(wording("zh"), "zh", full)
    assert SMELL not in page + report_table(wording("zh"), full)
    assert SMELL not in full.found.texts.values()
    told = "带「老客」又说过话的不到 5 位，一看原话就知道是谁，所以不显示。"
    assert told in full.notes
    assert told in Page(page).texts
    assert "过了保存的日子" not in page
    named = await full_report(shop.desk, inquiry, [], names=True)
    assert f"粉丝0：{SMELL}" in named.found.texts.values()


async def test_who_asked_for_no_record_is_on_no_page(any_shop: Shop) -> None:
    shop = any_shop
    await said(shop, SMELL, "味道难闻")
    await shop.says("粉丝0", "/norecord")
    full = await whole(shop, names=True)
    for text in (report_page(wording("zh"), "zh", full), report_table(wording("zh"), full)):
        assert SMELL not in text
        assert "粉丝0" not in text
        assert "味道难闻" in text
