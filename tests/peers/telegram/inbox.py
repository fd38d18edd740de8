"""What a bot has not heard yet: its updates, kept until it confirms them.

An update is kept only if the bot asked for its kind when it came to pass. `take` is getUpdates: an
offset forgets all updates before it, a new call ends the one that is waiting.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from tests.peers.telegram import schema
from tests.peers.telegram.refusals import conflict

# Three kinds come only to bots that name them (https://core.telegram.org/bots/api#getupdates).
UNASKED = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
_FIRST = 480_000_001


class Inbox:
    """The updates of one bot."""

    def __init__(self) -> None:
        self.waiting: list[dict[str, Any]] = []
        self.asked_for: Sequence[str] = ()
        self._next = _FIRST
        self._came = asyncio.Event()
        self._polling: asyncio.Future[None] | None = None

    def put(self, kind: str, body: dict[str, Any]) -> None:
        """Something happened."""
        wanted = kind in self.asked_for if self.asked_for else kind not in UNASKED
        if not wanted:
            return
        update = {"update_id": self._next, kind: body}
        wrong = schema.wrong_with("Update", update)
        if wrong is not None:
            raise AssertionError(f"the double wrote what the Bot API never sends: {wrong}")
        self._next += 1
        self.waiting.append(update)
        self._came.set()

    def confirm(self, before: int) -> None:
        """Forget the updates with lower numbers."""
        self.waiting = [one for one in self.waiting if one["update_id"] >= before]

    def forget_all(self) -> None:
        """Forget every update."""
        self.waiting = []

    async def came(self) -> None:
        """Return once there is something to hear, or something new."""
        await self._came.wait()
        self._came.clear()

    async def take(self, offset: int, limit: int, patience: float) -> list[dict[str, Any]]:
        """Updates from `offset` on; waits up to `patience` seconds for the first.

        Raises:
            Refusal: another call of the same bot began meanwhile.
        """
        self.end_polling()
        if offset < 0:
            self.waiting = self.waiting[offset:]
        else:
            self.confirm(offset)
        ended = self._polling = asyncio.get_running_loop().create_future()
        try:
            await self._wait(ended, patience)
        finally:
            if self._polling is ended:
                self._polling = None
        if ended.done():
            raise conflict(
                "terminated by other getUpdates request; "
                "make sure that only one bot instance is running"
            )
        return self.waiting[:limit]

    def end_polling(self) -> None:
        """Let the call that is waiting go with a conflict."""
        if self._polling is not None and not self._polling.done():
            self._polling.set_result(None)

    async def _wait(self, ended: asyncio.Future[None], patience: float) -> None:
        if self.waiting or not patience:
            return
        self._came.clear()
        came = asyncio.ensure_future(self.came())
        either: set[asyncio.Future[None]] = {came, ended}
        try:
            await asyncio.wait(either, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        finally:
            came.cancel()
