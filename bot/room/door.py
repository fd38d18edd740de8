"""The door for programs: one JSON WebSocket to the room, described in `docs/reference`.

A program says who it is in its first frame, then asks for deeds and gets one answer for each, in
any order; what happens in the room is pushed to it from the sequence number it names. Frames are
begun in the order they come and may run beside each other, up to a bound; a program that sends
more waits, and so does the room when a program does not read.

A bot has one session for its account. A new one first ends the old one, and is let in only after
everything the old one had begun is done. So once a restarted bot is in, frames of its dead
predecessor that still lie in some buffer can never be carried out any more: what `lookup` says
then is the last word.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from typing import Any

from fastapi import APIRouter
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from bot.room.deeds import carry_out, part
from bot.room.errors import Reason, Refused, RoomFileUnwritable
from bot.room.frames import Json, event_json, person_json
from bot.room.room import Room
from bot.room.values import Person, Role

HELLO_SECONDS = 5.0  # to say who one is
SEND_SECONDS = 10.0  # to take one frame
STRANGER_BYTES = 4 * 1024  # a frame of somebody unknown
FRAME_BYTES = 64 * 1024  # a frame of somebody known
PICTURE_FRAME_BYTES = 8 * 1024 * 1024  # a frame that brings a picture; the server's limit too
IN_FLIGHT = 64  # deeds of one socket at a time

CLOSED_BAD_FRAME = 1003
CLOSED_TOO_BIG = 1009
CLOSED_FAILED = 1011
CLOSED_TOO_SLOW = 1013
CLOSED_STRANGER = 4001
CLOSED_TAKEN = 4002  # another session of the same bot has come

_log = logging.getLogger(__name__)


class Door:
    """The door of one room."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._bots: dict[str, _Session] = {}
        self._turns: dict[str, asyncio.Lock] = {}  # one bot of an account comes in at a time
        self.router = APIRouter()
        self.router.add_api_websocket_route("/door", self.serve)

    async def serve(self, socket: WebSocket) -> None:
        """One socket, from its first frame to its end."""
        await socket.accept()
        session = _Session(self._room, socket)
        try:
            async with asyncio.timeout(HELLO_SECONDS):
                frame, person, token = await session.introduce()
        except (Refused, TimeoutError, WebSocketDisconnect):
            await session.close(CLOSED_STRANGER, "say hello first")
            return
        answer: Json = {"id": frame.get("id"), "ok": {"person": person_json(person)}}
        answer["ok"]["last"] = self._room.log.last
        if token is not None:
            answer["ok"]["token"] = token
        if person.role is Role.BOT:
            await self._take_over(person, session)
        try:
            await session.run(person, answer)
        finally:
            if self._bots.get(person.id) is session:
                del self._bots[person.id]

    async def _take_over(self, bot: Person, session: _Session) -> None:
        async with self._turns.setdefault(bot.id, asyncio.Lock()):
            old = self._bots.get(bot.id)
            if old is not None:
                await old.end()
            self._bots[bot.id] = session


class _Session:
    """One socket, once it is known whose it is."""

    def __init__(self, room: Room, socket: WebSocket) -> None:
        self._room = room
        self._socket = socket
        self._sending = asyncio.Lock()
        self._free = asyncio.Semaphore(IN_FLIGHT)
        self._deeds: set[asyncio.Task[None]] = set()
        self._pushing: asyncio.Task[None] | None = None
        self._seen = 0
        self._seen_more = asyncio.Event()
        self._ending = asyncio.Event()
        self._farewell = (1000, "")
        self._ended = asyncio.Event()

    async def introduce(self) -> tuple[Json, Person, str | None]:
        """The first frame, who sent it, and the token made for them if they are new here.

        Raises:
            Refused: the frame does not say who that is. The refusal has been sent.
        """
        frame = await self._receive(STRANGER_BYTES)
        try:
            person, token = await self._identify(frame)
        except Refused as refusal:
            await self._send(_error(frame, refusal))
            raise
        return frame, person, token

    async def _identify(self, frame: Json) -> tuple[Person, str | None]:
        people = self._room.people
        match frame.get("do"):
            case "enter":
                return await people.enter(part(frame, "nickname", str))
            case "sign_in":
                link, nickname = part(frame, "link", str), part(frame, "nickname", str)
                return await people.sign_in(link, nickname)
            case "hello":
                header = self._socket.headers.get("authorization", "").removeprefix("Bearer ")
                person = people.owner(part(frame, "token", str, default=header))
                if person is not None:
                    return person, None
        raise Refused(Reason.NOT_SIGNED_IN, "the first frame must be hello, enter or sign_in")

    async def run(self, person: Person, greeting: Json) -> None:
        """Answer frames until the socket closes or the session is ended."""
        ending = asyncio.create_task(self._ending.wait())
        try:
            await self._send(greeting)
            while not self._ending.is_set():
                receiving = asyncio.create_task(self._receive(FRAME_BYTES))
                await asyncio.wait({receiving, ending}, return_when=asyncio.FIRST_COMPLETED)
                if self._ending.is_set():
                    receiving.cancel()
                    await asyncio.gather(receiving, return_exceptions=True)
                    break
                await self._begin(person, receiving.result())
        except WebSocketDisconnect:
            pass  # the program is gone: its session is over
        except Refused as refusal:
            code = CLOSED_TOO_BIG if refusal.reason is Reason.TOO_BIG else CLOSED_BAD_FRAME
            await self.close(code, refusal.text)
        finally:
            ending.cancel()
            if self._pushing is not None:
                self._pushing.cancel()
            # What was begun is finished, not cancelled: it may be on its way to the disk.
            await asyncio.gather(*self._deeds, return_exceptions=True)
            self._ended.set()
        await self.close(*self._farewell)

    async def end(self) -> None:
        """End the session; returns when nothing of it can happen any more."""
        self._end(CLOSED_TAKEN, "another session of this bot has come")
        await self._ended.wait()

    def _end(self, code: int, reason: str) -> None:
        if not self._ending.is_set():
            self._farewell = (code, reason)
            self._ending.set()

    async def _begin(self, person: Person, frame: Json) -> None:
        match frame.get("do"):
            case "events":
                await self._follow(person, frame)
            case "seen":
                self._seen = max(self._seen, part(frame, "count", int))
                self._seen_more.set()
            case _:
                await self._free.acquire()
                deed = asyncio.create_task(self._answer(person, frame))
                self._deeds.add(deed)
                deed.add_done_callback(self._done)

    def _done(self, deed: asyncio.Task[None]) -> None:
        self._deeds.discard(deed)
        self._free.release()
        if not deed.cancelled() and (error := deed.exception()) is not None:
            _log.error("a deed at the door failed", exc_info=error)
            self._end(CLOSED_FAILED, "the room has failed")

    async def _answer(self, person: Person, frame: Json) -> None:
        try:
            answer: Json = {"id": frame.get("id"), "ok": await carry_out(self._room, person, frame)}
        except Refused as refusal:
            answer = _error(frame, refusal)
        except RoomFileUnwritable as failure:
            _log.error("%s", failure)
            self._end(CLOSED_FAILED, "the room has failed")
            return
        with contextlib.suppress(WebSocketDisconnect):
            await self._send(answer)  # if it is lost, the program's look-up will tell

    async def _follow(self, person: Person, frame: Json) -> None:
        """Start pushing events, in the place of an earlier following."""
        after = part(frame, "after", int)
        window = part(frame, "window", int, default=None)
        if self._pushing is not None:
            self._pushing.cancel()
            await asyncio.gather(self._pushing, return_exceptions=True)
        self._seen = 0
        await self._send({"id": frame.get("id"), "ok": {}})
        self._pushing = asyncio.create_task(self._push(person, frame.get("id"), after, window))

    async def _push(self, person: Person, number: Any, after: int, window: int | None) -> None:
        pushed = 0
        with contextlib.suppress(WebSocketDisconnect):
            async for event in self._room.events(person, after):
                while window is not None and pushed - self._seen >= window:
                    self._seen_more.clear()
                    await self._seen_more.wait()
                await self._send({"id": number, "event": event_json(event, person)})
                pushed += 1

    async def _receive(self, limit: int) -> Json:
        """The next frame.

        Raises:
            Refused: it is too big, or not a JSON object; the socket is of no more use.
            WebSocketDisconnect: there will be none.
        """
        message = await self._socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1000))
        text = message.get("text") or ""
        try:
            frame: Any = json.loads(text)
            if "\\ud" in text.lower():  # half a character, escaped, would break every reader
                json.dumps(frame, ensure_ascii=False).encode()
        except (ValueError, RecursionError) as error:
            raise Refused(Reason.BAD_FRAME, "a frame is one JSON object as text") from error
        if not isinstance(frame, dict):
            raise Refused(Reason.BAD_FRAME, "a frame is one JSON object as text")
        if len(text) > limit and (limit == STRANGER_BYTES or frame.get("do") != "picture"):
            raise Refused(Reason.TOO_BIG, f"a frame has at most {limit} characters")
        return frame

    async def _send(self, document: Json) -> None:
        """Send one frame; a program that does not take it in time has its session ended.

        Raises:
            WebSocketDisconnect: it cannot be sent any more.
        """
        async with self._sending:
            if self._ending.is_set():
                raise WebSocketDisconnect(self._farewell[0])
            try:
                async with asyncio.timeout(SEND_SECONDS):
                    await self._socket.send_text(json.dumps(document, ensure_ascii=False))
            except TimeoutError as error:
                self._end(CLOSED_TOO_SLOW, "frames are not taken")
                raise WebSocketDisconnect(CLOSED_TOO_SLOW) from error

    async def close(self, code: int, reason: str) -> None:
        """Close the socket, if it still is open."""
        if self._socket.application_state is not WebSocketState.CONNECTED:
            return
        # Closing may find the other side gone already, which is what closing is for.
        with contextlib.suppress(WebSocketDisconnect, RuntimeError, TimeoutError):
            async with asyncio.timeout(SEND_SECONDS):
                await self._socket.close(code, reason)


def _error(frame: Json, refusal: Refused) -> Json:
    error = {"reason": refusal.reason.value, "text": refusal.text}
    return {"id": frame.get("id"), "error": error}
