"""A programme that is about to be switched on, held against what else its groups will hear.

For each group: the posts of the drafts, and those of every other campaign that stands, approved or
not, with the greetings that the bot will prepare. Groups that hear the same are looked at once.
Campaigns of the same programme are left out: they are what is being changed, or replaced.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.desk import Desk
from handlers.moved_posts import FAR
from handlers.programme_drafts import Draft
from scheduler.campaigns import Campaign, CampaignState
from scheduler.caps import WEEK
from scheduler.plan import plan
from scheduler.planner import campaign_value
from scheduler.programme_crowding import GroupPost, crowding
from scheduler.programme_problems import Problem
from scheduler.promotions import Promotion
from scheduler.schedule_json import schedule_from_json
from scheduler.wall_time import zone_named
from storage import campaigns
from storage.audiences import Audience, resolve
from storage.campaigns import NewCampaign, StoredCampaign

_STANDING = (CampaignState.DRAFT, CampaignState.APPROVED, CampaignState.PAUSED)


async def beside_others(
    desk: Desk,
    connection: AsyncConnection,
    programme: str,
    drafts: Sequence[Draft],
    promotion: Promotion | None,
    *,
    left_out: Collection[str] = (),
    greetings: Sequence[NewCampaign] = (),
) -> list[Problem]:
    """What these drafts and the other campaigns of their groups come to, each problem once.

    `left_out` are the drafts' slots that do not go out this year, `greetings` those that are to be
    prepared when their days come near.
    """
    own = {one.key: one for one in drafts if one.audience.segment is None}
    said = _posts(
        desk,
        [
            Campaign(
                key=one.key,
                programme=programme,
                name=one.name,
                schedule=schedule_from_json(one.schedule),
                zone=desk.shop.zone,
                valid_for=one.valid_for,
                promotion=promotion,
            )
            for one in own.values()
        ],
        own=True,
    )
    said = {
        key: [post for post in posts if post.slot not in left_out] for key, posts in said.items()
    }
    spoken = [post.at for posts in said.values() for post in posts]
    if not spoken:
        return []
    standing: list[StoredCampaign | NewCampaign] = [
        one
        for one in await campaigns.in_states(connection, desk.shop_id, _STANDING)
        if one.programme != programme and one.audience.segment is None
    ]
    standing += greetings
    other = _posts(desk, [_value(one) for one in standing], until=max(spoken) + WEEK)
    found: dict[str, Problem] = {}
    zone = zone_named(desk.shop.zone)
    heard = [one for one in standing if other[one.key]]
    for ours, theirs in await _heard_together(desk, connection, own.values(), heard):
        for problem in crowding(
            [post for key in sorted(ours) for post in said[key]],
            [post for key in sorted(theirs) for post in other[key]],
            desk.care,
            zone,
        ):
            found.setdefault(problem.sentence, problem)
    return sorted(found.values(), key=lambda one: (str(one.at), one.sentence))


def _value(one: StoredCampaign | NewCampaign) -> Campaign:
    if isinstance(one, StoredCampaign):
        return campaign_value(one)
    return Campaign(
        key=one.key,
        programme=one.programme,
        name=one.name,
        schedule=schedule_from_json(one.schedule),
        zone=one.zone,
        valid_for=timedelta(seconds=one.valid_seconds),
    )


async def _heard_together(
    desk: Desk,
    connection: AsyncConnection,
    drafts: Iterable[Draft],
    standing: Iterable[StoredCampaign | NewCampaign],
) -> set[tuple[frozenset[str], frozenset[str]]]:
    """By their keys: which drafts one group hears, and which other campaigns beside them."""
    ours: dict[int, set[str]] = {}
    theirs: dict[int, set[str]] = {}
    for draft in drafts:
        for group in draft.groups:
            ours.setdefault(group.id, set()).add(draft.key)
    by_audience: dict[Audience, set[str]] = {}  # many campaigns speak to the same groups
    for one in standing:
        by_audience.setdefault(one.audience, set()).add(one.key)
    for audience, keys in by_audience.items():
        for group in (await resolve(connection, desk.shop_id, audience)).groups:
            theirs.setdefault(group.id, set()).update(keys)
    return {
        (frozenset(keys), frozenset(theirs[group]))
        for group, keys in ours.items()
        if group in theirs
    }


def _posts(
    desk: Desk, values: Sequence[Campaign], *, own: bool = False, until: datetime | None = None
) -> Mapping[str, list[GroupPost]]:
    """The posts to come of each campaign, by its key."""
    now = desk.clock.now()
    named = {one.key: one for one in values}
    found: dict[str, list[GroupPost]] = {key: [] for key in named}
    last = now + FAR
    if until is not None:
        last = min(last, until.replace(tzinfo=zone_named(desk.shop.zone)))
    for post in plan(values, now, last, states=tuple(CampaignState)):
        value = named[post.campaign]
        at = desk.shop.local(post.at).replace(tzinfo=None)
        slot = post.slot if own else ""
        found[value.key].append(GroupPost(at, value.name, value.promotion, slot))
    return found
