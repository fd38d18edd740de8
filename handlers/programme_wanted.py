"""What switching a programme on comes to: campaigns to make, and campaigns to change.

It is found by comparing the plan with what stands, and kept as a `Switching` for the yes, which
`programmes.py` carries out. What a manager has changed for this year is kept (see
`programme_drafts.py`).

A campaign that was cancelled is never brought back: its moments may be planned already. Its place
is taken by another one with a number behind the key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.audiences import Chosen
from handlers.campaign_wording import still_passed
from handlers.desk import Desk
from handlers.moved_posts import FAR
from handlers.programme_drafts import (
    PRIORITY,
    Draft,
    Drafts,
    drafts_of,
    new_words,
    says_the_same,
    with_changes,
)
from handlers.programme_files import plan_of, title_of
from handlers.programme_pictures import with_countdowns
from handlers.proposals import Edit, Proposal, edit_of, editable
from scheduler.campaigns import CampaignState
from scheduler.programme_parts import Programme
from scheduler.programme_plan import ProgrammePlan
from scheduler.promotions import Promotion
from scheduler.schedule_json import schedule_from_json
from scheduler.schedules import moments
from scheduler.wall_time import zone_named
from storage import campaigns
from storage.campaigns import StoredCampaign
from storage.running_programmes import RunningProgramme

_AGAIN = "~"


@dataclass(frozen=True, slots=True)
class Switching:
    """A programme to be switched on, or changed while it is on, as it is kept for a yes.

    `made` are the documents of `Proposal`s, `changed` those of `Edit`s. `groups` are the ids of
    those that were shown. It `was_on` if it is only changed.
    """

    key: str
    year: int
    title: str
    facts: dict[str, Any]
    audience: dict[str, Any]
    groups: list[int]
    made: list[dict[str, Any]]
    changed: list[dict[str, Any]]
    was_on: bool = False


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
            ready = await with_countdowns(desk, programme, plan, draft, None)
            bare.update(ready.bare)
            new.add(draft.key)
            made.append(_proposal(free[draft.key], programme.key, ready, plan.promotion))
            continue
        if says_the_same(draft, before, said[before.version_id]) or not editable(desk, before):
            continue
        ready = await with_countdowns(desk, programme, plan, draft, said[before.version_id])
        bare.update(ready.bare)
        new.add(draft.key)
        changed.append(
            edit_of(
                before,
                dict(ready.body),
                ready.audience,
                ready.groups,
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
        was_on=running.is_on,
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
