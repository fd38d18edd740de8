"""QR codes, drawn: what a phone scans to log an account in. Each is None where a text is too long.

As a picture for chats, as SVG for a page, and as its modules for whoever draws it otherwise.
"""

from __future__ import annotations

import asyncio
import io
from typing import TYPE_CHECKING

from scheduler.content import Picture

if TYPE_CHECKING:
    import segno

_SCALE = 8  # dots to a module: large enough for a phone that reads it off another phone
_SVG_SCALE = 6  # the same of a page, which is read off a larger screen
_BORDER = 4  # white modules around it, as ISO/IEC 18004 wants them


async def picture_of(code: str) -> Picture | None:
    """The picture of a QR code that holds this text."""
    png = await asyncio.to_thread(_png, code)
    return None if png is None else Picture.drawn(png)


def svg_of(code: str) -> str | None:
    """The same as SVG that can stand in a page, black on white."""
    made = _made(code)
    if made is None:
        return None
    return made.svg_inline(scale=_SVG_SCALE, border=_BORDER, light="#fff", dark="#000")


def modules_of(code: str, border: int) -> list[list[bool]] | None:
    """Its modules, row by row, black ones true, with so many white ones around them."""
    made = _made(code)
    if made is None:
        return None
    return [[bool(module) for module in row] for row in made.matrix_iter(border=border)]


def _png(code: str) -> bytes | None:
    made = _made(code)
    if made is None:
        return None
    file = io.BytesIO()
    made.save(file, kind="png", scale=_SCALE)
    return file.getvalue()


def _made(code: str) -> segno.QRCode | None:
    import segno  # noqa: PLC0415 (it comes with the accounts that have codes)

    try:
        return segno.make(code, micro=False)
    except segno.DataOverflowError:
        return None
