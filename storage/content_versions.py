"""Content versions as they were written, to compare what waits for approval with what is approved.

What is planned says the campaign's newest version, approved or not (see `campaigns.py`). Floor 3
knows which posts that version leaves as they were approved; `say_as_approved` lets those say the
approved one, so that nothing holds them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, case, func, literal_column, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.audiences import Audience
from storage.bells import Bell, ring
from storage.holds import NOT_APPROVED
from storage.tables import campaigns, content_versions, deliveries

# Written into the statement, for the index over what is planned; see due.py.
_PLANNED = deliveries.c.state == literal_column("'planned'")


@dataclass(frozen=True, slots=True)
class ContentVersion:
    """What was written down at once: words, whom they are for, and when they are said."""

    body: Mapping[str, Any]
    audience: Audience
    schedule: Mapping[str, Any]


async def versions(
    connection: AsyncConnection, version_ids: Sequence[int]
) -> dict[int, ContentVersion]:
    """Content version id → the version."""
    schedule = func.coalesce(content_versions.c.schedule, campaigns.c.schedule)
    rows = await connection.execute(
        select(
            content_versions.c.id,
            content_versions.c.body,
            content_versions.c.audience,
            schedule.label("schedule"),
        )
        .join(campaigns, campaigns.c.id == content_versions.c.campaign_id)
        .where(content_versions.c.id.in_(list(version_ids)))
    )
    return {
        row.id: ContentVersion(row.body, Audience.from_json(row.audience), row.schedule)
        for row in rows
    }


async def say_as_approved(
    connection: AsyncConnection, campaign_id: int, slots: Collection[str], at: datetime
) -> int:
    """Let what waits of these slots say the version that is approved, and go; how many.

    The caller holds the campaign, and knows that the approved version says just the same of them.
    """
    if not slots:
        return 0
    never_approved = select(content_versions.c.id).where(
        content_versions.c.campaign_id == campaign_id, content_versions.c.approved_at.is_(None)
    )
    approved = (
        select(campaigns.c.approved_version).where(campaigns.c.id == campaign_id).scalar_subquery()
    )
    held = and_(deliveries.c.reason == NOT_APPROVED, deliveries.c.not_before > at)
    said = await connection.execute(
        update(deliveries)
        .where(
            deliveries.c.campaign_id == campaign_id,
            deliveries.c.slot.in_(list(slots)),
            deliveries.c.version_id.in_(never_approved),
            _PLANNED,
        )
        .values(
            version_id=approved,
            not_before=case((held, at), else_=deliveries.c.not_before),
            reason=case((held, None), else_=deliveries.c.reason),
        )
    )
    if said.rowcount:
        await ring(connection, Bell.SENDERS)
    return said.rowcount
