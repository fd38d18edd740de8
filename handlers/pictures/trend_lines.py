"""Trend lines: how the share of the fans who say something went, period by period.

Each has a row of its own, so that no two lines cross and no two labels meet. Only the drawing
process imports this room.
"""

from __future__ import annotations

from collections.abc import Sequence

from handlers.pictures.page import FAINT, INK, RULE, WIDTH, Page
from handlers.pictures.sheet import Line

_MARGIN = 40
_HEAD = 90
_ROW = 132
_FOOT = 64
_NAMES = 300  # the width of the left column
_TOLD = 300  # and of the right one
_PLOT = (_MARGIN + _NAMES + 24, WIDTH - _MARGIN - _TOLD - 24)
_DEEP = 90  # the height of a plot
_TITLE, _NAME, _SMALL = 48, 40, 32
_UP, _DOWN = "#0072b2", "#a63f00"
_UP_AREA, _DOWN_AREA = "#dcebf5", "#f9e3d6"


def lines_height(lines: Sequence[Line]) -> float:
    """How many pixels they need."""
    return _HEAD + len(lines) * _ROW + _FOOT if lines else 0


def draw_lines(
    page: Page, top: float, lines: Sequence[Line], title: str, ends: tuple[str, str]
) -> None:
    """Draw them from `top` downwards; `ends` say what is at the left and the right end of each."""
    if not lines:
        return
    page.write((_MARGIN, top + 58), title, _TITLE, bold=True, within=WIDTH - 2 * _MARGIN)
    top += _HEAD
    for line in lines:
        _draw(page, top, line)
        top += _ROW
    half = (_PLOT[1] - _PLOT[0]) / 2 - 10
    page.write((_PLOT[0], top + 32), ends[0], _SMALL, colour=FAINT, within=half)
    page.write((_PLOT[1], top + 32), ends[1], _SMALL, colour=FAINT, align="right", within=half)


def _draw(page: Page, top: float, line: Line) -> None:
    colour, area = (_UP, _UP_AREA) if line.rising else (_DOWN, _DOWN_AREA)
    page.write((_MARGIN, top + 52), line.name, _NAME, within=_NAMES)
    page.write((_MARGIN, top + 98), line.kind, _SMALL, colour=FAINT, within=_NAMES)
    ground = top + 16 + _DEEP
    highest = max(line.shares, default=0.0) or 1.0
    steps = max(len(line.shares) - 1, 1)
    points = [
        (
            _PLOT[0] + (_PLOT[1] - _PLOT[0]) * number / steps,
            ground - (_DEEP - 10) * share / highest,
        )
        for number, share in enumerate(line.shares)
    ]
    page.area([(_PLOT[0], ground), *points, (points[-1][0], ground)], area)
    page.line([(_PLOT[0], ground), (_PLOT[1], ground)], RULE, 2)
    page.line(points, colour, 6, dots=16)
    right = WIDTH - _MARGIN
    page.write(
        (right, top + 78), line.told, _NAME, colour=INK, bold=True, align="right", within=_TOLD
    )
