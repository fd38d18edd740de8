"""The posts of a programme's calendar: each with its number, its moment, its words, how it stands.

A programme that is off shows what it would say; one that is on shows what its campaigns say, with
what a manager has changed. A post keeps its number whatever is moved, left out or told meanwhile
(see `scheduler/programme_numbers.py`), so numbers are not in order where a time was open when they
were given. How they are shown is `programme_calendar.py`'s.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from handlers.approvals import waits
from handlers.desk import Desk
from handlers.moved_posts import posts_by_slot
from handlers.programme_drafts import REWRITTEN, Draft, body_of
from scheduler.bodies import content_of, variants_of
from scheduler.programme_plan import ProgrammePlan, ProgrammePost
from scheduler.schedule_json import schedule_from_json
from scheduler.schedules import Dated, moments, unchanged
from scheduler.wall_time import zone_named
from storage.audiences import Audience
from storage.campaigns import StoredCampaign
from storage.errors import SchedulingError


@dataclass(frozen=True, slots=True)
class Entry:
    """One post of a calendar; `at` is by the shop's clock.

    `text` is its first variant as a group or fan gets it, of `variants` altogether. `campaign` is
    None where it is not planned: the programme is off, or what the post hangs on is not certain.
    One that `waits` has to be approved first. A `changed` one says something else, or at another
    moment, once an update is confirmed. One that keeps off days off stands in for the day that was
    `meant`, and is `unsettled` until the legal holidays around it are published.
    A `pictured` one has a picture.
    """

    number: int
    slot: str
    at: datetime
    name: str
    phase: str
    audience: Audience | None
    text: str
    variants: int = 1
    campaign: StoredCampaign | None = None
    skipped: bool = False
    moved: bool = False
    rewritten: bool = False
    provisional: bool = False
    changed: bool = False
    waits: bool = False
    meant: date | None = None
    unsettled: bool = False
    pictured: bool = False

    @property
    def in_private(self) -> bool:
        """Whether it goes to people."""
        return self.audience is not None and self.audience.segment is not None


def entries_of(
    desk: Desk,
    plan: ProgrammePlan,
    drafts: Sequence[Draft],
    standing: Sequence[StoredCampaign],
    bodies: Mapping[int, Any],
    *,
    left_out: Collection[str] = (),
    changing: Collection[int] = (),
    alone: Mapping[int, Collection[str]] = MappingProxyType({}),
) -> list[Entry]:
    """The calendar's posts by the file's times: of what stands, else of the drafts, else expected.

    Of campaigns whose ids are `changing` the drafts are shown, beside what stands. `alone` are the
    slots, by campaign, that go out as approved whatever of the campaign waits.
    """
    posts = {post.slot: post for post in plan.posts}
    found = {post.slot: (post.at, _expected(desk, post)) for post in plan.posts if post.provisional}
    for draft in drafts:
        for slot in draft.body["templates"]:
            entry = _entry(desk, posts[slot], draft)
            found[slot] = (posts[slot].at, replace(entry, skipped=slot in left_out))
    for campaign in standing:
        passing = alone.get(campaign.id, ())
        for slot, at, stands in _all_standing(desk, campaign, bodies, posts, passing):
            if campaign.id not in changing:
                found[slot] = (at, stands)
            elif slot in found:
                found[slot] = (found[slot][0], _in_place_of(stands, found[slot][1]))
    if changing:
        new = {slot: one for slot, (_, one) in found.items() if _is_new(one)}
        found |= {slot: (found[slot][0], replace(one, changed=True)) for slot, one in new.items()}
    ordered = sorted(found, key=lambda slot: (found[slot][0], slot))
    numbers = _every_number(plan, ordered)
    return [replace(found[slot][1], number=numbers[slot]) for slot in ordered]


def _every_number(plan: ProgrammePlan, slots: Iterable[str]) -> dict[str, int]:
    """The numbers of these slots: the file's, and behind them those that it has no more."""
    numbers = {slot: plan.numbers[slot] for slot in slots if slot in plan.numbers}
    others = [slot for slot in slots if slot not in numbers]
    last = max(plan.numbers.values(), default=0)
    return numbers | {slot: number for number, slot in enumerate(others, start=last + 1)}


def _all_standing(
    desk: Desk,
    campaign: StoredCampaign,
    bodies: Mapping[int, Any],
    posts: Mapping[str, ProgrammePost],
    alone: Collection[str],
) -> Iterator[tuple[str, datetime, Entry]]:
    """Each slot of a campaign that stands, with its local time in the file, and how it stands."""
    body, draft = bodies[campaign.version_id], waits(campaign)
    for slot, at in _own_moments(campaign).items():
        stands = _standing(desk, campaign, body, slot, post=posts.get(slot), at=at)
        yield slot, at, replace(stands, waits=draft and slot not in alone)


def _in_place_of(stands: Entry, draft: Entry) -> Entry:
    """What a post would be, of one that stands."""
    same = (stands.at, stands.text, stands.variants) == (draft.at, draft.text, draft.variants)
    return replace(draft, campaign=stands.campaign, skipped=stands.skipped, changed=not same)


def _is_new(one: Entry) -> bool:
    """Whether no campaign has a post yet that could be planned."""
    return one.campaign is None and not one.provisional


def _own_moments(campaign: StoredCampaign) -> dict[str, datetime]:
    """Slot → local time, as the file has it: whatever was moved or left out."""
    schedule = unchanged(schedule_from_json(campaign.schedule))
    if isinstance(schedule, Dated):
        return {one.slot: one.settled().at for one in schedule.moments}
    zone = zone_named(campaign.zone)
    posts = posts_by_slot(campaign)
    spans = [one.at for one in posts.values()]
    if not spans:
        return {}
    found = moments(schedule, zone, campaign.created_at, max(spans))
    return {one.slot: one.local.replace(tzinfo=None) for one in found}


def _expected(desk: Desk, post: ProgrammePost) -> Entry:
    language = desk.shop.language
    return Entry(
        number=0,
        slot=post.slot,
        at=_by_the_clock(desk, post.at),
        name=post.name.get(language, post.name["zh"]),
        phase=post.phase,
        audience=None,
        text=text_of(desk, body_of(desk, [post]), post.slot, in_private=post.audience is not None),
        provisional=True,
    )


def _entry(desk: Desk, post: ProgrammePost, draft: Draft) -> Entry:
    body, audience = draft.body, draft.audience
    moved = draft.schedule.get("moved", {}).get(post.slot)
    at = post.at if moved is None else datetime.fromisoformat(moved)
    return Entry(
        number=0,
        slot=post.slot,
        at=_by_the_clock(desk, at),
        name=post.name.get(desk.shop.language, post.name["zh"]),
        phase=post.phase,
        audience=audience,
        text=text_of(desk, body, post.slot, in_private=audience.segment is not None),
        variants=len(variants_of(body, post.slot)),
        moved=moved is not None,
        rewritten=post.slot in body.get(REWRITTEN, ()),
        meant=post.meant,
        unsettled=post.unsettled,
        pictured=post.picture is not None and post.slot not in draft.bare,
    )


def _standing(
    desk: Desk,
    campaign: StoredCampaign,
    body: Mapping[str, Any],
    slot: str,
    *,
    post: ProgrammePost | None,
    at: datetime,
) -> Entry:
    now_at = campaign.schedule.get("moved", {}).get(slot)
    moment = at if now_at is None else datetime.fromisoformat(now_at)
    named = slot if post is None else post.name.get(desk.shop.language, post.name["zh"])
    return Entry(
        number=0,
        slot=slot,
        at=_by_the_clock(desk, moment),
        name=named,
        phase="" if post is None else post.phase,
        audience=campaign.audience,
        text=text_of(desk, body, slot, in_private=campaign.audience.segment is not None),
        variants=len(variants_of(body, slot)),
        campaign=campaign,
        skipped=slot in campaign.skipped,
        moved=now_at is not None,
        rewritten=slot in body.get(REWRITTEN, ()),
        meant=None if post is None else post.meant,
        unsettled=post is not None and post.unsettled,
        pictured=slot in body.get("pictures", {}),
    )


def text_of(desk: Desk, body: Mapping[str, Any], slot: str, *, in_private: bool) -> str:
    """The words of a slot; where they cannot be filled in, the reason why."""
    name = desk.say("小鱼") if in_private else desk.say("群")
    try:
        return content_of(body, slot, name, in_private=in_private).text
    except SchedulingError as trouble:
        return str(trouble)


def _by_the_clock(desk: Desk, wall: datetime) -> datetime:
    return wall.replace(tzinfo=zone_named(desk.shop.zone))


def entry_meant(entries: Sequence[Entry], written: str) -> Entry | None:
    """The post that a manager means by its number or its slot."""
    number = re.fullmatch(r"[#＃]?(\d{1,4})", written)
    for one in entries:
        if one.slot == written or (number is not None and one.number == int(number[1])):
            return one
    return None
