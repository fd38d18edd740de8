"""What the contract's tests do again and again with a channel."""

from __future__ import annotations

import asyncio

from bot.channels.port import Channel
from handlers.events import Event, GroupChanged, MemberJoined
from scheduler.courier import Address, Done, Post
from tests.contracts.counterpart import Counterpart


async def hear(channel: Channel, count: int, after: str | None = None) -> list[Event]:
    """The next `count` events behind a cursor, leaving out the opening of the group."""
    heard: list[Event] = []
    async with asyncio.timeout(10):
        async for event in channel.events(after):
            if after is None and isinstance(event, GroupChanged | MemberJoined) and not heard:
                continue
            heard.append(event)
            if len(heard) == count:
                break
    return heard


async def latest(channel: Channel) -> str:
    """The cursor of the last event so far: found by hearing on until nothing comes."""
    cursor = "0"
    try:
        async with asyncio.timeout(0.3):
            async for event in channel.events(None):
                cursor = event.cursor
    except TimeoutError:
        return cursor
    raise AssertionError("the events ended while the channel was open")


def group_of(platform: Counterpart) -> Address:
    """Where the platform's group is."""
    return Address(group=platform.group)


async def receipt(channel: Channel, post: Post) -> str:
    """Post something; the platform's id of it."""
    outcome = await channel.perform(post)
    assert isinstance(outcome, Done), outcome
    return outcome.receipt
