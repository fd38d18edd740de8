"""No label of a picture touches another or leaves the paper, whatever the names and numbers."""

from __future__ import annotations

import struct
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.transforms import Bbox

from handlers.pictures.drawing_process import drawn_page
from handlers.pictures.fonts import Fonts, find_fonts
from handlers.pictures.page import WIDTH, Page
from handlers.pictures.picture import insight_sheet
from handlers.wording import wording
from insights.report import DemandReport
from tests.handlers.pictures.sheets import ENGLISH, MANY, ODD, PLAIN, WEEK, aspects, report, trends

LONG_GROUPS = [f"🌸小暖花福利{number}群🌸" for number in range(30)]


def fonts() -> Fonts:
    found = find_fonts()
    assert found is not None, "install a font with Chinese characters, e.g. fonts-noto-cjk"
    return found


def page_of(found: DemandReport, language: str = "zh", groups: list[str] | None = None) -> Page:
    return drawn_page(insight_sheet(wording(language), found, WEEK, groups or ["一群"]), fonts())


def size_of(png: bytes) -> tuple[int, int]:
    """Width and height, from the file's first chunk."""
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def assert_well_laid_out(page: Page) -> None:
    """Each text is on the paper, and none touches another."""
    width, height = size_of(page.png())  # a glyph that is missing would warn here, and so fail
    assert width == WIDTH
    boxes = [(text.get_text(), text.get_window_extent()) for text in page.texts]
    for text, box in boxes:
        assert 0 <= box.x0 <= box.x1 <= width, text
        assert 0 <= box.y0 <= box.y1 <= height, text
    for (one, first), (other, second) in combinations(boxes, 2):
        assert Bbox.intersection(first, second) is None, (one, other)


@pytest.mark.parametrize(
    ("names", "language"),
    [
        pytest.param((), "zh", id="none"),
        pytest.param(PLAIN[:1], "zh", id="one"),
        pytest.param(PLAIN, "zh", id="six"),
        pytest.param(ENGLISH, "en", id="English"),
        pytest.param(ODD, "zh", id="odd"),
        pytest.param(MANY, "zh", id="twenty"),
        pytest.param(MANY, "en", id="twenty-in-English"),
    ],
)
def test_no_label_touches_another(names: tuple[str, ...], language: str) -> None:
    found = report(aspects(names, largest=12_345), trends(names))
    assert_well_laid_out(page_of(found, language, LONG_GROUPS))


@settings(max_examples=8, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=30), max_size=7, unique=True))
def test_no_name_spoils_the_picture(names: list[str]) -> None:
    assert_well_laid_out(page_of(report(aspects(names), trends(names))))


def test_what_the_font_cannot_draw_is_left_out() -> None:
    page = page_of(report(aspects(ODD)))
    written = {text.get_text() for text in page.texts}
    assert {"（表情）", "包装 盒", "A$B$C", "两 行"} <= written
    assert not [text for text in written if "🎁" in text or "❤" in text]


def test_a_long_name_is_cut_where_its_room_ends() -> None:
    written = [text.get_text() for text in page_of(report(aspects(MANY[:1]))).texts]
    cut = [text for text in written if text.endswith("…")]
    assert cut
    assert all(MANY[0].startswith(text.removesuffix("…")) for text in cut)


def test_text_is_large_enough_for_a_phone() -> None:
    """A phone shows the picture about 390 points wide; below 10 of them nobody reads."""
    page = page_of(report(aspects(PLAIN), trends(PLAIN)))
    smallest = min(float(text.get_fontsize()) * 100 / 72 for text in page.texts)
    assert smallest * 390 / WIDTH >= 10


def test_few_rows_make_a_small_picture() -> None:
    heights = [size_of(page_of(report(aspects(MANY[:n]))).png())[1] for n in (1, 3, 6, 20)]
    assert heights == sorted(set(heights))


@pytest.mark.parametrize("kind", ["deuteranopia", "protanopia"])
def test_rising_and_fading_differ_for_the_colour_blind_too(kind: str) -> None:
    """The two line colours keep apart in lightness or in blue, as those people see them."""
    from handlers.pictures import trend_lines  # noqa: PLC0415 (its private colours)

    up, down = (_seen(colour, kind) for colour in (trend_lines._UP, trend_lines._DOWN))
    assert sum((a - b) ** 2 for a, b in zip(up, down, strict=True)) ** 0.5 > 0.3


# Machado, Oliveira and Fernandes, IEEE TVCG 15:1291, 2009: full severity, on linear RGB.
_SEEING = {
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
}


def _seen(colour: str, kind: str) -> list[float]:
    linear = [(int(colour[n : n + 2], 16) / 255) ** 2.2 for n in (1, 3, 5)]
    return [sum(w * c for w, c in zip(row, linear, strict=True)) for row in _SEEING[kind]]
