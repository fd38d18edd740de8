"""What a channel is to the running bot: a courier that also hears.

A channel belongs to one account (one login). It yields events from a cursor on, carries actions
out as a `Courier`, and is opened and closed by the wiring. Its contract suite is
`tests/contracts/test_channel.py`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Protocol

from handlers.events import Event
from scheduler.courier import Courier
from storage.errors import RunningError


class ChannelOutOfOrder(RunningError):
    """A fault of our own in one account's channel; opened anew, it may go on."""

    number = 512
    sentence = "The account {account} is out of order: {reason}."
    mend = "It is opened again by itself; if this repeats, report it with the log's traceback."


class Channel(Courier, Protocol):
    """One account on one platform: hears and carries."""

    @property
    def platform(self) -> str:
        """The platform's name, e.g. `room`."""
        ...

    @property
    def account(self) -> str:
        """The account's name, unique in this bot, e.g. `room` or `telegram:shop`."""
        ...

    async def open(self) -> None:
        """Connect and log in; also again after `close`, since an account follows its lane.

        Raises:
            RunningError: the platform cannot be reached or refuses the account.
        """
        ...

    def events(self, after: str | None) -> AsyncGenerator[Event]:
        """What happens behind the cursor `after` (None: from the platform's beginning).

        Ends only when the channel is closed; reconnects by itself meanwhile. An event may come
        twice, never not at all, where the platform keeps its history.

        Raises:
            ChannelOutOfOrder: it has to be closed and opened anew.
        """
        ...

    async def confirm(self, cursor: str) -> None:
        """Everything up to this event is stored: the platform need not tell it again."""
        ...

    async def close(self) -> None:
        """Log out and end every task. Safe to call twice."""
        ...
