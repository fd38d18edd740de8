"""The four quadrants: what fans care about, mind, like and dislike, each with its most named.

Only the drawing process imports this room.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from handlers.pictures.page import FAINT, WIDTH, Page
from handlers.pictures.sheet import Quadrant

MARGIN = 40
_GAP = 24
_CARD = (WIDTH - 2 * MARGIN - _GAP) / 2
_PADDING = 24
_INSIDE = _CARD - 2 * _PADDING
_HEAD = 98
_ROW = 74
_BAR = 62
_MORE = 56
_FOOT = 20
_DIGIT = 25  # the width of a digit of a count, and room to spare
_BESIDE = 8  # the room at both sides of a count
_NAME, _COUNT, _TITLE, _SMALL = 40, 40, 48, 32


@dataclass(frozen=True, slots=True)
class _Colours:
    """Of one quadrant: its title, its card, its bars.

    The hues are of Okabe and Ito's palette, which people who see red and green alike can tell
    apart; the titles say the same in words.
    """

    strong: str
    card: str
    bar: str


_COLOURS = (
    _Colours("#00578a", "#eef5fa", "#b5d7ec"),
    _Colours("#8a5a00", "#fdf6e7", "#f6d794"),
    _Colours("#006b4f", "#ebf7f3", "#a9dccb"),
    _Colours("#a63f00", "#fdf0e8", "#f5bf9f"),
)


def quadrants_height(quadrants: Sequence[Quadrant]) -> float:
    """How many pixels they need."""
    return sum(_card_height(quadrants[row : row + 2]) for row in (0, 2)) + _GAP


def draw_quadrants(page: Page, top: float, quadrants: Sequence[Quadrant], nothing: str) -> None:
    """Draw them from `top` downwards; `nothing` stands in an empty one."""
    most = max((bar.count for one in quadrants for bar in one.bars), default=1)
    for row in (0, 2):
        height = _card_height(quadrants[row : row + 2])
        for column in (0, 1):
            left = MARGIN + column * (_CARD + _GAP)
            quadrant, colours = quadrants[row + column], _COLOURS[row + column]
            page.box((left, top), _CARD, height, colours.card, round_=20)
            inside = (left + _PADDING, top)
            page.write(
                (inside[0], top + 66),
                quadrant.title,
                _TITLE,
                colour=colours.strong,
                bold=True,
                within=_INSIDE,
            )
            _draw_bars(page, inside, quadrant, colours.bar, most)
            if not quadrant.bars:
                page.write(
                    (inside[0], top + _HEAD + 45), nothing, _NAME, colour=FAINT, within=_INSIDE
                )
        top += height + _GAP


def _card_height(pair: Sequence[Quadrant]) -> float:
    rows = max(max(len(one.bars), 1) * _ROW + (_MORE if one.more else 0) for one in pair)
    return _HEAD + rows + _FOOT


def _draw_bars(
    page: Page, corner: tuple[float, float], quadrant: Quadrant, colour: str, most: int
) -> None:
    """The rows of one quadrant: a bar with its name on it, and its count behind the longest bar."""
    left, top = corner[0], corner[1] + _HEAD
    longest = _INSIDE - _DIGIT * len(f"{most:,}") - 2 * _BESIDE
    for bar in quadrant.bars:
        page.box((left, top), max(longest * bar.count / most, 12), _BAR, colour, round_=6)
        name, right = left + 20, left + _INSIDE - _BESIDE
        counted = page.write((right, top + 45), f"{bar.count:,}", _COUNT, bold=True, align="right")
        page.write((name, top + 45), bar.name, _NAME, within=right - counted - 2 * _BESIDE - name)
        top += _ROW
    if quadrant.more:
        page.write((left, top + 38), quadrant.more, _SMALL, colour=FAINT, within=_INSIDE)
