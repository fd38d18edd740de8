"""Switching a programme on and off: from what is wanted to campaigns that wait for approval.

What would change is found first (see `programme_wanted.py`), shown as a calendar and kept as a
confirmation; the yes makes all of it in one transaction, and nothing where somebody else has
changed any of it since. So a programme that is switched on twice, by one manager or by two, is
there once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.desk import Asked, Desk
from handlers.greetings_re_aimed import re_aim
from handlers.moved_posts import follow_moments, holds_still
from handlers.programme_ended import OFF
from handlers.programme_files import is_over, year_of
from handlers.programme_wanted import Switching, plain_key
from handlers.proposals import Edit, Proposal, editable, new_campaign
from handlers.running import cancel_in
from scheduler.campaigns import CampaignState
from scheduler.left_alone import stand_by_approved
from scheduler.programme_parts import Programme
from scheduler.variants import parts
from storage import audit, campaigns
from storage.audiences import Audience
from storage.campaigns import StoredCampaign
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


async def meant_year(desk: Desk, programme: Programme) -> tuple[int, RunningProgramme | None]:
    """The year of a programme that is on and not over, else the next, with what is known of it.

    A year that is on is over with its last post: from then on the next one can be switched on.

    Raises:
        SchedulingError: a fact or the dates do not fit the programme.
    """
    on = await running_year(desk, programme.key)
    if on is not None and not await is_over(desk, programme, on.year, on.facts):
        return on.year, on
    year = await year_of(desk, programme)
    if on is not None:
        year = max(year, on.year + 1)
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
    if running.is_on:
        edited = [one.campaign_id for one in edits]
        await re_aim(connection, desk, running, audience, now, edited)
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
    made = new_campaign(desk, proposal, (), actor, desk.clock.now(), running_id=running_id)
    return await campaigns.create(connection, desk.shop_id, made, state=CampaignState.DRAFT)


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
    after = await campaigns.known(connection, edit.campaign_id)
    if edit.schedule is not None:
        await follow_moments(connection, before, after, now)
    await stand_by_approved(connection, edit.campaign_id, now)
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
                deliveries += done.ahead.planned
        subject = f"{key}:{year}"
        details = {"campaigns": ended, "deliveries": deliveries}
        await audit.note(connection, audit.Entry(now, actor, OFF, subject, details))
    return SwitchedOff(ended, deliveries)


async def running_year(desk: Desk, key: str) -> RunningProgramme | None:
    """The year of a programme that is on, be its file gone; the newest where several are."""
    async with desk.database.reading() as connection:
        on = await programmes_on(connection, desk.shop_id)
    return max((one for one in on if one.key == key), key=lambda one: one.year, default=None)
