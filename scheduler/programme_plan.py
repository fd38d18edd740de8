"""The plan of a programme for one year: its posts, what waits, and what is wrong with it.

`resolve` is pure: a programme's file, the shop's facts and the platform's nodes go in, and a
`ProgrammePlan` comes out, with every post at its local time. What hangs on a node or a fact that
nobody knows yet is not guessed: it is listed as `Waiting`. What would keep a post from going out,
or would trouble the fans, is listed as a `Problem` before anything is switched on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import chain

from scheduler.caring import CareSettings
from scheduler.fact_bounds import out_of_bounds
from scheduler.festivals import Region
from scheduler.legal_days import worked_on
from scheduler.nodes import Node
from scheduler.programme_calendar import (
    Calendar,
    DayMissing,
    NotKnownYet,
    day_of,
    labelled_days,
    moment_of,
)
from scheduler.programme_dates import EveryMonth, TimeRule, read_day, read_days, read_time
from scheduler.programme_facts import facts_for, in_words
from scheduler.programme_numbers import numbers_of
from scheduler.programme_parts import CHINESE, Phase, Programme, Task, Texts
from scheduler.programme_posts import (
    NamedDay,
    PlannedPhase,
    ProgrammePlan,
    ProgrammePost,
    Waiting,
    campaign_key,
)
from scheduler.programme_problems import (
    DatedPhase,
    DatedPost,
    Problem,
    ProblemKind,
    problems_of,
)
from scheduler.promotions import Promotion, PromotionInvalid
from scheduler.templates import variables_of
from scheduler.wall_time import zone_named

__all__ = [
    "PlannedPhase",
    "Problem",
    "ProblemKind",
    "ProgrammePlan",
    "ProgrammePost",
    "Waiting",
    "campaign_key",
    "resolve",
]

_DEFAULTS = CareSettings()
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_NODE = "node:"
_DAYS = "days"
_NODE_DAYS = "node_days"


def resolve(
    programme: Programme,
    year: int,
    facts: Mapping[str, object],
    nodes: Mapping[str, Node],
    region: Region = Region.NORTH,
    *,
    zone: str = "Asia/Shanghai",
    language: str = CHINESE,
    settings: CareSettings = _DEFAULTS,
) -> ProgrammePlan:
    """The plan of a year, with what waits and what is wrong.

    Args:
        programme: as its file says.
        year: the year in which the programme's day falls; its posts may begin in the year before.
        facts: what the shop has said, by the key of a fact: a text; a day (`2026-11-20` or
            `11-20`); an amount of money (`199.00`); a whole number; a local time
            (`2026-11-20T18:00`).
        nodes: the platform's nodes of the year, see `nodes.nodes_of`.
        region: which half of China's customs festivals follow.
        zone: the shop's zone, in whose local time everything is planned.
        language: the language of facts in words; texts come in all of theirs.
        settings: the shop's caps and quiet hours, against which the posts are held.

    Raises:
        FactInvalid: a fact is of another kind than the file says, or the file has no such fact.
        ZoneUnknown: `zone` is no time zone.
    """
    place = zone_named(zone)
    known = facts_for(programme, year, facts)
    problems: list[Problem] = []
    calendar = _anchored(programme, Calendar(year, region, place, known, nodes), problems)
    problems += out_of_bounds(programme, calendar)
    phases = {phase.key: _phase(phase, calendar, problems) for phase in programme.phases}
    words = {fact.key: "" for fact in programme.facts} | {
        key: in_words(value, language) for key, value in known.items()
    }
    told = _Told(programme, calendar, words, language)
    outcomes = [
        replace(outcome, task=task.name) if isinstance(outcome, Problem) else outcome
        for task in programme.tasks
        for outcome in _outcomes(task, phases[task.phase], told)
    ]
    posts = sorted(
        (one for one in outcomes if isinstance(one, ProgrammePost)),
        key=lambda post: (post.at, post.slot),
    )
    problems += [one for one in outcomes if isinstance(one, Problem)]
    promotion = _promotion(programme, calendar, problems)
    problems += problems_of(
        [
            DatedPhase(one.key, one.first, one.last)
            for one in phases.values()
            if one.first is not None and one.last is not None
        ],
        [DatedPost(post.slot, post.phase, post.at, post.audience, post.told) for post in posts],
        promotion,
        settings,
        place,
    )
    return ProgrammePlan(
        programme=programme.key,
        year=year,
        anchor=calendar.anchor,
        phases=tuple(phases.values()),
        posts=tuple(posts),
        waiting=_together(one for one in outcomes if isinstance(one, Waiting)),
        problems=tuple(problems),
        promotion=promotion,
        numbers=numbers_of(programme, calendar),
    )


@dataclass(frozen=True, slots=True)
class _Told:
    """All that a task's posts are made with: the shop's calendar, and its facts in words."""

    programme: Programme
    calendar: Calendar
    words: Mapping[str, str | int]
    language: str


def _anchored(programme: Programme, calendar: Calendar, problems: list[Problem]) -> Calendar:
    """The calendar with the programme's own day; where it waits, with what that waits for."""
    if programme.anchor is None:
        return calendar
    try:
        return replace(calendar, anchor=day_of(read_day(programme.anchor), calendar))
    except NotKnownYet as why:
        return replace(calendar, anchor_needs=why.what)
    except DayMissing as missing:
        problems.append(_no_such_day(missing))
        return calendar


def _no_such_day(missing: DayMissing, *slots: str) -> Problem:
    sentence, written = missing.sentence.format(**missing.facts), str(missing.facts["found"])
    return Problem(ProblemKind.NO_SUCH_DAY, sentence, slots=slots, written=written)


def _phase(phase: Phase, calendar: Calendar, problems: list[Problem]) -> PlannedPhase:
    days: list[date | None] = []
    needs = None
    for written in (phase.first, phase.last):
        try:
            days.append(day_of(read_day(written), calendar))
        except NotKnownYet as why:
            days.append(None)
            needs = why.what
        except DayMissing as missing:
            days.append(None)
            problems.append(_no_such_day(missing))
    first, last = days
    return PlannedPhase(phase.key, phase.name, first, last, phase.goal, needs)


def _promotion(
    programme: Programme, calendar: Calendar, problems: list[Problem]
) -> Promotion | None:
    try:
        return programme.promotion_for(calendar)
    except NotKnownYet:
        return None  # the day it hangs on is told by the tasks that wait for it
    except (PromotionInvalid, DayMissing) as wrong:
        sentence, written = wrong.sentence.format(**wrong.facts), str(wrong.facts["found"])
        problems.append(Problem(ProblemKind.PROMOTION, sentence, written=written))
        return None


def _outcomes(
    task: Task, phase: PlannedPhase, told: _Told
) -> Iterator[ProgrammePost | Waiting | Problem]:
    """What becomes of each of a task's posts: it is planned, it waits, or it cannot be."""
    calendar = told.calendar
    missing = [need for need in task.needs if not _is_known(need, calendar)]
    for need in missing:
        yield Waiting(task.key, task.name, need)
    if missing:
        return
    for label, day in _days(task, phase, calendar):
        slot = task.slot_for(label)
        try:
            if not isinstance(day, date):
                raise day
            instead = None if task.day_off is None else worked_on(day, task.day_off)
            span = _span(task, day if instead is None else instead.day, calendar)
        except NotKnownYet as why:
            yield Waiting(task.key, task.name, why.what, (slot,))
        except DayMissing as missing_day:
            yield _no_such_day(missing_day, slot)
        else:
            post = _post(task, label, span, told)
            if isinstance(post, ProgrammePost):
                post = replace(post, days=tuple(_days_spoken_of(task, day, told)))
            if instead is not None and isinstance(post, ProgrammePost):
                unsettled = instead.provisional
                post = replace(post, day_off=task.day_off, meant=day, unsettled=unsettled)
            yield post


def _is_known(need: str, calendar: Calendar) -> bool:
    if need.startswith(_NODE):
        return need.removeprefix(_NODE) in calendar.nodes
    return need in calendar.facts


def _days(
    task: Task, phase: PlannedPhase, calendar: Calendar
) -> Iterator[tuple[str, date | NotKnownYet | DayMissing]]:
    at = read_time(task.at)
    if at.source is not None:
        try:
            yield "", _moment(at, calendar).date()
        except NotKnownYet as why:
            yield "", why
        return
    unknown = NotKnownYet(what=phase.needs or calendar.anchor_needs)
    yield from labelled_days(
        tuple(read_days(written) for written in task.on),
        calendar,
        phase.first or unknown,
        phase.last or unknown,
    )


def _span(task: Task, day: date, calendar: Calendar) -> tuple[datetime, datetime]:
    """From when until when a post of that day may go out: on that day, unless it says more."""
    midnight = datetime.combine(day, time.min)
    last = midnight + _DAY - _SECOND
    at = _on(midnight, read_time(task.at), calendar)
    if task.until is None:
        return at, min(at + task.valid_for, last)
    until = read_time(task.until)
    end = _on(midnight, until, calendar)
    return at, end if until.source else min(end, last)


def _on(midnight: datetime, rule: TimeRule, calendar: Calendar) -> datetime:
    return _moment(rule, calendar) if rule.clock is None else midnight + rule.clock


def _moment(rule: TimeRule, calendar: Calendar) -> datetime:
    if rule.source is None:
        raise ValueError(rule)
    return moment_of(rule.source, rule.name, calendar) + rule.offset


def _post(
    task: Task, label: str, span: tuple[datetime, datetime], told: _Told
) -> ProgrammePost | Problem:
    slot, (at, until), texts = task.slot_for(label), span, task.texts_for(label)
    if until <= at:
        sentence = f"{slot} begins at {at:%Y-%m-%d %H:%M}, after its end at {until:%Y-%m-%d %H:%M}."
        return Problem(ProblemKind.OVER_BEFORE_IT_BEGINS, sentence, slots=(slot,), at=at)
    calendar = told.calendar
    if texts is None:
        return Problem(ProblemKind.NO_TEXT, f"{slot} has no text.", slots=(slot,), at=at)
    nodes = [calendar.nodes[key] for key in task.nodes if key in calendar.nodes]
    facts = {**told.words, **_told_by(nodes, told), **_days_left(at, calendar, nodes)}
    if _asks_for_days(texts) - facts.keys():
        sentence = f"{slot} tells the days left on {at:%Y-%m-%d}, when the day is over."
        return Problem(ProblemKind.NO_TEXT, sentence, slots=(slot,), at=at)
    return ProgrammePost(
        slot=slot,
        task=task.key,
        name=task.name,
        phase=task.phase,
        kind=task.kind,
        at=at,
        until=until,
        texts=texts,
        facts=facts,
        audience=task.audience,
        groups=task.groups,
        picture=task.picture,
        buttons=task.buttons,
        goal=task.goal,
        provisional=not all(node.confirmed for node in nodes),
        told=bool(nodes) or read_time(task.at).source is not None,
    )


def _days_spoken_of(task: Task, day: date, told: _Told) -> Iterator[NamedDay]:
    """The days that the words of a post may be about, one that is meant for `day`."""
    programme, calendar = told.programme, told.calendar
    monthly = [days for days in map(read_days, task.on) if isinstance(days, EveryMonth)]
    for each in monthly:
        yield NamedDay(day - each.offset * _DAY, programme.names, each.fact or None)
    if calendar.anchor is not None:
        yield NamedDay(calendar.anchor, programme.names)
    for fact in programme.facts:
        found = calendar.facts.get(fact.key)
        if isinstance(found, date):
            on = found.date() if isinstance(found, datetime) else found
            yield NamedDay(on, fact.name, fact.key)
    for node in (calendar.nodes[key] for key in task.nodes if key in calendar.nodes):
        yield NamedDay(calendar.wall_of(node).date(), node.name)


def _told_by(nodes: list[Node], shop: _Told) -> dict[str, str | int]:
    """When each node is, by its key (`balance_end`); the first is also `node` and `node_at`."""
    walls = [in_words(shop.calendar.wall_of(node), shop.language) for node in nodes]
    told = {node.key.replace("-", "_"): wall for node, wall in zip(nodes, walls, strict=True)}
    for node, wall in zip(nodes[:1], walls, strict=False):
        told |= {"node": node.name.get(shop.language, node.name[CHINESE]), "node_at": wall}
    return told


def _days_left(at: datetime, calendar: Calendar, nodes: list[Node]) -> dict[str, int]:
    """The days to the anchor, and to the first node; none after it."""
    ends = {_DAYS: calendar.anchor, _NODE_DAYS: None}
    for node in nodes[:1]:
        ends[_NODE_DAYS] = calendar.wall_of(node).date()
    days = {name: (end - at.date()).days for name, end in ends.items() if end is not None}
    return {name: left for name, left in days.items() if left >= 0}


def _asks_for_days(texts: Texts) -> set[str]:
    asked = (variables_of(text) for variants in texts.values() for text in variants)
    return {_DAYS, _NODE_DAYS}.intersection(chain.from_iterable(asked))


def _together(waiting: Iterable[Waiting]) -> tuple[Waiting, ...]:
    """One for each task and what it waits for, with all its slots."""
    found: dict[tuple[str, str], Waiting] = {}
    for one in waiting:
        before = found.get((one.task, one.what))
        slots = one.slots if before is None else before.slots + one.slots
        found[one.task, one.what] = replace(one, slots=slots)
    return tuple(found.values())
