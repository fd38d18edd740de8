"""The report's picture shows what counts most, and is missed by nobody when it fails."""

from __future__ import annotations

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from handlers.pictures import picture
from handlers.pictures.drawing import NotDrawn
from handlers.pictures.picture import insight_picture, insight_sheet
from handlers.pictures.sheet import Sheet
from handlers.wording import wording
from insights.days import AspectStance
from insights.demands import Demand
from insights.lexicon import WHOLE, DemandKind
from insights.opinions import Stance
from insights.report import DemandReport, Trends
from tests.handlers.pictures.sheets import ENGLISH, PLAIN, WEEK, aspects, report, trend, trends
from tests.handlers.shop import Shop

UP, DOWN = (3, 2, 4, 5, 30), (20, 22, 18, 25, 4)


def sheet_of(found: DemandReport, language: str = "zh") -> Sheet:
    return insight_sheet(wording(language), found, WEEK, ["一群", "二群"])


def counted(outcome: str) -> float:
    return REGISTRY.get_sample_value("nuanqun_pictures_total", {"outcome": outcome}) or 0.0


def test_each_quadrant_names_what_most_fans_take_that_stance_on() -> None:
    sheet = sheet_of(report(aspects([*PLAIN, "客服", WHOLE])))
    assert [one.title for one in sheet.quadrants] == ["关心", "介意", "喜欢", "讨厌"]
    care, _, like, _ = sheet.quadrants
    assert [bar.name for bar in care.bars] == list(PLAIN)
    assert [bar.count for bar in like.bars] == [7, 6, 5, 4, 3, 2]
    assert (like.bars[0].name, like.more) == ("客服", "还有 1 项")


def test_an_aspect_without_the_stance_is_not_shown() -> None:
    row = aspects(["气味"])[0]
    sheet = sheet_of(report([type(row)("气味", "", 0, 0, 0, 3, 3, ())]))
    assert [len(one.bars) for one in sheet.quadrants] == [0, 0, 0, 1]


def test_lines_are_the_surest_changes_with_what_grows_first() -> None:
    found = Trends(
        terms=(trend("直播间", DOWN, 0.0001), trend("气味", UP, 0.01), trend("面膜", UP, 0.02)),
        aspects=(
            trend(AspectStance("气味", "", Stance.DISLIKE), UP, 0.001),
            trend(AspectStance(WHOLE, "", Stance.LIKE), UP, 0.0),
        ),
        demands=(
            trend(Demand(DemandKind.RESTOCK, "精华水"), UP, 0.002),
            trend(Demand(DemandKind.PRICE, ""), DOWN, 0.003),
        ),
    )
    lines = sheet_of(report(changes=found)).lines
    assert [(line.name, line.kind, line.rising) for line in lines] == [
        ("气味", "讨厌", True),
        ("精华水", "补货", True),
        ("面膜", "在聊", True),
        ("直播间", "在聊", False),
        ("优惠", "想要", False),
    ]
    assert lines[0].told == "2.8% → 20%"


def test_no_more_lines_than_a_phone_shows() -> None:
    assert len(sheet_of(report(changes=trends([*PLAIN, *ENGLISH]))).lines) == 6


def test_the_footnote_says_what_the_figures_count() -> None:
    assert sheet_of(report(aspects(PLAIN))).footnote == "数字是人数。"
    assert "百分比" in sheet_of(report(changes=trends(PLAIN))).footnote


def test_in_english() -> None:
    sheet = sheet_of(report(aspects(ENGLISH), trends(PLAIN[:1])), "en")
    assert sheet.subtitle == "11-01 to 11-07 · messages: 1,234 · people: 156"
    assert sheet.groups == "一群, 二群"
    assert [one.title for one in sheet.quadrants] == ["Care about", "Mind", "Like", "Dislike"]


async def test_a_report_becomes_a_png(shop: Shop) -> None:
    before = counted("drawn")
    found = await insight_picture(shop.desk, report(aspects(PLAIN)), WEEK, ["一群"])
    assert found is not None
    assert (found.bytes_drawn or b"").startswith(b"\x89PNG")
    assert counted("drawn") == before + 1


async def test_an_empty_report_has_no_picture(shop: Shop) -> None:
    before = counted("drawn"), counted("failed")
    assert await insight_picture(shop.desk, report(), WEEK, ["一群"]) is None
    assert (counted("drawn"), counted("failed")) == before


async def test_a_failure_is_logged_and_counted(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(_sheet: Sheet) -> bytes:
        raise NotDrawn("no font with Chinese characters")

    monkeypatch.setattr(picture, "drawn", fail)
    before = counted("failed")
    with capture_logs() as lines:
        assert await insight_picture(shop.desk, report(aspects(PLAIN)), WEEK, ["一群"]) is None
    assert counted("failed") == before + 1
    assert [line["reason"] for line in lines] == ["no font with Chinese characters"]
