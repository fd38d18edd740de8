"""Processes that read days beside the bot, so that much is read on all cores and nobody waits.

A `Reader` owns one process of `insights.reading_process`. Its memory is the dictionary, the
lexicon and one piece of a day. It is killed at the end, in the midst of a piece too: what it was
reading is read again.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import sys
from collections.abc import Sequence

from handlers.desk import Desk
from handlers.reading_days import version_now
from insights.days import Utterance
from insights.documents import Reading
from insights.reading_process import LENGTH, Words, written

_MOST = 8  # processes: each holds a dictionary


class ReaderDied(Exception):
    """A reading process ended by itself, or was killed."""


class ReadsOtherwise(Exception):
    """A reading process reads by other rules than this one: the program on the disk is another.

    So it is while a new release is being installed under a running bot.
    """


def cores() -> int:
    """How many readers this machine has work for: as many as cores that we may use."""
    usable = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return min(usable, _MOST)


class Reader:
    """One process that reads with the words of the shop as they are when it is made."""

    def __init__(self, desk: Desk) -> None:
        self._words = Words(dict(desk.segmenter.changes), desk.lexicon)
        self._version = version_now(desk)
        self._process: asyncio.subprocess.Process | None = None

    async def read(self, said: Sequence[Utterance]) -> Reading:
        """What is understood of a piece of a day; the process is started when there is none.

        Raises:
            ReaderDied: the process ended. The next reading starts another one.
            ReadsOtherwise: what it understood would be stale at once, and read again for ever.
        """
        if self._process is None:
            self._process = await self._start()
        try:
            reading = await self._ask(self._process, said)
        except (asyncio.IncompleteReadError, ConnectionError) as gone:
            await self.end()
            raise ReaderDied from gone
        if reading.version != self._version:
            raise ReadsOtherwise
        return reading

    async def end(self) -> None:
        """End the process, whatever it is doing. Safe to call twice."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            process.kill()
        if process.stdin is not None:
            process.stdin.close()
        await process.wait()

    async def _start(self) -> asyncio.subprocess.Process:
        here = os.pathsep.join(filter(None, sys.path))
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "insights.reading_process",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": here},
        )
        if process.stdin is not None:
            process.stdin.write(written(self._words))
        return process

    async def _ask(self, process: asyncio.subprocess.Process, said: Sequence[Utterance]) -> Reading:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("a reader is started with pipes")
        process.stdin.write(written(list(said)))
        await process.stdin.drain()
        (length,) = LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))
        answer: Reading = pickle.loads(await process.stdout.readexactly(length))  # noqa: S301 (from our own program)
        return answer
