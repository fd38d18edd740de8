"""A code is drawn so that a phone can read it, and holds what it is to hold."""

from __future__ import annotations

import struct
import zlib
from xml.etree import ElementTree as ET

import segno

from handlers.qr_codes import modules_of, picture_of, svg_of

CODE = "http://weixin.qq.com/x/gZ3aXqJ0w"


def dots(png: bytes) -> list[list[int]]:
    """The dots of a PNG file of one bit each, 1 for black."""
    width, height, depth, colour = struct.unpack(">IIBB", png[16:26])
    assert (depth, colour) == (1, 0)  # black and white
    start = png.index(b"IDAT") + 4
    (length,) = struct.unpack(">I", png[start - 8 : start - 4])
    packed = zlib.decompress(png[start : start + length])
    stride = (width + 7) // 8
    row, drawn = bytes(stride), []
    for y in range(height):
        kind, *written = packed[y * (stride + 1) : (y + 1) * (stride + 1)]
        assert kind in (0, 2)  # as it is, or as the difference to the row above
        above = row if kind == 2 else bytes(stride)
        row = bytes((one + up) % 256 for one, up in zip(written, above, strict=True))
        drawn.append([1 - (row[x // 8] >> (7 - x % 8) & 1) for x in range(width)])
    return drawn


async def test_a_code_is_drawn_large_enough_with_a_white_border() -> None:
    picture = await picture_of(CODE)
    assert picture is not None
    assert picture.bytes_drawn is not None
    drawn = dots(picture.bytes_drawn)
    modules = [list(row) for row in segno.make(CODE, micro=False).matrix_iter(scale=1)]
    scale = len(drawn) // len(modules)
    assert len(drawn) == len(drawn[0]) == scale * len(modules) >= 250
    wide = [[dot for dot in row for _ in range(scale)] for row in modules]
    assert drawn == [row for row in wide for _ in range(scale)]
    assert not any(drawn[0])


async def test_what_no_code_can_hold_is_not_drawn() -> None:
    assert await picture_of("x" * 5_000) is None


def test_a_page_shows_the_same_code_black_on_white() -> None:
    svg = svg_of(CODE)
    assert svg is not None
    drawing = ET.fromstring(svg)  # noqa: S314 (our own drawing)
    paper, ink = drawing.iter("path")
    assert (paper.get("fill"), ink.get("stroke")) == ("#fff", "#000")
    modules = len(list(segno.make(CODE, micro=False).matrix_iter(border=4)))
    assert drawing.get("width") == str(6 * modules)


def test_its_modules_are_those_of_the_code() -> None:
    plain = segno.make(CODE, micro=False).matrix_iter(border=2)
    assert modules_of(CODE, 2) == [[bool(module) for module in row] for row in plain]


def test_what_is_too_long_for_any_code_is_drawn_nowhere() -> None:
    assert (svg_of("x" * 5_000), modules_of("x" * 5_000, 2)) == (None, None)
