"""Another hand's Bot API server, `lo-bot-api-emulator`, and what can be done with it.

It checks requests by a contract of its own and keeps the queue of updates, but no chats, members
or messages: what happens there is told to it over its control port, as the bot is to hear it. What
it cannot do stands in `LACKS`, with the reason, as its own list of methods has it.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientConnectionError, ClientSession

_PATIENCE = 20.0
HOST = "127.0.0.1"


@dataclass
class Emulator:
    """A running emulator. `token` is the one bot that tests use there."""

    url: str
    token: str = "7:emulated"
    _session: ClientSession = field(default_factory=ClientSession)
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    async def tell(self, kind: str, body: dict[str, Any]) -> int:
        """Something happened; the number of the update."""
        given = {"token": self.token, "update": {kind: body}}
        async with self._session.post(f"{self.url}/__fixture/updates", json=given) as answer:
            told = await answer.json()
        assert told["ok"], told
        number: int = told["result"]["update_id"]
        return number

    async def deliver(self) -> int:
        """Bring what waits to the webhook once more; how many updates were taken."""
        given = {"token": self.token}
        async with self._session.post(f"{self.url}/__fixture/deliver", json=given) as answer:
            told = await answer.json()
        assert told["ok"], told
        taken: int = told["result"]["delivered"]
        return taken

    async def close(self) -> None:
        """Tell nothing more."""
        await self._session.close()


@asynccontextmanager
async def running() -> AsyncIterator[Emulator]:
    """An emulator in a process of its own, on a free port of this machine."""
    port = await _free_port()
    program = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "from lo_bot_api_emulator import main; main()",
        "--port",
        str(port),
        "--enable-control",
        "--allow-insecure-loopback-webhooks",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    emulator = Emulator(f"http://{HOST}:{port}")
    try:
        await _until_it_answers(emulator, program)
        yield emulator
    finally:
        await emulator.close()
        if program.returncode is None:
            program.terminate()
        await program.communicate()


async def _free_port() -> int:
    server = await asyncio.start_server(lambda _reader, _writer: None, HOST, 0)
    port: int = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return port


async def _until_it_answers(emulator: Emulator, program: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(_PATIENCE), ClientSession() as session:
        while program.returncode is None:
            try:
                async with session.post(f"{emulator.url}/bot{emulator.token}/getMe"):
                    return
            except ClientConnectionError:
                await asyncio.sleep(0.05)
    raise AssertionError("the emulator ended before it answered")
