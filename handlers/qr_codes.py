"""QR codes as pictures: what a phone scans to log an account in."""

from __future__ import annotations

import asyncio
import io

from scheduler.content import Picture

_SCALE = 8  # dots to a module: large enough for a phone that reads it off another phone


async def picture_of(code: str) -> Picture | None:
    """The picture of a QR code that holds this text; None where it is too long for any."""
    png = await asyncio.to_thread(_png, code)
    return None if png is None else Picture.drawn(png)


def _png(code: str) -> bytes | None:
    import segno  # noqa: PLC0415 (it comes with the accounts that have codes)

    file = io.BytesIO()
    try:
        segno.make(code, micro=False).save(file, kind="png", scale=_SCALE)
    except segno.DataOverflowError:
        return None
    return file.getvalue()
