"""Campaigns, their content versions, and how far each one is planned.

A campaign's schedule and the body of its content are documents that floor 3 writes and reads;
here they are kept as they are. A content version is never changed: an edit makes a new one, and
what was planned keeps the version that was approved. `planned_until` is the planning watermark;
it moves in the transaction that inserts the deliveries, so no occurrence falls between.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import insert, insert_new
from storage.groups import Audience
from storage.tables import campaigns, content_versions


@dataclass(frozen=True, slots=True)
class NewCampaign:
    """What a campaign is made from. The same key twice is the same campaign."""

    key: str
    programme: str
    name: str
    schedule: dict[str, Any]
    zone: str
    valid_seconds: int
    audience: Audience
    body: dict[str, Any]
    created_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class StoredCampaign:
    """A campaign as it stands. `approved_version` is None until somebody approves it."""

    id: int
    key: str
    programme: str
    name: str
    schedule: dict[str, Any]
    zone: str
    valid_seconds: int
    audience: Audience
    state: str
    reason: str | None
    created_by: str
    created_at: datetime
    approved_version: int | None
    planned_until: datetime | None


_CAMPAIGN = (
    campaigns.c.id,
    campaigns.c.key,
    campaigns.c.programme,
    campaigns.c.name,
    campaigns.c.schedule,
    campaigns.c.zone,
    campaigns.c.valid_seconds,
    campaigns.c.audience,
    campaigns.c.state,
    campaigns.c.reason,
    campaigns.c.created_by,
    campaigns.c.created_at,
    campaigns.c.approved_version,
    campaigns.c.planned_until,
)


def _campaign(row: Any) -> StoredCampaign:
    values: dict[str, Any] = {each.name: getattr(row, each.name) for each in _CAMPAIGN}
    return StoredCampaign(**{**values, "audience": Audience.from_json(row.audience)})


async def create(
    connection: AsyncConnection, shop_id: int, new: NewCampaign, *, state: str
) -> StoredCampaign:
    """Make a campaign with its first content version; one with this key is left as it stands."""
    made = await insert_new(
        connection,
        campaigns,
        [
            {
                "shop_id": shop_id,
                "key": new.key,
                "programme": new.programme,
                "name": new.name,
                "schedule": new.schedule,
                "zone": new.zone,
                "valid_seconds": new.valid_seconds,
                "audience": new.audience.to_json(),
                "state": state,
                "created_by": new.created_by,
                "created_at": new.created_at,
            }
        ],
        campaigns.c.id,
    )
    for row in made:
        await add_version(connection, row.id, new.body, by=new.created_by, at=new.created_at)
    found = await by_key(connection, new.key)
    if found is None:
        raise LookupError(new.key)
    return found


async def add_version(
    connection: AsyncConnection, campaign_id: int, body: dict[str, Any], *, by: str, at: datetime
) -> int:
    """Add a content version, not yet approved; its id."""
    # Two who edit at once take turns, so that each version has a number of its own.
    await connection.execute(
        select(campaigns.c.id).where(campaigns.c.id == campaign_id).with_for_update()
    )
    number = (
        select(func.coalesce(func.max(content_versions.c.number), 0) + 1)
        .where(content_versions.c.campaign_id == campaign_id)
        .scalar_subquery()
    )
    made = await connection.execute(
        insert(connection, content_versions)
        .values(campaign_id=campaign_id, number=number, body=body, created_by=by, created_at=at)
        .returning(content_versions.c.id)
    )
    return int(made.scalar_one())


async def approve(
    connection: AsyncConnection,
    campaign_id: int,
    *,
    state: str,
    by: str,
    at: datetime,
    plan_after: datetime,
) -> None:
    """Approve the newest content version; occurrences after `plan_after` are planned.

    A campaign that was approved before keeps the watermark it has.
    """
    newest = (
        select(func.max(content_versions.c.id))
        .where(content_versions.c.campaign_id == campaign_id)
        .scalar_subquery()
    )
    await connection.execute(
        update(content_versions)
        .where(content_versions.c.id == newest)
        .values(approved_by=by, approved_at=at)
    )
    await connection.execute(
        update(campaigns)
        .where(campaigns.c.id == campaign_id)
        .values(
            state=state,
            reason=None,
            approved_version=newest,
            planned_until=func.coalesce(campaigns.c.planned_until, plan_after),
        )
    )


async def by_key(connection: AsyncConnection, key: str) -> StoredCampaign | None:
    """The campaign with this key."""
    row = (await connection.execute(select(*_CAMPAIGN).where(campaigns.c.key == key))).one_or_none()
    return None if row is None else _campaign(row)


async def by_id(connection: AsyncConnection, campaign_id: int) -> StoredCampaign | None:
    """The campaign with this number."""
    row = (
        await connection.execute(select(*_CAMPAIGN).where(campaigns.c.id == campaign_id))
    ).one_or_none()
    return None if row is None else _campaign(row)


async def in_states(
    connection: AsyncConnection, shop_id: int, states: Collection[str], *, hold: bool = False
) -> list[StoredCampaign]:
    """The shop's campaigns in these states, in the order they were made.

    With `hold`, nobody changes them until this transaction ends: who plans them cannot overtake
    who cancels them.
    """
    question = (
        select(*_CAMPAIGN)
        .where(campaigns.c.shop_id == shop_id, campaigns.c.state.in_(list(states)))
        .order_by(campaigns.c.id)
    )
    rows = await connection.execute(question.with_for_update() if hold else question)
    return [_campaign(row) for row in rows]


async def set_state(
    connection: AsyncConnection, campaign_id: int, state: str, reason: str | None = None
) -> None:
    """Move a campaign to another state, with the reason where there is one."""
    await connection.execute(
        update(campaigns).where(campaigns.c.id == campaign_id).values(state=state, reason=reason)
    )


async def bodies(connection: AsyncConnection, version_ids: Sequence[int]) -> dict[int, Any]:
    """Content version id → its body."""
    rows = await connection.execute(
        select(content_versions.c.id, content_versions.c.body).where(
            content_versions.c.id.in_(list(version_ids))
        )
    )
    return {row.id: row.body for row in rows}


async def advance(
    connection: AsyncConnection, campaign_ids: Sequence[int], planned_until: datetime
) -> None:
    """Move the watermark of these campaigns on; it never moves back."""
    await connection.execute(
        update(campaigns)
        .where(campaigns.c.id.in_(list(campaign_ids)), campaigns.c.planned_until < planned_until)
        .values(planned_until=planned_until)
    )
