"""A process that draws some pictures: `python -m handlers.pictures.drawing_process`.

It is given on stdin, pickled, sheets and the `Fonts` to write with (see `drawing.py`), writes their
PNG files to stdout, one behind another, and ends. It draws nothing that it was not given and knows
nothing of the shop.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys

from handlers.pictures.countdown_page import countdown_page
from handlers.pictures.fonts import Fonts
from handlers.pictures.page import FAINT, WIDTH, Page
from handlers.pictures.quadrants import MARGIN, draw_quadrants, quadrants_height
from handlers.pictures.review_page import review_page
from handlers.pictures.sheet import CountdownSheet, ReviewSheet, Sheet
from handlers.pictures.trend_lines import draw_lines, lines_height

_NICENESS = 10  # the bot itself, which answers people, goes first
_LONGEST_LIFE = 60  # seconds: a process that hangs must not outlive a bot that was killed

_TOP = 228
_GAP = 24
_FOOT = 68
_SMALL = 32


def drawn_page(sheet: Sheet, fonts: Fonts) -> Page:
    """The sheet, drawn."""
    upper, lower = quadrants_height(sheet.quadrants), lines_height(sheet.lines)
    height = _TOP + upper + _GAP + lower + _FOOT
    page = Page(fonts, height, sheet.nameless)
    across = WIDTH - 2 * MARGIN
    page.write((MARGIN, 90), sheet.title, 60, bold=True, within=across)
    page.write((MARGIN, 148), sheet.subtitle, _SMALL, colour=FAINT, within=across)
    page.write((MARGIN, 196), sheet.groups, _SMALL, colour=FAINT, within=across)
    draw_quadrants(page, _TOP, sheet.quadrants, sheet.nothing)
    ends = (sheet.before, sheet.now)
    draw_lines(page, _TOP + upper + _GAP, sheet.lines, sheet.lines_title, ends)
    page.write((MARGIN, height - 28), sheet.footnote, _SMALL, colour=FAINT, within=across)
    return page


def main() -> None:
    """Draw what stdin asks for."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches it as well; the bot ends it
    signal.alarm(_LONGEST_LIFE)
    os.nice(_NICENESS)
    sheets: tuple[Sheet | CountdownSheet | ReviewSheet, ...]
    fonts: Fonts
    sheets, fonts = pickle.loads(sys.stdin.buffer.read())  # noqa: S301 (from our own program)
    for sheet in sheets:
        sys.stdout.buffer.write(_png(sheet, fonts))


def _png(sheet: Sheet | CountdownSheet | ReviewSheet, fonts: Fonts) -> bytes:
    if isinstance(sheet, CountdownSheet):
        return countdown_page(sheet, fonts).small_png()
    if isinstance(sheet, ReviewSheet):
        return review_page(sheet, fonts).small_png()
    return drawn_page(sheet, fonts).png()


if __name__ == "__main__":
    main()
