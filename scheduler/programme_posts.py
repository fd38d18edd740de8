"""The plan of a programme for one year, as values: its phases with dates, its posts, what waits.

`programme_plan.resolve` makes them; whoever switches a programme on or shows it reads them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from scheduler.legal_days import DayOff
from scheduler.programme_parts import Button, Named, TaskKind, Texts
from scheduler.programme_problems import Problem
from scheduler.promotions import Promotion
from scheduler.schedules import DatedMoment


@dataclass(frozen=True, slots=True)
class Waiting:
    """A task that waits for something: a fact's key, or a node as `node:KEY`.

    `slots` are the posts that are not planned for want of it.
    """

    task: str
    name: Named
    what: str
    slots: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlannedPhase:
    """A phase with its dates; None where they wait for `needs`, a fact or a node."""

    key: str
    name: Named
    first: date | None
    last: date | None
    goal: Named = field(default_factory=dict)
    needs: str | None = None


@dataclass(frozen=True, slots=True)
class NamedDay:
    """A day that a programme is about: its own, one that the shop has told, or a node's.

    `fact` is the key of the fact that tells it; None where the programme or a node does.
    """

    day: date
    name: Named
    fact: str | None = None


@dataclass(frozen=True, slots=True)
class ProgrammePost:
    """One post to come. `at` and `until` (the last moment it may go out) are naive local times.

    `facts` are the template variables that go with it, as texts and numbers: the programme's
    facts in words, `days` left to the programme's day, `node` with `node_at` and `node_days`. A
    post to `groups` or to an `audience` of its own belongs to a campaign of its own (`own`). One
    that is `told` follows a node or a moment of the shop; `provisional`, and a draft, until its
    nodes are confirmed. One with `day_off` is on a working day in the place of the day that was
    `meant`; it is `unsettled` while no notice of legal holidays has decided about that. `days` are
    those that its words may be about.
    """

    slot: str
    task: str
    name: Named
    phase: str
    kind: TaskKind
    at: datetime
    until: datetime
    texts: Texts
    facts: Mapping[str, str | int] = field(default_factory=dict)
    audience: str | None = None
    groups: str | None = None
    picture: str | None = None
    buttons: tuple[Button, ...] = ()
    goal: Named = field(default_factory=dict)
    provisional: bool = False
    told: bool = False
    day_off: DayOff | None = None
    meant: date | None = None
    unsettled: bool = False
    days: tuple[NamedDay, ...] = ()

    @property
    def moment(self) -> DatedMoment:
        """Its moment as a schedule has it: with `day_off` it settles anew until it has come."""
        later = timedelta(0) if self.meant is None else self.at.date() - self.meant
        return DatedMoment(self.slot, self.at - later, self.until - later, self.day_off)

    @property
    def own(self) -> bool:
        """Whether its task is a campaign of its own, beside the programme's posts in all groups."""
        return self.audience is not None or self.groups is not None


@dataclass(frozen=True, slots=True)
class ProgrammePlan:
    """What a programme does in one year; posts by time, phases by the file's order.

    `numbers` are those of all posts that the file names, by slot: see `programme_numbers.py`.
    """

    programme: str
    year: int
    anchor: date | None
    phases: tuple[PlannedPhase, ...]
    posts: tuple[ProgrammePost, ...]
    waiting: tuple[Waiting, ...]
    problems: tuple[Problem, ...]
    promotion: Promotion | None = None
    numbers: Mapping[str, int] = field(default_factory=dict)

    @property
    def sound(self) -> bool:
        """Whether it may be switched on."""
        return not any(problem.certain for problem in self.problems)


def campaign_key(plan: ProgrammePlan, post: ProgrammePost) -> str:
    """The key of the campaign that a post belongs to: `double11:2026`, `double11:2026:old-fans`."""
    key = f"{plan.programme}:{plan.year}"
    return f"{key}:{post.task}" if post.own else key
