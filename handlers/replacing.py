"""Which standing campaigns a new one takes the place of, so that nobody is greeted twice.

A campaign of the same programme is replaced where the new one says all that it would have said:
greetings by greetings of the same festivals or more, a countdown by one of the same name. A post
of one moment replaces nothing. It happens when the new one is approved, not before.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.campaigns import CampaignState
from scheduler.festivals import festival_keys
from storage import campaigns
from storage.campaigns import StoredCampaign

_STANDING = (CampaignState.DRAFT, CampaignState.APPROVED, CampaignState.PAUSED)


async def replaced_by(
    connection: AsyncConnection,
    shop_id: int,
    *,
    key: str,
    programme: str,
    name: str,
    schedule: Mapping[str, Any] | None,
) -> list[StoredCampaign]:
    """The approved campaigns that one made of these parts takes the place of."""
    if schedule is None or schedule["kind"] == "once":
        return []
    standing = await campaigns.in_states(connection, shop_id, _STANDING)
    return [
        one
        for one in standing
        if one.approved_version is not None
        and one.key != key
        and one.programme == programme
        and _says_all_of(schedule, name, one)
    ]


def _says_all_of(schedule: Mapping[str, Any], name: str, older: StoredCampaign) -> bool:
    if schedule["kind"] == older.schedule["kind"] == "festivals":
        return _festivals(older.schedule) <= _festivals(schedule)
    return older.name == name


def _festivals(schedule: Mapping[str, Any]) -> frozenset[str]:
    """The festivals that a schedule names; one that names none means them all."""
    keys = schedule.get("keys")
    return frozenset(festival_keys() if keys is None else keys)
