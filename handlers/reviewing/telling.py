"""Tells the staff of a review by itself, once: of each campaign, and of a programme's whole year.

A watcher (`bot/watching.py`) asks which campaigns have nothing more to plan. One is told when the
last window after its posts is over, a programme when that of its last campaign is; never in quiet
hours, and not at all where that was days ago. What was told stands in the database, so that no
restart and no second process tells it again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from handlers.desk import Desk
from handlers.period import day_bounds
from handlers.programme_files import plan_of, shelf
from handlers.reviewing.figures import Review
from handlers.reviewing.picture import review_picture
from handlers.reviewing.reading import looked_for, review_of_campaign, review_of_programme
from handlers.reviewing.text import review_text, shown_buttons
from handlers.staff import managers, tell_managers
from scheduler.content import Content
from scheduler.programme_parts import Programme
from scheduler.quiet_hours import quiet_until
from scheduler.trials import UNPLANNED_WINDOW
from storage import campaigns
from storage.campaigns import StoredCampaign
from storage.errors import SchedulingError
from storage.review_ledger import groups_concerned
from storage.running_programmes import RunningProgramme, programmes_ever_on
from storage.staff_chats import staff_chats
from storage.told_reviews import (
    Ended,
    Reviewed,
    note_reviewed,
    untold_campaigns,
    untold_programmes,
)

_log = structlog.get_logger(__name__)

LATE_FOR = timedelta(days=3)
"""What was over for longer is no news."""


async def tell_reviews(desk: Desk) -> int:
    """Tell of what is over and was not told yet; how many reviews reached anybody."""
    now = desk.clock.now()
    if quiet_until(now, ZoneInfo(desk.shop.zone), desk.care.quiet_hours) is not None:
        return 0
    async with desk.database.reading() as connection:
        programmes = await untold_programmes(connection, desk.shop_id)
        people = await managers(connection, desk.shop)
        chats = await staff_chats(connection, desk.shop_id)
    if not (people or chats):
        return 0
    count = 0
    for one in programmes:
        count += await _tell_programme(desk, one, now)
    async with desk.database.reading() as connection:
        over = await untold_campaigns(connection, desk.shop_id)
    for one in over:
        count += await _tell_campaign(desk, one, now)
    return count


async def _tell_campaign(desk: Desk, ended: Ended, now: datetime) -> bool:
    async with desk.database.reading() as connection:
        campaign = await campaigns.by_id(connection, ended.id)
    if campaign is None:
        return False
    try:
        if not await _is_time(desk, Reviewed.CAMPAIGN, ended, [campaign], now):
            return False
        review = await review_of_campaign(desk, campaign)
    except SchedulingError as trouble:
        return await _pass_over(desk, Reviewed.CAMPAIGN, ended.id, str(trouble))
    return await _tell(desk, Reviewed.CAMPAIGN, ended, review, [campaign])


async def _tell_programme(desk: Desk, ended: Ended, now: datetime) -> bool:
    """The same of a programme; those of its campaigns that were not told yet are told with it."""
    async with desk.database.reading() as connection:
        on = {one.id: one for one in await programmes_ever_on(connection, desk.shop_id)}
        every = await campaigns.of_programme(connection, ended.id)
    running = on.get(ended.id)
    programme = (await shelf(desk)).programmes.get(running.key) if running is not None else None
    if running is None or programme is None:
        return await _pass_over(desk, Reviewed.PROGRAMME, ended.id, "there is no such programme")
    try:
        over = await _last_phase_over(desk, programme, running)
        if not await _is_time(desk, Reviewed.PROGRAMME, ended, every, now, not_before=over):
            return False
        review = await review_of_programme(desk, programme, running)
    except SchedulingError as trouble:
        return await _pass_over(desk, Reviewed.PROGRAMME, ended.id, str(trouble))
    return await _tell(desk, Reviewed.PROGRAMME, ended, review, every)


async def _last_phase_over(
    desk: Desk, programme: Programme, running: RunningProgramme
) -> datetime | None:
    """When the last phase of a programme that is on is over: until then something may be added."""
    if not running.is_on:
        return None
    plan = await plan_of(desk, programme, running.year, running.facts)
    days = [phase.last for phase in plan.phases if phase.last is not None]
    return day_bounds(desk, max(days))[1] if days else None


async def _is_time(
    desk: Desk,
    kind: Reviewed,
    ended: Ended,
    every: Sequence[StoredCampaign],
    now: datetime,
    *,
    not_before: datetime | None = None,
) -> bool:
    """Whether the last window is over, and a moment that it is to wait for.

    What nobody need be told of any more is passed over.

    Raises:
        SchedulingError: the plan of a trial cannot be read.
    """
    if ended.waiting:
        return False
    if ended.last_at is None:
        return await _pass_over(desk, kind, ended.id, "nothing of it was to be sent")
    if now < ended.last_at + UNPLANNED_WINDOW:
        return False
    async with desk.database.reading() as connection:
        over_at = ended.last_at + await looked_for(connection, every)
    over_at = max(over_at, not_before or over_at)
    if now > over_at + LATE_FOR:
        return await _pass_over(desk, kind, ended.id, "it was over days ago")
    return now >= over_at


async def _pass_over(desk: Desk, kind: Reviewed, number: int, why: str) -> bool:
    """Write down that nobody is told of it; False, for whoever asks whether somebody was."""
    _log.info("review_passed_over", kind=kind.value, number=number, reason=why)
    async with desk.database.writing() as connection:
        await note_reviewed(connection, desk.shop_id, kind, [number], None)
    return False


async def _tell(
    desk: Desk, kind: Reviewed, ended: Ended, review: Review, every: Sequence[StoredCampaign]
) -> bool:
    key, since = f"review:{kind.value}:{ended.id}", ended.last_at
    async with desk.database.reading() as connection:
        groups = await groups_concerned(connection, [one.id for one in every])
    about = next(iter(groups)) if len(groups) == 1 else None
    content = Content(review_text(desk, review), buttons=shown_buttons(desk, review))
    if not await tell_managers(desk, content, key, about=about, once_since=since):
        _log.error("review_unheard", kind=kind.value, number=ended.id)
        return False  # the next look tries again
    async with desk.database.writing() as connection:
        at = desk.clock.now()
        await note_reviewed(connection, desk.shop_id, kind, [ended.id], at)
        if kind is Reviewed.PROGRAMME:
            ids = [one.id for one in every]
            await note_reviewed(connection, desk.shop_id, Reviewed.CAMPAIGN, ids, at)
    picture = await review_picture(desk, review)
    if picture is not None:
        shown = Content("", pictures=(picture,))
        await tell_managers(desk, shown, f"picture-of-{key}", about=about, once_since=since)
    return True
