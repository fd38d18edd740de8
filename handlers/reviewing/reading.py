"""Gathers a review: what was planned and went out, what fans did, what they said, what it cost.

A campaign is reviewed post by post, a year of a programme phase by phase and task by task. What
fans said is the demand report of the groups that were concerned, in the whole days from the first
post to the end of the last window, against as many days before; quoted is only what came after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.desk import Desk
from handlers.full_report import FullReport, full_report
from handlers.inquiry import Inquiry, notes_on
from handlers.insight_arguments import PeriodWords
from handlers.period import Period
from handlers.programme_files import plan_of, title_of
from handlers.reviewing.advice import advise
from handlers.reviewing.figures import PartSeen, PostSeen, Review, TaskSeen, TrialSeen
from handlers.reviewing.known import known_of
from handlers.reviewing.posts_seen import posts_seen, slots_of
from scheduler.bodies import arms_of
from scheduler.programme_parts import Named, Programme
from scheduler.programme_plan import ProgrammePlan
from scheduler.trial_plan import BEYOND_REACH
from scheduler.trial_plan import plan_of as trial_plan_of
from scheduler.trials import NEW_FOR, UNPLANNED_WINDOW, trial_of, words_naming
from storage import campaigns
from storage.aftermath import Aftermath, Part, aftermath
from storage.aftermath_questions import Looking
from storage.campaign_money import Money, money_of
from storage.campaigns import StoredCampaign
from storage.groups import groups_by_id
from storage.outcomes import begun_version
from storage.quotes import said_in
from storage.review_ledger import groups_concerned, stands
from storage.running_programmes import EVERY_YEAR, RunningProgramme

_WHOLE, _OTHERS = "", "/"  # keys of parts beside those that a file names
_MOST_PARTS = 60  # posts that are looked at one by one; of more a campaign is seen as a whole
_LONGEST_TALK = 62  # days of talk at most, the last ones: a greeting may run for years
_NONE = Aftermath()


async def review_of_campaign(
    desk: Desk, campaign: StoredCampaign, *, with_talk: bool = True
) -> Review:
    """The review of a campaign as it stands now, be it over or not.

    What fans said is gathered only `with_talk`: it is most of the work.

    Raises:
        SchedulingError: its schedule or the plan of its trial cannot be read.
    """
    found = await _read(desk, [campaign])
    tasks = [
        TaskSeen(post.slot, _when(desk, found.posts, post), "", (post,), _NONE)
        for post in found.posts
    ]
    if len(tasks) > _MOST_PARTS:
        tasks = [TaskSeen(_WHOLE, campaign.name, "", tuple(found.posts), _NONE)]
    part = PartSeen(_WHOLE, "", "", None, None, tuple(tasks), _NONE)
    review = await _reviewed(desk, found, [part], campaign.name)
    talk = await _talk(desk, found) if with_talk else None
    review = replace(review, number=campaign.id, talk=talk)
    return _advised(desk, review)


async def review_of_programme(
    desk: Desk, programme: Programme, running: RunningProgramme, year: int = EVERY_YEAR
) -> Review:
    """The review of a year of a programme as it stands now, be it over or not.

    Args:
        desk: the shop.
        programme: as its file says.
        running: the year of it that was on; `EVERY_YEAR` for one that runs on.
        year: of one that runs on, the year whose posts are meant; else all of them.

    Raises:
        SchedulingError: a schedule, a fact or the dates cannot be read.
    """
    async with desk.database.reading() as connection:
        every = await campaigns.of_programme(connection, running.id)
    found = await _read(desk, every)
    meant = running.year or year
    if running.year == EVERY_YEAR:
        if year != EVERY_YEAR:
            found = found.within(
                [one for one in found.posts if desk.shop.local(one.at).year == year]
            )
        plan = None
    else:
        plan = await plan_of(desk, programme, running.year, running.facts)
    parts = _phases(desk, programme, plan, found.posts)
    review = await _reviewed(desk, found, parts, title_of(programme, desk.shop, meant))
    review = replace(
        review,
        programme=programme.key,
        year=meant,
        waiting=() if plan is None else _never_planned(desk, plan, found.posts),
        talk=await _talk(desk, found),
    )
    return _advised(desk, review)


def _advised(desk: Desk, review: Review) -> Review:
    """The review with its advice; of what has not begun nothing can be learnt."""
    return replace(review, advice=advise(known_of(desk, review))) if review.begun else review


async def looked_for(connection: AsyncConnection, every: Sequence[StoredCampaign]) -> timedelta:
    """How long after their last post these campaigns are looked at, trials among them longest.

    Raises:
        SchedulingError: the plan of a trial cannot be read.
    """
    return _window((await _bodies(connection, every)).values())


@dataclass(frozen=True, slots=True)
class _Read:
    """What the ledger and the bodies tell of some campaigns, the earliest post first.

    Who was first seen 30 days before `since`, or later, is a new customer.
    """

    campaigns: Sequence[StoredCampaign]
    bodies: Mapping[int, Mapping[str, Any]]
    posts: Sequence[PostSeen]
    window: timedelta
    since: datetime

    @property
    def ends(self) -> datetime | None:
        """When the last window is over; None before anything was to be sent."""
        last = [one.last for one in self.posts if one.last is not None]
        return max(last) + self.window if last else None

    def within(self, posts: Sequence[PostSeen]) -> _Read:
        """The same of these posts alone, and of their campaigns."""
        theirs = {one.campaign_id for one in posts}
        every = [one for one in self.campaigns if one.id in theirs]
        since = posts[0].at if posts else self.since
        return replace(self, campaigns=every, posts=posts, since=since)


async def _read(desk: Desk, every: Sequence[StoredCampaign]) -> _Read:
    now = desk.clock.now()
    async with desk.database.reading() as connection:
        found = await stands(connection, [one.id for one in every])
        bodies = await _bodies(connection, every)
    since = min((one.created_at for one in every), default=now)
    return _Read(every, bodies, posts_seen(every, found, now), _window(bodies.values()), since)


async def _bodies(
    connection: AsyncConnection, every: Sequence[StoredCampaign]
) -> dict[int, Mapping[str, Any]]:
    """Campaign id → what its first delivery said, or what it will say."""
    begun = {one.id: await begun_version(connection, one.id, BEYOND_REACH) for one in every}
    versions = {one.id: begun[one.id] or one.version_id for one in every}
    said = await campaigns.bodies(connection, list(versions.values()))
    return {number: said[version] for number, version in versions.items()}


def _window(bodies: Iterable[Mapping[str, Any]]) -> timedelta:
    plans = [plan for body in bodies if (plan := trial_plan_of(body)) is not None]
    return max([UNPLANNED_WINDOW, *(plan.window for plan in plans)])


def _phases(
    desk: Desk, programme: Programme, plan: ProgrammePlan | None, posts: Sequence[PostSeen]
) -> list[PartSeen]:
    """The posts by phase and task, in the file's order; what the file no longer has comes last."""
    known = {} if plan is None else {post.slot: post for post in plan.posts}
    named = [
        replace(
            one,
            name=_in(desk, known[one.slot].name),
            task=known[one.slot].task,
            phase=known[one.slot].phase,
        )
        if one.slot in known
        else one
        for one in posts
    ]
    goals = {task.key: _in(desk, task.goal) for task in programme.tasks}
    phases = () if plan is None else plan.phases
    found = []
    for phase in phases:
        theirs = [one for one in named if one.phase == phase.key]
        if theirs:
            tasks = _tasks(theirs, goals)
            name, goal = _in(desk, phase.name), _in(desk, phase.goal)
            found.append(PartSeen(phase.key, name, goal, phase.first, phase.last, tasks, _NONE))
    left = [one for one in named if not one.phase]
    if left:
        found.append(PartSeen(_WHOLE, "", "", None, None, _tasks(left, goals), _NONE))
    return found


def _tasks(posts: Sequence[PostSeen], goals: Mapping[str, str]) -> tuple[TaskSeen, ...]:
    """The posts of a phase by task; those without one by their campaign."""

    def task_of(one: PostSeen) -> str:
        return one.task or f"#{one.campaign_id}"

    ordered = sorted(posts, key=task_of)
    tasks = [
        TaskSeen(key, theirs[0].name, goals.get(key, ""), tuple(theirs), _NONE)
        for key, theirs in ((key, list(some)) for key, some in groupby(ordered, key=task_of))
    ]
    return tuple(sorted(tasks, key=lambda one: one.posts[0].at))


async def _reviewed(desk: Desk, found: _Read, parts: Sequence[PartSeen], title: str) -> Review:
    """What fans did after the posts of each part and task; no talk yet, and no advice."""
    now = desk.clock.now()
    async with desk.database.reading() as connection:
        did = await aftermath(connection, _looked_at(found, parts), _looking(desk, found))
        money = [await money_of(connection, one.id) for one in found.campaigns]
        trials = [
            TrialSeen(one.id, one.name, await trial_of(connection, one, desk.shop.name, now))
            for one in found.campaigns
            if _is_tried(found.bodies[one.id], alone=len(found.campaigns) == 1)
        ]
    seen = [
        replace(
            part,
            did=did.get(part.key or _OTHERS, _NONE),
            tasks=tuple(
                replace(task, did=did.get(f"{part.key}/{task.key}", _NONE)) for task in part.tasks
            ),
        )
        for part in parts
    ]
    return Review(
        title=title,
        number=None,
        programme=found.campaigns[0].programme if found.campaigns else "",
        year=EVERY_YEAR,
        made_at=now,
        window=found.window,
        parts=tuple(seen),
        did=did.get(_WHOLE, _NONE),
        money=_together(money),
        trials=tuple(trials),
        ends=found.ends,
    )


def _looked_at(found: _Read, parts: Sequence[PartSeen]) -> dict[str, Part]:
    """The whole, each part and each task, with their posts: what is counted of each by itself."""
    asked = {_WHOLE: slots_of(found.posts)}
    for part in parts:
        asked[part.key or _OTHERS] = slots_of(part.posts)
        asked |= {f"{part.key}/{task.key}": slots_of(task.posts) for task in part.tasks}
    return asked


def _looking(desk: Desk, found: _Read) -> Looking:
    bodies = [found.bodies[one.id] for one in found.campaigns]
    words = {word for body in bodies for word in words_naming(body, desk.shop.name)}
    return Looking(found.window, sorted(words), found.since - NEW_FOR)


def _is_tried(body: Mapping[str, Any], *, alone: bool) -> bool:
    """Whether something is compared: a plan was fixed, or one campaign has several texts.

    Nothing is concluded of texts that nobody planned to compare, so among many campaigns they are
    left to `/trial`.
    """
    if trial_plan_of(body) is not None:
        return True
    return alone and len(arms_of(body)) > 1 and not body.get("apart")


def _together(each: Iterable[Money]) -> Money:
    """What all of it cost and brought, of what is known."""
    every = list(each)
    costs = [one.cost for one in every if one.cost is not None]
    returns = [one.returned for one in every if one.returned is not None]
    return Money(sum(costs) if costs else None, sum(returns) if returns else None)


async def _talk(desk: Desk, found: _Read) -> FullReport | None:
    """What fans said meanwhile, in the groups concerned; None where nothing was sent there."""
    reached = [one.at for one in found.posts if one.reached]
    if found.ends is None or not reached:
        return None
    async with desk.database.reading() as connection:
        ids = await groups_concerned(connection, [one.id for one in found.campaigns])
        known = await groups_by_id(connection, ids)
    groups = sorted((one for one in known.values() if not one.is_staff), key=lambda one: one.id)
    if not groups:
        return None
    period = _days(desk, reached[0], found.ends)
    inquiry = Inquiry(PeriodWords.of(period), period, "", tuple(groups))
    notes = await notes_on(desk, inquiry)
    report = await full_report(desk, inquiry, notes, against=period.before())
    return await _said_since(desk, report, reached[0])


async def _said_since(desk: Desk, report: FullReport, since: datetime) -> FullReport:
    """The report without the quotes of what was said before a moment; its figures are by days."""
    async with desk.database.reading() as connection:
        said = await said_in(connection, list(report.texts))
    later = {one.id for one in said if one.at >= since}
    texts = {one: text for one, text in report.texts.items() if one in later}
    quoted = {one: texts[one] for one in report.found.quoted() if one in texts}
    return replace(report, texts=texts, found=report.found.with_quotes(quoted))


def _days(desk: Desk, since: datetime, ends: datetime) -> Period:
    last = min(desk.shop.day_of(ends), desk.shop.day_of(desk.clock.now()))
    first: date = min(desk.shop.day_of(since), last)
    return Period(max(first, last - timedelta(days=_LONGEST_TALK - 1)), last)


def _never_planned(desk: Desk, plan: ProgrammePlan, posts: Sequence[PostSeen]) -> tuple[str, ...]:
    """The tasks of which nothing was planned for want of something that nobody said."""
    planned = {one.slot for one in posts}
    names = [
        _in(desk, one.name)
        for one in plan.waiting
        if not planned.intersection(one.slots or (one.task,))
    ]
    return tuple(dict.fromkeys(names))


def _when(desk: Desk, posts: Sequence[PostSeen], post: PostSeen) -> str:
    """What one post of a campaign is called: by its campaign, or one of several by its time."""
    return post.name if len(posts) == 1 else desk.show_time(post.at)


def _in(desk: Desk, named: Named) -> str:
    """A name in the shop's language; empty where there is none."""
    return named.get(desk.shop.language, named.get("zh", ""))
