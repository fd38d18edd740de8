"""Greetings of the programme that greets on festivals: prepared some days ahead, shown, approved.

A watcher looks which days are coming up, makes one campaign of one moment for each, and shows it to
the managers with every variant of its words. What nobody approves is not sent. A day on which
standing campaigns greet all of its groups already (`/greet`) is left to those; where they greet
some, the others get theirs (see `scheduler/greeted.py`). A greeting that was refused or cancelled
is not prepared again, unless the programme is switched on anew: its key says which day it is for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.approvals import all_waiting, submit
from handlers.desk import Desk
from handlers.members_days import members_days
from handlers.programme_files import is_greetings, shelf
from handlers.programme_wanted import free_key, plain_key
from handlers.shop_calendar import own_days
from handlers.staff import GREETINGS, needs_another, was_told
from scheduler.campaigns import CampaignState
from scheduler.festivals import Region
from scheduler.greeted import greeted, greeted_elsewhere
from scheduler.greetings import Greeting, greetings_between
from scheduler.priorities import Priority
from scheduler.programme import topic_of
from scheduler.programme_parts import Programme
from scheduler.quiet_hours import quiet_until
from scheduler.schedule_json import schedule_to_json
from scheduler.schedules import Dated, DatedMoment, Festivals
from scheduler.wall_time import instant_of, zone_named
from storage import audit, campaigns
from storage.attempts import outcomes_under
from storage.audiences import Audience, aims_of
from storage.campaigns import NewCampaign
from storage.quiet_days import quiet_days
from storage.running_programmes import RunningProgramme, programmes_on

AUTHOR = GREETINGS
"""Who wrote a greeting that the bot prepared: no person, so any manager may approve it."""
_AGAIN_AFTER = timedelta(hours=1)
_STANDING = (CampaignState.DRAFT, CampaignState.APPROVED, CampaignState.PAUSED)


async def prepare_greetings(desk: Desk) -> int:
    """Prepare the greetings of the next days and show those that nobody has seen; how many are new.

    Managers are not woken: in quiet hours nothing is shown.
    """
    async with desk.database.reading() as connection:
        on = await programmes_on(connection, desk.shop_id)
    if not on:
        return 0
    today = desk.shop.day_of(desk.clock.now())
    coming = await yet_to_prepare(desk, today, today + desk.shop.greetings_ahead)
    made = sum([await _prepare(desk, new) for new in coming])
    await _show(desk, on)
    return made


async def _prepare(desk: Desk, new: NewCampaign) -> bool:
    """Make a greeting's campaign; False where the programme is off by now, or it is made."""
    async with desk.database.writing() as connection:
        # Nobody switches it off meanwhile, and no other process prepares the same.
        on = await programmes_on(connection, desk.shop_id, hold=True)
        running = next((one for one in on if one.id == new.running_id), None)
        if running is None or new.key in await _made(connection, [running]):
            return False
        key = await free_key(connection, new.key)
        draft = replace(new, key=key, audience=running.audience or Audience())
        await campaigns.create(connection, desk.shop_id, draft, state=CampaignState.DRAFT)
        entry = audit.Entry(new.created_at, AUTHOR, "prepare", key, {})
        await audit.note(connection, entry)
    return True


async def yet_to_prepare(desk: Desk, first: date, last: date) -> list[NewCampaign]:
    """The greetings from one day to another that programmes which are on have still to prepare.

    They are those of the calendar's festivals and of the shop's own days, but for days on which a
    standing campaign greets, members' days of which a programme speaks, and those that were
    prepared before, whatever became of them.
    """
    programmes = (await shelf(desk)).programmes
    async with desk.database.reading() as connection:
        on = await programmes_on(connection, desk.shop_id)
        greetings = [
            (one, programmes[one.key])
            for one in on
            if one.key in programmes and is_greetings(programmes[one.key])
        ]
        if not greetings:
            return []
        standing = await campaigns.in_states(connection, desk.shop_id, _STANDING)
        own = await own_days(connection, desk.shop_id)
        mourning = await quiet_days(connection, desk.shop_id)
        made = await _made(connection, [one for one, _ in greetings])
        members = await members_days(connection, desk.shop_id, on, standing)
        topics = {topic for one in standing for topic in greeted(one.schedule)}
        elsewhere = {
            topic: await greeted_elsewhere(connection, desk.shop_id, frozenset({topic}), standing)
            for topic in sorted(topics)
        }
        meant = {
            one.id: {
                group
                for group, _ in await aims_of(connection, desk.shop_id, one.audience or Audience())
            }
            for one, _ in greetings
        }
    coming = {
        running.id: greetings_between(
            first,
            last,
            region=Region(desk.shop.region),
            own_days=own,
            tones=desk.shop.tones,
            mourning=mourning,
            members_heard=[day for day, groups in members.items() if meant[running.id] <= groups],
        )
        for running, _ in greetings
    }
    found = [
        _campaign(desk, programme, running, greeting)
        for running, programme in greetings
        for greeting in coming[running.id]
        if not meant[running.id]
        or not meant[running.id] <= elsewhere.get(topic_of(greeting.slot), set())
    ]
    return [new for new in found if new is not None and new.key not in made]


async def _made(connection: AsyncConnection, on: Iterable[RunningProgramme]) -> set[str]:
    """The keys of what these programmes have made since they were switched on the last time."""
    return {
        plain_key(one.key)
        for each in on
        for one in await campaigns.of_programme(connection, each.id)
        if one.state is not CampaignState.CANCELLED
        or (each.on_since is not None and one.created_at >= each.on_since)
    }


def _campaign(
    desk: Desk, programme: Programme, running: RunningProgramme, greeting: Greeting
) -> NewCampaign | None:
    """The campaign of one day's greeting; None where its moment is past."""
    schedule = programme.schedule_for(greeting.day.year)
    if not isinstance(schedule, Festivals):
        raise TypeError(schedule)
    at = datetime.combine(greeting.day, schedule.at)
    now = desk.clock.now()
    if instant_of(at, zone_named(desk.shop.zone)) <= now:
        return None
    end = datetime.combine(greeting.day + timedelta(days=1), datetime.min.time())
    until = min(at + programme.valid_for, end - timedelta(seconds=1))
    name = greeting.names.get(desk.shop.language, greeting.names["zh"])
    return NewCampaign(
        key=f"{programme.key}:{greeting.slot}",
        programme=programme.key,
        name=f"{name} {greeting.day:%m-%d}",
        schedule=schedule_to_json(Dated((DatedMoment(greeting.slot, at, until),))),
        zone=desk.shop.zone,
        valid_seconds=int(programme.valid_for.total_seconds()),
        audience=running.audience or Audience(),
        body=greeting.body(desk.shop.variables, desk.shop.language),
        created_by=AUTHOR,
        created_at=now,
        priority=int(Priority.CAMPAIGN),
        running_id=running.id,
    )


async def _show(desk: Desk, on: Iterable[RunningProgramme]) -> None:
    """Show the managers what these have prepared and what waits, each once, not in quiet hours.

    Whoever has written the words that wait is not asked; see `approvals.submit`.
    """
    now = desk.clock.now()
    if quiet_until(now, zone_named(desk.shop.zone), desk.care.quiet_hours) is not None:
        return
    running = {one.id for one in on}
    async with desk.database.reading() as connection:
        found = await all_waiting(connection, desk.shop_id)
        waiting = [one for one in found if one.created_by == AUTHOR and one.running_id in running]
        others = bool(waiting) and await needs_another(connection, desk.shop)
    for one in waiting:
        if one.submitted_by != AUTHOR and not others:
            continue
        key = f"approval:{one.version_id}"
        if await was_told(desk, key, one.submitted_at) or await _tried(desk, key, now):
            continue
        await submit(desk, one.submitted_by, one.id)


async def _tried(desk: Desk, key: str, now: datetime) -> bool:
    """Whether showing it has just failed: then it is left for a while."""
    async with desk.database.reading() as connection:
        return bool(await outcomes_under(connection, desk.senders.keys(), key, now - _AGAIN_AFTER))
