"""Brings updates to the bots that asked for a webhook, again and again until they take them.

At most as many calls of a bot run at the same time as it asked for. An update is forgotten when its
call was answered with 2xx; otherwise it comes again, after a rest that grows. The real platform
calls https alone; the double takes any address on this machine, as a proxy with a certificate would
hand the calls on.
"""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout

from tests.peers.telegram.world import Bot, Webhook

_SECRET = "X-Telegram-Bot-Api-Secret-Token"
_PATIENCE = ClientTimeout(total=60)
_FIRST_REST = 0.1
_LONGEST_REST = 2.0


class Postman:
    """Serves one bot's webhook from `start` to `stop`."""

    def __init__(self, bot: Bot, webhook: Webhook) -> None:
        self._bot = bot
        self._webhook = webhook
        self._under_way: dict[int, asyncio.Task[None]] = {}
        self._round: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to bring what there is."""
        self._round = asyncio.create_task(self._go_round(), name="postman")

    async def stop(self) -> None:
        """Bring no more."""
        tasks = [*self._under_way.values(), *([self._round] if self._round else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _go_round(self) -> None:
        async with ClientSession(timeout=_PATIENCE) as session:
            while True:
                for update in self._bot.inbox.waiting:
                    if len(self._under_way) >= self._webhook.connections:
                        break
                    number = update["update_id"]
                    if number not in self._under_way:
                        task = asyncio.create_task(self._bring(session, update))
                        self._under_way[number] = task
                came = asyncio.ensure_future(self._bot.inbox.came())
                try:
                    waited_for = {came, *self._under_way.values()}
                    await asyncio.wait(waited_for, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    came.cancel()
                done = [number for number, task in self._under_way.items() if task.done()]
                for number in done:
                    self._under_way.pop(number).result()

    async def _bring(self, session: ClientSession, update: dict[str, Any]) -> None:
        rest = _FIRST_REST
        while not await self._taken(session, update):
            await asyncio.sleep(rest)
            rest = min(rest * 2, _LONGEST_REST)
        inbox = self._bot.inbox
        inbox.waiting = [one for one in inbox.waiting if one is not update]

    async def _taken(self, session: ClientSession, update: dict[str, Any]) -> bool:
        headers = {_SECRET: self._webhook.secret} if self._webhook.secret else {}
        try:
            async with session.post(self._webhook.url, json=update, headers=headers) as answer:
                return 200 <= answer.status < 300
        except (ClientError, TimeoutError):
            return False
