"""What the parts of a programme's file ask of each other.

The reader (`programme_file.py`) takes each part by itself; here a day that counts to the anchor
needs an anchor, a schedule needs a text for each of its days, a text asks only for what is known.
What is wrong is refused by the table that it stands in.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from itertools import chain
from typing import Any, TypeVar

from scheduler.programme_calendar import (
    Calendar,
    DayMissing,
    NotKnownYet,
    counted_label,
    day_of,
)
from scheduler.programme_dates import (
    DateInvalid,
    DayRule,
    EveryMonth,
    Source,
    Span,
    read_day,
    read_days,
    read_time,
)
from scheduler.programme_parts import ANY_SLOT, Fact, FactKind, Programme, Task, iso_day_of
from scheduler.promotions import PromotionInvalid
from scheduler.schedules import Countdown, Festivals
from scheduler.templates import COUPON, check, variables_of
from scheduler.toml_tables import Table, allowed_instead
from storage.errors import NuanqunError, SchedulingError, StorageError
from storage.segments import Segment

SHOP_WORDS = frozenset({"shop", "slogan"})
"""The variables of every text."""
OWN_WORDS = frozenset(
    {"fan", "group", "days", "node", "node_at", "node_days", "festival", "greeting"}
)
"""The variables that a post tells by itself, where it has them."""
DATED = frozenset({FactKind.DAY, FactKind.MOMENT})
"""The facts that a day or a time can hang on."""

_Value = TypeVar("_Value")
_LEAP_YEAR = 2024  # has every day that a file may name
_NODE = "node:"
_BY_ITSELF = frozenset({Source.YEAR, Source.LUNAR, Source.FESTIVAL})
_COUNTED = frozenset({"days", "node_days"})
_MIDNIGHT = timedelta(days=1)


def read_written(table: Table, part: str, read: Callable[[str], _Value], written: str) -> _Value:
    """A day or a time, or the table's error about it."""
    try:
        return read(written)
    except DateInvalid as wrong:
        raise table.wrong(part, said(wrong)) from wrong


def said(error: NuanqunError) -> str:
    """An error as a part of another one's sentence."""
    return f"{error.sentence.format(**error.facts)} {error.advice}".rstrip(".")


def check_template(table: Table, part: str, text: str) -> None:
    """A text is a sound template."""
    try:
        check(text)
    except SchedulingError as wrong:
        raise table.wrong(part, said(wrong)) from wrong


def check_schedule(file: Table, programme: Programme) -> None:
    """Every slot of the schedule has its text, and no text is left over."""
    if programme.schedule is None:
        if programme.texts:
            raise file.wrong("texts", "there is no schedule whose days they could be for")
        return
    try:
        schedule = programme.schedule_for(_LEAP_YEAR)
    except SchedulingError as wrong:
        raise file.wrong("schedule", said(wrong)) from wrong
    match schedule:
        case Countdown(_, first_days_left, _, last_day):
            topics = {f"d-{left}" for left in range(0 if last_day else 1, first_days_left + 1)}
        case Festivals(_, keys):
            topics = set(keys or ())
        case _:
            return
    for topic in sorted(topics ^ programme.texts.keys()):
        reason = "the schedule has no such day" if topic in programme.texts else "it is missing"
        raise file.wrong(f"texts.{topic}", reason)


def check_promotion(file: Table, programme: Programme) -> None:
    """A promotion window is sound, and its programme's campaigns have a year to place it in."""
    if programme.promotion is None:
        return
    yearly = (programme.schedule or {}).get("kind") == "countdown" or programme.tasks
    if not yearly:
        raise file.wrong("promotion", "only a countdown or a programme with tasks can have one")
    calendar = Calendar(_LEAP_YEAR)
    try:
        if programme.anchor is not None:
            calendar = replace(calendar, anchor=day_of(read_day(programme.anchor), calendar))
        programme.promotion_for(calendar)
    except NotKnownYet:
        return  # it hangs on what a shop has to tell
    except (PromotionInvalid, DayMissing) as wrong:
        reason = _as_written(said(wrong), programme.promotion, calendar)
        raise file.wrong("promotion", reason) from wrong


def _as_written(sentence: str, promotion: Mapping[str, Any], calendar: Calendar) -> str:
    """A sentence about days of the year that checks are made with, in the file's own words."""
    nights = promotion.get("late_nights")
    days = [promotion.get("first_day"), promotion.get("last_day")]
    for written in days + (nights if isinstance(nights, list) else []):
        with suppress(SchedulingError):
            sentence = sentence.replace(str(iso_day_of(written, calendar)), str(written))
    return sentence


def nodes_of_task(row: Table, task: Task, programme: Programme) -> tuple[str, ...]:
    """The keys of the nodes that a task hangs on, the one that it is about first.

    On the way its times, its days and its needs are checked.
    """
    nodes = [*_in_times(row, task, programme), *_in_days(row, task, programme)]
    for need in task.needs:
        if need.startswith(_NODE):
            nodes.append(need.removeprefix(_NODE))
        else:
            check_fact(row, "needs", need, programme.facts, set(FactKind))
    return tuple(dict.fromkeys(nodes))


def _in_times(row: Table, task: Task, programme: Programme) -> Iterator[str]:
    at = read_written(row, "at", read_time, task.at)
    until = None if task.until is None else read_written(row, "until", read_time, task.until)
    if at.source is not None and task.on:
        raise row.wrong("on", f"its time {task.at!r} has a day already; leave one of them out")
    if at.source is None and not task.on:
        raise row.wrong("on", "it is missing; it must be a day, or days")
    if at.clock == _MIDNIGHT:
        raise row.wrong("at", allowed_instead(task.at, "a time before 24:00"))
    for part, rule in (("at", at), ("until", until)):
        if rule is not None and rule.source is Source.NODE:
            yield rule.name
        if rule is not None and rule.source is Source.FACT:
            check_fact(row, part, rule.name, programme.facts, DATED)


def _in_days(row: Table, task: Task, programme: Programme) -> Iterator[str]:
    for written in task.on:
        days = read_written(row, "on", read_days, written)
        if isinstance(days, EveryMonth) and days.fact:
            check_fact(row, "on", days.fact, programme.facts, {FactKind.NUMBER})
        ends = (days.first, days.last) if isinstance(days, Span) else (days,)
        if isinstance(days, Span) and days.counted and days.first.offset > days.last.offset:
            raise row.wrong("on", f"it has {written!r}, which ends before it begins")
        for end in ends:
            if isinstance(end, DayRule):
                check_day(row, "on", end, programme)
                if end.source is Source.NODE:
                    yield end.name


def check_day(row: Table, part: str, rule: DayRule, programme: Programme) -> None:
    """A day hangs on an anchor or a fact only where the programme has it."""
    if rule.source is Source.ANCHOR and programme.anchor is None:
        raise row.wrong(part, "it counts to the programme's own day, and there is no [anchor]")
    if rule.source is Source.FACT:
        check_fact(row, part, rule.name, programme.facts, DATED)


def check_fact(
    row: Table, part: str, key: str, facts: Iterable[Fact], kinds: Collection[FactKind]
) -> None:
    """A fact that is named is one of the programme's, of one of these kinds."""
    fitting = [fact.key for fact in facts if fact.kind in kinds]
    if key not in fitting:
        wanted = " or ".join(sorted(kinds))
        known = f"one of {', '.join(fitting)}" if fitting else f"a [[fact]] of the kind {wanted}"
        raise row.wrong(part, allowed_instead(key, known))


def check_suggestion(row: Table, fact: Fact) -> None:
    """A suggestion is a day that every year has by itself, and stands with a fact that is a day."""
    for part, found in (("suggest", fact.suggested), ("day_off", fact.day_off)):
        if found is not None and fact.kind is not FactKind.DAY:
            raise row.wrong(part, f"only a fact of the kind {FactKind.DAY} can have it")
    if fact.suggested is None:
        if fact.day_off is not None:
            raise row.wrong("day_off", "there is no suggest whose day it could move")
        return
    if read_written(row, "suggest", read_day, fact.suggested).source not in _BY_ITSELF:
        allowed = "11-05, lunar:12-08 or festival:KEY, with -3d or +1d behind it where wanted"
        raise row.wrong("suggest", allowed_instead(fact.suggested, allowed))


def check_bounds(row: Table, fact: Fact, before: Iterable[Fact], *, anchored: bool) -> None:
    """The bounds of a day hang on the year, the programme's day, or a fact that stands before."""
    for part, written in (("earliest", fact.earliest), ("latest", fact.latest)):
        if written is None:
            continue
        if fact.kind is not FactKind.DAY:
            raise row.wrong(part, f"only a fact of the kind {FactKind.DAY} can have it")
        rule = read_written(row, part, read_day, written)
        if rule.source is Source.ANCHOR and not anchored:
            raise row.wrong(part, "it counts to the programme's own day, and there is no [anchor]")
        if rule.source is Source.FACT:
            check_fact(row, part, rule.name, before, DATED)


def check_example(row: Table, fact: Fact) -> None:
    """Only a text has an example of its own: how the others are written their kind says."""
    if fact.example and fact.kind is not FactKind.TEXT:
        raise row.wrong("example", f"only a fact of the kind {FactKind.TEXT} can have it")


def check_day_off(row: Table, task: Task) -> None:
    """What moves off a day off is at a time of its day, and counts no days that are left."""
    if task.day_off is None:
        return
    times = [read_time(task.at), *([] if task.until is None else [read_time(task.until)])]
    if any(time.source is not None for time in times):
        raise row.wrong("day_off", "its time hangs on a moment, which no day off moves")
    asked = (
        variables_of(text)
        for texts in task.texts.values()
        for variants in texts.values()
        for text in variants
    )
    if task.picture == "countdown" or _COUNTED.intersection(chain.from_iterable(asked)):
        reason = "it says how many days are left, which is wrong on another day"
        raise row.wrong("day_off", reason)


def check_audience(row: Table, task: Task) -> None:
    """An audience is an expression of the segment language."""
    if task.audience is not None:
        try:
            Segment.parse(task.audience)
        except StorageError as wrong:
            raise row.wrong("audience", said(wrong)) from wrong


def check_labels(row: Table, task: Task) -> None:
    """Where words are written by label, every day of the task has its own, and none is left."""
    if ANY_SLOT in task.texts or task.countdown:
        return
    days = [read_days(written) for written in task.on]
    labels = {str(place) for place in range(1, len(days) + 1)} if len(days) > 1 else set[str]()
    if len(days) == 1 and isinstance(days[0], Span):
        first, last = days[0].first.offset, days[0].last.offset
        if days[0].counted:
            labels = {counted_label(after) for after in range(first, last + 1)}
    if labels:
        for label in sorted(labels ^ task.texts.keys()):
            there = label in task.texts
            raise row.wrong(f"texts.{label}", "there is no such day" if there else "it is missing")


def check_words(row: Table, task: Task, programme: Programme) -> None:
    """A text asks only for what is known when its post goes out."""
    known = {*SHOP_WORDS, "group" if task.audience is None else "fan"}
    known |= {fact.key for fact in programme.facts}
    known |= {"days"} if programme.anchor is not None else set()
    if task.nodes:
        known |= {"node", "node_at", "node_days", *(key.replace("-", "_") for key in task.nodes)}
    for label, texts in task.texts.items():
        for language, variants in texts.items():
            for text in variants:
                asked = variables_of(text)
                if COUPON in asked and task.audience is None:
                    place = ".".join(filter(None, ("texts", label, language)))
                    reason = "it gives a coupon's code, which only a task with an audience can"
                    raise row.wrong(place, reason)
                if unknown := sorted(asked - known):
                    place = ".".join(filter(None, ("texts", label, language)))
                    allowed = ", ".join(sorted(known))
                    reason = f"it asks for {', '.join(unknown)}; here are known {allowed}"
                    raise row.wrong(place, reason)
