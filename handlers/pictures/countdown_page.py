"""A countdown on paper: title, the figure as large as it fits, product, and a band with the rest.

Only the drawing process imports this room.
"""

from __future__ import annotations

from handlers.pictures.brand import brand_of
from handlers.pictures.fonts import Fonts
from handlers.pictures.page import WIDTH, Page
from handlers.pictures.sheet import CountdownSheet

HEIGHT = 810
"""Pixels; three quarters of the width, as phones' own pictures."""

_MARGIN = 64
_ACROSS = WIDTH - 2 * _MARGIN
_MIDDLE = WIDTH / 2
_TITLE, _WORD, _PRODUCT, _SMALL = 68, 60, 52, 40
_LINE = 1.3  # from one base line to the next, in sizes
_LARGEST, _LARGEST_WORD = 340, 190
_ALONE = 110  # the title's size where there is no figure
_CAPITAL = 0.74  # the height of figures and characters above the base line, in sizes
_BESIDE = 28  # between the figure and the words around it
_BAND = 112


def countdown_page(sheet: CountdownSheet, fonts: Fonts) -> Page:
    """The countdown, drawn."""
    brand = brand_of(sheet.colour)
    page = Page(fonts, HEIGHT, "", brand.ground)
    page.area(
        [(0, HEIGHT - _BAND), (WIDTH, HEIGHT - _BAND), (WIDTH, HEIGHT), (0, HEIGHT)], brand.band
    )
    _draw_band(page, sheet, brand.ink)
    product = page.lines(sheet.product, _PRODUCT, within=_ACROSS, most=2)
    bottom = HEIGHT - _BAND - 56
    top = bottom - max(len(product) - 1, 0) * _PRODUCT * _LINE
    _draw_lines(page, product, top, _PRODUCT, brand.ink, bold=False)
    free = top - _PRODUCT - 40 if product else bottom
    if not sheet.figure:
        title = page.lines(sheet.title, _ALONE, within=_ACROSS, most=3, bold=True)
        height = (len(title) - 1) * _ALONE * _LINE
        first = (_MARGIN + free - height + _ALONE * _CAPITAL) / 2
        _draw_lines(page, title, first, _ALONE, brand.ink, bold=True)
        return page
    title = page.lines(sheet.title, _TITLE, within=_ACROSS, most=2, bold=True)
    _draw_lines(page, title, _MARGIN + _TITLE, _TITLE, brand.ink, bold=True)
    above = _MARGIN + _TITLE * (1 + max(len(title) - 1, 0) * _LINE) + 40
    _draw_figure(page, sheet, (above, free), brand.ink)
    return page


def _draw_lines(
    page: Page, lines: list[str], base: float, size: float, ink: str, *, bold: bool
) -> None:
    """Lines in the middle, the first one's base line at `base`."""
    for number, line in enumerate(lines):
        at = (_MIDDLE, base + number * size * _LINE)
        page.write(at, line, size, colour=ink, bold=bold, align="center", within=_ACROSS)


def _draw_figure(page: Page, sheet: CountdownSheet, room: tuple[float, float], ink: str) -> None:
    """The figure with its words beside it, as large as the room between two heights allows."""
    before = page.width(sheet.before, _WORD) + _BESIDE if sheet.before else 0
    after = page.width(sheet.after, _WORD) + _BESIDE if sheet.after else 0
    widest = _ACROSS - before - after
    largest = _LARGEST if sheet.figure.isdecimal() else _LARGEST_WORD
    size = min(largest, (room[1] - room[0]) / _CAPITAL)
    width = page.width(sheet.figure, size, bold=True)
    if width > widest:
        size, width = size * widest / width, widest
    base = (room[0] + room[1] + size * _CAPITAL) / 2
    left = (WIDTH - before - width - after) / 2
    if sheet.before:
        page.write((left, base), sheet.before, _WORD, colour=ink, within=before)
    page.write((left + before, base), sheet.figure, size, colour=ink, bold=True, within=width + 1)
    if sheet.after:
        right = left + before + width + _BESIDE
        page.write((right, base), sheet.after, _WORD, colour=ink, within=after)


def _draw_band(page: Page, sheet: CountdownSheet, ink: str) -> None:
    """The moment at the left and the shop at the right, or one of them in the middle."""
    base = HEIGHT - _BAND / 2 + _SMALL * _CAPITAL / 2
    node, shop = page.drawable(sheet.node), page.drawable(sheet.shop)
    if not node:
        page.write((_MIDDLE, base), shop, _SMALL, colour=ink, align="center", within=_ACROSS)
        return
    taken = page.write(
        (_MARGIN, base), node, _SMALL, colour=ink, within=_ACROSS * (2 / 3 if shop else 1)
    )
    page.write(
        (WIDTH - _MARGIN, base),
        shop,
        _SMALL,
        colour=ink,
        align="right",
        within=_ACROSS - taken - 2 * _BESIDE,
    )
