"""Has a sheet drawn by a process of its own, and sees to it that the process ends.

One picture is drawn at a time: whoever waits for a turn waits within the same deadline.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import sys
from weakref import WeakKeyDictionary

from handlers.pictures.fonts import Fonts, find_fonts
from handlers.pictures.sheet import CountdownSheet, ReviewSheet, Sheet

DEADLINE = 20.0
"""Seconds for a picture, the wait for its turn included."""

_PNG = b"\x89PNG\r\n\x1a\n"

# A lock belongs to the loop that first waits for it.
_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()


class NotDrawn(Exception):
    """There is no picture; the text says why."""


async def drawn(sheet: Sheet | CountdownSheet | ReviewSheet, deadline: float = DEADLINE) -> bytes:
    """The sheet as a PNG file.

    Raises:
        NotDrawn: there is no font, the process failed, or the deadline (in seconds) has passed.
    """
    turn = _turns.setdefault(asyncio.get_running_loop(), asyncio.Lock())
    try:
        async with asyncio.timeout(deadline), turn:
            fonts = await asyncio.to_thread(find_fonts)
            if fonts is None:
                raise NotDrawn("no font with Chinese characters")
            return await _by_a_process(sheet, fonts)
    except TimeoutError:
        raise NotDrawn(f"it was not ready after {deadline:g} s") from None
    except OSError as trouble:
        raise NotDrawn(f"the process could not be started: {trouble}") from trouble


async def _by_a_process(sheet: Sheet | CountdownSheet | ReviewSheet, fonts: Fonts) -> bytes:
    here = os.pathsep.join(filter(None, sys.path))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "handlers.pictures.drawing_process",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": here},
    )
    try:
        picture, told = await process.communicate(pickle.dumps((sheet, fonts)))
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode or not picture.startswith(_PNG):
        last = told.decode(errors="replace").strip().splitlines()[-1:]
        raise NotDrawn(f"the process ended with {process.returncode}: {''.join(last)}")
    return picture
