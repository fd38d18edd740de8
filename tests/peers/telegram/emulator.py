"""Another hand's Bot API server, `lo-bot-api-emulator`, and what can be done with it.

It checks requests by a contract of its own and keeps the queue of updates, but no chats, members
or messages: what happens there is told to it over its control port, as the bot is to hear it. Its
own list says which methods it implements (`implements`); others it answers with 501.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

# The library ships no types of its own.
import lo_bot_api_emulator as library  # type: ignore[import-untyped]
from aiohttp import ClientSession, web

HOST = "127.0.0.1"
TOKEN = "7:emulated"


class Emulator:
    """A running emulator with the one bot that tests use there, whose token is `TOKEN`."""

    def __init__(self, url: str, session: ClientSession) -> None:
        self.url = url
        self._session = session

    async def tell(self, kind: str, body: dict[str, Any]) -> int:
        """Something happened; the number of the update."""
        number: int = (await self._control("updates", {"update": {kind: body}}))["update_id"]
        return number

    async def deliver(self) -> int:
        """Bring what waits to the webhook once more; how many updates were taken."""
        taken: int = (await self._control("deliver", {}))["delivered"]
        return taken

    async def waiting(self) -> int:
        """How many updates the bot has not confirmed yet."""
        async with self._session.post(f"{self.url}/bot{TOKEN}/getWebhookInfo") as answer:
            count: int = (await answer.json())["result"]["pending_update_count"]
            return count

    async def _control(self, what: str, more: dict[str, Any]) -> dict[str, Any]:
        given = {"token": TOKEN} | more
        async with self._session.post(f"{self.url}/__fixture/{what}", json=given) as answer:
            told: dict[str, Any] = await answer.json()
        assert told["ok"], told
        result: dict[str, Any] = told["result"]
        return result


def implements(method: str) -> bool:
    """Whether the emulator does anything but refuse when this method is called."""
    return method in library.MODELED_METHODS


@asynccontextmanager
async def running() -> AsyncIterator[Emulator]:
    """An emulator on a free port of this machine."""
    served = library.LoBotApiEmulator(
        enable_control=True, allow_insecure_loopback_webhooks=True
    ).app()
    runner = web.AppRunner(served, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, 0).start()
        async with ClientSession() as session:
            yield Emulator(f"http://{HOST}:{runner.addresses[0][1]}", session)
    finally:
        await runner.cleanup()
