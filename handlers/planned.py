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
from scheduler.campaigns import Campaign, CampaignState
from scheduler.festivals import Region
from scheduler.plan import plan
from scheduler.planner import campaign_value
from scheduler.programme import default_campaigns, preview
from storage import campaigns
from storage.campaigns import StoredCampaign
from storage.groups import Audience


@dataclass(frozen=True, slots=True)
class Planned:
    """One post to come. `campaign_id` is None for one that nobody has approved."""

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
    by_key: dict[str, StoredCampaign] = {one.key: one for one in standing}
    running = {one.programme for one in standing}
    drafts = [
        one
        for one in default_campaigns(
            shop.zone, since, until, language=shop.language, region=Region(shop.region)
        )
        if one.programme not in running
    ]
    values: dict[str, Campaign] = {one.key: one for one in drafts}
    values |= {one.key: campaign_value(one) for one in standing}
    found = []
    for occurrence in plan(values.values(), since, until, states=tuple(CampaignState)):
        campaign = values[occurrence.campaign]
        stored = by_key.get(occurrence.campaign)
        if stored is not None and stored.approved_version is not None:
            body = (bodies or {})[stored.approved_version]
            text = content_of(body, occurrence.slot, say("群")).text
        else:
            variables = {"shop": shop.name, "slogan": shop.slogan, "group": say("群")}
            text = preview(campaign, occurrence, variables, language=shop.language)
        found.append(
            Planned(
                at=occurrence.at,
                campaign=campaign.name,
                campaign_id=stored.id if stored is not None else None,
                programme=campaign.programme,
                slot=occurrence.slot,
                audience=_show(stored.audience if stored is not None else Audience(), say),
                text=text,
            )
        )
    return found


def _show(audience: Audience, say: Say) -> str:
    """An audience as a manager writes it."""
    wanted = [f"@{name}" for name in audience.wanted] or [say("所有群")]
    return " ".join([*wanted, *(f"-{name}" for name in audience.unwanted)])
