"""Stands between a bot and a Bot API server, notes what passes, and spoils it where asked.

It looks at every request with the schema, whichever server is behind it. What is to go wrong is a
`Fault` by call: of `faults`, each call of a method that says something takes the next, and None
lets it pass; a test that wants other calls spoiled sets `chooses`. `shut` refuses connections.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Any, Self

from aiohttp import ClientSession, ClientTimeout, web

from tests.peers.telegram import calls
from tests.peers.telegram.calls import Call
from tests.peers.telegram.refusals import too_many

HOST = "127.0.0.1"
_ENOUGH = 64 * 1024 * 1024
_LONG = ClientTimeout(total=None)
_PAGE = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
SILENCE = 1
"""Seconds of a `retry_after` that the proxy makes up."""


class Fault(StrEnum):
    """What goes wrong with a call. Those named `sent_...` have reached the server."""

    PAGE = "a 502 with HTML"
    SENT_PAGE = "sent, and a 502 with HTML"
    BROKEN = "a 500 of the Bot API"
    SENT_BROKEN = "sent, and a 500 of the Bot API"
    HANG = "no answer, ever"
    SENT_HANG = "sent, and no answer, ever"
    RESET = "a reset connection"
    LOST = "sent, and the connection reset before the answer"
    TOO_FAST = "a 429"

    @property
    def sent(self) -> bool:
        """Whether the call has reached the server."""
        return self in (Fault.SENT_PAGE, Fault.SENT_BROKEN, Fault.SENT_HANG, Fault.LOST)


@dataclass(frozen=True, slots=True)
class Passed:
    """A call and what the server answered; `body` is None where it was not asked."""

    at: float
    call: Call
    fault: Fault | None
    status: int
    body: Any


class Proxy:
    """Serves from `async with` on, at `url`; hands on to the server at `beyond`."""

    def __init__(self, beyond: str) -> None:
        self.passed: list[Passed] = []
        self.wrong: list[str] = []
        self.faults: deque[Fault | None] = deque()
        self.chooses: Callable[[Call], Fault | None] = self._next_fault
        self._beyond = beyond
        self._session: ClientSession
        self._runner: web.AppRunner
        self._site: web.TCPSite | None = None
        # Keeps the port ours while the door is shut: bound, and never listening.
        self._place = socket.socket()
        self._place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)

    async def __aenter__(self) -> Self:
        self._place.bind((HOST, 0))
        self._session = ClientSession(timeout=_LONG)
        app = web.Application(client_max_size=_ENOUGH)
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1
        )
        await self._runner.setup()
        await self.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._runner.cleanup()
        await self._session.close()
        self._place.close()

    @property
    def url(self) -> str:
        """Where a bot finds the Bot API."""
        return f"http://{HOST}:{self._place.getsockname()[1]}"

    async def open(self) -> None:
        """Let connections in."""
        port = self._place.getsockname()[1]
        self._site = web.TCPSite(self._runner, HOST, port, reuse_port=True)
        await self._site.start()

    async def shut(self) -> None:
        """Refuse connections and reset those there are, until `open`."""
        if self._site is not None:
            await self._site.stop()
            self._site = None
        server = self._runner.server
        assert server is not None
        for handler in tuple(server.connections):
            _reset(handler.transport)

    def said(self, *methods: str) -> list[Passed]:
        """The calls of these methods that reached the server and were obeyed, in their order."""
        return [one for one in self.passed if one.call.method in methods and one.status == 200]

    def _next_fault(self, call: Call) -> Fault | None:
        says = call.method.startswith(("send", "edit", "delete", "pin", "create", "approve"))
        return self.faults.popleft() if says and self.faults else None

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        arrived, body = time.time(), await request.read()
        call = calls.read(request.path, request.headers.get("Content-Type", ""), body)
        if call is None:
            return await self._hand_on(request, body)
        if call.wrong is not None:
            self.wrong.append(call.wrong)
        fault = self.chooses(call)
        answer: web.Response | None = None
        if fault is None or fault.sent:
            answer = await self._hand_on(request, body)
        said = None if answer is None else json.loads(bytes(answer.body or b"null"))  # type: ignore[arg-type]  # its own bytes
        status = 0 if answer is None else answer.status
        self.passed.append(Passed(arrived, call, fault, status, said))
        if fault is None:
            assert answer is not None
            return answer
        return await self._spoil(request, fault)

    async def _hand_on(self, request: web.Request, body: bytes) -> web.Response:
        headers = {
            name: value
            for name, value in request.headers.items()
            if name.lower() in ("content-type", "x-telegram-bot-api-secret-token")
        }
        async with self._session.request(
            request.method, self._beyond + request.path_qs, data=body, headers=headers
        ) as answer:
            return web.Response(
                body=await answer.read(), status=answer.status, content_type=answer.content_type
            )

    async def _spoil(self, request: web.Request, fault: Fault) -> web.Response:
        match fault:
            case Fault.PAGE | Fault.SENT_PAGE:
                return web.Response(text=_PAGE, status=502, content_type="text/html")
            case Fault.BROKEN | Fault.SENT_BROKEN:
                trouble = {"ok": False, "error_code": 500, "description": "Internal Server Error"}
                return web.json_response(trouble, status=500)
            case Fault.TOO_FAST:
                return web.json_response(too_many(SILENCE).form(), status=429)
            case Fault.HANG | Fault.SENT_HANG:
                await asyncio.Event().wait()
            case Fault.RESET | Fault.LOST:
                _reset(request.transport)
        return web.Response(status=500)  # nobody is left to read it


def _reset(transport: asyncio.BaseTransport | None) -> None:
    """End a connection without a proper end."""
    if transport is None:
        return
    wire: socket.socket = transport.get_extra_info("socket")
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert isinstance(transport, asyncio.Transport)
    transport.abort()
