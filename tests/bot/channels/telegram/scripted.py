"""A Bot API server that answers as it was told to, and keeps what it was asked.

It knows no chats: what Telegram is like, `tests/peers/telegram` says. Here a test writes the one
answer that it is about.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web

TOKEN = "123456:very-secret-half-of-the-token"
SECRET = TOKEN.partition(":")[2]
ME = {
    "id": 123456,
    "is_bot": True,
    "first_name": "暖群",
    "username": "nuanqun_bot",
    "can_join_groups": True,
}

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A call that arrived: its method and what it was given; files by their names."""

    method: str
    given: dict[str, Any]
    files: dict[str, bytes] = field(default_factory=dict)


class ScriptedTelegram:
    """Serves from `async with` on, at `url`."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.script: defaultdict[str, deque[Answer]] = defaultdict(deque)
        self._messages = 0
        self._port = 0
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/bot{token}/{method}", self._serve)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    def calls(self, method: str) -> list[dict[str, Any]]:
        """What each call of a method was given."""
        return [one.given for one in self.asked if one.method == method]

    def answers(self, method: str, *answers: Answer) -> None:
        """How the next calls of a method end; after these it goes well again."""
        self.script[method].extend(answers)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        asked = await _asked(request)
        self.asked.append(asked)
        if self.script[asked.method]:
            return await self.script[asked.method].popleft()(request)
        return await does(self._result(asked))(request)

    def _result(self, asked: Asked) -> Any:
        match asked.method:
            case "getMe":
                return ME
            case "sendMediaGroup":
                return [self._message(asked) for _ in asked.given["media"]]
            case "sendMessage" | "sendPhoto" | "editMessageText" | "editMessageMedia":
                return self._message(asked)
            case "createChatInviteLink":
                return {
                    "invite_link": "https://t.me/+fan",
                    "creator": ME,
                    "creates_join_request": False,
                    "is_primary": False,
                    "is_revoked": False,
                }
        return True

    def _message(self, asked: Asked) -> dict[str, Any]:
        self._messages += 1
        chat = {"id": int(asked.given["chat_id"]), "type": "supergroup", "title": "一群"}
        message = {"message_id": self._messages, "date": 1, "chat": chat}
        if asked.method in ("sendMessage", "editMessageText"):
            return message | {"text": "好"}
        sizes = [
            {"file_id": f"{size}-{self._messages}", "file_unique_id": "u", "width": 1, "height": 1}
            for size in ("small", "large")
        ]
        return message | {"photo": sizes}


async def _asked(request: web.Request) -> Asked:
    """The call, with everything in it that looks like JSON read."""
    given: dict[str, Any] = {}
    files: dict[str, bytes] = {}
    for name, value in (await request.post()).items():
        if isinstance(value, web.FileField):
            files[name] = value.file.read()
        else:
            given[name] = _read(str(value))
    return Asked(request.match_info["method"], given, files)


def _read(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value


def does(result: Any) -> Answer:
    """It goes well."""

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.json_response({"ok": True, "result": result})

    return answer


def refuses(code: int, description: str | None, **parameters: int) -> Answer:
    """It is refused, in Telegram's form."""
    body: dict[str, Any] = {"ok": False, "error_code": code, "description": description}

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.json_response(body | {"parameters": parameters}, status=code)

    return answer


def page(code: int, text: str | bytes) -> Answer:
    """It is answered with a page of somebody in between, who repeats the address."""
    body = text.encode() if isinstance(text, str) else text

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(
            body=body + request.path.encode(), status=code, content_type="text/html", charset="utf8"
        )

    return answer


def late(seconds: float, then: Answer) -> Answer:
    """It takes a while."""

    async def answer(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(seconds)
        return await then(request)

    return answer


async def hangs(_: web.Request) -> web.StreamResponse:
    """It is heard, but never answered."""
    await asyncio.Event().wait()
    raise AssertionError("nobody sets that event")


async def cuts(request: web.Request) -> web.StreamResponse:
    """It is heard, and the connection ends."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
