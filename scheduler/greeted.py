"""Who is greeted on a day already, so that nobody is greeted twice and nobody is forgotten.

A greeting that was prepared for one day (a programme's, of one written-out moment) leaves the
groups of a standing campaign that greets on the same festival to that one, and goes to all others.
It is asked when the greeting is planned: whatever was approved or cancelled until then counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.campaigns import CampaignState
from scheduler.festivals import festival_keys
from scheduler.programme import topic_of
from storage import campaigns
from storage.audiences import Whom, aims_of
from storage.campaigns import StoredCampaign

STANDING = (CampaignState.DRAFT, CampaignState.APPROVED, CampaignState.PAUSED)


def greeted(schedule: Mapping[str, Any]) -> frozenset[str]:
    """The festivals that a schedule greets on: all, where it names none; none of another kind."""
    if schedule["kind"] == "festivals":
        keys = schedule.get("keys")
        return frozenset(festival_keys() if keys is None else keys)
    if is_prepared(schedule):
        return frozenset(topic_of(one["slot"]) for one in schedule["moments"])
    return frozenset()


def is_prepared(schedule: Mapping[str, Any]) -> bool:
    """Whether a schedule is of greetings that were prepared for their days."""
    return schedule["kind"] == "dated" and all(
        topic_of(one["slot"]) in festival_keys() for one in schedule["moments"]
    )


async def greeted_elsewhere(
    connection: AsyncConnection,
    shop_id: int,
    topics: frozenset[str],
    standing: Iterable[StoredCampaign],
) -> set[int]:
    """The groups that approved campaigns of these greet on all of these festivals."""
    found: set[int] = set()
    for one in standing:
        is_year = one.approved_version is not None and one.schedule["kind"] == "festivals"
        if is_year and topics and topics <= greeted(one.schedule):
            found |= {group for group, _ in await aims_of(connection, shop_id, one.audience)}
    return found


async def left_to_greet(connection: AsyncConnection, stored: StoredCampaign, meant: Whom) -> Whom:
    """Whom a campaign is for, without those that another one greets where it was prepared."""
    if stored.running_id is None or meant.in_private or not is_prepared(stored.schedule):
        return meant
    standing = await campaigns.in_states(connection, stored.shop_id, STANDING)
    others = await greeted_elsewhere(connection, stored.shop_id, greeted(stored.schedule), standing)
    return replace(meant, aims=[aim for aim in meant.aims if aim[0] not in others])
