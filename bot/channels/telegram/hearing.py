"""How a Telegram channel hears: one protocol, whichever way the updates come in.

The channel opens and closes its hearing with itself and hands its events on. Polling and webhook
are the two ways, each in a room of its own.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Protocol

from handlers.events import Event


class Hearing(Protocol):
    """The updates of one bot, as events. An event's cursor is its update's id, as text."""

    async def open(self) -> None:
        """Begin to hear; the connection is open already. Also again after `close`.

        Raises:
            RunningError: the platform refuses it.
        """
        ...

    def events(self, after: str | None) -> AsyncGenerator[Event]:
        """What happened behind the update `after`; ends only when the hearing is closed."""
        ...

    async def confirm(self, cursor: str) -> None:
        """Everything up to the update `cursor` is stored: Telegram may forget it."""
        ...

    async def close(self) -> None:
        """Stop hearing and end every task. Safe to call twice."""
        ...
