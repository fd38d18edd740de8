"""The room as a program of its own, which browsers and bots reach from outside.

NiceGUI, which shows the page, starts once in a process: only one test may serve it in its own.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from bot.room.remote import SocketConnection

REPOSITORY = Path(__file__).parents[2]


class RoomProcess:
    """`python -m bot.room` on one folder, in an empty working folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.working = folder / "working"
        self.working.mkdir()

    async def start(self, port: int = 0) -> dict[str, str]:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot.room", "--data", str(self._folder / "room"),
            "--port", str(port), cwd=self.working, stdout=asyncio.subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        )  # fmt: skip
        assert self._process.stdout is not None
        async with asyncio.timeout(60):
            ready: dict[str, str] = json.loads(await self._process.stdout.readline())
        return ready

    async def stop(self) -> None:
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(20):
            assert await self._process.wait() == 0


async def connection_of(ready: dict[str, str]) -> SocketConnection:
    """A bot's way into the room, not open yet."""
    token = await asyncio.to_thread(Path(ready["token_file"]).read_text)
    return SocketConnection(ready["door"], token.strip())
