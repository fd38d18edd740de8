"""The double of the Bot API server: the world behind HTTP, on a free port of this machine.

Every request is held against the schema before it is obeyed, and every result before it is sent. A
request that the Bot API would not know is refused with a 400 and kept in `wrong`: whoever ran a bot
against the double looks there at the end.
"""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from tests.peers.telegram import calls, schema
from tests.peers.telegram.calls import Call
from tests.peers.telegram.limits import Allowed, Limits
from tests.peers.telegram.methods import METHODS, Asked
from tests.peers.telegram.people import People
from tests.peers.telegram.refusals import NO_SUCH_METHOD, UNAUTHORIZED, Refusal, bad, conflict
from tests.peers.telegram.refusals import too_many as too_many_messages
from tests.peers.telegram.webhooks import Postman
from tests.peers.telegram.world import Bot, Webhook, World

HOST = "127.0.0.1"
_ENOUGH = 64 * 1024 * 1024  # bytes of a request: ten pictures of the largest size, and some
# What the platform limits, as far as it says so: what puts words before people. Others it may
# limit as well, and nobody tells how.
_SAYS = re.compile(r"send(?!ChatAction)\w+|editMessage\w+|copyMessage\w*|forwardMessage\w*")


@dataclass(frozen=True, slots=True)
class Met:
    """A call that arrived, and the code of its answer. `at` is a moment of the monotonic clock."""

    at: float
    call: Call
    code: int


class TelegramDouble:
    """Serves from `async with` on, at `url`.

    Args:
        allowed: how fast bots may be; None lets everything through.
        now: the world's time, in seconds since the epoch.
    """

    def __init__(
        self,
        *,
        allowed: Allowed | None = Allowed(),  # noqa: B008 (a value that never changes)
        now: Callable[[], float] = time.time,
    ) -> None:
        self.world = World(now)
        self.people = People(self.world)
        self.limits = Limits(allowed)
        self.met: list[Met] = []
        self.wrong: list[str] = []
        self._port = 0
        self._runner: web.AppRunner | None = None
        self._postmen: dict[str, Postman] = {}

    @property
    def url(self) -> str:
        """Where it serves the Bot API."""
        return f"http://{HOST}:{self._port}"

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=_ENOUGH)
        app.router.add_get("/file/bot{token}/{path}", self._download)
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, HOST, self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for postman in self._postmen.values():
            await postman.stop()
        if self._runner is not None:
            await self._runner.cleanup()

    def asked(self, *methods: str) -> list[Met]:
        """The calls of these methods that were obeyed, in their order."""
        return [one for one in self.met if one.call.method in methods and one.code == 200]

    async def _serve(self, request: web.Request) -> web.Response:
        arrived = time.monotonic()
        call = calls.read(
            request.path, request.headers.get("Content-Type", ""), await request.read()
        )
        if call is None:
            return _written(NO_SUCH_METHOD.form(), 404)
        try:
            result = await self._obey(call)
        except Refusal as refusal:
            self.met.append(Met(arrived, call, refusal.code))
            _own(schema.wrong_with("APIResponseError", refusal.form()))
            return _written(refusal.form(), refusal.code)
        self.met.append(Met(arrived, call, 200))
        return _written({"ok": True, "result": result}, 200)

    async def _obey(self, call: Call) -> Any:
        bot = self.world.bots.get(call.token)
        if bot is None:
            raise UNAUTHORIZED
        if call.wrong is not None:
            self.wrong.append(call.wrong)
            raise bad(call.wrong)
        if call.method in HEARING:
            result = await HEARING[call.method](self, bot, call)
        elif call.method in METHODS:
            self._pass(bot, call)
            result = METHODS[call.method](Asked(self.world, bot, call))
        else:
            self.wrong.append(f"the double does not know {call.method} yet")
            raise NO_SUCH_METHOD
        _own(schema.wrong_with_result(call.method, result))
        return result

    def _pass(self, bot: Bot, call: Call) -> None:
        """Let a message through if it is not too fast."""
        chat = call.parameters.get("chat_id")
        if not _SAYS.fullmatch(call.method) or not isinstance(chat, int):
            return
        wait = self.limits.arrive(bot.user.id, chat, is_group=chat < 0)
        if wait is not None:
            raise too_many_messages(wait)

    async def get_updates(self, bot: Bot, call: Call) -> Any:
        """What happened, as soon as something did."""
        if bot.webhook is not None:
            raise conflict(
                "can't use getUpdates method while webhook is active; "
                "use deleteWebhook to delete the webhook first"
            )
        given = call.parameters
        if "allowed_updates" in given:
            bot.inbox.asked_for = given["allowed_updates"]
        limit = min(max(given.get("limit", 100), 1), 100)
        return await bot.inbox.take(given.get("offset", 0), limit, given.get("timeout", 0))

    async def set_webhook(self, bot: Bot, call: Call) -> Any:
        """Bring the updates from now on; without an address, do not."""
        given = call.parameters
        await self._stop_bringing(bot)
        if "allowed_updates" in given:
            bot.inbox.asked_for = given["allowed_updates"]
        if given.get("drop_pending_updates"):
            bot.inbox.forget_all()
        if given["url"]:
            connections = given.get("max_connections", 40)
            bot.webhook = Webhook(given["url"], given.get("secret_token"), connections)
            bot.inbox.end_polling()
            postman = self._postmen[bot.token] = Postman(bot, bot.webhook)
            postman.start()
        return True

    async def delete_webhook(self, bot: Bot, call: Call) -> Any:
        """Bring the updates no more; they are kept for getUpdates."""
        await self._stop_bringing(bot)
        if call.parameters.get("drop_pending_updates"):
            bot.inbox.forget_all()
        return True

    async def _stop_bringing(self, bot: Bot) -> None:
        bot.webhook = None
        postman = self._postmen.pop(bot.token, None)
        if postman is not None:
            await postman.stop()

    async def _download(self, request: web.Request) -> web.Response:
        known = request.match_info["token"] in self.world.bots
        data = self.world.files.get(request.match_info["path"])
        if not known or data is None:
            raise web.HTTPNotFound
        return web.Response(body=data)


HEARING: dict[str, Callable[[TelegramDouble, Bot, Call], Awaitable[Any]]] = {
    "getUpdates": TelegramDouble.get_updates,
    "setWebhook": TelegramDouble.set_webhook,
    "deleteWebhook": TelegramDouble.delete_webhook,
}


def _own(wrong: str | None) -> None:
    """Fail where the double itself is about to answer what it should not."""
    if wrong is not None:
        raise AssertionError(f"the double wrote what the Bot API never sends: {wrong}")


def _written(body: dict[str, Any], status: int) -> web.Response:
    return web.json_response(body, status=status)
