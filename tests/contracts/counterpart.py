"""The far side of a channel, as its contract suite drives it: fans, managers and the wire.

Each platform's counterpart implements this; the suite knows nothing else of the platform.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from bot.channels.port import Channel
from scheduler.courier import Address


@dataclass(frozen=True, slots=True)
class Posted:
    """What stands on the platform from the bot, as a fan would see it."""

    receipt: str
    text: str
    buttons: tuple[str, ...] = ()
    pictures: int = 0
    deleted: bool = False


class Counterpart(Protocol):
    """A platform with one group that the bot sits in, and the means to live in it."""

    group: str  # the id of that group
    group_name: str

    async def channel(self) -> Channel:
        """The bot's channel, opened. A second one stands for the bot after a restart."""
        ...

    async def fan(self, name: str) -> str:
        """Somebody new in the group; the platform's id of them."""
        ...

    async def manager(self, name: str) -> str:
        """Somebody new in the group whom the platform calls staff."""
        ...

    async def say(self, person: str, text: str, *, private: bool = False) -> None:
        """Somebody says something, in the group or in private to the bot."""
        ...

    async def press(self, person: str, receipt: str) -> None:
        """Somebody presses the first button below a post."""
        ...

    async def leave(self, person: str) -> None:
        """Somebody leaves the group."""
        ...

    async def put_out(self) -> None:
        """The bot is put out of the group."""
        ...

    async def rename(self, name: str) -> None:
        """The group gets another name."""
        ...

    async def posted(self, address: Address) -> list[Posted]:
        """What the bot has posted at an address, oldest first."""
        ...


class WiredCounterpart(Counterpart, Protocol):
    """A counterpart on the far side of a wire that can be cut."""

    async def cut(self) -> None:
        """The platform cannot be reached any more: connections are refused."""
        ...

    async def mend(self) -> None:
        """The platform can be reached again, at the same address."""
        ...

    async def swallow_next_answer(self) -> None:
        """The next action is carried out, but its answer is lost with the connection."""
        ...
