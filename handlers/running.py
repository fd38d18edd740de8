"""What a manager can do to a campaign once it runs: pause, resume, cancel, retry, resolve, look.

These return values, and the console calls them as the commands do. `actor` is who asked, as the
audit log names people; every change is in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.approvals import still_to_come
from handlers.desk import Desk
from handlers.previews import words_of
from scheduler.campaigns import CampaignState
from scheduler.content import Content
from scheduler.progress import estimated_end
from storage import audiences, audit, campaigns, deliveries, progress, steering
from storage.campaigns import StoredCampaign
from storage.deliveries import DeliveryState
from storage.progress import Progress
from storage.steering import Retried, Uncertain

CANCELLED = "cancelled_by_manager"
PAUSED = "paused_by_manager"


@dataclass(frozen=True, slots=True)
class Steered:
    """A campaign as it was found, whether it was changed, and how much it has planned."""

    campaign: StoredCampaign
    changed: bool
    planned: int


async def pause(desk: Desk, actor: str, number: int) -> Steered | None:
    """Hold a campaign up until somebody resumes it; None: there is none with this number."""
    async with desk.database.writing() as connection:
        found = await _counted(connection, number)
        if found is None:
            return None
        campaign, planned, _ = found
        through = campaign.state is CampaignState.FINISHED and not planned
        changed = not through and await campaigns.pause(connection, number, PAUSED)
        if changed:
            await _note(connection, desk, actor, "pause", campaign)
    return Steered(campaign, changed, planned)


async def resume(desk: Desk, actor: str, number: int) -> Steered | None:
    """Let a paused campaign go on; None: there is none with this number."""
    async with desk.database.writing() as connection:
        found = await _counted(connection, number)
        if found is None:
            return None
        campaign, planned, _ = found
        changed = await campaigns.resume(connection, number, desk.clock.now())
        if changed:
            await _note(connection, desk, actor, "resume", campaign)
    return Steered(campaign, changed, planned)


async def cancel(desk: Desk, actor: str, number: int) -> Steered | None:
    """Plan and send nothing more of a campaign; None: there is none with this number."""
    async with desk.database.writing() as connection:
        return await cancel_in(connection, desk, actor, number)


async def cancel_in(
    connection: AsyncConnection, desk: Desk, actor: str, number: int
) -> Steered | None:
    """The same, in a transaction of the caller."""
    found = await _counted(connection, number)
    if found is None:
        return None
    campaign, planned, under_way = found
    over = campaign.state in (CampaignState.CANCELLED, CampaignState.FINISHED)
    if over and not planned and not under_way:
        return Steered(campaign, changed=False, planned=0)
    gone = await steering.cancel_planned(connection, number, CANCELLED, desk.clock.now())
    await campaigns.set_state(connection, number, CampaignState.CANCELLED, CANCELLED)
    await _note(connection, desk, actor, "cancel", campaign, planned=gone)
    return Steered(campaign, changed=True, planned=gone)


async def retry_failed(
    desk: Desk, actor: str, number: int
) -> tuple[StoredCampaign, Retried] | None:
    """Plan again what failed of a campaign and is still valid; None: there is none such."""
    async with desk.database.writing() as connection:
        campaign = await campaigns.by_id(connection, number)
        if campaign is None:
            return None
        retried = await steering.retry_failed(connection, number, desk.clock.now())
        if retried.again:
            await _note(connection, desk, actor, "retry", campaign, again=retried.again)
    return campaign, retried


async def uncertain(
    desk: Desk, number: int | None, limit: int, *, skip: int = 0
) -> list[Uncertain]:
    """What may or may not have arrived, of one campaign or of all; the newest first."""
    async with desk.database.reading() as connection:
        return await steering.uncertain(connection, desk.shop_id, number, limit, skip=skip)


async def resolve(desk: Desk, actor: str, delivery: int, *, sent: bool) -> bool:
    """A manager has looked whether an uncertain delivery arrived; False where it is not one."""
    async with desk.database.writing() as connection:
        return await steering.resolve(
            connection, delivery, sent=sent, by=actor, at=desk.clock.now()
        )


@dataclass(frozen=True, slots=True)
class HowFar:
    """How far a campaign has got; `end` is None where nobody can tell."""

    campaign: StoredCampaign
    progress: Progress
    end: datetime | None


async def how_far(desk: Desk, number: int) -> HowFar | None:
    """How far a campaign has got, and when it will be through; None: there is none such."""
    now = desk.clock.now()
    async with desk.database.reading() as connection:
        campaign = await campaigns.by_id(connection, number)
        if campaign is None:
            return None
        found = await progress.progress(connection, number, now)
    accounts = list(desk.senders.values())
    limits = accounts[0].limits if len(accounts) == 1 else None
    return HowFar(campaign, found, estimated_end(found, now, limits))


async def next_post(desk: Desk, number: int) -> tuple[StoredCampaign, Content | None] | None:
    """A campaign with its next post, in the words of its first group, or as a fan would get it.

    The post is None where none is to come; the whole is None where there is no such campaign.
    """
    async with desk.database.reading() as connection:
        campaign = await campaigns.by_id(connection, number)
        if campaign is None:
            return None
        bodies = await campaigns.bodies(connection, [campaign.version_id])
        meant = await audiences.resolve(connection, desk.shop_id, campaign.audience)
    body = bodies[campaign.version_id]
    posts = still_to_come(desk, campaign)
    group = meant.groups[0].name if meant.groups else desk.say("群")
    if not posts:
        return campaign, None
    return campaign, words_of(desk.say, body, posts[0].slot, group)


async def _counted(
    connection: AsyncConnection, number: int
) -> tuple[StoredCampaign, int, int] | None:
    """A campaign, how much it has planned, and how much of it is under way."""
    campaign = await campaigns.by_id(connection, number)
    if campaign is None:
        return None
    counted = await deliveries.counts(connection, number)
    return campaign, counted[DeliveryState.PLANNED], counted[DeliveryState.SENDING]


async def _note(
    connection: AsyncConnection,
    desk: Desk,
    actor: str,
    action: str,
    campaign: StoredCampaign,
    **details: int,
) -> None:
    entry = audit.Entry(desk.clock.now(), actor, action, campaign.key, details)
    await audit.note(connection, entry)
