"""The paper a picture is drawn on: matplotlib's canvas in pixels, from the upper left corner.

Only the drawing process imports this room, because it imports matplotlib. Everything is placed by
hand, and every text is measured before it is written, so that nothing overlaps.
"""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Literal

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontPath, FontProperties, get_font
from matplotlib.lines import Line2D
from matplotlib.patches import FancyBboxPatch, Polygon
from matplotlib.text import Text
from matplotlib.transforms import IdentityTransform
from PIL import Image  # what matplotlib itself writes pictures with

from handlers.pictures.fonts import Fonts

WIDTH = 1080
"""Pixels across: what phones show sharply without having to shrink a larger file."""

INK, FAINT, PAPER, RULE = "#1f2933", "#5f6c7b", "#ffffff", "#d5dbe1"

Point = tuple[float, float]

_DOTS = 100  # to the inch, so that a pixel is .72 points
_PIXELS = IdentityTransform()
_CUT = "…"
_NARROWER = (0.55, 0.65, 0.75, 0.85, 0.95)  # of the room, tried for lines of one length
_COLOURS = 64  # enough for flat shapes and the soft edges of letters
# What a line is not broken within: a word with the signs around it, and any other character with
# the signs that no line begins or ends with.
_PIECES = re.compile(
    r"[（《「『【]*(?:[!-~\u00a1-\u024f]+|\s*[^\s!-~])[，。！？、；：）》」』】…·]*\s*|\s+"
)


class Page:
    """One picture in the making. `texts` are those written so far.

    `nameless` stands for a text that the font cannot draw at all.
    """

    def __init__(self, fonts: Fonts, height: float, nameless: str, paper: str = PAPER) -> None:
        self._figure = Figure(figsize=(WIDTH / _DOTS, height / _DOTS), dpi=_DOTS, facecolor=paper)
        FigureCanvasAgg(self._figure)  # takes its place below the figure by itself
        self._height = height
        self._nameless = nameless
        self._faces = {False: _chinese_face(fonts.regular), True: _chinese_face(fonts.bold)}
        regular, bold = (get_font(face).get_charmap() for face in self._faces.values())
        self._drawable = regular.keys() & bold.keys()
        self.texts: list[Text] = []

    def write(
        self,
        at: Point,
        text: str,
        size: float,
        *,
        colour: str = INK,
        bold: bool = False,
        align: Literal["left", "center", "right"] = "left",
        within: float = WIDTH,
    ) -> float:
        """Write one line of text on the base line at `at`; how wide it became, in pixels.

        `size` is the height of the letters' square; a text that is wider than `within` is cut.
        """
        written = Text(
            *self._placed(at),
            self.drawable(text),
            color=colour,
            fontproperties=self._font(size, bold=bold),
            horizontalalignment=align,
            verticalalignment="baseline",
            parse_math=False,
            transform=_PIXELS,
        )
        self._figure.add_artist(written)
        self.texts.append(written)
        return _cut(written, within)

    def width(self, text: str, size: float, *, bold: bool = False) -> float:
        """How wide a line of text would become, in pixels; nothing is written."""
        tried = Text(
            0,
            0,
            self.drawable(text),
            fontproperties=self._font(size, bold=bold),
            parse_math=False,
            transform=_PIXELS,
        )
        self._figure.add_artist(tried)
        width = tried.get_window_extent().width
        tried.remove()
        return width

    def lines(
        self,
        text: str,
        size: float,
        *,
        within: float,
        most: int,
        bold: bool = False,
        even: bool = True,
    ) -> list[str]:
        """A text in at most `most` lines, broken between words or Chinese characters.

        The lines are about as long as each other, or else each as full as it can be. Where there is
        more than they hold the last one has all that is left; `write` cuts it where its room ends.
        """
        found = self._broken(text, size, within, most, bold=bold)
        if even and len(found) > 1:
            for share in _NARROWER:
                tried = self._broken(text, size, within * share, most, bold=bold)
                if all(self.width(line, size, bold=bold) <= within * share for line in tried):
                    return tried
        return found

    def _broken(self, text: str, size: float, within: float, most: int, *, bold: bool) -> list[str]:
        """A text in lines, each but the last as full as it can be."""
        left = self.drawable(text)
        lines: list[str] = []
        while left and len(lines) < most - 1:
            pieces = _PIECES.findall(left)
            count = 1
            while (
                count < len(pieces)
                and self.width("".join(pieces[: count + 1]), size, bold=bold) <= within
            ):
                count += 1
            line = "".join(pieces[:count])
            lines.append(line.strip())
            left = left[len(line) :].strip()
        return [*lines, left] if left else lines

    def drawable(self, text: str) -> str:
        """The text without what the font has no glyph for: emoji, mostly."""
        kept = "".join(letter if self._can_draw(letter) else " " for letter in text)
        return " ".join(kept.split()) or (self._nameless if text.strip() else "")

    def box(
        self, corner: Point, width: float, height: float, colour: str, *, round_: float
    ) -> None:
        """A filled box with round corners; `corner` is the upper left one."""
        x, y = self._placed((corner[0], corner[1] + height))
        shape = FancyBboxPatch(
            (x + round_, y + round_),
            max(width - 2 * round_, 0),
            max(height - 2 * round_, 0),
            boxstyle=f"round,pad={round_},rounding_size={round_}",
            facecolor=colour,
            edgecolor="none",
            transform=_PIXELS,
        )
        self._figure.add_artist(shape)

    def line(self, points: Sequence[Point], colour: str, width: float, dots: float = 0) -> None:
        """A line through the points, `width` pixels thick, with a dot `dots` wide on each."""
        placed = [self._placed(point) for point in points]
        stroke = Line2D(
            [x for x, _ in placed],
            [y for _, y in placed],
            color=colour,
            linewidth=width * 72 / _DOTS,
            solid_capstyle="round",
            solid_joinstyle="round",
            marker="o",
            markersize=dots * 72 / _DOTS,
            transform=_PIXELS,
        )
        self._figure.add_artist(stroke)

    def area(self, points: Sequence[Point], colour: str) -> None:
        """A filled shape with these corners."""
        placed = [self._placed(point) for point in points]
        self._figure.add_artist(
            Polygon(placed, facecolor=colour, edgecolor="none", transform=_PIXELS)
        )

    def png(self, told: Mapping[str, str] | None = None) -> bytes:
        """The picture as a PNG file; `told` is kept in it as text."""
        file = io.BytesIO()
        self._figure.savefig(file, format="png", metadata=dict(told or {}))
        return file.getvalue()

    def small_png(self) -> bytes:
        """The picture as a PNG file of few colours: a third of the bytes, for flat shapes only."""
        file = io.BytesIO(self.png())
        few = Image.open(file).convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
        small = io.BytesIO()
        few.save(small, "png", optimize=True)
        return small.getvalue()

    def _font(self, size: float, *, bold: bool) -> FontProperties:
        return FontProperties(fname=self._faces[bold], size=size * 72 / _DOTS)

    def _placed(self, at: Point) -> Point:
        return at[0], self._height - at[1]

    def _can_draw(self, letter: str) -> bool:
        return ord(letter) in self._drawable and unicodedata.category(letter) not in {"Cc", "Cf"}


def _cut(written: Text, within: float) -> float:
    """Shorten a text until it is no wider than `within` pixels; how wide it is then."""
    kept = written.get_text()
    width = written.get_window_extent().width
    while kept and width > within:
        kept = kept[:-1].rstrip()
        written.set_text(kept + _CUT)
        width = written.get_window_extent().width
    return width


def _chinese_face(file: object) -> FontPath:
    """The face of a font file that draws characters as mainland China writes them."""
    path = str(file)
    number = get_font(FontPath(path, 0)).num_faces
    names = [get_font(FontPath(path, face)).family_name for face in range(number)]
    wanted = (face for face, name in enumerate(names) if name.endswith((" SC", " CN", " GB")))
    return FontPath(path, next(wanted, 0))
