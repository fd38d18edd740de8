"""The review that somebody asks for: by a campaign's number or key, or by a programme's name."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.desk import Desk
from handlers.programme_files import shelf, title_of
from handlers.reviewing.arguments import ReviewWords
from handlers.reviewing.figures import Review
from handlers.reviewing.reading import review_of_campaign, review_of_programme
from storage import campaigns
from storage.campaigns import CampaignState
from storage.running_programmes import EVERY_YEAR, programmes_ever_on

_OVER = (CampaignState.FINISHED, CampaignState.CANCELLED)


@dataclass(frozen=True, slots=True)
class Reviewable:
    """Something that can be looked back on: its title, and how it is asked for."""

    title: str
    asked: str


async def asked_review(desk: Desk, words: ReviewWords) -> Review | None:
    """The review that is meant; None where this shop had no such campaign, nor such a programme on.

    Raises:
        SchedulingError: a schedule, a plan or a fact of it cannot be read.
    """
    if words.number is not None:
        async with desk.database.reading() as connection:
            campaign = await campaigns.numbered(connection, desk.shop_id, words.number)
        if campaign is None:
            return None
        return await review_of_campaign(desk, campaign)
    async with desk.database.reading() as connection:
        campaign = await campaigns.by_key(connection, words.named)
        on = await programmes_ever_on(connection, desk.shop_id)
    if campaign is not None and campaign.shop_id == desk.shop_id:
        return await review_of_campaign(desk, campaign)
    programme = (await shelf(desk)).named(words.named)
    if programme is None:
        return None
    years = [one for one in on if one.key == programme.key]
    if words.year is not None:
        years = [one for one in years if one.year in {words.year, EVERY_YEAR}]
    if not years:
        return None
    return await review_of_programme(desk, programme, years[0], words.year or EVERY_YEAR)


async def reviewable(desk: Desk, most: int) -> list[Reviewable]:
    """The programmes that were on, then the campaigns that are over, the newest of each first."""
    async with desk.database.reading() as connection:
        on = await programmes_ever_on(connection, desk.shop_id)
        over = await campaigns.in_states(connection, desk.shop_id, _OVER)
    known = (await shelf(desk)).programmes
    found = [
        Reviewable(
            title_of(known[one.key], desk.shop, one.year),
            f"{one.key} {one.year}" if one.year != EVERY_YEAR else one.key,
        )
        for one in on
        if one.key in known
    ]
    found += [
        Reviewable(desk.say("{number} · {name}", number=one.id, name=one.name), str(one.id))
        for one in reversed(over)
    ]
    return found[:most]
