"""Approvals: what is said only after somebody's yes, and what becomes of it after a no.

Approval is of exactly the content version that was shown. A no brings back the version that was
approved before, or ends the campaign where none was.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.audit import Entry, note
from storage.bells import Bell, ring
from storage.campaigns import CampaignState, change, hold, say_newest, set_state
from storage.holds import NOT_APPROVED
from storage.slots import Divide, undivided
from storage.steering import cancel_planned, release
from storage.tables import content_versions

REJECTED = "rejected"
"""Why a campaign was cancelled, with all it had planned: somebody refused its only version."""


async def approve(
    connection: AsyncConnection,
    campaign_id: int,
    *,
    version: int,
    state: str,
    by: str,
    at: datetime,
) -> bool:
    """Approve a content version, and let go what was held for it; a paused campaign stays so.

    Returns:
        False where `version` is not the newest any more, or the campaign is cancelled: what was
        shown is not what would be said.

    Raises:
        LookupError: there is no such campaign.
    """
    before = await hold(connection, campaign_id)
    if version != before.version_id or before.state is CampaignState.CANCELLED:
        return False
    if version == before.approved_version:
        return True
    await connection.execute(
        update(content_versions)
        .where(content_versions.c.id == version)
        .values(approved_by=by, approved_at=at)
    )
    await change(connection, campaign_id, approved_version=version)
    if before.state is not CampaignState.PAUSED:
        await change(connection, campaign_id, state=state, reason=None)
    await release(connection, [NOT_APPROVED], at, campaign_id)
    await ring(connection, Bell.PLANNER)
    return True


async def reject(
    connection: AsyncConnection,
    campaign_id: int,
    *,
    version: int,
    by: str,
    at: datetime,
    divide: Divide = undivided,
) -> bool:
    """Refuse the newest content version: the one that was approved before is said again.

    `divide` tells who gets which variant of that one. Where it has other moments, it is planned
    anew from when the refused one was written. Where none was approved, the campaign is cancelled
    with all it has planned.

    Returns:
        False where `version` is not the newest any more, or does not wait for approval.

    Raises:
        LookupError: there is no such campaign.
    """
    before = await hold(connection, campaign_id)
    waits = version != before.approved_version and before.state is not CampaignState.CANCELLED
    if version != before.version_id or not waits:
        return False
    if before.approved_version is None:
        await cancel_planned(connection, campaign_id, REJECTED, at)
        await set_state(connection, campaign_id, CampaignState.CANCELLED, REJECTED)
    else:
        await change(connection, campaign_id, version_id=before.approved_version)
        if before.state is CampaignState.DRAFT:
            await change(connection, campaign_id, state=CampaignState.APPROVED)
        await say_newest(connection, campaign_id, at, divide)
        after = await hold(connection, campaign_id)
        if after.schedule != before.schedule:
            # What has its old moment back may have been passed over meanwhile; what was planned
            # is not planned twice.
            again = min(before.planned_until, before.submitted_at)
            await change(connection, campaign_id, planned_until=again)
        await release(connection, [NOT_APPROVED], at, campaign_id)
        await ring(connection, Bell.PLANNER)
    await note(connection, Entry(at, by, "reject", before.key, {"version": version}))
    return True


async def note_reminded(connection: AsyncConnection, version_id: int, at: datetime) -> bool:
    """Note that staff are reminded of a version; False where they were, or it is approved now."""
    noted = await connection.execute(
        update(content_versions)
        .where(
            content_versions.c.id == version_id,
            content_versions.c.reminded_at.is_(None),
            content_versions.c.approved_at.is_(None),
        )
        .values(reminded_at=at)
    )
    return noted.rowcount == 1
