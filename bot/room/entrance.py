"""The way into the page: a nickname or a manager's link, the cookie that remembers it, pictures.

Plain pages and forms, nothing of NiceGUI. The cookie holds a random session token that the book
knows only by its digest: it cannot be forged, can be withdrawn, is out of reach of scripts
(HttpOnly), and is not sent along from other sites (SameSite=Strict). A manager's link shows a
form first and is spent only by sending it, so that nothing that merely fetches links can use it up.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Cookie, Form, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader

from bot.room.directory import SESSION_LIFE
from bot.room.errors import Reason, Refused
from bot.room.page_text import LANGUAGE_COOKIE, LANGUAGES, WEB, choose_language
from bot.room.pictures import MEDIA_TYPES, PICTURE_BYTES
from bot.room.room import Room
from bot.room.values import Person

SESSION_COOKIE = "room_session"
ASSETS = {"look.css": "text/css", "chat.js": "text/javascript"} | {
    f"{icon}.svg": "image/svg+xml" for icon in ("mark", "menu", "picture", "pin", "leave")
}

_templates = Environment(loader=FileSystemLoader(WEB), autoescape=True)


def signed_in(room: Room, request_cookies: dict[str, str]) -> Person | None:
    """Whose browser this is."""
    return room.people.owner(request_cookies.get(SESSION_COOKIE, ""))


class Entrance:
    """The forms and files around the page of one room."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self.router = APIRouter()
        self.router.add_api_route("/enter", self.show_enter, methods=["GET"])
        self.router.add_api_route("/enter", self.enter, methods=["POST"])
        self.router.add_api_route("/sign-in", self.show_sign_in, methods=["GET"])
        self.router.add_api_route("/sign-in", self.sign_in, methods=["POST"])
        self.router.add_api_route("/sign-out", self.sign_out, methods=["POST"])
        self.router.add_api_route("/language", self.choose, methods=["POST"])
        self.router.add_api_route("/pictures", self.add_picture, methods=["POST"])
        self.router.add_api_route("/pictures/{name}", self.picture, methods=["GET"])
        self.router.add_api_route("/assets/{name}", self.asset, methods=["GET"])

    async def show_enter(self, request: Request) -> Response:
        """Ask a fan for a nickname."""
        if signed_in(self._room, request.cookies) is not None:
            return RedirectResponse("/", 303)
        return self._form(request, "enter")

    async def enter(self, request: Request, nickname: Annotated[str, Form()] = "") -> Response:
        """A nickname was given."""
        try:
            _, token = await self._room.people.enter(nickname)
        except Refused as refusal:
            return self._form(request, "enter", nickname=nickname, refusal=refusal)
        return _let_in(token)

    async def show_sign_in(self, request: Request, link: str = "") -> Response:
        """Ask a manager, who has a link, for a name."""
        if not self._room.people.link_is_good(link):
            refusal = Refused(Reason.LINK_USED, "")
            return self._form(request, "sign_in", refusal=refusal)
        return self._form(request, "sign_in", link=link)

    async def sign_in(
        self,
        request: Request,
        link: Annotated[str, Form()] = "",
        nickname: Annotated[str, Form()] = "",
    ) -> Response:
        """A manager gave a name: in, and into every group there is."""
        try:
            person, token = await self._room.people.sign_in(link, nickname)
        except Refused as refusal:
            return self._form(request, "sign_in", nickname=nickname, link=link, refusal=refusal)
        for group in self._room.groups():
            await self._room.join(person, group.id)
        return _let_in(token)

    async def sign_out(self, room_session: Annotated[str, Cookie()] = "") -> Response:
        """Forget this browser."""
        await self._room.people.sign_out(room_session)
        response = RedirectResponse("/enter", 303)
        response.delete_cookie(SESSION_COOKIE)
        return response

    async def choose(
        self, to: Annotated[str, Form()], back: Annotated[str, Form()] = "/"
    ) -> Response:
        """Remember the language this browser wants."""
        is_path = back.startswith("/") and not back.startswith(("//", "/\\"))
        response = RedirectResponse(back if is_path else "/", 303)
        if to in LANGUAGES:
            _remember(response, LANGUAGE_COOKIE, to)
        return response

    async def add_picture(self, request: Request) -> Response:
        """Keep a picture that is about to be said; its source is the answer."""
        if signed_in(self._room, request.cookies) is None:
            return JSONResponse({"reason": Reason.NOT_SIGNED_IN}, 401)
        data = bytearray()
        async for chunk in request.stream():
            data += chunk
            if len(data) > PICTURE_BYTES:
                break  # `add` refuses it; the rest need not be read
        try:
            source = await self._room.pictures.add(bytes(data))
        except Refused as refusal:
            return JSONResponse({"reason": refusal.reason}, 400)
        return JSONResponse({"source": source})

    async def picture(self, request: Request, name: str) -> Response:
        """Show a picture to somebody who is in the room."""
        path = self._room.pictures.path(f"pictures/{name}")
        if path is None or signed_in(self._room, request.cookies) is None:
            return Response(status_code=404)
        return FileResponse(
            path,
            media_type=MEDIA_TYPES[path.suffix[1:]],
            headers={
                "Cache-Control": "private, max-age=31536000, immutable",
                "Content-Security-Policy": "default-src 'none'",
            },
        )

    async def asset(self, name: str) -> Response:
        """The page's own style, script and mark."""
        if name not in ASSETS:
            return Response(status_code=404)
        return FileResponse(
            WEB / name, media_type=ASSETS[name], headers={"Cache-Control": "no-cache"}
        )

    def _form(
        self,
        request: Request,
        kind: str,
        *,
        nickname: str = "",
        link: str = "",
        refusal: Refused | None = None,
    ) -> Response:
        accepted = request.headers.get("accept-language")
        code = choose_language(request.cookies.get(LANGUAGE_COOKIE), accepted)
        words = LANGUAGES[code]
        if kind == "sign_in" and not nickname:
            nickname = words("default_manager")
        back = request.url.path + (f"?link={link}" if link else "")
        text = _templates.get_template("entrance.html").render(
            words=words,
            kind=kind,
            nickname=nickname,
            link=link,
            trouble=words(refusal.reason) if refusal else None,
            other=next(other for other in LANGUAGES if other != code),
            back=back,
        )
        return HTMLResponse(text, 400 if refusal else 200, {"Cache-Control": "no-store"})


def _let_in(token: str) -> Response:
    response = RedirectResponse("/", 303)
    _remember(response, SESSION_COOKIE, token)
    return response


def _remember(response: Response, name: str, value: str) -> None:
    response.set_cookie(
        name, value, max_age=int(SESSION_LIFE), httponly=True, samesite="strict", path="/"
    )
