"""A programme that ran last year is proposed for the next one, in time and once.

Nothing runs on from year to year by silence. Some weeks before the first day of the next year of
a programme that is on (its file says how many) the staff are asked whether to run it again. They
are shown what the shop said the last time, with one command that says it again; days and moments
are other ones every year, and are asked anew. A year that was switched off is not proposed again.

It is looked at once a day by the shop's clock. That a year was proposed is kept, and to whom it was
said stands in the attempts, so that neither a restart nor another process says it twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import structlog

from handlers.desk import Desk
from handlers.fact_words import what_is
from handlers.programme_facts import facts_said, facts_written, lasting_facts
from handlers.programme_files import NODE, first_day, is_greetings, plan_of, shelf, title_of
from handlers.programmes import meant_year
from handlers.staff import tell_managers
from scheduler.content import Button, Content
from scheduler.programme_parts import Programme
from scheduler.quiet_hours import quiet_until
from scheduler.wall_time import zone_named
from storage.chores import done_at, note_done
from storage.errors import SchedulingError
from storage.running_programmes import RunningProgramme, programmes_on

_log = structlog.get_logger(__name__)

_CHORE = "propose_next_year"
_TOLD_WITHIN = timedelta(days=1)  # longer than a look that was cut short waits for the next one


async def propose_next_year(desk: Desk) -> int:
    """Propose what comes near, unless it is night or that was done today; how many were told of.

    What reached nobody is proposed at the next look.
    """
    now = desk.clock.now()
    if quiet_until(now, zone_named(desk.shop.zone), desk.care.quiet_hours) is not None:
        return 0
    async with desk.database.reading() as connection:
        looked = await done_at(connection, _CHORE)
        if looked is not None and desk.shop.day_of(looked) >= desk.shop.day_of(now):
            return 0
        on = await programmes_on(connection, desk.shop_id)
    newest = {one.key: one for one in sorted(on, key=lambda one: one.year)}
    told, unheard = 0, False
    for programme in (await shelf(desk)).programmes.values():
        last = newest.get(programme.key)
        if last is None or is_greetings(programme):
            continue
        try:
            proposal = await _proposal(desk, programme, last)
        except SchedulingError as trouble:  # its file has changed: one's fault is not the others'
            _log.warning("next_year_unreadable", programme=programme.key, reason=str(trouble))
            continue
        if proposal is None:
            continue
        year, content = proposal
        heard = await _tell(desk, f"{programme.key}:{year}", content)
        told += heard
        unheard = unheard or not heard
    if not unheard:
        async with desk.database.writing() as connection:
            await note_done(connection, _CHORE, now)
    return told


async def _tell(desk: Desk, which: str, content: Content) -> bool:
    """Tell the staff, and note that they were told; False where nobody was reached."""
    now = desk.clock.now()
    reached = await tell_managers(
        desk, content, f"next_year/{which}", once_since=now - _TOLD_WITHIN
    )
    if not reached:
        _log.warning("next_year_unheard", programme=which)
        return False
    async with desk.database.writing() as connection:
        await note_done(connection, f"{_CHORE}/{which}", now)
    return True


async def _proposal(
    desk: Desk, programme: Programme, last: RunningProgramme
) -> tuple[int, Content] | None:
    """The year that comes near and what is said of it; None where nothing is to be proposed.

    Raises:
        SchedulingError: a fact or the dates do not fit the programme.
    """
    year, known = await meant_year(desk, programme)
    if known is not None and known.audience is not None:
        return None  # it is on, or was
    async with desk.database.reading() as connection:
        if await done_at(connection, f"{_CHORE}/{programme.key}:{year}") is not None:
            return None
    said = {} if known is None else known.facts
    before = {key: value for key, value in last.facts.items() if key not in said}
    kept = lasting_facts(programme, before)
    begins = first_day(await plan_of(desk, programme, year, {**kept, **said}))
    today = desk.shop.day_of(desk.clock.now())
    if begins is None or today < begins - programme.proposed_ahead:
        return None
    missing = [fact.key for fact in programme.facts if fact.needed and fact.key not in said]
    dated = [fact.key for fact in programme.facts if fact.dated and fact.key in {*before, *missing}]
    dated += [key for key in before if key.startswith(NODE)]
    return year, _words(desk, programme, year, begins, kept=kept, dated=dated)


def _words(
    desk: Desk,
    programme: Programme,
    year: int,
    begins: date,
    *,
    kept: Mapping[str, object],
    dated: Sequence[str],
) -> Content:
    """The question, what was said the last time and is kept, and what has to be said anew."""
    say = desk.say
    lines = [
        say(
            "「{name}」快到了（{day}），还没开。照上次的来吗？",
            name=title_of(programme, desk.shop, year),
            day=f"{begins:%Y-%m-%d}",
        )
    ]
    if kept:
        lines += [say("上次说的，照旧："), *facts_said(desk, programme, kept)]
    if dated:
        names = desk.listed(what_is(desk, programme, year, key) for key in dated)
        lines.append(say("日子每年不一样，要重新说：{names}", names=names))
    call = f"/programme on {programme.key} {facts_written(desk, programme, kept)}".strip()
    lines.append(say("照上次的开（先给你看，确认了才算）：\n{call}", call=call))
    if kept:
        lines.append(say("有变的，改等号后面的再发。"))
    buttons = (
        Button(say("照上次的开"), call),
        Button(say("先看看"), f"/programme {programme.key}"),
    )
    return Content("\n".join(lines), buttons=buttons)
