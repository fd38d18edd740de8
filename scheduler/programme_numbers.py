"""Numbers for the posts of a programme, which stay whatever the shop tells later.

A manager calls a post by its number, so no fact and no node that is told meanwhile may give it
another one. Therefore all posts of the file are numbered, also those that still wait for something:
in the order of time as far as the file and the facts that have to be told first say it. What hangs
on anything else comes behind all that the file has before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time

from scheduler.programme_calendar import (
    Calendar,
    DayMissing,
    NotKnownYet,
    day_of,
    labelled_days,
    moment_of,
)
from scheduler.programme_dates import Source, TimeRule, read_day, read_days, read_time
from scheduler.programme_parts import Programme, Task

_UNKNOWN = NotKnownYet(what="")


def numbers_of(programme: Programme, calendar: Calendar) -> dict[str, int]:
    """Slot → its number, from 1, of every post that the file names.

    Posts of a series whose very days hang on a fact have a number once that is told.
    """
    plain = _without_extras(programme, calendar)
    ordered: list[tuple[datetime, str]] = []
    before = datetime.combine(date.min, time.min)
    for task in programme.tasks:
        for label, at in _moments(programme, task, plain):
            before = before if at is None else max(before, at)
            ordered.append((at or before, task.slot_for(label)))
    ordered.sort(key=lambda post: post[0])  # the file's order stays, of posts of one moment
    return {slot: number for number, (_, slot) in enumerate(ordered, start=1)}


def _without_extras(programme: Programme, calendar: Calendar) -> Calendar:
    """The calendar with what is known before any programme is on, and nothing else."""
    needed = {fact.key for fact in programme.facts if fact.needed}
    facts = {key: value for key, value in calendar.facts.items() if key in needed}
    plain = replace(calendar, facts=facts, nodes={}, anchor=None)
    anchor = None if programme.anchor is None else _day(programme.anchor, plain)
    return replace(plain, anchor=anchor if isinstance(anchor, date) else None)


def _day(written: str, calendar: Calendar) -> date | NotKnownYet:
    try:
        return day_of(read_day(written), calendar)
    except (NotKnownYet, DayMissing):
        return _UNKNOWN


def _moments(
    programme: Programme, task: Task, calendar: Calendar
) -> Iterator[tuple[str, datetime | None]]:
    """The labels of a task with their local times; None where it cannot be told yet."""
    at = read_time(task.at)
    if at.source is not None:
        yield "", _told(at.source, at, calendar)
        return
    phase = next(one for one in programme.phases if one.key == task.phase)
    days = labelled_days(
        tuple(read_days(written) for written in task.on),
        calendar,
        _day(phase.first, calendar),
        _day(phase.last, calendar),
    )
    for label, day in days:
        if isinstance(day, date) and at.clock is not None:
            yield label, datetime.combine(day, time.min) + at.clock
        else:
            yield label, None


def _told(source: Source, rule: TimeRule, calendar: Calendar) -> datetime | None:
    try:
        return moment_of(source, rule.name, calendar) + rule.offset
    except NotKnownYet:
        return None
