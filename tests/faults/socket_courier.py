"""The courier to the misbehaving platform: it tells from the wire's trouble what that proves.

A refused connection proves that nothing was sent; once a byte may have left, only an answer
proves anything. Connections are kept and used again, one call at a time on each, as HTTP clients
do.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from scheduler.courier import (
    Action,
    Address,
    AddressGone,
    Done,
    Limits,
    Lookup,
    NothingSent,
    Outcome,
    Post,
    Presence,
    TooFast,
    Unable,
    Unclear,
)
from tests.faults.notes import Notes

_TICK = 0.01  # seconds; a deadline that ends in the same turn of the loop ends first
_Wire = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class SocketCourier:
    """One account's courier to the platform at `port` of this machine.

    `token` is the lease under which calls are made from now on; the platform notes it. A call is
    noted as begun before anything else is done for it, and as late where it ends when the sender
    has given it up, after `deadline` seconds.
    """

    def __init__(
        self, port: int, account: str, limits: Limits, *, deadline: float, notes: Notes
    ) -> None:
        self.token = 0
        self._port = port
        self._account = account
        self._limits = limits
        self._deadline = deadline
        self._notes = notes
        self._idle: list[_Wire] = []
        self._silent_until: dict[Address | None, float] = {}  # None: the account

    @property
    def limits(self) -> Limits:
        """What the platform allows."""
        return self._limits

    @property
    def start_link(self) -> None:
        """Everybody can be written to."""
        return None

    def link_to(self, message: str) -> None:
        """Messages have no address here."""

    async def perform(self, action: Action) -> Outcome:
        """Post; other actions are not for this platform."""
        if not isinstance(action, Post):
            return Unable("no_such_action")
        departed = time.time()
        self._notes.take(departed, "begun", action.key)
        try:
            return await self._post(action, departed)
        finally:
            ended = time.time()
            if ended - departed > self._deadline - _TICK:
                self._notes.take(ended, "late", action.key)

    async def _post(self, post: Post, departed: float) -> Outcome:
        silent_until = max(
            self._silent_until.get(None, 0.0), self._silent_until.get(post.address, 0.0)
        )
        call = {
            "do": "post",
            "key": post.key,
            "address": str(post.address),
            "account": self._account,
            "token": self.token,
            "departed": departed,
            "early": departed < silent_until,
        }
        try:
            wire = await self._wire()
        except OSError as refused:
            return NothingSent(type(refused).__name__)
        try:
            answer = await self._ask(wire, call)
        except (OSError, EOFError) as trouble:
            return Unclear(type(trouble).__name__)
        return self._outcome(post.address, answer)

    async def lookup(self, key: str) -> Lookup:
        """What the platform remembers of a key."""
        question = {"do": "lookup", "key": key, "account": self._account}
        try:
            answer = await self._ask(await self._wire(), question)
        except (OSError, EOFError):
            return Lookup(Presence.UNKNOWN)
        return Lookup(Presence(answer["presence"]), answer.get("receipt"))

    def close(self) -> None:
        """Hang up."""
        while self._idle:
            self._idle.pop()[1].close()

    def _fall_silent(self, whom: Address | None, until: float) -> None:
        self._silent_until[whom] = max(until, self._silent_until.get(whom, 0.0))

    def _outcome(self, address: Address, answer: Mapping[str, Any]) -> Outcome:
        match answer:
            case {"done": str(receipt)}:
                return Done(receipt)
            case {"too_fast": float(seconds), "everywhere": bool(everywhere)}:
                silence = (None if everywhere else address, time.time() + seconds)
                # What the sender has started in this turn of the loop is out of its hands.
                asyncio.get_running_loop().call_soon(self._fall_silent, *silence)
                return TooFast(timedelta(seconds=seconds), account_wide=everywhere)
            case {"gone": str(reason)}:
                return AddressGone(reason)
            case _:
                return Unclear(f"answer {dict(answer)}")

    async def _wire(self) -> _Wire:
        while self._idle:
            reader, writer = self._idle.pop()
            if not (reader.at_eof() or writer.is_closing()):
                return reader, writer
            writer.close()
        return await asyncio.open_connection("127.0.0.1", self._port)

    async def _ask(self, wire: _Wire, call: Mapping[str, Any]) -> dict[str, Any]:
        """One call and its answer.

        Raises:
            OSError, EOFError: the connection ended first.
        """
        reader, writer = wire
        try:
            writer.write(json.dumps(call).encode() + b"\n")
            answer: dict[str, Any] = json.loads(await reader.readuntil(b"\n"))
        except BaseException:  # also when the call is given up: an answer may still come on it
            writer.transport.abort()
            raise
        self._idle.append(wire)
        return answer
