"""How a Telegram channel hears: one protocol, whichever way the updates come in.

The channel opens and closes its hearing with itself and hands its events on. Polling and webhook
are the two ways, each in a room of its own; what becomes of an update either way is in `intake.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from typing import Any, Protocol, TypeVar

from handlers.events import Event

T = TypeVar("T")


class Hearing(Protocol):
    """The updates of one bot, as events.

    A cursor stands for everything that was told up to it. The last event of an update carries the
    update's own, the events before it one that does not confirm the update yet.
    """

    async def open(self) -> None:
        """Begin to hear; the connection is open already. Also again after `close`.

        Raises:
            RunningError: the platform refuses it.
        """
        ...

    def events(self, after: str | None) -> AsyncGenerator[Event]:
        """What happened behind the cursor `after`; ends only when the hearing is closed.

        Raises:
            HeardLate: hearing was interrupted for long; hear anew.
        """
        ...

    async def confirm(self, cursor: str) -> None:
        """Everything told up to `cursor` is stored: Telegram may forget it."""
        ...

    async def close(self) -> None:
        """Stop hearing and end every task. Safe to call twice."""
        ...


async def unless(closed: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """The result of the work; None, and the work is cancelled, as soon as hearing is closed."""
    doing = asyncio.create_task(work)
    closing = asyncio.create_task(closed.wait())
    try:
        await asyncio.wait((doing, closing), return_when=asyncio.FIRST_COMPLETED)
        return None if closed.is_set() else doing.result()
    finally:
        doing.cancel()
        closing.cancel()
        await asyncio.gather(doing, closing, return_exceptions=True)
