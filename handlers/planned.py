"""What will be sent when: the shop's campaigns, and the programmes that could be switched on.

Shown by `/plan` and `nuanqun plan`; both look through the same pure `plan`. A campaign is shown as
it would go out; whether it waits for approval or is paused is told with it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from handlers.desk import Desk
from handlers.previews import words_of
from handlers.settings import ShopSettings
from handlers.wording import Say
from scheduler.campaigns import Campaign, CampaignState, Occurrence
from scheduler.decide import Reason
from scheduler.festivals import Region
from scheduler.plan import plan
from scheduler.planner import campaign_value
from scheduler.programme import default_campaigns, preview
from scheduler.promotions import Promotion
from storage import campaigns
from storage.campaigns import StoredCampaign
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
        on = await programmes_on(connection, desk.shop_id)
        said = [every for one in on for every in await campaigns.of_programme(connection, one.id)]
    return what_comes(
        desk.shop,
        desk.say,
        since,
        until,
        standing=standing,
        bodies=written,
        on=on,
        prepared=[one.key for one in said],
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
    prepared: Collection[str] = (),
) -> list[Planned]:
    """The same without a database: with nothing standing, the programmes by default.

    `on` are the programmes that are on, and `prepared` the keys of all that they ever made: what
    was refused or switched off is not offered again.
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
    drafts = {
        one.key: one
        for one in default_campaigns(
            shop.zone, since, until, language=shop.language, region=Region(shop.region)
        )
    }
    runs = {(one.key, one.year): one for one in on}
    offered = [
        _offered(
            shop,
            say,
            occurrence,
            drafts[occurrence.campaign],
            runs.get((drafts[occurrence.campaign].programme, EVERY_YEAR)),
        )
        for occurrence in plan(drafts.values(), since, until, states=(CampaignState.DRAFT,))
        if not _is_made(drafts[occurrence.campaign], occurrence, runs, prepared)
    ]
    fresh = [one for one in offered if (one.programme, one.slot, shop.day_of(one.at)) not in said]
    return sorted([*planned, *fresh], key=lambda one: one.at)


def _is_made(
    campaign: Campaign,
    occurrence: Occurrence,
    runs: Collection[tuple[str, int]],
    prepared: Collection[str],
) -> bool:
    """Whether a programme that is on has said already what it does about this post."""
    if (campaign.programme, EVERY_YEAR) in runs:
        return f"{campaign.programme}:{occurrence.slot}" in prepared
    return any(campaign.key == f"{key}:{year}" for key, year in runs)


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
        promotion=value.promotion,
    )


def _audience(say: Say, campaign: StoredCampaign) -> str:
    """Whom a campaign is for, as a manager wrote it."""
    written = campaign.audience.written or say("所有群")
    return written if campaign.audience.segment is None else say("私信 {people}", people=written)


def _holds(campaign: StoredCampaign) -> Reason | None:
    if campaign.version_id != campaign.approved_version:
        return Reason.NOT_APPROVED
    return Reason.CAMPAIGN_PAUSED if campaign.state is CampaignState.PAUSED else None


def _offered(
    shop: ShopSettings,
    say: Say,
    occurrence: Occurrence,
    campaign: Campaign,
    running: RunningProgramme | None,
) -> Planned:
    variables = {"shop": shop.name, "slogan": shop.slogan, "group": say("群")}
    return Planned(
        at=shop.local(occurrence.at),
        campaign=campaign.name,
        campaign_id=None,
        programme=campaign.programme,
        slot=occurrence.slot,
        audience=(running.audience.written if running and running.audience else "")
        or say("所有群"),
        text=preview(campaign, occurrence, variables, language=shop.language),
        promotion=campaign.promotion,
        holds=None if running is None else Reason.NOT_APPROVED,
        is_on=running is not None,
    )
