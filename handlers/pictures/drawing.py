"""Has sheets drawn by a process of its own, and sees to it that the process ends.

One process draws at a time: whoever waits for a turn waits within the same deadline.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import sys
from collections.abc import Sequence
from weakref import WeakKeyDictionary

from handlers.pictures.fonts import Fonts, find_fonts
from handlers.pictures.sheet import CountdownSheet, ReviewSheet, Sheet

DEADLINE = 20.0
"""Seconds for all that is drawn at once, the wait for its turn included."""

AnySheet = Sheet | CountdownSheet | ReviewSheet

_PNG = b"\x89PNG\r\n\x1a\n"

# A lock belongs to the loop that first waits for it.
_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()


class NotDrawn(Exception):
    """There is no picture; the text says why."""


async def drawn(sheet: AnySheet, deadline: float = DEADLINE) -> bytes:
    """The sheet as a PNG file; see `all_drawn`."""
    return (await all_drawn([sheet], deadline))[0]


async def all_drawn(sheets: Sequence[AnySheet], deadline: float = DEADLINE) -> list[bytes]:
    """Each sheet as a PNG file, all drawn by one process: starting it takes longer than drawing.

    Raises:
        NotDrawn: there is no font, the process failed, or the deadline (in seconds) has passed.
    """
    turn = _turns.setdefault(asyncio.get_running_loop(), asyncio.Lock())
    try:
        async with asyncio.timeout(deadline), turn:
            fonts = await asyncio.to_thread(find_fonts)
            if fonts is None:
                raise NotDrawn("no font with Chinese characters")
            return await _by_a_process(sheets, fonts)
    except TimeoutError:
        raise NotDrawn(f"it was not ready after {deadline:g} s") from None
    except OSError as trouble:
        raise NotDrawn(f"the process could not be started: {trouble}") from trouble


async def _by_a_process(sheets: Sequence[AnySheet], fonts: Fonts) -> list[bytes]:
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
        written, told = await process.communicate(pickle.dumps((tuple(sheets), fonts)))
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    # One behind another: a PNG file begins with signs that nothing in it looks like.
    nothing, *pictures = written.split(_PNG)
    if process.returncode or nothing or len(pictures) != len(sheets):
        last = told.decode(errors="replace").strip().splitlines()[-1:]
        raise NotDrawn(f"the process ended with {process.returncode}: {''.join(last)}")
    return [_PNG + one for one in pictures]
