"""The room in a browser: NiceGUI on the room's application, behind its entrance.

The page itself is `bot/room/chat_page.py`, its parts `chat_parts.py`, its look and script lie in
`web/`. Here it is put together, and closed to everybody who has not come through the entrance:
NiceGUI's own socket too is only for browsers whose cookie the room knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo

from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse, Response
from nicegui import ui
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.room.chat_page import ChatPage
from bot.room.entrance import Entrance, signed_in
from bot.room.page_text import LANGUAGE_COOKIE, LANGUAGES, choose_language
from bot.room.room import Room

SAFETY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
}


def add_page(
    app: FastAPI, room: Room, zone: tzinfo | None, links: Mapping[str, str] | None = None
) -> None:
    """Serve the page of one room; times are shown in `zone`, None meaning this machine's.

    Managers see `links` to further pages: the path of each, by its name among the page's words.

    NiceGUI is one application that starts once in a process: a second page needs another.
    """
    app.include_router(Entrance(room).router)

    @ui.page("/", title=LANGUAGES["zh"]("room"), favicon=None)
    async def page(request: Request) -> Response | None:
        person = signed_in(room, request.cookies)
        if person is None:
            return RedirectResponse("/enter", 303)
        accepted = request.headers.get("accept-language")
        language = choose_language(request.cookies.get(LANGUAGE_COOKIE), accepted)
        words = LANGUAGES[language]
        ui.page_title(words("room"))
        ui.add_head_html(
            '<link rel="stylesheet" href="/assets/look.css">'
            '<link rel="icon" href="/assets/mark.svg">'
            '<script defer src="/assets/chat.js"></script>'
            f'<script>document.documentElement.lang = "{words("language")}"</script>'
        )
        await ChatPage(room, person, language, zone, links or {}).build()
        return None

    app.add_middleware(MembersOnly, room=room)
    ui.run_with(app, show_welcome_message=False, tailwind=False)


class MembersOnly:
    """ASGI middleware: the page's socket only for people of the room, and safe headers for all."""

    def __init__(self, app: ASGIApp, room: Room) -> None:
        self._app = app
        self._room = room

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["path"].startswith("/_nicegui_ws"):
            cookies = cookie_parser(Headers(scope=scope).get("cookie", ""))
            if signed_in(self._room, cookies) is None:
                refusal = PlainTextResponse("Come in through the entrance.\n", status_code=403)
                await refusal(scope, receive, send)
                return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(SAFETY_HEADERS)
            await send(message)

        await self._app(scope, receive, send_safely)
