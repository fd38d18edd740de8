"""Posts whose moments change while their campaign stands: what is planned of them moves along.

A content version may have other moments than the one before. As with its words, what was planned
with an approved version keeps its moment, and what waits for approval follows the newest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.campaigns import Occurrence, occurrences_of
from scheduler.planner import campaign_value
from storage import campaigns
from storage.campaigns import StoredCampaign
from storage.single_posts import move_planned, slot_stands

FAR = timedelta(days=3 * 366)
"""Further than the moments of any programme lie from when it was switched on."""


async def follow_moments(
    connection: AsyncConnection, before: StoredCampaign, after: StoredCampaign, now: datetime
) -> None:
    """Let what is planned follow moments that a campaign has got: what waits moves with its post.

    Nothing of it was approved for another moment. It is planned anew from now on, for a post may
    have come nearer than the planner has looked; what is planned already is not planned twice.
    The caller holds the campaign.
    """
    stood, stands = posts_by_slot(before), posts_by_slot(after)
    for slot, post in stands.items():
        if slot in stood and (stood[slot].at, stood[slot].not_after) != (post.at, post.not_after):
            await move_planned(connection, after.id, slot, post.at, post.not_after, at=now)
    again = min(after.planned_until, now)
    await campaigns.change(connection, after.id, planned_until=again)


async def holds_still(
    connection: AsyncConnection, before: StoredCampaign, schedule: Mapping[str, Any] | None
) -> bool:
    """Whether these moments would move something that is planned as it was approved: too late."""
    if schedule is None:
        return False
    stood, stands = posts_by_slot(before), posts_by_slot(replace(before, schedule=dict(schedule)))
    for slot, post in stood.items():
        if slot in stands and stands[slot].at == post.at:
            continue
        if (await slot_stands(connection, before.id, slot)).approved:
            return True
    return False


def posts_by_slot(campaign: StoredCampaign) -> dict[str, Occurrence]:
    """Every post of a campaign whose moments are written out, past ones too, by slot."""
    value = campaign_value(campaign)
    around = campaign.created_at
    found = occurrences_of(value, around - FAR, around + FAR)
    return {one.slot: one for one in found}


def is_of_many(campaign: StoredCampaign) -> bool:
    """Whether a campaign is posts of a programme, each of them with words of its own."""
    return campaign.running_id is not None and len(campaign.schedule.get("moments", ())) > 1
