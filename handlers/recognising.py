"""Recognising people and groups whose ids a platform has changed."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.events import IdsChanged
from handlers.origin import Origin
from storage.groups import ensure_groups


async def recognise(connection: AsyncConnection, event: IdsChanged, origin: Origin) -> None:
    """Find again who is who by what a platform shows after its ids may have changed."""
    await ensure_groups(
        connection,
        origin.shop_id,
        event.account,
        [(roster.chat.id, roster.chat.name) for roster in event.rosters],
        event.at,
        accepted=not origin.open_to_all,
    )
