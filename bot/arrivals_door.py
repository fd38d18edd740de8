"""The door for pushed products: a shop's system posts them, signed, to a port of the bot's own.

`POST /arrivals/FEED` with the product, or products, in the feed's format. It is believed if it is
signed with the feed's secret, as HMAC-SHA256 of the body. Shopify and WooCommerce sign so by
themselves; whoever writes a program of their own signs the moment as well, so that what was heard
once cannot be said again later:

    X-Shopify-Hmac-Sha256, X-WC-Webhook-Signature    base64 of the signature of the body
    X-Nuanqun-Signature                              hex of the signature of `MOMENT.` and the body
    X-Nuanqun-Time                                   MOMENT: Unix seconds, at most 5 minutes off

The door is shut unless `[arrivals] port` says where it is. It answers 204 once everything is
written down; a product that comes twice is the one it was. What is not believed is kept until a
manager has looked, and answered 202: shops stop pushing where that is refused a few times in a row
(WooCommerce disables a webhook after five failures, Shopify deletes it after eight).
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta

import structlog
from fastapi import APIRouter, FastAPI, Request, Response

from bot.web_server import AddressRefused, WebServer
from handlers.arrivals.looking import read_page
from handlers.arrivals.rules import FeedRules
from handlers.arrivals.taking import take_pushed
from handlers.arrivals.troubles import FeedTrouble
from handlers.desk import Desk
from storage.errors import RunningError

_log = structlog.get_logger(__name__)

LARGEST = 1024 * 1024
"""Bytes of one push."""

PATIENCE = 10.0
"""Seconds for a push to come in."""

FRESH = timedelta(minutes=5)
"""So far a signed moment may be off."""

_AT_ONCE = 4
_STOP_SECONDS = 3
_PLATFORMS = ("x-shopify-hmac-sha256", "x-wc-webhook-signature")
_OWN, _MOMENT = "x-nuanqun-signature", "x-nuanqun-time"

_TAKEN = 204
_HELD = 202
_NOT_UNDERSTOOD = 400
_DENIED = 403
_SLOW = 408
_TOO_LARGE = 413
_BUSY = 503


class ArrivalsDoorRefused(RunningError):
    """The machine does not let the bot listen where products should be pushed to."""

    number = 529
    sentence = "The door for pushed products cannot listen on {host}, port {port}: {reason}."
    mend = "Set another `port` in the section [arrivals], or 0 to do without."


@asynccontextmanager
async def arrivals_door(desk: Desk, host: str, port: int) -> AsyncIterator[int]:
    """Take what is pushed, as long as the context lasts; gives the port.

    Raises:
        ArrivalsDoorRefused: it cannot listen there.
    """
    server = WebServer(_Door(desk).application(), stop_seconds=_STOP_SECONDS)
    try:
        heard_at = await server.start(host, port)
    except AddressRefused as refusal:
        raise ArrivalsDoorRefused(host=host, port=port, reason=refusal.reason) from refusal
    try:
        yield heard_at
    finally:
        await server.stop()


class _Door:
    """Answers pushes, a few at once."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._room = asyncio.Semaphore(_AT_ONCE)

    def application(self) -> FastAPI:
        """What answers."""
        app = FastAPI(openapi_url=None)
        router = APIRouter()
        router.add_api_route("/arrivals/{name}", self._pushed, methods=["POST"])
        app.include_router(router)
        return app

    async def _pushed(self, request: Request, name: str) -> Response:
        """One push. Whoever cannot sign hears the same, whether there is such a feed or not."""
        if self._room.locked():
            return Response(status_code=_BUSY)
        async with self._room:
            try:
                async with asyncio.timeout(PATIENCE):
                    body = await _body(request)
            except TimeoutError:
                return Response(status_code=_SLOW)
            if body is None:
                return Response(status_code=_TOO_LARGE)
            feed = self._desk.shop.arrivals.feeds.get(name)
            if feed is None or not _is_signed(
                feed, body, request.headers, self._desk.clock.now().timestamp()
            ):
                return Response(status_code=_DENIED)
            return Response(status_code=await self._take(feed, body))

    async def _take(self, feed: FeedRules, body: bytes) -> int:
        base = feed.url or "https://localhost/"
        try:
            read = await read_page(feed, body, base)
        except FeedTrouble as trouble:
            _log.warning("push_not_understood", feed=feed.name, trouble=str(trouble))
            return _NOT_UNDERSTOOD
        if read.bad and not read.wares:
            _log.warning("push_not_understood", feed=feed.name, rows=read.bad)
            return _NOT_UNDERSTOOD
        judged = await take_pushed(self._desk, feed, read)
        return _TAKEN if judged.held is None else _HELD


async def _body(request: Request) -> bytes | None:
    """The body of a push; None where it is too large."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > LARGEST:
            return None
    return bytes(body)


def _is_signed(feed: FeedRules, body: bytes, headers: Mapping[str, str], now: float) -> bool:
    """Whether whoever pushed knows the feed's secret."""
    if feed.secret is None:
        return False
    key = feed.secret.get_secret_value().encode()
    if _OWN in headers:
        moment = headers.get(_MOMENT, "")
        if not moment.isascii() or not moment.isdigit():
            return False
        if abs(int(moment[:12]) - now) > FRESH.total_seconds():
            return False
        meant = hmac.new(key, moment.encode() + b"." + body, hashlib.sha256).hexdigest()
        return _same(headers[_OWN].lower(), meant)
    signature = base64.b64encode(hmac.new(key, body, hashlib.sha256).digest()).decode()
    return any(_same(headers[one], signature) for one in _PLATFORMS if one in headers)


def _same(claimed: str, meant: str) -> bool:
    return hmac.compare_digest(claimed.strip().encode(), meant.encode())
