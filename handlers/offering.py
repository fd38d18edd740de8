"""What a programme that is off would post, for whoever looks ahead before switching it on.

Each year of it is planned from its file, the platform's moments and what the shop has said, as
`programme_wanted.py` would; nothing is made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from handlers.planned import Planned
from handlers.programme_files import plan_for, title_of
from handlers.settings import ShopSettings
from handlers.wording import Say
from scheduler.bodies import SAMPLE_CODE
from scheduler.caring import CareSettings
from scheduler.programme_parts import Programme
from scheduler.programme_plan import ProgrammePlan, ProgrammePost
from scheduler.templates import COUPON, render
from scheduler.wall_time import instant_of, zone_named
from storage.running_programmes import RunningProgramme


@dataclass(frozen=True, slots=True)
class Offer:
    """The posts of a programme in a span, and a sentence for each that waits or is wrong."""

    posts: tuple[Planned, ...]
    notes: tuple[str, ...]


def offer(
    shop: ShopSettings,
    say: Say,
    programme: Programme,
    since: datetime,
    until: datetime,
    *,
    care: CareSettings,
    known: Mapping[int, RunningProgramme],
    privately: bool,
) -> Offer:
    """The posts after `since` up to `until` of the years that are not on, and notes on all years.

    What is only expected (a moment that no platform has confirmed) is left out. `known` is what the
    shop has said of the years; with `privately` posts to people are there as well.

    Raises:
        SchedulingError: a fact or a file of nodes is wrong.
        OSError: a file of nodes cannot be read.
    """
    posts: list[Planned] = []
    notes: list[str] = []
    # One year further, because a programme of January begins in the year before.
    for year in range(shop.day_of(since).year, shop.day_of(until).year + 2):
        running = known.get(year)
        found = plan_for(shop, care, programme, year, {} if running is None else running.facts)
        inside = [
            one
            for one in _posts(shop, say, programme, found, privately=privately)
            if since < one.at <= until
        ]
        if running is None or not running.is_on:
            posts += inside
        if inside:
            notes += _notes(found)
    return Offer(tuple(sorted(posts, key=lambda one: one.at)), tuple(notes))


def _posts(
    shop: ShopSettings, say: Say, programme: Programme, found: ProgrammePlan, *, privately: bool
) -> Iterator[Planned]:
    zone = zone_named(shop.zone)
    for post in found.posts:
        if post.provisional or (post.audience is not None and not privately):
            continue
        people = post.audience is not None
        yield Planned(
            at=shop.local(instant_of(post.at, zone)),
            campaign=title_of(programme, shop, found.year),
            campaign_id=None,
            programme=programme.key,
            slot=post.slot,
            audience=say("私信 {people}", people=post.audience)
            if people
            else post.groups or say("所有群"),
            text=_text(shop, say, post),
            promotion=None if people else found.promotion,
        )


def _text(shop: ShopSettings, say: Say, post: ProgrammePost) -> str:
    """The first variant of a post's words, as a group or a fan gets it."""
    texts = post.texts.get(shop.language, post.texts["zh"])
    called = {"fan": say("小鱼"), COUPON: SAMPLE_CODE}
    if post.audience is None:
        called = {"group": say("群")}
    return render(texts[0], **{**shop.variables, **post.facts, **called})


def _notes(found: ProgrammePlan) -> Iterator[str]:
    for waiting in found.waiting:
        name = waiting.name.get("en", waiting.name["zh"])
        yield f"{name} ({waiting.task}) waits for {waiting.what} of {found.year}"
    for problem in found.problems:
        yield problem.sentence
