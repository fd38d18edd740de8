"""Campaigns, their content versions, and how far each one is planned.

A campaign's schedule and the body of its content are documents that floor 3 writes and reads;
here they are kept as they are. A content version, body, audience and moments, is never changed: an
edit makes a new one that waits for approval, and the campaign is a draft until somebody approves
exactly that. What is planned says the newest version, approved or not; what is not approved is
held. So what was planned with an approved version keeps it, and what waits for a version that
nobody approved says the next one (see `approvals.py` and `steering.py`).

`planned_until` is the planning watermark; it moves in the transaction that inserts the
deliveries, so no occurrence falls between. Every change rings its bells.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.audiences import Audience, Whom, whom
from storage.bells import Bell, ring
from storage.bulk import insert, insert_new
from storage.holds import CAMPAIGN_PAUSED
from storage.lanes import hold_lanes
from storage.slots import Divide, PlannedSlot, undivided
from storage.steering import release, say_instead
from storage.tables import campaigns, content_versions

_TICK = timedelta(microseconds=1)


class CampaignState(StrEnum):
    """Where a campaign is in its life; a draft is planned too, and held."""

    DRAFT = "draft"  # its newest version waits for approval
    APPROVED = "approved"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    FINISHED = "finished"  # all its moments are planned


@dataclass(frozen=True, slots=True)
class NewCampaign:
    """What a campaign is made from. The same key twice is the same campaign.

    `priority` is the number stored with its deliveries, `hold_out` the share of people, in
    percent, who get nothing, and `promotion` the document of its promotion window.
    """

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
    priority: int = 3
    hold_out: int = 0
    promotion: dict[str, Any] | None = None
    running_id: int | None = None


@dataclass(frozen=True, slots=True)
class StoredCampaign:
    """A campaign as it stands.

    `version_id` is its newest content version: `audience` and `schedule` are that one's,
    `submitted_by` its author, and `version_number` counts the campaign's own from 1.
    `approved_version` is the last one approved, None until somebody approves one. `skipped` are the
    slots that a manager left out, and `running_id` is the programme that made it, if one did.
    """

    id: int
    shop_id: int
    key: str
    programme: str
    name: str
    schedule: dict[str, Any]
    zone: str
    valid_seconds: int
    priority: int
    hold_out: int
    promotion: dict[str, Any] | None
    state: CampaignState
    reason: str | None
    created_by: str
    created_at: datetime
    version_id: int
    approved_version: int | None
    planned_until: datetime
    running_id: int | None
    skipped: tuple[str, ...]
    version_number: int
    audience: Audience
    submitted_by: str
    submitted_at: datetime


_STORED = select(
    campaigns,
    content_versions.c.number.label("version_number"),
    content_versions.c.audience,
    content_versions.c.schedule.label("own_schedule"),
    content_versions.c.created_by.label("submitted_by"),
    content_versions.c.created_at.label("submitted_at"),
).join_from(campaigns, content_versions, content_versions.c.id == campaigns.c.version_id)
_PARTS = tuple(part.name for part in fields(StoredCampaign))


def _campaign(row: Any) -> StoredCampaign:
    values: dict[str, Any] = {name: getattr(row, name) for name in _PARTS}
    values["state"] = CampaignState(row.state)
    values["audience"] = Audience.from_json(row.audience)
    values["skipped"] = tuple(row.skipped or ())
    if row.own_schedule is not None:
        values["schedule"] = row.own_schedule
    return StoredCampaign(**values)


async def create(
    connection: AsyncConnection, shop_id: int, new: NewCampaign, *, state: str
) -> StoredCampaign:
    """Make a campaign with its first content version; one with this key is left as it stands.

    It is planned from the moment on at which it was made, that moment included.
    """
    values = {part.name: getattr(new, part.name) for part in fields(NewCampaign)}
    audience, body = values.pop("audience"), values.pop("body")
    watermark = new.created_at - _TICK
    rows = [{**values, "shop_id": shop_id, "state": state, "planned_until": watermark}]
    made = await insert_new(connection, campaigns, rows, campaigns.c.id)
    for row in made:
        await _insert_version(
            connection, row.id, body=body, audience=audience, by=new.created_by, at=new.created_at
        )
        await ring(connection, Bell.PLANNER)
    found = await by_key(connection, new.key)
    if found is None:
        raise LookupError(new.key)
    return found


async def _insert_version(
    connection: AsyncConnection,
    campaign_id: int,
    *,
    body: dict[str, Any],
    audience: Audience,
    by: str,
    at: datetime,
    schedule: dict[str, Any] | None = None,
) -> int:
    """Write a version down as the campaign's newest; its id."""
    number = (
        select(func.coalesce(func.max(content_versions.c.number), 0) + 1)
        .where(content_versions.c.campaign_id == campaign_id)
        .scalar_subquery()
    )
    made = await connection.execute(
        insert(connection, content_versions)
        .values(
            campaign_id=campaign_id,
            number=number,
            body=body,
            audience=audience.to_json(),
            schedule=schedule,
            created_by=by,
            created_at=at,
        )
        .returning(content_versions.c.id)
    )
    version = int(made.scalar_one())
    await change(connection, campaign_id, version_id=version)
    return version


async def change(connection: AsyncConnection, campaign_id: int, **values: Any) -> None:
    """Write these columns of a campaign, and ring nothing."""
    await connection.execute(
        update(campaigns).where(campaigns.c.id == campaign_id).values(**values)
    )


async def by_key(connection: AsyncConnection, key: str) -> StoredCampaign | None:
    """The campaign with this key."""
    row = (await connection.execute(_STORED.where(campaigns.c.key == key))).one_or_none()
    return None if row is None else _campaign(row)


async def by_id(connection: AsyncConnection, campaign_id: int) -> StoredCampaign | None:
    """The campaign with this number."""
    row = (await connection.execute(_STORED.where(campaigns.c.id == campaign_id))).one_or_none()
    return None if row is None else _campaign(row)


async def numbered(connection: AsyncConnection, shop_id: int, number: int) -> StoredCampaign | None:
    """The shop's campaign of a number that somebody wrote; another shop's is nobody's."""
    found = await by_id(connection, number)
    return found if found is not None and found.shop_id == shop_id else None


async def known(connection: AsyncConnection, campaign_id: int) -> StoredCampaign:
    """The campaign with this number, which was there a moment ago, as it stands now.

    Raises:
        LookupError: there is none.
    """
    found = await by_id(connection, campaign_id)
    if found is None:
        raise LookupError(campaign_id)
    return found


async def of_programme(connection: AsyncConnection, running_id: int) -> list[StoredCampaign]:
    """All that a programme that runs, or ran, has made, in the order in which it was made."""
    rows = await connection.execute(
        _STORED.where(campaigns.c.running_id == running_id).order_by(campaigns.c.id)
    )
    return [_campaign(row) for row in rows]


async def unreminded(connection: AsyncConnection, shop_id: int) -> list[StoredCampaign]:
    """The drafts whose newest version staff were not reminded of, in the order they were made."""
    rows = await connection.execute(
        _STORED.where(
            campaigns.c.shop_id == shop_id,
            campaigns.c.state == CampaignState.DRAFT,
            content_versions.c.approved_at.is_(None),
            content_versions.c.reminded_at.is_(None),
        ).order_by(campaigns.c.id)
    )
    return [_campaign(row) for row in rows]


async def in_states(
    connection: AsyncConnection, shop_id: int, states: Collection[str], *, hold: bool = False
) -> list[StoredCampaign]:
    """The shop's campaigns in these states, in the order they were made.

    With `hold`, nobody changes them until this transaction ends, and those that somebody is
    changing at this moment are left out: who plans them cannot overtake who cancels or edits
    them, and never waits for anybody.
    """
    meant: tuple[ColumnElement[bool], ...] = (
        campaigns.c.shop_id == shop_id,
        campaigns.c.state.in_(list(states)),
    )
    if hold:
        # By itself: PostgreSQL locks a row as it is now, but joins it with what stood when the
        # statement began, which an edit may have made obsolete.
        held = await connection.scalars(
            select(campaigns.c.id)
            .where(*meant)
            .order_by(campaigns.c.id)
            .with_for_update(key_share=True, skip_locked=True)
        )
        meant = (campaigns.c.id.in_(held.all()),)
    rows = await connection.execute(_STORED.where(*meant).order_by(campaigns.c.id))
    return [_campaign(row) for row in rows]


async def hold(connection: AsyncConnection, campaign_id: int) -> StoredCampaign:
    """The campaign, so that senders, planners and other managers wait for this transaction.

    Everybody takes the lanes first and then the campaign, so nobody waits in a circle.

    Raises:
        LookupError: there is none with this number.
    """
    await hold_lanes(connection)
    return await _lock(connection, campaign_id)


async def _lock(connection: AsyncConnection, campaign_id: int) -> StoredCampaign:
    await connection.execute(
        select(campaigns.c.id).where(campaigns.c.id == campaign_id).with_for_update(key_share=True)
    )
    return await known(connection, campaign_id)


async def add_version(
    connection: AsyncConnection,
    campaign_id: int,
    *,
    body: dict[str, Any],
    audience: Audience,
    by: str,
    at: datetime,
    schedule: dict[str, Any] | None = None,
    divide: Divide = undivided,
) -> int:
    """Add a content version, not yet approved, and say it from now on; its id.

    With a `schedule` it has other moments as well; else it keeps those of the version before.
    `divide` tells who gets which variant of it, of what is planned already.

    Raises:
        LookupError: there is no such campaign.
    """
    before = await hold(connection, campaign_id)
    version = await _insert_version(
        connection,
        campaign_id,
        body=body,
        audience=audience,
        by=by,
        at=at,
        schedule=before.schedule if schedule is None else schedule,
    )
    if before.state is CampaignState.APPROVED:
        await change(connection, campaign_id, state=CampaignState.DRAFT)
    await say_newest(connection, campaign_id, at, divide)
    await ring(connection, Bell.PLANNER)
    return version


async def say_newest(
    connection: AsyncConnection, campaign_id: int, at: datetime, divide: Divide
) -> None:
    """Let what is planned with a version that nobody approved say the campaign's newest.

    Raises:
        LookupError: there is no campaign with this number.
    """
    campaign = await known(connection, campaign_id)
    meant = await whom(connection, campaign.shop_id, campaign.audience, at)
    version = campaign.version_id
    body = (await bodies(connection, [version]))[version]

    async def divided(slot: PlannedSlot) -> Sequence[tuple[str | None, Whom]]:
        return await divide(connection, slot, meant, body, at)

    await say_instead(connection, campaign_id, version, at, divided)


async def set_state(
    connection: AsyncConnection, campaign_id: int, state: str, reason: str | None = None
) -> None:
    """Move a campaign to another state, with the reason where there is one.

    Once a cancellation is committed, nothing of it is begun any more.
    """
    if state == CampaignState.CANCELLED:
        await hold_lanes(connection)
    await change(connection, campaign_id, state=state, reason=reason)
    stopped = state in (CampaignState.PAUSED, CampaignState.CANCELLED)
    await ring(connection, Bell.STOP if stopped else Bell.SENDERS)


async def pause(connection: AsyncConnection, campaign_id: int, reason: str) -> bool:
    """Hold a campaign up until somebody resumes it; False where there is nothing to hold up.

    It takes no lanes, so a sender may call it while it guards its own; the few that a sender is
    just beginning still leave.

    Raises:
        LookupError: there is no such campaign.
    """
    before = await _lock(connection, campaign_id)
    if before.state in (CampaignState.PAUSED, CampaignState.CANCELLED):
        return False
    await change(connection, campaign_id, state=CampaignState.PAUSED, reason=reason)
    await ring(connection, Bell.STOP)
    return True


async def resume(connection: AsyncConnection, campaign_id: int, at: datetime) -> bool:
    """Let a paused campaign go on, as a draft where its newest version waits; False otherwise.

    Raises:
        LookupError: there is no such campaign.
    """
    before = await hold(connection, campaign_id)
    if before.state is not CampaignState.PAUSED:
        return False
    approved = before.version_id == before.approved_version
    state = CampaignState.APPROVED if approved else CampaignState.DRAFT
    await set_state(connection, campaign_id, state)
    await release(connection, [CAMPAIGN_PAUSED], at, campaign_id)
    await ring(connection, Bell.PLANNER)
    return True


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
