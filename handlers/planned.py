"""What will be sent when: the shop's approved campaigns, and what could be switched on.

Shown by `/plan` and `nuanqun plan`; both look through the same pure `plan`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from handlers.desk import Desk
from handlers.settings import ShopSettings
from handlers.wording import Say
from scheduler.bodies import content_of
from scheduler.campaigns import Campaign, CampaignState, Occurrence
from scheduler.festivals import Region
from scheduler.plan import plan
from scheduler.planner import campaign_value
from scheduler.programme import default_campaigns, preview
from storage import campaigns
from storage.campaigns import StoredCampaign


@dataclass(frozen=True, slots=True)
class Planned:
    """One post to come, at the shop's time. `campaign_id` is None for one nobody has approved."""

    at: datetime
    campaign: str
    campaign_id: int | None
    programme: str
    slot: str
    audience: str
    text: str


async def coming(desk: Desk, since: datetime, until: datetime) -> list[Planned]:
    """Every post of the span: of approved campaigns, and of programmes not switched on yet."""
    async with desk.database.reading() as connection:
        standing = await campaigns.in_states(
            connection, desk.shop_id, [CampaignState.APPROVED, CampaignState.PAUSED]
        )
        written = await campaigns.bodies(
            connection, [one.approved_version for one in standing if one.approved_version]
        )
    return what_comes(desk.shop, desk.say, since, until, standing=standing, bodies=written)


def what_comes(
    shop: ShopSettings,
    say: Say,
    since: datetime,
    until: datetime,
    *,
    standing: Sequence[StoredCampaign] = (),
    bodies: Mapping[int, Any] | None = None,
) -> list[Planned]:
    """The same without a database: with nothing standing, the programmes by default."""
    stored = {one.key: one for one in standing}
    approved = [
        _approved(shop, say, occurrence, stored[occurrence.campaign], bodies or {})
        for occurrence in plan(
            map(campaign_value, standing), since, until, states=tuple(CampaignState)
        )
    ]
    # What is approved already is not offered again, whichever campaign says it.
    said = {(one.programme, one.slot, shop.day_of(one.at)) for one in approved}
    drafts = {
        one.key: one
        for one in default_campaigns(
            shop.zone, since, until, language=shop.language, region=Region(shop.region)
        )
    }
    offered = [
        _offered(shop, say, occurrence, drafts[occurrence.campaign])
        for occurrence in plan(drafts.values(), since, until, states=(CampaignState.DRAFT,))
    ]
    fresh = [one for one in offered if (one.programme, one.slot, shop.day_of(one.at)) not in said]
    return sorted([*approved, *fresh], key=lambda one: one.at)


def _approved(
    shop: ShopSettings,
    say: Say,
    occurrence: Occurrence,
    campaign: StoredCampaign,
    bodies: Mapping[int, Any],
) -> Planned:
    body = bodies[campaign.approved_version] if campaign.approved_version is not None else {}
    return Planned(
        at=shop.local(occurrence.at),
        campaign=campaign.name,
        campaign_id=campaign.id,
        programme=campaign.programme,
        slot=occurrence.slot,
        audience=campaign.audience.written or say("所有群"),
        text=content_of(body, occurrence.slot, say("群")).text,
    )


def _offered(shop: ShopSettings, say: Say, occurrence: Occurrence, campaign: Campaign) -> Planned:
    variables = {"shop": shop.name, "slogan": shop.slogan, "group": say("群")}
    return Planned(
        at=shop.local(occurrence.at),
        campaign=campaign.name,
        campaign_id=None,
        programme=campaign.programme,
        slot=occurrence.slot,
        audience=say("所有群"),
        text=preview(campaign, occurrence, variables, language=shop.language),
    )
