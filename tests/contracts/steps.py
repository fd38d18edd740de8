"""What the contract's tests do again and again with a channel."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

from bot.channels.port import Channel
from handlers.events import Event, MessageHeard
from scheduler.courier import Address, Done, Post
from tests.contracts.counterpart import Counterpart

MARK = "到此为止"


async def hear(channel: Channel, count: int, after: str | None = None) -> list[Event]:
    """The next `count` events behind a cursor; fewer where the channel closes meanwhile."""
    heard: list[Event] = []
    async with asyncio.timeout(10), aclosing(channel.events(after)) as events:
        async for event in events:
            heard.append(event)
            if len(heard) == count:
                break
    return heard


async def latest(platform: Counterpart, channel: Channel) -> str:
    """The cursor of the last event so far: a word is said, and heard."""
    await platform.speak(MARK)
    async with asyncio.timeout(10), aclosing(channel.events(None)) as events:
        async for event in events:
            if isinstance(event, MessageHeard) and event.text == MARK:
                return event.cursor
    raise AssertionError("the events ended while the channel was open")


def group_of(platform: Counterpart) -> Address:
    """Where the platform's group is."""
    return Address(group=platform.group)


async def receipt(channel: Channel, post: Post) -> str:
    """Post something; the platform's id of it."""
    outcome = await channel.perform(post)
    assert isinstance(outcome, Done), outcome
    return outcome.receipt
