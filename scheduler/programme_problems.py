"""What is wrong with a programme's plan, told before it is switched on.

The posts are held against the same caps and quiet hours that `decide` will hold them against, as
if nothing else were said in the same groups. Every check is a function of the plan's values;
`programme_plan.py` asks them all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from itertools import combinations, groupby
from zoneinfo import ZoneInfo

from scheduler.caps import DAY, WEEK, frees_at
from scheduler.caring import CareSettings
from scheduler.promotions import Promotion
from scheduler.quiet_days import is_quiet
from scheduler.quiet_hours import quiet_until
from scheduler.wall_time import instant_of


class ProblemKind(StrEnum):
    """What is wrong with a plan; floor 4 has the words for managers."""

    PHASES_OVERLAP = "phases_overlap"
    PHASE_BACKWARDS = "phase_backwards"
    OUTSIDE_PHASE = "outside_phase"
    SAME_MINUTE = "same_minute"
    QUIET_HOURS = "quiet_hours"
    DAILY_CAP = "daily_cap"
    WEEKLY_CAP = "weekly_cap"
    OVER_BEFORE_IT_BEGINS = "over_before_it_begins"
    NO_SUCH_DAY = "no_such_day"
    NO_TEXT = "no_text"
    PROMOTION = "promotion"
    QUIET_DAY = "quiet_day"
    FACT_TOO_EARLY = "fact_too_early"
    FACT_TOO_LATE = "fact_too_late"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. `slots` are the posts, or `phases` the phases, that it is about.

    A `certain` one has to be mended before the programme is switched on. Another may be meant so
    (a platform's node that falls outside its phase), or not come true (a fan may be in only one of
    two audiences). `at` is the local time it is about, `allowed` a cap's number of posts, `written`
    what the file says where that is wrong, `beside` the other campaigns without which it would be
    right (see `programme_crowding.py`), `task` the name of a task whose post cannot be planned at
    all, `fact` the key of a day that was told wrong (see `fact_bounds.py`); `sentence` says it all
    in plain English.
    """

    kind: ProblemKind
    sentence: str
    certain: bool = True
    slots: tuple[str, ...] = ()
    phases: tuple[str, ...] = ()
    at: datetime | None = None
    allowed: int | None = None
    written: str = ""
    beside: tuple[str, ...] = ()
    task: Mapping[str, str] = field(default_factory=dict)
    fact: str = ""


@dataclass(frozen=True, slots=True)
class DatedPhase:
    """A phase whose days are known."""

    key: str
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class DatedPost:
    """What the checks ask about a post: `audience` None is groups.

    One that is `told` follows a moment that a platform or the shop has set, wherever that falls:
    what is wrong with it is worth knowing, and stops nobody.
    """

    slot: str
    phase: str
    at: datetime
    audience: str | None
    told: bool = False


def problems_of(
    phases: Sequence[DatedPhase],
    posts: Sequence[DatedPost],
    promotion: Promotion | None,
    settings: CareSettings,
    zone: ZoneInfo,
) -> Iterator[Problem]:
    """Everything that is wrong with these phases and posts, in the shop's local time."""
    yield from _wrong_phases(phases)
    by_key = {phase.key: phase for phase in phases}
    ordered = sorted(posts, key=lambda post: post.at)
    yield from _outside(ordered, by_key)
    yield from _same_minute(ordered)
    yield from _in_quiet_hours(ordered, promotion, settings, zone)
    yield from _on_quiet_days(ordered)
    yield from _over_caps(ordered, promotion, settings, zone)


def _wrong_phases(phases: Sequence[DatedPhase]) -> Iterator[Problem]:
    for phase in phases:
        if phase.last < phase.first:
            yield Problem(
                ProblemKind.PHASE_BACKWARDS,
                f"The phase {phase.key} ends on {phase.last}, before it begins on {phase.first}.",
                phases=(phase.key,),
            )
    for one, other in combinations(phases, 2):
        first, last = max(one.first, other.first), min(one.last, other.last)
        if first <= last:
            yield Problem(
                ProblemKind.PHASES_OVERLAP,
                f"The phases {one.key} and {other.key} overlap from {first} to {last}.",
                phases=(one.key, other.key),
            )


def _outside(posts: Sequence[DatedPost], phases: Mapping[str, DatedPhase]) -> Iterator[Problem]:
    for post in posts:
        phase = phases.get(post.phase)
        if phase is not None and not phase.first <= post.at.date() <= phase.last:
            yield Problem(
                ProblemKind.OUTSIDE_PHASE,
                f"{post.slot} falls on {post.at:%Y-%m-%d}, outside its phase {phase.key} "
                f"from {phase.first} to {phase.last}.",
                certain=not post.told,
                slots=(post.slot,),
                phases=(phase.key,),
                at=post.at,
            )


def _same_minute(posts: Sequence[DatedPost]) -> Iterator[Problem]:
    def addressed(post: DatedPost) -> tuple[str, datetime]:
        return post.audience or "", post.at.replace(second=0, microsecond=0)

    for (audience, at), group in groupby(sorted(posts, key=addressed), key=addressed):
        found = list(group)
        slots = tuple(post.slot for post in found)
        if len(slots) > 1:
            whom = audience or "the groups"
            yield Problem(
                ProblemKind.SAME_MINUTE,
                f"{' and '.join(slots)} reach {whom} in the same minute, {at:%Y-%m-%d %H:%M}.",
                certain=not any(post.told for post in found),
                slots=slots,
                at=at,
            )


def _in_quiet_hours(
    posts: Sequence[DatedPost],
    promotion: Promotion | None,
    settings: CareSettings,
    zone: ZoneInfo,
) -> Iterator[Problem]:
    for post in posts:
        nights = promotion.late_nights if promotion and promotion.covers(post.at.date()) else ()
        end = quiet_until(instant_of(post.at, zone), zone, settings.quiet_hours, nights)
        if end is not None:
            yield Problem(
                ProblemKind.QUIET_HOURS,
                f"{post.slot} falls on {post.at:%Y-%m-%d %H:%M}, in quiet hours that end at "
                f"{end.astimezone(zone):%H:%M}, and that day is no late night.",
                certain=not post.told,
                slots=(post.slot,),
                at=post.at,
            )


def _on_quiet_days(posts: Sequence[DatedPost]) -> Iterator[Problem]:
    for post in posts:
        if is_quiet(post.at.date()):
            yield Problem(
                ProblemKind.QUIET_DAY,
                f"{post.slot} falls on {post.at:%Y-%m-%d}, a quiet day on which nothing is sold; "
                "it will not go out.",
                certain=False,
                slots=(post.slot,),
                at=post.at,
            )


def _over_caps(
    posts: Sequence[DatedPost],
    promotion: Promotion | None,
    settings: CareSettings,
    zone: ZoneInfo,
) -> Iterator[Problem]:
    """Posts to groups all count together; private ones certainly by audience, and may together."""
    private = [post for post in posts if post.audience is not None]
    audiences = sorted({post.audience for post in private if post.audience is not None})
    told: set[tuple[str, ProblemKind]] = set()
    lines = [([post for post in posts if post.audience is None], True)]
    lines += [([post for post in private if post.audience == one], True) for one in audiences]
    lines += [(private, False)] if len(audiences) > 1 else []
    for line, certain in lines:
        for problem in _over_caps_of(line, promotion, settings, zone, certain=certain):
            if (problem.slots[0], problem.kind) not in told:
                told.add((problem.slots[0], problem.kind))
                yield problem


def _over_caps_of(
    posts: Sequence[DatedPost],
    promotion: Promotion | None,
    settings: CareSettings,
    zone: ZoneInfo,
    *,
    certain: bool,
) -> Iterator[Problem]:
    addressed: list[datetime] = []
    for post in posts:
        now = instant_of(post.at, zone).astimezone(UTC)
        a_day, a_week = settings.private_a_day, settings.private_a_week
        if post.audience is None:
            allowed = promotion if promotion and promotion.covers(post.at.date()) else settings
            a_day, a_week = allowed.posts_a_day, allowed.posts_a_week
        full = [
            (kind, cap, words)
            for cap, span, kind, words in (
                (a_day, DAY, ProblemKind.DAILY_CAP, "24 hours"),
                (a_week, WEEK, ProblemKind.WEEKLY_CAP, "7 days"),
            )
            if frees_at(addressed, cap, span, now) is not None
        ]
        for kind, cap, words in full:
            sure = certain and not post.told
            may = "is" if sure else "may be"
            yield Problem(
                kind,
                f"{post.slot} on {post.at:%Y-%m-%d %H:%M} {may} one more than the {cap} posts "
                f"that are allowed in {words}.",
                certain=sure,
                slots=(post.slot,),
                at=post.at,
                allowed=cap,
            )
        if not full:  # else it would not go out, and takes nothing from the next
            addressed.append(now)
