"""A programme's posts beside those of other campaigns that the same groups hear.

`programme_problems.py` looks at a programme by itself. Two that are each sound may still speak in
one minute, or together say more than the caps allow. Nothing of this is certain, for the other
campaign may be moved, paused or ended: it is told with the preview, and stops nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from scheduler.caps import DAY, WEEK, frees_at
from scheduler.caring import CareSettings
from scheduler.programme_problems import Problem, ProblemKind
from scheduler.promotions import Promotion
from scheduler.wall_time import instant_of

_SPANS = {ProblemKind.DAILY_CAP: DAY, ProblemKind.WEEKLY_CAP: WEEK}


@dataclass(frozen=True, slots=True)
class GroupPost:
    """A post to a group, `at` a local time, with its campaign's name and sale.

    Only one of the programme's own has a `slot`.
    """

    at: datetime
    campaign: str
    promotion: Promotion | None = None
    slot: str = ""


def crowding(
    own: Sequence[GroupPost], others: Sequence[GroupPost], settings: CareSettings, zone: ZoneInfo
) -> Iterator[Problem]:
    """What is wrong only because both are heard in one group, in the shop's local time.

    `Problem.beside` names the other campaigns. Where another campaign's post is the one too many,
    no slot is told.
    """
    at_once: dict[datetime, list[str]] = {}
    for post in others:
        at_once.setdefault(_minute(post), []).append(post.campaign)
    for post in sorted(own, key=_minute):
        if names := at_once.get(_minute(post)):
            yield _problem(ProblemKind.SAME_MINUTE, post, names)
    alone = {*_over_caps(own, settings, zone), *_over_caps(others, settings, zone)}
    for (post, kind), allowed in _over_caps([*own, *others], settings, zone).items():
        if (post, kind) in alone:
            continue
        names = [post.campaign]
        if post.slot:
            since = post.at - _SPANS[kind]
            names = [one.campaign for one in others if since < one.at <= post.at]
        yield _problem(kind, post, names, allowed)


def _minute(post: GroupPost) -> datetime:
    return post.at.replace(second=0, microsecond=0)


def _problem(
    kind: ProblemKind, post: GroupPost, names: Sequence[str], allowed: int | None = None
) -> Problem:
    beside = tuple(dict.fromkeys(names))
    spoken = post.slot or post.campaign
    return Problem(
        kind,
        f"{spoken} on {post.at:%Y-%m-%d %H:%M}, beside {', '.join(beside)}: {kind}.",
        certain=False,
        slots=(post.slot,) if post.slot else (),
        at=post.at,
        allowed=allowed,
        beside=beside,
    )


def _over_caps(
    posts: Sequence[GroupPost], settings: CareSettings, zone: ZoneInfo
) -> Mapping[tuple[GroupPost, ProblemKind], int]:
    """The posts of one group that are too many, in the order of time, with the cap of each."""
    found: dict[tuple[GroupPost, ProblemKind], int] = {}
    addressed: list[datetime] = []
    for post in sorted(posts, key=lambda one: (one.at, one.slot, one.campaign)):
        sale, now = post.promotion, instant_of(post.at, zone).astimezone(UTC)
        allowed = sale if sale and sale.covers(post.at.date()) else settings
        caps = {
            ProblemKind.DAILY_CAP: allowed.posts_a_day,
            ProblemKind.WEEKLY_CAP: allowed.posts_a_week,
        }
        full = {
            (post, kind): cap
            for kind, cap in caps.items()
            if frees_at(addressed, cap, _SPANS[kind], now) is not None
        }
        found |= full
        if not full:  # else it would not go out, and takes nothing from the next
            addressed.append(now)
    return found
