"""The picture of a review: figures, how each phase or post went, what fans did, what to learn.

`review_sheet` chooses what is shown and says it in words; `review_picture` has it drawn. A picture
is an extra: where it cannot be drawn the text goes out alone, and the log says why.
"""

from __future__ import annotations

import structlog

from handlers.desk import Desk
from handlers.pictures.drawing import NotDrawn, drawn
from handlers.pictures.sheet import Bar, Hint, ReviewSheet, Tile, Went
from handlers.reviewing.advice import Kind
from handlers.reviewing.advice_text import KINDS, advice_line
from handlers.reviewing.figures import Ledger, Review
from handlers.reviewing.text import part_name
from handlers.trial_text import METRICS, span_told
from scheduler.content import Picture
from storage.aftermath import Aftermath
from storage.outcome_sources import Metric

_log = structlog.get_logger(__name__)

_WENT = 10  # phases or posts: what a phone shows without a magnifying glass
_HINTS = 5


async def review_picture(desk: Desk, review: Review) -> Picture | None:
    """The review as a picture for a phone; None where nothing has begun, or there is no font."""
    png = await review_png(desk, review)
    return None if png is None else Picture.drawn(png)


async def review_png(desk: Desk, review: Review) -> bytes | None:
    """The same as the bytes of a PNG file."""
    if not review.begun:
        return None
    try:
        return await drawn(review_sheet(desk, review))
    except NotDrawn as trouble:
        _log.warning("review not drawn", title=review.title, reason=str(trouble))
        return None


def review_sheet(desk: Desk, review: Review) -> ReviewSheet:
    """What the picture of a review shows, in words."""
    say, ledger, posts = desk.say, review.ledger, review.posts
    first, last = desk.shop.local(posts[0].at), desk.shop.local(posts[-1].at)
    days = f"{first:%m-%d}" if first.date() == last.date() else f"{first:%m-%d} – {last:%m-%d}"
    within = say("{window}内", window=span_told(desk, review.window))
    return ReviewSheet(
        title=say("复盘：{name}", name=review.title),
        subtitle=" · ".join([days, *_recipients(desk, review.did)]),
        tiles=(
            Tile(say("计划"), f"{ledger.planned:,}"),
            Tile(say("发出"), f"{ledger.sent:,}"),
            Tile(say("没发出"), f"{ledger.held_back + ledger.uncertain:,}"),
            Tile(say("回复"), f"{review.did.people(Metric.REPLIES):,}"),
        ),
        went_title=say("每个阶段发出多少") if review.has_phases else say("每次发出多少"),
        went=_went(desk, review),
        did_title=say("发出后 {within}，多少位粉丝", within=within),
        did=tuple(
            Bar(say(name), count)
            for metric, name in METRICS.items()
            if (count := review.did.people(metric))
        ),
        hints_title=say("下次"),
        hints=tuple(
            Hint(say(KINDS[one.kind]), advice_line(say, one), one.kind is Kind.KEEP)
            for one in review.advice
            if one.kind is not Kind.UNKNOWN
        )[:_HINTS],
        footnote=say("一位粉丝只算一次。前后的差别不一定是这次带来的。"),
        nameless=say("（表情）"),
    )


def _recipients(desk: Desk, did: Aftermath) -> list[str]:
    say, found = desk.say, []
    if did.groups is not None:
        one = did.groups
        found.append(say("{count} 个群 {fans} 位粉丝", count=one.recipients, fans=one.fans.people))
    if did.private is not None:
        found.append(say("私信 {fans} 位", fans=did.private.fans.people))
    return found


def _went(desk: Desk, review: Review) -> tuple[Went, ...]:
    """A programme's phases; of what has none, its tasks or posts where there are several."""
    if review.has_phases:
        return tuple(
            _one(desk, part_name(desk, part), part.ledger, part.did) for part in review.parts
        )
    tasks = review.tasks
    if not 1 < len(tasks) <= _WENT:
        return ()
    return tuple(_one(desk, task.name, task.ledger, task.did) for task in tasks)


def _one(desk: Desk, name: str, ledger: Ledger, did: Aftermath) -> Went:
    replied = did.people(Metric.REPLIES)
    told = desk.say("回复 {count}", count=replied) if did.both is not None else ""
    return Went(name, ledger.planned, ledger.sent, told)
