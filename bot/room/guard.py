"""The guard in front of everything the room serves: which host was asked, and from which page.

A browser sends the name it was told in `Host` and the page's origin in `Origin`. Checking both
keeps out two tricks by which a strange web page could reach a server on localhost: a name of its
own that resolves to 127.0.0.1 (DNS rebinding), and a WebSocket or form sent across sites, which
browsers allow. A program sends no origin and is held to its token.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


class Guard:
    """ASGI middleware that lets only requests for `hosts`, from their own pages, through."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str] = LOCAL_HOSTS) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] == "lifespan" or self.lets_in(Headers(scope=scope)):
            await self._app(scope, receive, send)
            return
        # Before a WebSocket is accepted this is the answer to its handshake (ASGI's
        # websocket.http.response, which uvicorn has).
        refusal = PlainTextResponse("This address is not served here.\n", status_code=403)
        await refusal(scope, receive, send)

    def lets_in(self, headers: Headers) -> bool:
        """Whether the host is ours and the page, if there is one, is on that same host."""
        host = headers.get("host", "")
        if _hostname(host) not in self._hosts:
            return False
        origin = headers.get("origin")
        return origin is None or urlsplit(origin).netloc.lower() == host.lower()


def _hostname(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:  # an unclosed bracket, say
        return ""
