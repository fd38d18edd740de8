"""Switching a programme on and off: from its plan to campaigns that wait for approval.

What would change is found first, by comparing the plan with what stands: campaigns to make, and
campaigns that say something else now. It is shown as a calendar and kept as a confirmation; the yes
makes all of it in one transaction, and nothing where somebody else has changed any of it since. So
a programme that is switched on twice, by one manager or by two, is there once.

A campaign that was cancelled is never brought back: its moments may be planned already. Its place
is taken by another one with a number behind the key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.audiences import Chosen
from handlers.campaign_wording import still_passed
from handlers.desk import Asked, Desk
from handlers.moved_posts import FAR, follow_moments, holds_still
from handlers.programme_drafts import (
    PRIORITY,
    Draft,
    Drafts,
    drafts_of,
    drawn,
    new_words,
    says_the_same,
    with_changes,
)
from handlers.programme_files import is_over, plan_of, title_of, year_of
from handlers.proposals import Edit, Proposal, campaign_of, editable
from handlers.running import cancel_in
from scheduler.campaigns import CampaignState
from scheduler.programme_parts import Programme
from scheduler.programme_plan import ProgrammePlan
from scheduler.promotions import Promotion
from scheduler.schedule_json import schedule_from_json, schedule_to_json
from scheduler.schedules import moments
from scheduler.variants import parts
from scheduler.wall_time import zone_named
from storage import audit, campaigns
from storage.audiences import Audience
from storage.campaigns import NewCampaign, StoredCampaign
from storage.groups import Group
from storage.running_programmes import (
    RunningProgramme,
    keep_facts,
    programmes_on,
    running_programme,
    switch_off,
    switch_on,
)
from storage.single_posts import leave_out

PROGRAMME = "programme"
"""The kind of confirmation that a programme is kept as."""


@dataclass(frozen=True, slots=True)
class Switching:
    """A programme to be switched on, or changed while it is on, as it is kept for a yes.

    `made` are the documents of `Proposal`s, `changed` those of `Edit`s. `groups` are the ids of
    those that were shown.
    """

    key: str
    year: int
    title: str
    facts: dict[str, Any]
    audience: dict[str, Any]
    groups: list[int]
    made: list[dict[str, Any]]
    changed: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What switching a programme on comes to: the plan, its drafts, and what of them is new.

    `left_out` are the slots that a manager left out before the programme was switched off, `bare`
    those whose picture could not be drawn, or may not be said; `new` are the drafts' keys that are
    made, or changed.
    """

    plan: ProgrammePlan
    drafts: Drafts
    switching: Switching
    was_on: bool
    left_out: frozenset[str] = frozenset()
    bare: frozenset[str] = frozenset()
    new: frozenset[str] = frozenset()

    @property
    def made_anew(self) -> list[Draft]:
        """The drafts that are made into campaigns, or into what one says now."""
        return [one for one in self.drafts.campaigns if one.key in self.new]

    @property
    def changes(self) -> bool:
        """Whether anything would be made or changed."""
        return not self.was_on or bool(self.switching.made or self.switching.changed)


async def meant_year(desk: Desk, programme: Programme) -> tuple[int, RunningProgramme | None]:
    """The year of a programme that is on and not over, else the next, with what is known of it.

    Raises:
        SchedulingError: a fact or the dates do not fit the programme.
    """
    on = await running_year(desk, programme.key)
    if on is not None and not await is_over(desk, programme, on.year, on.facts):
        return on.year, on
    year = await year_of(desk, programme)
    async with desk.database.reading() as connection:
        return year, await running_programme(connection, desk.shop_id, programme.key, year)


async def say_facts(
    desk: Desk, actor: str, programme: Programme, year: int, said: Mapping[str, Any]
) -> RunningProgramme:
    """Keep what the shop says, beside what it said before; None takes a fact back."""
    now = desk.clock.now()
    async with desk.database.writing() as connection:
        before = await running_programme(connection, desk.shop_id, programme.key, year, hold=True)
        every = {**(before.facts if before is not None else {}), **said}
        facts = {name: value for name, value in every.items() if value is not None}
        kept = await keep_facts(
            connection, desk.shop_id, programme.key, year, facts, by=actor, at=now
        )
        if said:
            subject = f"{programme.key}:{year}"
            entry = audit.Entry(now, actor, "programme_facts", subject, dict(said))
            await audit.note(connection, entry)
    return kept


async def standing_campaigns(
    connection: AsyncConnection, running: RunningProgramme | None
) -> list[StoredCampaign]:
    """What a programme has made that still stands; what is through stands too."""
    if running is None:
        return []
    every = await campaigns.of_programme(connection, running.id)
    return [one for one in every if one.state is not CampaignState.CANCELLED]


async def wanted(
    desk: Desk, programme: Programme, running: RunningProgramme, chosen: Chosen
) -> Wanted:
    """What switching a programme on for these groups would make and change.

    Raises:
        SchedulingError: a fact or the dates do not fit the programme.
        StorageError: the audience of a task is none that the segment language knows.
    """
    year = running.year
    plan = await plan_of(desk, programme, year, running.facts)
    async with desk.database.reading() as connection:
        drafts = await drafts_of(desk, connection, programme, plan, chosen)
        every = await campaigns.of_programme(connection, running.id)
        said = await campaigns.bodies(connection, [one.version_id for one in every])
        free = {draft.key: await free_key(connection, draft.key) for draft in drafts.campaigns}
        last = {plain_key(one.key): one for one in every}
        changed_before = [
            await _as_changed(desk, connection, one, last[one.key], said[last[one.key].version_id])
            if one.key in last
            else one
            for one in drafts.campaigns
        ]
    drafts = replace(drafts, campaigns=tuple(changed_before))
    made, changed, bare, new = [], [], set[str](), set[str]()
    for draft in drafts.campaigns:
        before = last.get(draft.key)
        if before is None or before.state is CampaignState.CANCELLED:
            if not _speaks_again(desk, draft):
                continue
            ready = await drawn(desk, programme, plan, draft)
            bare.update(ready.bare)
            new.add(draft.key)
            made.append(_proposal(free[draft.key], programme.key, ready, plan.promotion))
            continue
        if says_the_same(draft, before, said[before.version_id]) or not editable(desk, before):
            continue
        ready = await drawn(desk, programme, plan, draft)
        bare.update(ready.bare)
        new.add(draft.key)
        changed.append(
            Edit(
                campaign_id=before.id,
                version_id=before.version_id,
                body=dict(ready.body),
                audience=ready.audience.to_json(),
                groups=[group.id for group in ready.groups],
                schedule=dict(ready.schedule),
            )
        )
    switching = Switching(
        key=programme.key,
        year=year,
        title=title_of(programme, desk.shop, year),
        facts=dict(running.facts),
        audience=chosen.audience.to_json(),
        groups=[group.id for group in chosen.groups],
        made=[_document(one) for one in made],
        changed=[_document(one) for one in changed],
    )
    again = [plain_key(one["key"]) for one in switching.made]
    left_out = frozenset(slot for key in again if key in last for slot in last[key].skipped)
    return Wanted(plan, drafts, switching, running.is_on, left_out, frozenset(bare), frozenset(new))


async def _as_changed(
    desk: Desk,
    connection: AsyncConnection,
    draft: Draft,
    before: StoredCampaign,
    said: Mapping[str, Any],
) -> Draft:
    """A draft with what a manager has changed in the campaign that was made of it before."""
    draft = with_changes(draft, before, said)
    passed = said.get("overrides", ())
    new = new_words(draft.body, said)
    return replace(draft, body=await still_passed(desk, connection, draft.body, passed, new))


def _speaks_again(desk: Desk, draft: Draft) -> bool:
    """Whether a draft has a moment to come: what is over needs nobody's approval."""
    now, zone = desk.clock.now(), zone_named(desk.shop.zone)
    return bool(moments(schedule_from_json(draft.schedule), zone, now, now + FAR))


def _document(value: Proposal | Edit) -> dict[str, Any]:
    """A value as JSON, without copying what it holds."""
    return {name: getattr(value, name) for name in value.__slots__}


def _proposal(key: str, programme: str, draft: Draft, promotion: Promotion | None) -> Proposal:
    return Proposal(
        key=key,
        programme=programme,
        name=draft.name,
        schedule=dict(draft.schedule),
        valid_seconds=int(draft.valid_for.total_seconds()),
        priority=int(PRIORITY),
        promotion=None if promotion is None else promotion.to_json(),
        body=dict(draft.body),
        audience=draft.audience.to_json(),
        groups=[group.id for group in draft.groups],
    )


_AGAIN = "~"


def plain_key(key: str) -> str:
    """The key that a draft has, of a campaign that may have come in another's place."""
    return key.partition(_AGAIN)[0]


async def free_key(connection: AsyncConnection, key: str) -> str:
    """The key itself, or the first behind it that no campaign ever had."""
    number, free = 1, key
    while await campaigns.by_key(connection, free) is not None:
        number += 1
        free = f"{key}{_AGAIN}{number}"
    return free


async def make(
    connection: AsyncConnection, desk: Desk, asked: Asked, switching: Switching, now: datetime
) -> list[StoredCampaign] | None:
    """The campaigns of a programme that is on as it was shown, each waiting for approval.

    None where it is not what was shown any more.
    """
    running = await running_programme(
        connection, desk.shop_id, switching.key, switching.year, hold=True
    )
    if running is None or running.facts != switching.facts:
        return None
    proposals = [Proposal(**one) for one in switching.made]
    edits = [Edit(**one) for one in switching.changed]
    standing = await standing_campaigns(connection, running)
    taken = {plain_key(one.key) for one in standing}
    if any(plain_key(one.key) in taken for one in proposals):
        return None
    for one in proposals:
        if await campaigns.by_key(connection, one.key) is not None:
            return None
    stands = {one.id: one for one in standing}
    for edit in edits:
        before = stands.get(edit.campaign_id)
        if before is None or before.version_id != edit.version_id or not editable(desk, before):
            return None
        if await holds_still(connection, before, edit.schedule):
            return None
    audience = Audience.from_json(switching.audience)
    await switch_on(connection, running.id, audience, switching.facts, by=asked.actor, at=now)
    made = [await _create(connection, desk, asked.actor, one, running.id) for one in proposals]
    await _leave_out_again(connection, running, made, now)
    made += [await change(connection, asked, edit, now) for edit in edits]
    details = {"campaigns": [one.key for one in made]}
    subject = f"{switching.key}:{switching.year}"
    await audit.note(connection, audit.Entry(now, asked.actor, "programme_on", subject, details))
    return made


async def _leave_out_again(
    connection: AsyncConnection,
    running: RunningProgramme,
    made: Sequence[StoredCampaign],
    now: datetime,
) -> None:
    """Leave out this year what was left out before the programme was switched off."""
    new = {one.id for one in made}
    every = await campaigns.of_programme(connection, running.id)
    last = {plain_key(one.key): one for one in every if one.id not in new}
    for one in made:
        before = last.get(plain_key(one.key))
        for slot in before.skipped if before is not None else ():
            await leave_out(connection, one.id, slot, now)


async def _create(
    connection: AsyncConnection, desk: Desk, actor: str, proposal: Proposal, running_id: int
) -> StoredCampaign:
    now = desk.clock.now()
    groups: Sequence[Group] = ()
    value = campaign_of(desk, proposal, groups, now)
    return await campaigns.create(
        connection,
        desk.shop_id,
        NewCampaign(
            key=proposal.key,
            programme=proposal.programme,
            name=proposal.name,
            schedule=schedule_to_json(value.schedule),
            zone=value.zone,
            valid_seconds=proposal.valid_seconds,
            audience=Audience.from_json(proposal.audience),
            body=proposal.body,
            created_by=actor,
            created_at=now,
            priority=proposal.priority,
            promotion=proposal.promotion,
            running_id=running_id,
        ),
        state=CampaignState.DRAFT,
    )


async def change(
    connection: AsyncConnection, asked: Asked, edit: Edit, now: datetime
) -> StoredCampaign:
    """A campaign with its new content version; the caller knows that it is what was shown.

    Raises:
        LookupError: there is no such campaign.
    """
    before = await campaigns.hold(connection, edit.campaign_id)
    await campaigns.add_version(
        connection,
        edit.campaign_id,
        body=edit.body,
        audience=Audience.from_json(edit.audience),
        by=asked.actor,
        at=now,
        schedule=edit.schedule,
        divide=parts,
    )
    after = await campaigns.by_id(connection, edit.campaign_id)
    if after is None:
        raise LookupError(edit.campaign_id)
    if edit.schedule is not None:
        await follow_moments(connection, before, after, now)
    details = {"version": after.version_number}
    await audit.note(connection, audit.Entry(now, asked.actor, "edit", after.key, details))
    return after


async def as_it_stands(
    connection: AsyncConnection, desk: Desk, switching: Switching
) -> list[StoredCampaign] | None:
    """What came of a yes that comes again; None where it has been switched off since."""
    running = await running_programme(connection, desk.shop_id, switching.key, switching.year)
    if running is None or not running.is_on:
        return None
    standing = await standing_campaigns(connection, running)
    keys = {one["key"] for one in switching.made}
    changed = {one["campaign_id"] for one in switching.changed}
    return [one for one in standing if one.key in keys or one.id in changed]


@dataclass(frozen=True, slots=True)
class SwitchedOff:
    """How many campaigns were ended, and how many deliveries that were planned do not go out."""

    campaigns: int
    deliveries: int


async def turn_off(desk: Desk, actor: str, key: str, year: int) -> SwitchedOff | None:
    """Switch a programme off with all that it has still to say; None where it is not on.

    What is under way at a platform still arrives.
    """
    now = desk.clock.now()
    async with desk.database.writing() as connection:
        running = await running_programme(connection, desk.shop_id, key, year, hold=True)
        if running is None or not await switch_off(connection, running.id, by=actor, at=now):
            return None
        ended = deliveries = 0
        for one in await standing_campaigns(connection, running):
            done = await cancel_in(connection, desk, actor, one.id)
            if done is not None and done.changed:
                ended += 1
                deliveries += done.planned
        subject = f"{key}:{year}"
        details = {"campaigns": ended, "deliveries": deliveries}
        await audit.note(connection, audit.Entry(now, actor, "programme_off", subject, details))
    return SwitchedOff(ended, deliveries)


async def running_year(desk: Desk, key: str) -> RunningProgramme | None:
    """The year of a programme that is on, be its file gone; the newest where several are."""
    async with desk.database.reading() as connection:
        on = await programmes_on(connection, desk.shop_id)
    return max((one for one in on if one.key == key), key=lambda one: one.year, default=None)
