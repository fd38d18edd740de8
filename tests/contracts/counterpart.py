"""The far side of a channel, as its contract suite drives it: fans, managers and the wire.

Each platform's counterpart implements `Counterpart`; the suite knows nothing else of the platform.
What a platform, or its counterpart, cannot do stands in its `lacks`, with the reason, and the tests
of it are skipped with that reason. The further protocols are the deeds that belong to an ability.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeVar, cast, runtime_checkable

import pytest

from bot.channels.port import Channel
from scheduler.courier import Address


class Ability(StrEnum):
    """What not every platform, or not every counterpart of one, can do."""

    HISTORY = "it tells later what happened while nobody listened"
    LOOKUP = "it tells what became of a post"
    ABSENCE = "it proves that a post never was"
    ONE_SPEAKER = "a second bot on the account silences the first"
    PINS = "it keeps a post in view"
    REWRITES = "what a post says can be changed"
    PLACED_PRESSES = "a press tells below which post the button stands"
    ALBUMS = "several pictures stand, and go, as one post"
    PUT_OUT = "a group puts the bot out"
    MUTES = "a group takes the bot's word away"
    EDITS = "fans change what they said"
    STARTS = "fans open and block the private chat"
    STAFF = "a group makes and unmakes staff"
    TOPICS = "a group has topics"
    DOORS = "a group has links, and people who ask to come in"
    MOVES = "a group gets another id"


@dataclass(frozen=True, slots=True)
class Posted:
    """What stands on the platform from the bot, as a fan would see it."""

    receipt: str
    text: str
    buttons: tuple[str, ...] = ()
    pictures: int = 0
    deleted: bool = False
    topic: str | None = None


class Counterpart(Protocol):
    """A platform with one group that the bot sits in, and the means to live in it."""

    group: str  # the id of that group
    group_name: str
    lacks: Mapping[Ability, str]  # what it cannot do → why

    async def channel(self) -> Channel:
        """The bot's channel, opened. A second one stands for the bot after a restart."""
        ...

    async def fan(self, name: str) -> str:
        """Somebody new in the group whom the bot may write to; the platform's id of them."""
        ...

    async def manager(self, name: str) -> str:
        """Somebody new in the group whom the platform calls staff."""
        ...

    async def say(self, person: str, text: str, *, private: bool = False) -> None:
        """Somebody says something, in the group or in private to the bot."""
        ...

    async def speak(self, text: str) -> None:
        """The group's owner says something."""
        ...

    async def press(self, person: str, receipt: str) -> None:
        """Somebody presses the first button below a post."""
        ...

    async def leave(self, person: str) -> None:
        """Somebody leaves the group."""
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


@runtime_checkable
class PutsOut(Protocol):
    """`Ability.PUT_OUT`."""

    async def put_out(self) -> None:
        """The bot is put out of the group."""
        ...


@runtime_checkable
class Mutes(Protocol):
    """`Ability.MUTES`."""

    async def mute(self) -> None:
        """The bot may not speak in the group any more."""
        ...

    async def unmute(self) -> None:
        """It may again."""
        ...


@runtime_checkable
class Edits(Protocol):
    """`Ability.EDITS`."""

    async def edit(self, person: str, text: str) -> None:
        """Somebody changes the last thing they said."""
        ...


@runtime_checkable
class Starts(Protocol):
    """`Ability.STARTS`."""

    async def stranger(self, name: str) -> str:
        """Somebody new in the group whom the bot may not write to."""
        ...

    async def start_chat(self, person: str) -> None:
        """Somebody opens the private chat with the bot."""
        ...

    async def block(self, person: str) -> None:
        """Somebody wants to hear no more from the bot."""
        ...


@runtime_checkable
class ChoosesStaff(Protocol):
    """`Ability.STAFF`."""

    async def promote(self, person: str) -> None:
        """The group makes somebody staff."""
        ...

    async def demote(self, person: str) -> None:
        """They are staff no more."""
        ...


@runtime_checkable
class HasTopics(Protocol):
    """`Ability.TOPICS`."""

    async def open_topic(self, name: str) -> str:
        """A topic of the group is opened; its id."""
        ...

    async def rename_topic(self, topic: str, name: str) -> None:
        """A topic gets another name."""
        ...

    async def close_topic(self, topic: str) -> None:
        """A topic is closed."""
        ...

    async def say_in(self, topic: str, person: str, text: str) -> None:
        """Somebody says something in a topic."""
        ...


@runtime_checkable
class HasDoors(Protocol):
    """`Ability.DOORS`."""

    async def come_by(self, link: str, name: str) -> str:
        """Somebody new comes into the group by a link; the platform's id of them."""
        ...

    async def ask_to_come_in(self, name: str) -> str:
        """Somebody new asks to be let in."""
        ...

    async def is_in(self, person: str) -> bool:
        """Whether somebody is in the group."""
        ...


@runtime_checkable
class Moves(Protocol):
    """`Ability.MOVES`."""

    async def move(self) -> str:
        """The group gets another id; which."""
        ...


Deeds = TypeVar("Deeds")


def needs(platform: Counterpart, ability: Ability) -> None:
    """Skip the running test where the platform lacks an ability, and say why it does."""
    if ability in platform.lacks:
        pytest.skip(f"{type(platform).__name__}: {platform.lacks[ability]}")


def able(platform: Counterpart, ability: Ability, deeds: Callable[..., Deeds]) -> Deeds:
    """The platform as one that can do the deeds of an ability; else the running test is skipped.

    `deeds` is the ability's protocol; types cannot say so of a class that is never made.
    """
    needs(platform, ability)
    assert isinstance(deeds, type)
    assert isinstance(platform, deeds), f"{platform} neither has {ability!r} nor says why not"
    return cast(Deeds, platform)
