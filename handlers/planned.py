"""What will be sent when: the shop's campaigns, and the programmes that could be switched on.

Shown by `/plan` and `nuanqun plan`; both look through the same pure `plan`. A campaign is shown as
it would go out; whether it waits for approval or is paused is told with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.desk import Desk
from handlers.greetings_ahead import yet_to_prepare
from handlers.previews import words_of
from handlers.settings import ShopSettings
from handlers.wording import Say
from scheduler.campaigns import Campaign, CampaignState, Occurrence, occurrences_of
from scheduler.decide import Reason
from scheduler.festivals import Region
from scheduler.left_alone import left_alone
from scheduler.plan import plan
from scheduler.planner import campaign_value
from scheduler.programme import default_campaigns, preview
from scheduler.promotions import Promotion
from scheduler.wall_time import zone_named
from storage import campaigns
from storage.campaigns import NewCampaign, StoredCampaign
from storage.running_programmes import EVERY_YEAR, RunningProgramme, programmes_on

_STANDING = (CampaignState.DRAFT, CampaignState.APPROVED, CampaignState.PAUSED)


@dataclass(frozen=True, slots=True)
class Planned:
    """One post to come, at the shop's time.

    `campaign_id` is None for one that no campaign makes yet: of a programme that could be switched
    on, or (`is_on`) of one that is on and will be prepared when its day comes near. `holds` tells
    what a person has to do before it goes out: approve it, or resume its campaign.
    """

    at: datetime
    campaign: str
    campaign_id: int | None
    programme: str
    slot: str
    audience: str
    text: str
    holds: Reason | None = None
    promotion: Promotion | None = None
    is_on: bool = False


async def coming(desk: Desk, since: datetime, until: datetime) -> list[Planned]:
    """Every post of the span: of campaigns, and of programmes that are not switched on yet."""
    async with desk.database.reading() as connection:
        standing = await campaigns.in_states(connection, desk.shop_id, _STANDING)
        written = await campaigns.bodies(connection, [one.version_id for one in standing])
        alone = {
            (one.id, slot)
            for one in standing
            for slot in await _left_alone(connection, one, since, until)
        }
        on = await programmes_on(connection, desk.shop_id)
    found = [
        replace(one, holds=None) if (one.campaign_id, one.slot) in alone else one
        for one in what_comes(
            desk.shop, desk.say, since, until, standing=standing, bodies=written, on=on
        )
    ]
    first, last = desk.shop.day_of(since), desk.shop.day_of(until)
    ahead = [_ahead(desk, new) for new in await yet_to_prepare(desk, first, last)]
    between = [one for one in ahead if since < one.at <= until]
    return sorted([*found, *between], key=lambda one: one.at)


async def _left_alone(
    connection: AsyncConnection, campaign: StoredCampaign, since: datetime, until: datetime
) -> frozenset[str]:
    """The posts of a span that go out as approved though their campaign waits; see `left_alone`."""
    if campaign.state is not CampaignState.DRAFT:
        return frozenset()
    found = occurrences_of(campaign_value(campaign), since, until)
    return await left_alone(connection, campaign, [one.slot for one in found])


def _ahead(desk: Desk, new: NewCampaign) -> Planned:
    """A greeting that will be prepared when its day comes near."""
    (moment,) = new.schedule["moments"]
    at = datetime.fromisoformat(moment["at"]).replace(tzinfo=zone_named(new.zone))
    return Planned(
        at=at,
        campaign=new.name,
        campaign_id=None,
        programme=new.programme,
        slot=moment["slot"],
        audience=new.audience.written or desk.say("所有群"),
        text=words_of(desk.say, new.body, moment["slot"], desk.say("群")).text,
        holds=Reason.NOT_APPROVED,
        is_on=True,
    )


def what_comes(
    shop: ShopSettings,
    say: Say,
    since: datetime,
    until: datetime,
    *,
    standing: Sequence[StoredCampaign] = (),
    bodies: Mapping[int, Any] | None = None,
    on: Sequence[RunningProgramme] = (),
) -> list[Planned]:
    """The same without a database: with nothing standing, the programmes by default.

    What is `on` already is not offered.
    """
    stored = {one.key: one for one in standing}
    planned = [
        _planned(shop, say, occurrence, stored[occurrence.campaign], bodies or {})
        for occurrence in plan(
            map(campaign_value, standing), since, until, states=tuple(CampaignState)
        )
    ]
    # What stands already is not offered again, whichever campaign says it.
    said = {(one.programme, one.slot, shop.day_of(one.at)) for one in planned}
    runs = {one.key if one.year == EVERY_YEAR else f"{one.key}:{one.year}" for one in on}
    drafts = {
        one.key: one
        for one in default_campaigns(
            shop.zone, since, until, language=shop.language, region=Region(shop.region)
        )
        if one.key not in runs
    }
    offered = [
        _offered(shop, say, occurrence, drafts[occurrence.campaign])
        for occurrence in plan(drafts.values(), since, until, states=(CampaignState.DRAFT,))
    ]
    fresh = [one for one in offered if (one.programme, one.slot, shop.day_of(one.at)) not in said]
    return sorted([*planned, *fresh], key=lambda one: one.at)


def _planned(
    shop: ShopSettings,
    say: Say,
    occurrence: Occurrence,
    campaign: StoredCampaign,
    bodies: Mapping[int, Any],
) -> Planned:
    value = campaign_value(campaign)
    return Planned(
        at=shop.local(occurrence.at),
        campaign=campaign.name,
        campaign_id=campaign.id,
        programme=campaign.programme,
        slot=occurrence.slot,
        audience=_audience(say, campaign),
        text=words_of(say, bodies[campaign.version_id], occurrence.slot, say("群")).text,
        holds=_holds(campaign),
        promotion=value.promotion if campaign.audience.segment is None else None,
    )


def _audience(say: Say, campaign: StoredCampaign) -> str:
    """Whom a campaign is for, as a manager wrote it."""
    written = campaign.audience.written or say("所有群")
    return written if campaign.audience.segment is None else say("私信 {people}", people=written)


def _holds(campaign: StoredCampaign) -> Reason | None:
    if campaign.version_id != campaign.approved_version:
        return Reason.NOT_APPROVED
    return Reason.CAMPAIGN_PAUSED if campaign.state is CampaignState.PAUSED else None


def _offered(shop: ShopSettings, say: Say, occurrence: Occurrence, campaign: Campaign) -> Planned:
    variables = {**shop.variables, "group": say("群")}
    return Planned(
        at=shop.local(occurrence.at),
        campaign=campaign.name,
        campaign_id=None,
        programme=campaign.programme,
        slot=occurrence.slot,
        audience=say("所有群"),
        text=preview(campaign, occurrence, variables, language=shop.language),
        promotion=campaign.promotion,
    )
