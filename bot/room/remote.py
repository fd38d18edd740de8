"""A place in the room over its door, for a program of another process.

The connection comes back by itself with growing pauses. It never repeats a call: a call that was
not sent says so (`RoomCallNotSent`), and one whose answer was lost says that
(`RoomAnswerLost`), because only the caller knows whether doing it twice would be wrong. Events
resume behind the last one that was handed out, so none is missed.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import random
from collections.abc import AsyncIterator
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI

from bot.room.connection import RoomConnection
from bot.room.door import CLOSED_TAKEN, PICTURE_FRAME_BYTES
from bot.room.errors import (
    Reason,
    Refused,
    RoomAccountTaken,
    RoomAnswerLost,
    RoomCallNotSent,
    RoomUnreachable,
)
from bot.room.frames import Json, event_from, person_from
from bot.room.values import Person, RoomEvent
from storage.errors import RunningError

CALL_SECONDS = 15.0  # for one answer; a predecessor's slow end may take 10 of them
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0  # seconds between attempts to connect
WINDOW = 256  # events on their way to us at a time


class SocketConnection(RoomConnection):
    """A place in the room at `url` (`ws://127.0.0.1:8765/door`), proved by a token."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._token = token
        self._socket: ClientConnection | None = None
        self._absence = "the connection is not open"
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Json]] = {}
        self._arrived: asyncio.Queue[RoomEvent | None] = asyncio.Queue()
        self._following = 0  # the number of the frame that asked for events last
        self._connected = asyncio.Event()
        self._over: RunningError | None = None
        self._closed = False
        self._keeper: asyncio.Task[None] | None = None

    async def open(self) -> Person:
        """Connect and say hello; from then on the connection keeps itself up, until `close`.

        After that, or after another session has taken the account, it may be opened again.

        Raises:
            RoomUnreachable: the room does not answer.
            Refused: the token is nobody's.
        """
        self._socket, person = await self._enter()
        self._over, self._closed = None, False
        self._connected.set()
        self._keeper = asyncio.create_task(self._keep(self._socket), name="room-connection")
        return person

    async def close(self) -> None:
        """Close the socket and end every task. Safe to call twice."""
        self._closed = True
        self._connected.set()
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        if self._socket is not None:
            await self._socket.close()
            self._lose("the connection was closed")

    async def ask(self, do: str, **parts: Any) -> Json:
        """Send one frame and wait for its answer, 15 seconds at most."""
        return await self._ask(next(self._numbers), do, parts)

    async def _ask(self, number: int, do: str, parts: Json) -> Json:
        if self._over is not None:
            raise self._over
        socket = self._socket
        if socket is None:
            raise RoomCallNotSent(reason=self._absence)
        answer: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        frame = json.dumps({"do": do, "id": number, **parts}, ensure_ascii=False)
        try:
            async with asyncio.timeout(CALL_SECONDS):
                await socket.send(frame)
                return await answer
        except ConnectionClosed as error:
            # The library tells of a closed socket before or after some bytes have left it.
            raise RoomAnswerLost(reason=str(error)) from error
        except TimeoutError as error:
            raise RoomAnswerLost(reason=f"no answer within {CALL_SECONDS:g} s") from error
        finally:
            self._waiting.pop(number, None)

    async def events(self, after: int) -> AsyncIterator[RoomEvent]:
        """Follow the room; one follower at a time.

        Raises:
            RoomAccountTaken: another session of this bot has come.
            Refused: the token has been withdrawn.
        """
        while True:
            await self._connected.wait()
            if self._closed:
                return
            if self._over is not None:
                raise self._over
            arrived = self._arrived = asyncio.Queue()
            number = self._following = next(self._numbers)
            with contextlib.suppress(RoomCallNotSent, RoomAnswerLost):
                await self._ask(number, "events", {"after": after, "window": WINDOW})
                taken = 0
                while (event := await arrived.get()) is not None:
                    yield event
                    after = event.seq
                    taken += 1
                    if taken % (WINDOW // 2) == 0:
                        await self._tell_seen(taken)

    async def _tell_seen(self, count: int) -> None:
        if self._socket is not None:
            with contextlib.suppress(ConnectionClosed):  # the keeper sees that too
                await self._socket.send(json.dumps({"do": "seen", "count": count}))

    async def _enter(self) -> tuple[ClientConnection, Person]:
        """A new socket, let in by the room.

        Raises:
            RoomUnreachable: there is no room, or it does not answer in time.
            Refused: the token is nobody's.
        """
        try:
            socket = await connect(
                self._url,
                compression=None,
                max_size=PICTURE_FRAME_BYTES,
                proxy=None,  # the room is next door; a proxy for the internet is not meant
            )
        except (OSError, InvalidHandshake, InvalidURI, TimeoutError) as error:
            raise RoomUnreachable(url=self._url, reason=error) from error
        try:
            async with asyncio.timeout(CALL_SECONDS):
                await socket.send(json.dumps({"do": "hello", "id": 0, "token": self._token}))
                answer = _answer_in(json.loads(await socket.recv()))
        except (ConnectionClosed, TimeoutError) as error:
            await socket.close()
            raise RoomUnreachable(url=self._url, reason=error) from error
        except Refused:
            await socket.close()
            raise
        return socket, person_from(answer["person"])

    async def _keep(self, socket: ClientConnection) -> None:
        """Read what comes, and come back whenever the socket is lost, until told to stop."""
        while self._over is None:
            await self._read(socket)
            self._connected.clear()
            if socket.close_code == CLOSED_TAKEN:
                self._over = RoomAccountTaken(url=self._url)
            self._lose(f"the socket was closed ({socket.close_code})")
            if self._over is None:
                socket = await self._come_back() or socket
                self._socket = socket
                self._connected.set()
        self._connected.set()  # whoever waits for events must hear that there are no more

    async def _come_back(self) -> ClientConnection | None:
        pause = FIRST_PAUSE
        while True:
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311  # spreads a crowd
            pause = min(pause * 2, LONGEST_PAUSE)
            try:
                socket, _ = await self._enter()
            except RoomUnreachable as error:
                self._absence = str(error.facts["reason"])
            except Refused as refusal:
                self._over = refusal
                return None
            else:
                return socket

    async def _read(self, socket: ClientConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for text in socket:
                document: Json = json.loads(text)
                if "event" in document:
                    if document["id"] == self._following:  # else it is of a following given up
                        self._arrived.put_nowait(event_from(document["event"]))
                    continue
                waiting = self._waiting.get(document["id"])
                if waiting is not None and not waiting.done():
                    try:
                        waiting.set_result(_answer_in(document))
                    except Refused as refusal:
                        waiting.set_exception(refusal)

    def _lose(self, reason: str) -> None:
        """Tell everybody who waits for something from a socket that it is gone."""
        self._socket, self._absence = None, reason
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(RoomAnswerLost(reason=reason))
        self._arrived.put_nowait(None)


def _answer_in(document: Json) -> Json:
    """The `ok` of an answer.

    Raises:
        Refused: it holds an error.
    """
    if "error" in document:
        error = document["error"]
        raise Refused(Reason(error["reason"]), error["text"])
    answer: Json = document["ok"]
    return answer
