"""A countdown's picture: everything has its place, at every length, and it stays a small file."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from handlers.pictures import countdown
from handlers.pictures.countdown import countdown_pictures, countdown_sheet, sheet_to_draw
from handlers.pictures.countdown_page import HEIGHT, countdown_page
from handlers.pictures.drawing import NotDrawn
from handlers.pictures.fonts import Fonts, find_fonts
from handlers.pictures.page import WIDTH, Page
from handlers.pictures.sheet import CountdownSheet
from handlers.settings import ShopSettings
from handlers.wording import wording
from tests.handlers.shop import Opener, Shop

LARGEST_FILE = 80_000  # bytes
LONG = "这是一个名字特别特别长的保湿修护精华面霜大容量家庭装礼盒套装限量版赠小样十二件组合装"
ENGLISH = "Rose & Peony Hydrating Night Cream 50 ml, Limited Anniversary Edition with Gift Box"
UNBROKEN = "supercalifragilisticexpialidocious" * 3


def fonts() -> Fonts:
    found = find_fonts()
    assert found is not None, "install a font with Chinese characters, e.g. fonts-noto-cjk"
    return found


def sheet(
    days: int | None = 10,
    title: str = "双11 尾款",
    product: str = "玫瑰面霜",
    *,
    node: str = "10 月 31 日 20:00 开始",
    language: str = "zh",
    name: str = "小暖花",
) -> CountdownSheet:
    return countdown_sheet(
        wording(language),
        ShopSettings(name=name),
        days=days,
        title=title,
        product=product,
        node=node,
    )


def drawn_page(one: CountdownSheet) -> Page:
    return countdown_page(one, fonts())


def inked(text: Text) -> Bbox:
    """Where a text is; of figures only their ink, for the line around them is half as high again.

    A digit of the fonts stands on the base line and is less than 0.76 of its size high.
    """
    box = text.get_window_extent()
    if not text.get_text().isdecimal():
        return box
    base, size = text.get_position()[1], float(text.get_fontsize()) * 100 / 72
    return Bbox.from_extents(box.x0, base, box.x1, base + 0.76 * size)


def assert_well_laid_out(page: Page) -> None:
    page.png()  # a glyph that is missing would warn here, and so fail
    boxes = [(text.get_text(), inked(text)) for text in page.texts if text.get_text()]
    for text, box in boxes:
        assert 0 <= box.x0 <= box.x1 <= WIDTH, text
        assert 0 <= box.y0 <= box.y1 <= HEIGHT, text
    for (one, first), (other, second) in combinations(boxes, 2):
        assert not Bbox.intersection(first, second), (one, other)


@pytest.mark.parametrize("days", [None, 0, 1, 2, 10, 31, 128, 365, 9999])
@pytest.mark.parametrize("product", ["", "精华", LONG, ENGLISH, UNBROKEN, "🎁🎁"])
def test_no_text_touches_another(days: int | None, product: str) -> None:
    for title in ("618 🎉", LONG, ENGLISH):
        assert_well_laid_out(drawn_page(sheet(days, title, product)))


@settings(max_examples=10, deadline=None)
@given(
    title=st.text(max_size=60),
    product=st.text(max_size=90),
    node=st.text(max_size=60),
    name=st.text(min_size=1, max_size=40),
)
def test_no_words_spoil_the_picture(title: str, product: str, node: str, name: str) -> None:
    assert_well_laid_out(drawn_page(sheet(3, title, product, node=node, name=name)))


@pytest.mark.parametrize(
    ("days", "figure", "english"),
    [(0, "就是今天", "Today"), (1, "就在明天", "Tomorrow"), (2, "2", "2"), (10, "10", "10")],
)
def test_the_figure_says_how_long_it_is(days: int, figure: str, english: str) -> None:
    assert sheet(days).figure == figure
    assert sheet(days, language="en").figure == english


def test_without_days_the_title_takes_the_room() -> None:
    titles = [drawn_page(sheet(days)).texts for days in (None, 3)]
    sizes = [
        next(float(text.get_fontsize()) for text in texts if text.get_text() == "双11 尾款")
        for texts in titles
    ]
    assert sizes[0] > 1.5 * sizes[1]


def test_a_long_name_stands_in_two_lines_and_is_cut_behind_them() -> None:
    written = [text.get_text() for text in drawn_page(sheet(product=LONG)).texts]
    first, second = (line for line in written if line.rstrip("…") and line.rstrip("…") in LONG)
    assert LONG.startswith(first + second.removesuffix("…"))
    assert second.endswith("…")


def test_two_lines_are_about_as_long_as_each_other() -> None:
    title = "双11 尾款今晚八点就要开始付了，记得"
    written = [text.get_text() for text in drawn_page(sheet(title=title)).texts]
    lines = [line for line in written if line in title and len(line) > 3]
    assert len(lines) == 2
    assert abs(len(lines[0]) - len(lines[1])) <= 3


def test_text_is_large_enough_for_a_phone() -> None:
    """A phone shows the picture about 390 points wide; below 10 of them nobody reads."""
    smallest = min(float(text.get_fontsize()) * 100 / 72 for text in drawn_page(sheet()).texts)
    assert smallest * 390 / WIDTH >= 10


@pytest.mark.parametrize("product", ["精华", LONG, ENGLISH])
def test_the_file_is_small(product: str) -> None:
    png = drawn_page(sheet(128, LONG, product)).small_png()
    assert len(png) < LARGEST_FILE
    assert int.from_bytes(png[16:20], "big") == WIDTH


def test_a_countdown_ends_at_its_day() -> None:
    with pytest.raises(ValueError, match="ends at 0"):
        sheet(-1)


async def test_it_is_drawn_in_the_shops_colour_and_carries_itself(opened: Opener) -> None:
    shop = await opened(colour="#0b6e4f")
    asked = [sheet_to_draw(shop.desk, days=days, title="双11", product="面霜") for days in (3, 2)]
    first, picture = await countdown_pictures([one for one in asked if one is not None])
    assert first is not None
    assert picture is not None
    assert first != picture
    png = picture.bytes_drawn
    assert png is not None
    assert png.startswith(b"\x89PNG")
    assert bytes.fromhex("0b6e4f") in png  # its palette


async def test_what_cannot_be_drawn_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(sheets: Sequence[CountdownSheet]) -> list[bytes]:
        raise NotDrawn(f"no font for {sheets}")

    monkeypatch.setattr(countdown, "all_drawn", fails)
    assert await countdown_pictures([sheet(3), sheet(2)]) == [None, None]


@pytest.mark.parametrize("product", ["全网最好用的面霜", "XX面霜"])
async def test_what_may_not_be_said_is_not_drawn(shop: Shop, product: str) -> None:
    assert sheet_to_draw(shop.desk, days=3, title="双11", product=product) is None
