"""A review on paper: large figures, how each phase went, what fans did, and what to learn of it.

A phase's bar is as long as what was planned, and filled as far as it was sent. Only the drawing
process imports this room.
"""

from __future__ import annotations

from handlers.pictures.fonts import Fonts
from handlers.pictures.page import FAINT, WIDTH, Page
from handlers.pictures.sheet import Bar, Hint, ReviewSheet, Went

_MARGIN = 40
_ACROSS = WIDTH - 2 * _MARGIN
_TOP = 190
_GAP = 24
_TILE, _HEAD, _WENT, _DID = 170, 96, 128, 74
_FOOT = 76
_TITLE, _HEADING, _NAME, _FIGURE, _SMALL, _HINT = 60, 48, 40, 76, 32, 38
_HINT_LINE, _HINT_GAP, _HINT_LINES = 52, 18, 3
_HINT_INDENT = 32
_DID_NAMES = 316
# The hues are of Okabe and Ito's palette, which people who see red and green alike can tell apart.
_TILE_PAPER = "#eef5fa"
_TRACK, _SENT = "#e3e8ed", "#5aa9d6"
_DEED = "#a9dccb"
_GOOD, _CHANGE = "#006b4f", "#a63f00"


def review_page(sheet: ReviewSheet, fonts: Fonts) -> Page:
    """The review, drawn."""
    hints = _broken(sheet, fonts)
    height = _TOP + _height(sheet, hints) + _FOOT
    page = Page(fonts, height, sheet.nameless)
    page.write((_MARGIN, 90), sheet.title, _TITLE, bold=True, within=_ACROSS)
    page.write((_MARGIN, 148), sheet.subtitle, _SMALL, colour=FAINT, within=_ACROSS)
    top = _draw_tiles(page, _TOP, sheet)
    top = _draw_went(page, top, sheet.went_title, sheet.went)
    top = _draw_did(page, top, sheet.did_title, sheet.did)
    _draw_hints(page, top, sheet.hints_title, sheet.hints, hints)
    page.write((_MARGIN, height - 32), sheet.footnote, _SMALL, colour=FAINT, within=_ACROSS)
    return page


def _broken(sheet: ReviewSheet, fonts: Fonts) -> list[list[str]]:
    """The lines of each hint, measured on paper that nobody sees."""
    page = Page(fonts, 1, sheet.nameless)
    within = _ACROSS - _HINT_INDENT
    return [
        page.lines(f"{one.kind}{one.text}", _HINT, within=within, most=_HINT_LINES, even=False)
        for one in sheet.hints
    ]


def _height(sheet: ReviewSheet, hints: list[list[str]]) -> float:
    height: float = _TILE + _GAP if sheet.tiles else 0
    if sheet.went:
        height += _HEAD + len(sheet.went) * _WENT
    if sheet.did:
        height += _HEAD + len(sheet.did) * _DID
    if hints:
        height += _HEAD + sum(len(lines) * _HINT_LINE + _HINT_GAP for lines in hints)
    return height


def _draw_tiles(page: Page, top: float, sheet: ReviewSheet) -> float:
    """The large figures side by side; where the next part begins."""
    if not sheet.tiles:
        return top
    width = (_ACROSS - _GAP * (len(sheet.tiles) - 1)) / len(sheet.tiles)
    for number, tile in enumerate(sheet.tiles):
        left = _MARGIN + number * (width + _GAP)
        page.box((left, top), width, _TILE, _TILE_PAPER, round_=20)
        middle, inside = left + width / 2, width - 24
        size = _FIGURE * min(1, inside / page.width(tile.figure, _FIGURE, bold=True))
        page.write((middle, top + 92), tile.figure, size, bold=True, align="center")
        page.write(
            (middle, top + 142), tile.name, _SMALL, colour=FAINT, align="center", within=inside
        )
    return top + _TILE + _GAP


def _heading(page: Page, top: float, title: str) -> float:
    page.write((_MARGIN, top + 60), title, _HEADING, bold=True, within=_ACROSS)
    return top + _HEAD


def _draw_went(page: Page, top: float, title: str, went: tuple[Went, ...]) -> float:
    if not went:
        return top
    top = _heading(page, top, title)
    most = max((one.planned for one in went), default=0) or 1
    for one in went:
        figure = f"{one.sent:,}/{one.planned:,}"
        right = WIDTH - _MARGIN
        counted = page.write((right, top + 40), figure, _NAME, bold=True, align="right")
        room = _ACROSS - counted - _GAP
        told = min(page.width(one.told, _SMALL) + _GAP, room / 2) if one.told else 0
        name = page.write((_MARGIN, top + 40), one.name, _NAME, within=room - told)
        if told:
            at = (_MARGIN + name + _GAP, top + 40)
            page.write(at, one.told, _SMALL, colour=FAINT, within=told - _GAP)
        page.box((_MARGIN, top + 58), max(_ACROSS * one.planned / most, 12), 40, _TRACK, round_=6)
        if one.sent:
            page.box((_MARGIN, top + 58), max(_ACROSS * one.sent / most, 12), 40, _SENT, round_=6)
        top += _WENT
    return top


def _draw_did(page: Page, top: float, title: str, did: tuple[Bar, ...]) -> float:
    if not did:
        return top
    top = _heading(page, top, title)
    most = max((bar.count for bar in did), default=0) or 1
    left = _MARGIN + _DID_NAMES
    longest = WIDTH - _MARGIN - left - page.width(f"{most:,}", _NAME, bold=True) - _GAP
    for bar in did:
        page.write((_MARGIN, top + 44), bar.name, _NAME, within=_DID_NAMES - _GAP)
        length = max(longest * bar.count / most, 6)
        page.box((left, top + 6), length, 52, _DEED, round_=6)
        page.write((left + length + 12, top + 44), f"{bar.count:,}", _NAME, bold=True)
        top += _DID
    return top


def _draw_hints(
    page: Page, top: float, title: str, hints: tuple[Hint, ...], broken: list[list[str]]
) -> None:
    if not hints:
        return
    top = _heading(page, top, title)
    for hint, lines in zip(hints, broken, strict=True):
        height = len(lines) * _HINT_LINE
        page.box((_MARGIN, top), 10, height, _GOOD if hint.good else _CHANGE, round_=4)
        for number, line in enumerate(lines):
            at = (_MARGIN + _HINT_INDENT, top + 40 + number * _HINT_LINE)
            page.write(at, line, _HINT, within=_ACROSS - _HINT_INDENT)
        top += height + _HINT_GAP
