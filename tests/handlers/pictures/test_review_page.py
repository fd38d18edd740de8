"""A review's picture: everything has its place, however much there is and whatever it is called."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.transforms import Bbox

from handlers.pictures.page import WIDTH, Page
from handlers.pictures.review_page import review_page
from handlers.pictures.sheet import Bar, Hint, ReviewSheet, Tile, Went
from tests.handlers.pictures.test_countdown import ENGLISH, LONG, UNBROKEN, fonts

LARGEST_FILE = 120_000  # bytes
TILES = (Tile("计划", "12,345"), Tile("发出", "12,000"), Tile("没发出", "345"), Tile("回复", "0"))


def sheet(
    title: str = "复盘：双11 2026",
    went: tuple[Went, ...] = (Went("预热", 300, 290, "回复 12"), Went("爆发", 120, 0, "")),
    did: tuple[Bar, ...] = (Bar("回复", 12), Bar("提到店名或商品", 1_204), Bar("退群", 0)),
    hints: tuple[Hint, ...] = (Hint("要改：", "3 条没发", good=False),),
) -> ReviewSheet:
    return ReviewSheet(
        title=title,
        subtitle="11-06 – 11-11 · 3 个群 40 位粉丝",
        tiles=TILES,
        went_title="每个阶段发出多少",
        went=went,
        did_title="发出后 2 天内，多少位粉丝",
        did=did,
        hints_title="下次",
        hints=hints,
        footnote="一位粉丝只算一次。",
        nameless="（表情）",
    )


def assert_well_laid_out(page: Page) -> None:
    page.png()  # a glyph that is missing would warn here, and so fail
    boxes = [(one.get_text(), one.get_window_extent()) for one in page.texts if one.get_text()]
    for text, box in boxes:
        assert 0 <= box.x0 <= box.x1 <= WIDTH, text
        assert box.y0 >= 0, text
    for (one, first), (other, second) in combinations(boxes, 2):
        # Lines of one text may touch by the rooms around their letters, not by the letters.
        inner = Bbox.intersection(first, second)
        assert inner is None or inner.height < 8, (one, other)


@pytest.mark.parametrize("name", ["预热", "🎁🎁", LONG, ENGLISH, UNBROKEN])
def test_no_text_touches_another(name: str) -> None:
    full = sheet(
        name,
        tuple(Went(name, 10_000 * number, 9_999 * number, "回复 12") for number in range(11)),
        tuple(Bar(name, 10**number) for number in range(7)),
        tuple(Hint("要留：", name * 2, good=bool(number % 2)) for number in range(5)),
    )
    assert_well_laid_out(review_page(full, fonts()))


def test_what_there_is_none_of_is_left_out_with_its_title() -> None:
    page = review_page(sheet(went=(), did=(), hints=()), fonts())
    written = [one.get_text() for one in page.texts]
    assert "每个阶段发出多少" not in written
    assert "下次" not in written
    assert_well_laid_out(page)


@settings(max_examples=8, deadline=None)
@given(name=st.text(max_size=60), figures=st.lists(st.integers(0, 10**6), min_size=1, max_size=4))
def test_no_words_and_figures_spoil_the_picture(name: str, figures: list[int]) -> None:
    page = review_page(
        sheet(
            name,
            tuple(Went(name, count, count // 2, name) for count in figures),
            tuple(Bar(name, count) for count in figures),
            (Hint("要改：", name, good=False),),
        ),
        fonts(),
    )
    assert_well_laid_out(page)


def test_no_line_ends_behind_an_opening_bracket() -> None:
    hint = Hint("要改：", "1 项一直没排上，例如「发货通知」：缺的资料早点说", good=False)
    written = [one.get_text() for one in review_page(sheet(hints=(hint,)), fonts()).texts]
    assert not any(line.endswith("「") for line in written)


def test_text_is_large_enough_for_a_phone_and_the_file_small() -> None:
    page = review_page(sheet(), fonts())
    assert min(float(one.get_fontsize()) * 100 / 72 for one in page.texts) * 390 / WIDTH >= 10
    assert len(page.small_png()) < LARGEST_FILE
