"""Tells the staff of reviews by itself, once: of campaigns, and of a programme's whole year.

A watcher (`bot/watching.py`) asks which campaigns have nothing more to plan. One is over when the
last window after its posts is, and what is over on one day is told at once, when the last of it is.
A programme is told when its last campaign is over, and of one that runs on, the year that is over
in January. Nothing is told in quiet hours, nor what was over days ago. What was told, and what
reached nobody, stands in the database: no restart and no second process tells it again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from handlers.desk import Desk
from handlers.period import day_bounds
from handlers.programme_files import plan_of, shelf
from handlers.reviewing.figures import Review
from handlers.reviewing.picture import review_picture
from handlers.reviewing.reading import looked_for, review_of_campaign, review_of_programme
from handlers.reviewing.text import gathered_buttons, gathered_text, review_text, shown_buttons
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
    note_unheard,
    untold_campaigns,
    untold_programmes,
    untold_years,
    year_of,
)

_log = structlog.get_logger(__name__)

LATE_FOR = timedelta(days=3)
"""What was over for longer is no news."""
YEAR_TOLD = (timedelta(days=7), timedelta(days=31))
"""From when until when in a year the one before is told, of a programme that runs on."""


async def tell_reviews(desk: Desk) -> int:
    """Tell of what is over and was not told yet; how many tellings reached anybody."""
    now = desk.clock.now()
    if quiet_until(now, ZoneInfo(desk.shop.zone), desk.care.quiet_hours) is not None:
        return 0
    async with desk.database.reading() as connection:
        programmes = await untold_programmes(connection, desk.shop_id, now)
        people = await managers(connection, desk.shop)
        chats = await staff_chats(connection, desk.shop_id)
    if not (people or chats):
        return 0
    count = 0
    for one in programmes:
        count += await _tell_programme(desk, one, now)
    count += await _tell_years(desk, now)
    return count + await _tell_campaigns(desk, now)


@dataclass(frozen=True, slots=True)
class _Telling:
    """What is told at once: reviews of a kind by their ids, and the campaigns that they are of.

    Under its `key` nobody is told again to whom it was said from `since` on.
    """

    kind: str
    ids: Sequence[int]
    key: str
    since: datetime
    campaigns: Sequence[int]


async def _tell_programme(desk: Desk, ended: Ended, now: datetime) -> bool:
    """Tell of a programme's year; those of its campaigns that were not told yet go with it."""
    kind = Reviewed.PROGRAMME
    async with desk.database.reading() as connection:
        on = {one.id: one for one in await programmes_ever_on(connection, desk.shop_id)}
        every = await campaigns.of_programme(connection, ended.id)
    running = on.get(ended.id)
    programme = (await shelf(desk)).programmes.get(running.key) if running is not None else None
    if running is None or programme is None:
        return await _pass_over(desk, kind, ended.id, "there is no such programme")
    try:
        over_at = await _over_at(desk, kind, ended, every, now)
        if over_at is None:
            return False
        last_phase = await _last_phase_over(desk, programme, running)
        if not await _is_news(desk, kind, ended.id, max(over_at, last_phase or over_at), now):
            return False
        review = await review_of_programme(desk, programme, running)
    except SchedulingError as trouble:
        return await _pass_over(desk, kind, ended.id, str(trouble))
    since = ended.last_at or over_at
    telling = _Telling(kind, [ended.id], f"review:{kind}:{ended.id}", since, _ids(every))
    if not await _tell_whole(desk, telling, review):
        return False
    async with desk.database.writing() as connection:
        at = desk.clock.now()
        await note_reviewed(connection, desk.shop_id, Reviewed.CAMPAIGN, _ids(every), at)
    return True


async def _last_phase_over(
    desk: Desk, programme: Programme, running: RunningProgramme
) -> datetime | None:
    """When the last phase of a programme that is on is over: until then something may be added."""
    if not running.is_on:
        return None
    plan = await plan_of(desk, programme, running.year, running.facts)
    days = [phase.last for phase in plan.phases if phase.last is not None]
    return day_bounds(desk, max(days))[1] if days else None


async def _tell_years(desk: Desk, now: datetime) -> int:
    """Tell of the year that is over, of each programme that runs on from year to year."""
    this_year = desk.shop.day_of(now).year
    begins, _ = day_bounds(desk, date(this_year, 1, 1))
    earliest, latest = YEAR_TOLD
    if not begins + earliest <= now < begins + latest:
        return 0
    year, kind = this_year - 1, year_of(this_year - 1)
    async with desk.database.reading() as connection:
        ids = await untold_years(connection, desk.shop_id, year, now)
        on = {one.id: one for one in await programmes_ever_on(connection, desk.shop_id)}
    count = 0
    for number in ids:
        programme = (await shelf(desk)).programmes.get(on[number].key)
        if programme is None:
            await _pass_over(desk, kind, number, "there is no such programme")
            continue
        try:
            review = await review_of_programme(desk, programme, on[number], year)
        except SchedulingError as trouble:
            await _pass_over(desk, kind, number, str(trouble))
            continue
        if not review.ledger.planned:
            await _pass_over(desk, kind, number, "nothing of it was to be sent")
            continue
        theirs = sorted({post.campaign_id for post in review.posts})
        telling = _Telling(kind, [number], f"review:{kind}:{number}", begins, theirs)
        count += await _tell_whole(desk, telling, review)
    return count


async def _tell_campaigns(desk: Desk, now: datetime) -> bool:
    """Tell of the campaigns that are over, but for a day on which others will be over yet."""
    kind = Reviewed.CAMPAIGN
    async with desk.database.reading() as connection:
        over = await untold_campaigns(connection, desk.shop_id, now)
    ready: list[tuple[date, Ended, StoredCampaign]] = []
    goes_on: set[date] = set()
    for one in over:
        async with desk.database.reading() as connection:
            campaign = await campaigns.by_id(connection, one.id)
        if campaign is None:
            continue
        try:
            over_at = await _over_at(desk, kind, one, [campaign], now)
        except SchedulingError as trouble:
            await _pass_over(desk, kind, one.id, str(trouble))
            continue
        if over_at is None:
            continue
        if now < over_at:
            goes_on.add(desk.shop.day_of(over_at))
        elif await _is_news(desk, kind, one.id, over_at, now):
            ready.append((desk.shop.day_of(over_at), one, campaign))
    return await _tell_at_once(
        desk, [(ended, campaign) for day, ended, campaign in ready if day not in goes_on]
    )


async def _tell_at_once(desk: Desk, over: Sequence[tuple[Ended, StoredCampaign]]) -> bool:
    """Tell of one campaign as a whole, of several in a line each."""
    kind, reviews, told = Reviewed.CAMPAIGN, [], []
    for ended, campaign in over:
        try:
            reviews.append(await review_of_campaign(desk, campaign, with_talk=len(over) == 1))
        except SchedulingError as trouble:
            await _pass_over(desk, kind, ended.id, str(trouble))
        else:
            told.append(ended)
    if not told:
        return False
    ids = [one.id for one in told]
    since = min(one.last_at for one in told if one.last_at is not None)
    if len(told) == 1:
        telling = _Telling(kind, ids, f"review:{kind}:{ids[0]}", since, ids)
        return await _tell_whole(desk, telling, reviews[0])
    telling = _Telling(kind, ids, f"reviews:{ids[0]}..{ids[-1]}:{len(ids)}", since, ids)
    content = Content(gathered_text(desk, reviews), buttons=gathered_buttons(desk, reviews))
    return await _tell(desk, telling, content)


async def _over_at(
    desk: Desk, kind: str, ended: Ended, every: Sequence[StoredCampaign], now: datetime
) -> datetime | None:
    """When the last window is over, or the earliest that may be; None: nothing is to be told.

    Raises:
        SchedulingError: the plan of a trial cannot be read.
    """
    if ended.waiting:
        return None
    if ended.last_at is None:
        await _pass_over(desk, kind, ended.id, "nothing of it was to be sent")
        return None
    earliest = ended.last_at + UNPLANNED_WINDOW
    if now < earliest:
        return earliest
    async with desk.database.reading() as connection:
        return ended.last_at + await looked_for(connection, every)


async def _is_news(desk: Desk, kind: str, number: int, over_at: datetime, now: datetime) -> bool:
    """Whether it is over, and was not over for so long that nobody need be told any more."""
    if now > over_at + LATE_FOR:
        return await _pass_over(desk, kind, number, "it was over days ago")
    return now >= over_at


async def _pass_over(desk: Desk, kind: str, number: int, why: str) -> bool:
    """Write down that nobody is told of it; False, for whoever asks whether somebody was."""
    _log.info("review_passed_over", kind=kind, number=number, reason=why)
    async with desk.database.writing() as connection:
        await note_reviewed(connection, desk.shop_id, kind, [number], None)
    return False


async def _tell_whole(desk: Desk, telling: _Telling, review: Review) -> bool:
    """Tell of one review, with its picture behind it; whether it reached anybody."""
    content = Content(review_text(desk, review), buttons=shown_buttons(desk, review))
    if not await _tell(desk, telling, content):
        return False
    picture = await review_picture(desk, review)
    if picture is not None:
        await _say(desk, telling, Content("", pictures=(picture,)), f"picture-of-{telling.key}")
    return True


async def _tell(desk: Desk, telling: _Telling, content: Content) -> bool:
    heard = await _say(desk, telling, content, telling.key)
    at = desk.clock.now()
    async with desk.database.writing() as connection:
        if heard:
            await note_reviewed(connection, desk.shop_id, telling.kind, telling.ids, at)
        else:
            _log.error("review_unheard", kind=telling.kind, numbers=list(telling.ids))
            await note_unheard(connection, desk.shop_id, telling.kind, telling.ids, at)
    return heard


async def _say(desk: Desk, telling: _Telling, content: Content, key: str) -> bool:
    async with desk.database.reading() as connection:
        groups = await groups_concerned(connection, telling.campaigns)
    about = next(iter(groups)) if len(groups) == 1 else None
    return bool(await tell_managers(desk, content, key, about=about, once_since=telling.since))


def _ids(every: Sequence[StoredCampaign]) -> list[int]:
    return [one.id for one in every]
