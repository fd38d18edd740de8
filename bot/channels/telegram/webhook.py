"""Hearing by being called: Telegram posts each update to the bot, which answers once it is stored.

The bot listens on an address of this machine; what the public https address of the webhook stands
for (a proxy, a tunnel) hands the calls on. A call is Telegram's if it carries the secret that was
agreed on when the webhook was set. It is answered with 200 when its update is confirmed, and with
503 when that takes too long: Telegram then calls again, and the call is tied to the same update.

Several calls come beside each other, those of one chat one after the other. Of the updates that
are there the lowest is told first, but a lower one may come later. So the cursor `~N` says nothing
of what stands before N: whoever polls after a time of webhooks asks from Telegram's beginning, and
storage knows what it has heard.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections import OrderedDict
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from urllib.parse import urlsplit

import structlog
from aiogram.exceptions import AiogramError
from aiogram.methods import GetWebhookInfo, SetWebhook
from aiogram.types import Update
from fastapi import APIRouter, FastAPI, Request, Response
from pydantic import SecretStr

from bot.channels.telegram.connection import TelegramConnection
from bot.channels.telegram.hearing import unless
from bot.channels.telegram.intake import Intake, not_set_up, read_update
from bot.channels.telegram.updates import ALLOWED_UPDATES
from bot.web_server import AddressRefused, WebServer
from handlers.events import Event
from storage.errors import RunningError

_log = structlog.get_logger(__name__)

CONNECTIONS = 40
"""Calls at the same time. Each waits for the next commit, some 30 ms, so that these make about a
thousand updates a second; Telegram's own default, of at most 100."""

PATIENCE = timedelta(seconds=30)  # Telegram's own ends a minute after it has called
BODY = 1024 * 1024  # bytes; a message of 4,096 characters with all its parts has less than 100 kB
_HEADER = "X-Telegram-Bot-Api-Secret-Token"

_MOST = 4 * CONNECTIONS  # updates under way; more than Telegram brings unless it repeats itself
_REMEMBERED = 10_000  # updates that are stored, whose answer may have been lost
_STOP_SECONDS = 3

_OK = 200
_BAD_REQUEST = 400
_FORBIDDEN = 403
_TOO_LARGE = 413
_UNAVAILABLE = 503


class WebhookAddressRefused(RunningError):
    """The machine does not let the bot listen where the webhook's calls should come in."""

    number = 545
    sentence = "The webhook cannot listen on {host}, port {port}: {reason}."
    mend = "Set another `port` in the section [telegram.*], and let the proxy hand calls on to it."


@dataclass(slots=True)
class _Held:
    """An update that a call brought, until it is stored."""

    update: Update
    waited: bool  # it may have waited at Telegram since before the webhook was set
    stored: asyncio.Event = field(default_factory=asyncio.Event)


class WebhookHearing:
    """The updates of one bot, as Telegram brings them.

    Args:
        connection: the bot's calls, opened before this and closed after.
        intake: what makes events of updates; opened and closed with this.
        url: the webhook's public address. Calls are heard at its path.
        host: where to listen on this machine.
        port: the port, or 0 for any free one.
        secret: what Telegram proves itself with; drawn anew at each opening where there is none.
        patience: how long a call may wait until its update is stored.
    """

    def __init__(
        self,
        connection: TelegramConnection,
        intake: Intake,
        *,
        url: str,
        host: str,
        port: int,
        secret: SecretStr | None = None,
        patience: timedelta = PATIENCE,
    ) -> None:
        self._connection = connection
        self._intake = intake
        self._url = url
        self._host = host
        self.port = port
        """Where it listens; known once it is open."""
        self._configured = secret
        self._secret = ""
        self._patience = patience.total_seconds()
        self._server: WebServer | None = None
        self._waiting = 0  # updates that waited at Telegram when the webhook was set
        self._held: dict[int, _Held] = {}
        self._stored: OrderedDict[int, None] = OrderedDict()
        self._told: dict[str, int] = {}  # the updates that were told, by cursor, in order
        self._untold: asyncio.PriorityQueue[int] = asyncio.PriorityQueue()
        self._closed = asyncio.Event()
        self._closed.set()

    async def open(self) -> None:
        """Listen, and have Telegram call.

        Raises:
            WebhookAddressRefused: the address of this machine is taken or not allowed.
            TelegramUnreachable: Telegram did not set the webhook.
        """
        await self.close()
        configured = self._configured
        self._secret = configured.get_secret_value() if configured else secrets.token_urlsafe(32)
        self._closed = asyncio.Event()
        await self._listen()
        try:
            info = await self._connection.call(GetWebhookInfo())
            self._waiting = info.pending_update_count
            await self._connection.call(
                SetWebhook(
                    url=self._url,
                    max_connections=CONNECTIONS,
                    allowed_updates=list(ALLOWED_UPDATES),
                    secret_token=self._secret,
                )
            )
            await self._intake.open()
        except AiogramError as trouble:
            await self.close()
            raise not_set_up(self._connection, trouble) from trouble

    async def _listen(self) -> None:
        app = FastAPI(openapi_url=None)
        app.include_router(self._router())
        server = WebServer(app, stop_seconds=_STOP_SECONDS)
        try:
            self.port = await server.start(self._host, self.port)
        except AddressRefused as refusal:
            raise WebhookAddressRefused(
                host=self._host, port=self.port, reason=refusal.reason
            ) from refusal
        self._server = server

    def _router(self) -> APIRouter:
        router = APIRouter()
        router.add_api_route(urlsplit(self._url).path or "/", self._called, methods=["POST"])
        return router

    async def close(self) -> None:
        """Stop listening, and end hearing. Safe to call twice.

        The webhook stays set: what happens meanwhile waits at Telegram.
        """
        self._closed.set()
        server, self._server = self._server, None
        if server is not None:
            await server.stop()
        self._held.clear()
        await self._intake.close()

    async def confirm(self, cursor: str) -> None:
        """Everything told up to this cursor is stored: the calls that brought it are answered."""
        if cursor not in self._told:
            return
        for told, number in list(self._told.items()):
            del self._told[told]
            self._settle(number)
            if told == cursor:
                break

    def _settle(self, number: int) -> None:
        """An update is done with: Telegram may forget it, and is told so however often it asks."""
        self._stored[number] = None
        if len(self._stored) > _REMEMBERED:
            self._stored.popitem(last=False)
        held = self._held.pop(number, None)
        if held is not None:
            held.stored.set()

    async def events(self, after: str | None) -> AsyncGenerator[Event]:  # noqa: ARG002 (see below)
        """What Telegram brings; ends only when the hearing is closed.

        Which updates are behind `after`, only Telegram knows: it brings what was not answered.

        Raises:
            HeardLate: hearing was interrupted for long; hear anew.
        """
        closed, moments = self._closed, self._intake.begin()
        self._told.clear()
        untold = self._untold = asyncio.PriorityQueue()
        for number, held in self._held.items():
            held.waited = True
            untold.put_nowait(number)
        while True:
            lowest = await unless(closed, untold.get())
            if lowest is None:
                return
            number, held = lowest, self._held[lowest]
            events = await self._intake.events_of(held.update, moments, waited=held.waited)
            if closed.is_set():
                return
            if not events:
                self._settle(number)
                continue
            self._told[f"~{number}"] = number
            for event in events[:-1]:
                yield replace(event, cursor="~")
            yield replace(events[-1], cursor=f"~{number}")

    async def _called(self, request: Request) -> Response:
        """One call of Telegram's, or of somebody who claims to be it."""
        claimed = request.headers.get(_HEADER, "")
        if not secrets.compare_digest(claimed.encode(), self._secret.encode()):
            return Response(status_code=_FORBIDDEN)
        body = await _body(request)
        if body is None:
            return Response(status_code=_TOO_LARGE)
        try:
            update = read_update(json.loads(body))
        except (ValueError, KeyError, TypeError):
            return Response(status_code=_BAD_REQUEST)
        return Response(status_code=_OK if await self._is_stored(update) else _UNAVAILABLE)

    async def _is_stored(self, update: Update) -> bool:
        """Have an update told, if it is not already; whether it was stored in time."""
        number = update.update_id
        if number in self._stored:
            return True
        held = self._held.get(number)
        if held is None:
            if len(self._held) >= _MOST or self._closed.is_set():
                return False
            held = self._held[number] = _Held(update, waited=self._waiting > 0)
            self._waiting -= 1
            self._untold.put_nowait(number)
        ending = [asyncio.create_task(one.wait()) for one in (held.stored, self._closed)]
        try:
            await asyncio.wait(ending, timeout=self._patience, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in ending:
                one.cancel()
        if not held.stored.is_set():
            _log.warning("update_not_stored_in_time", update=number)
        return held.stored.is_set()


async def _body(request: Request) -> bytes | None:
    """The body of a call; None where it is larger than any of Telegram's."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > BODY:
            return None
    return bytes(body)
