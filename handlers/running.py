"""What a manager can do to a campaign once it runs: pause, resume, cancel, retry, resolve, look.

These return values, and the console calls them as the commands do. `actor` is who asked, as the
audit log names people; every change is in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.approvals import still_to_come
from handlers.desk import Desk
from handlers.previews import to_come, words_of
from scheduler.campaigns import CampaignState, Occurrence
from scheduler.content import Content
from scheduler.planner import campaign_value
from scheduler.progress import estimated_end
from storage import audiences, audit, campaigns, deliveries, posts, progress, steering
from storage.campaigns import StoredCampaign
from storage.deliveries import DeliveryState
from storage.progress import Progress
from storage.single_posts import slots_planned
from storage.steering import Retried, Uncertain

CANCELLED = "cancelled_by_manager"
PAUSED = "paused_by_manager"


@dataclass(frozen=True, slots=True)
class Ahead:
    """What of a campaign is still to go out: so many messages, each post with its moment.

    A post whose moment is further off than the planner looks counts as one message: how many it
    comes to, nobody knows yet. `planned` of the messages stand in the ledger.
    """

    messages: int
    planned: int
    posts: Mapping[str, datetime]

    def next_at(self, now: datetime) -> datetime | None:
        """The first moment that is to come; None where there is none, as of what goes out now."""
        return min((at for at in self.posts.values() if at > now), default=None)


@dataclass(frozen=True, slots=True)
class Steered:
    """A campaign as it was found, whether it was changed, and what of it was to come.

    `has_sent`: something of it went out and can be taken back; told where it was cancelled.
    """

    campaign: StoredCampaign
    changed: bool
    ahead: Ahead
    has_sent: bool = False


async def pause(desk: Desk, actor: str, number: int) -> Steered | None:
    """Hold a campaign up until somebody resumes it; None: there is none with this number."""
    async with desk.database.writing() as connection:
        found = await _counted(connection, desk, number)
        if found is None:
            return None
        campaign, ahead, _ = found
        through = campaign.state is CampaignState.FINISHED and not ahead.messages
        changed = not through and await campaigns.pause(connection, number, PAUSED)
        if changed:
            await _note(connection, desk, actor, "pause", campaign)
    return Steered(campaign, changed, ahead)


async def resume(desk: Desk, actor: str, number: int) -> Steered | None:
    """Let a paused campaign go on; None: there is none with this number."""
    async with desk.database.writing() as connection:
        found = await _counted(connection, desk, number)
        if found is None:
            return None
        campaign, ahead, _ = found
        changed = await campaigns.resume(connection, number, desk.clock.now())
        if changed:
            await _note(connection, desk, actor, "resume", campaign)
    return Steered(campaign, changed, ahead)


async def cancel_in(
    connection: AsyncConnection, desk: Desk, actor: str, number: int
) -> Steered | None:
    """Plan and send nothing more of a campaign; None: there is none with this number."""
    found = await _counted(connection, desk, number)
    if found is None:
        return None
    campaign, ahead, under_way = found
    over = campaign.state in (CampaignState.CANCELLED, CampaignState.FINISHED)
    if over and not ahead.messages and not under_way:
        return Steered(campaign, changed=False, ahead=ahead)
    gone = await steering.cancel_planned(connection, number, CANCELLED, desk.clock.now())
    await campaigns.set_state(connection, number, CampaignState.CANCELLED, CANCELLED)
    await _note(connection, desk, actor, "cancel", campaign, planned=gone)
    has_sent = await posts.stands(connection, number)
    return Steered(campaign, changed=True, ahead=ahead, has_sent=has_sent)


async def retry_failed(
    desk: Desk, actor: str, number: int
) -> tuple[StoredCampaign, Retried] | None:
    """Plan again what failed of a campaign and is still valid; None: there is none such."""
    async with desk.database.writing() as connection:
        campaign = await campaigns.numbered(connection, desk.shop_id, number)
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
    """How far a campaign has got; `end` is None where nobody can tell.

    `ahead` are the moments of the posts that are yet to be planned.
    """

    campaign: StoredCampaign
    progress: Progress
    end: datetime | None
    ahead: tuple[datetime, ...]


async def how_far(desk: Desk, number: int) -> HowFar | None:
    """How far a campaign has got, and when it will be through; None: there is none such."""
    now = desk.clock.now()
    async with desk.database.reading() as connection:
        campaign = await campaigns.numbered(connection, desk.shop_id, number)
        if campaign is None:
            return None
        found = await progress.progress(connection, number, now)
    accounts = list(desk.senders.values())
    limits = accounts[0].limits if len(accounts) == 1 else None
    ahead = tuple(one.at for one in yet_to_plan(desk, campaign))
    return HowFar(campaign, found, estimated_end(found, now, limits), ahead)


def yet_to_plan(desk: Desk, campaign: StoredCampaign) -> list[Occurrence]:
    """The posts of a campaign behind what the planner has planned, up to a year ahead."""
    if campaign.state in (CampaignState.CANCELLED, CampaignState.FINISHED):
        return []
    return to_come(campaign_value(campaign), campaign.planned_until, desk.clock.now())


async def next_post(desk: Desk, number: int) -> tuple[StoredCampaign, Content | None] | None:
    """A campaign with its next post, in the words of its first group, or as a fan would get it.

    The post is None where none is to come; the whole is None where there is no such campaign.
    """
    async with desk.database.reading() as connection:
        campaign = await campaigns.numbered(connection, desk.shop_id, number)
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
    connection: AsyncConnection, desk: Desk, number: int
) -> tuple[StoredCampaign, Ahead, int] | None:
    """A campaign, what of it is to come, and how much of it is under way."""
    campaign = await campaigns.numbered(connection, desk.shop_id, number)
    if campaign is None:
        return None
    counted = await deliveries.counts(connection, number)
    return campaign, await ahead_of(connection, desk, campaign), counted[DeliveryState.SENDING]


async def ahead_of(connection: AsyncConnection, desk: Desk, campaign: StoredCampaign) -> Ahead:
    """What of a campaign is still to go out: what is planned, and what is yet to be planned."""
    planned = await slots_planned(connection, campaign.id)
    unplanned = [one for one in yet_to_plan(desk, campaign) if one.slot not in planned]
    # When what is held is looked at again is no moment that anybody has set.
    moments = {one.slot: one.at for one in still_to_come(desk, campaign)}
    posts = {slot: moments.get(slot, at) for slot, (_, at) in planned.items()}
    posts |= {one.slot: one.at for one in unplanned}
    messages = sum(count for count, _ in planned.values())
    return Ahead(messages + len(unplanned), messages, posts)


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
