"""The room on a port: door, pictures and, when wanted, the page, in one application.

`RoomServer` runs it as a task of the process that owns the room; `python -m bot.room` is such a
process with nothing else in it. NiceGUI, which is heavy, is imported only for the page.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from datetime import tzinfo
from pathlib import Path

from fastapi import FastAPI

from bot.room.door import PICTURE_FRAME_BYTES, Door
from bot.room.errors import RoomAddressRefused, RoomPortInUse
from bot.room.guard import LOCAL_HOSTS, Guard
from bot.room.room import Room
from bot.web_server import AddressRefused, WebServer

STOP_SECONDS = 3  # for sockets to close when the server stops
BOT_TOKEN_LIFE = 10 * 365 * 86_400.0  # seconds; the file is what guards it


class RoomServer:
    """One room, served on one port of this machine until it is stopped.

    Args:
        room: an open room; whoever opened it closes it, after `stop`.
        host: the address to listen on. Anything but this machine itself must be meant.
        port: the port, or 0 for any free one.
        names: further host names under which the room may be asked for, besides `localhost`
            and `host` itself; a request for any other name is refused.
        page: whether to serve the page for browsers beside the door for programs. One process
            can serve one page, because NiceGUI is one application.
        zone: the time zone the page shows; None means this machine's.
        links: further pages for managers, which others serve beside this one: the path of each,
            by its name among the page's words.
    """

    def __init__(
        self,
        room: Room,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        names: tuple[str, ...] = (),
        page: bool = True,
        zone: tzinfo | None = None,
        links: Mapping[str, str] | None = None,
    ) -> None:
        self.door = Door(room)
        self._room = room
        self._host = host
        self._port = port
        self._hosts = LOCAL_HOSTS | {name.lower() for name in (host, *names)}
        self._application = application(room, self.door, page=page, zone=zone, links=links)
        self._server: WebServer | None = None

    @property
    def url(self) -> str:
        """The page's address; known once the server has started."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    @property
    def door_url(self) -> str:
        """The door's address."""
        return f"{self.url.replace('http', 'ws', 1)}/door"

    def new_sign_in_url(self) -> str:
        """A link that makes whoever opens it first a manager; it works once, within a day."""
        return f"{self.url}/sign-in?link={self._room.people.new_link()}"

    async def start(self) -> None:
        """Listen; returns once requests are answered.

        Raises:
            RoomPortInUse: another program has the port.
            RoomAddressRefused: the machine does not allow this host or port.
        """
        server = WebServer(
            Guard(self._application, self._hosts),
            stop_seconds=STOP_SECONDS,
            socket_bytes=PICTURE_FRAME_BYTES,
        )
        try:
            self._port = await server.start(self._host, self._port)
        except AddressRefused as refusal:
            if refusal.in_use:
                raise RoomPortInUse(host=self._host, port=self._port) from refusal
            reason = refusal.reason
            raise RoomAddressRefused(host=self._host, port=self._port, reason=reason) from refusal
        self._server = server

    async def stop(self) -> None:
        """Close every socket and end the task. Safe to call twice."""
        if self._server is not None:
            await self._server.stop()


def application(
    room: Room,
    door: Door,
    *,
    page: bool,
    zone: tzinfo | None = None,
    links: Mapping[str, str] | None = None,
) -> FastAPI:
    """The room as an application: `/door`, `/health`, and the page with its pictures."""
    app = FastAPI(title="暖群 room", openapi_url=None)
    app.include_router(door.router)

    @app.get("/health")
    async def health() -> dict[str, int]:
        """The number of the last event: the room is alive."""
        return {"last": room.log.last}

    if page:
        # Imported here because NiceGUI takes seconds, which a room without a page must not pay.
        from bot.room.page import add_page  # noqa: PLC0415

        add_page(app, room, zone, links)
    return app


async def bot_token(room: Room) -> str:
    """The bot's token, kept in the room's folder in a file that only its owner can read."""
    path = room.folder / "bot-token"
    known = await asyncio.to_thread(_read, path)
    if known is not None and room.people.owner(known) == room.bot:
        return known
    token = await room.people.new_token(room.bot, BOT_TOKEN_LIFE)
    await asyncio.to_thread(_write_private, path, token)
    return token


def _read(path: Path) -> str | None:
    return path.read_text().strip() if path.exists() else None


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        file.write(text + "\n")
