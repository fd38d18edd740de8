"""Private deliveries to members of a test's choice, whichever ways the product would find."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import cast, literal, null, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import slots
from storage.bulk import among
from storage.columns import Identity
from storage.slots import PlannedSlot
from storage.tables import members


async def deliver_to(
    connection: AsyncConnection,
    slot: PlannedSlot,
    account: str,
    member_ids: Sequence[int],
    at: datetime,
) -> int:
    """Insert one private delivery for each member, through this account; how many are new."""
    recipients = (
        select(
            literal(account).label("account"),
            (literal("person:") + members.c.person).label("address"),
            cast(null(), Identity).label("group_id"),
            members.c.id.label("member_id"),
            members.c.id,
        )
        .where(among(members.c.id, member_ids))
        .subquery()
    )
    return await slots._insert(connection, slots._values(slot, recipients, at), recipients)
