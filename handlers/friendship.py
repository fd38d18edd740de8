"""Friends of the bot's account: who asks to be one, and what becomes of it."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.events import FriendAsked
from handlers.origin import Origin
from storage.members import ensure_members


async def note_request(connection: AsyncConnection, event: FriendAsked, origin: Origin) -> None:
    """Keep that somebody asks to be friends, in the transaction that records it."""
    await ensure_members(connection, origin.platform, [origin.seen(event.member)], event.at)
