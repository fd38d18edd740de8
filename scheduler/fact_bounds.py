"""Days that a shop tells for a programme, held against those between which its file expects them.

A programme's phases hang on such days. Whoever tells two of them the wrong way round, or one of
another season, is told so of the very days, before any phase is looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time

from scheduler.programme_calendar import Calendar, DayMissing, NotKnownYet, day_of
from scheduler.programme_dates import Source, read_day
from scheduler.programme_parts import Programme
from scheduler.programme_problems import Problem, ProblemKind


def out_of_bounds(programme: Programme, calendar: Calendar) -> Iterator[Problem]:
    """The days that were told too early or too late; a bound that is not known yet holds none.

    A problem's `fact` is the day's key, `at` the last midnight that would do, or the first, and
    `beside` the fact that this hangs on, if it does.
    """
    for fact in programme.facts:
        told = calendar.facts.get(fact.key)
        if not isinstance(told, date) or isinstance(told, datetime):
            continue
        for kind, written in (
            (ProblemKind.FACT_TOO_EARLY, fact.earliest),
            (ProblemKind.FACT_TOO_LATE, fact.latest),
        ):
            bound = None if written is None else _known_day(written, calendar)
            if bound is None or written is None:
                continue
            early = kind is ProblemKind.FACT_TOO_EARLY
            if (told < bound) if early else (told > bound):
                rule, limit = read_day(written), "before" if early else "after"
                yield Problem(
                    kind,
                    f"{fact.key} is {told}, {limit} {bound}.",
                    at=datetime.combine(bound, time.min),
                    beside=(rule.name,) if rule.source is Source.FACT else (),
                    fact=fact.key,
                )


def _known_day(written: str, calendar: Calendar) -> date | None:
    try:
        return day_of(read_day(written), calendar)
    except (NotKnownYet, DayMissing):
        return None
