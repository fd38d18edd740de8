"""What a post of a programme says on another day than its file's, and what is wrong with it there.

How many days are left is reckoned from the day on which it goes out; other words that name a day or
an hour are pointed out, for only a person can tell whether they are still right. A move is held
against the same rules as the programme itself: its phases, the caps, the quiet hours and days, the
other posts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from handlers.desk import Desk
from handlers.programme_entries import Entry
from handlers.programme_problems import problem_lines
from handlers.time_words import time_words
from scheduler.bodies import content_of, variants_of
from scheduler.programme_plan import ProgrammePlan
from scheduler.programme_problems import DatedPhase, DatedPost, problems_of
from scheduler.wall_time import zone_named


def ends_before(plan: ProgrammePlan, slot: str, to: datetime) -> datetime | None:
    """The end of what a post is tied to, where `to` is not before it: a node, or a shop's moment.

    None where it may go out then; its words are about nothing that is over.
    """
    tied = (one for one in plan.posts if one.slot == slot and one.told)
    return next((one.until for one in tied if to >= one.until), None)


def time_lines(desk: Desk, body: Mapping[str, Any], one: Entry, to: datetime) -> list[str]:
    """A line about the words of a moved post that may be wrong at `to`, in any of its texts."""
    name = desk.say("小鱼") if one.in_private else desk.say("群")
    texts = [
        content_of(body, one.slot, name, in_private=one.in_private, variant=variant).text
        for variant in variants_of(body, one.slot)
    ]
    found = time_words(texts, another_day=to.date() != one.at.date())
    if not found:
        return []
    words = desk.listed((desk.say("「{word}」", word=word) for word in found), len(found))
    return [desk.say("请留意：文案里写着{words}，换了时间还对吗？", words=words)]


def wrong_there(
    desk: Desk, plan: ProgrammePlan, entries: Sequence[Entry], slot: str, to: datetime
) -> list[str]:
    """A line for each thing that is wrong with a post at a local time, beside all the others."""
    times = {one.slot: one.at.replace(tzinfo=None) for one in entries} | {slot: to}
    left = {one.slot for one in entries if one.skipped}
    posts = [
        replace(post, at=times.get(post.slot, post.at))
        for post in plan.posts
        if post.slot not in left
    ]
    found = problems_of(
        [
            DatedPhase(one.key, one.first, one.last)
            for one in plan.phases
            if one.first is not None and one.last is not None
        ],
        [DatedPost(one.slot, one.phase, one.at, one.audience, one.told) for one in posts],
        plan.promotion,
        desk.care,
        zone_named(desk.shop.zone),
    )
    about = [one for one in found if slot in one.slots]
    lines = problem_lines(desk, replace(plan, posts=tuple(posts)), about)
    return [desk.say("请留意："), *lines] if lines else []
