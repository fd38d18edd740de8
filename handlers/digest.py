"""The weekly digest: what fans said last week, what changed, what spiked, which words wait.

On Monday morning the staff get it by themselves, once; a bot that was off then, or reached nobody,
tells it until Wednesday. `/digest` gives the same for any period. Where nobody spoke there is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import structlog

from handlers.demand import report
from handlers.desk import Desk
from handlers.digest_text import digest_text
from handlers.hearing_gaps import gap_lines, gaps_in
from handlers.insight_arguments import PeriodWords
from handlers.narrative import narrate
from handlers.period import Period, bounds_of, today
from handlers.pictures.picture import insight_picture
from handlers.progress import progress_of
from handlers.staff import tell_managers, was_told
from insights.report import DemandReport
from scheduler.content import Button, Content, Picture
from scheduler.quiet_hours import quiet_until
from storage.groups import Group, all_groups
from storage.told_spikes import spikes_since
from storage.word_proposals import waiting_words

_log = structlog.get_logger(__name__)

_LATE_FOR = timedelta(days=3)  # from Monday on: a digest of Thursday is no news
_GAPS = 2
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Digest:
    """What is told, in this order; the report that it tells of."""

    content: Content
    found: DemandReport
    period: Period
    groups: Sequence[str]


async def digest_of(desk: Desk, groups: Sequence[Group], period: Period) -> Digest | None:
    """The digest of a period in these groups; None where nobody spoke."""
    found = await report(desk, groups, period)
    if not found.messages:
        return None
    since, until = bounds_of(desk, period)
    async with desk.database.reading() as connection:
        spikes = await spikes_since(connection, desk.shop_id, since)
        words = await waiting_words(connection, desk.shop_id)
    ids, names = [group.id for group in groups], [group.name for group in groups]
    reading = await progress_of(desk, ids, period)
    text = digest_text(
        desk,
        found,
        period,
        names,
        spikes=[one for one in spikes if one.began_at < until],
        words=[one.word for one in words],
        notes=[*reading.lines(desk), *gap_lines(desk, await gaps_in(desk, groups, period), _GAPS)],
    )
    asked_again = PeriodWords.of(period).written
    buttons = [
        Button(desk.say("看原话"), f"/quotes {asked_again}"),
        Button(desk.say("对比上期"), f"/compare {asked_again}"),
    ]
    if words:
        buttons.append(Button(desk.say("看新词"), "/words"))
    return Digest(Content(text, buttons=tuple(buttons)), found, period, names)


async def picture_of(desk: Desk, digest: Digest) -> Picture | None:
    """The picture that belongs to a digest; None where it could not be drawn."""
    return await insight_picture(desk, digest.found, digest.period, digest.groups)


def week_before(day: date) -> Period:
    """The last week that was over on this day, Monday to Sunday."""
    monday = day - timedelta(days=day.weekday())
    return Period(monday - _WEEK, monday - timedelta(days=1))


async def tell_digest(desk: Desk) -> list[str]:
    """Tell the staff of last week, if nobody did so yet; whom it reached.

    In quiet hours, and from Thursday on, nobody is told.
    """
    now, day = desk.clock.now(), today(desk)
    period = week_before(day)
    if day - period.last > _LATE_FOR:
        return []
    if quiet_until(now, ZoneInfo(desk.shop.zone), desk.care.quiet_hours) is not None:
        return []
    key = f"digest:{period.first.isoformat()}"
    if await was_told(desk, key, bounds_of(desk, period)[1]):
        return []
    async with desk.database.reading() as connection:
        groups = await all_groups(connection, desk.shop_id)
    digest = await digest_of(desk, groups, period)
    if digest is None:
        return []
    told = await tell_managers(desk, digest.content, key)
    if not told:
        _log.error("digest_unheard", week=period.first.isoformat())
        return []
    picture = await picture_of(desk, digest)
    if picture is not None:
        await tell_managers(desk, Content("", pictures=(picture,)), f"picture-of-{key}")
    narrative = await narrate(desk, digest.found)
    if narrative is not None:
        await tell_managers(desk, Content(narrative), f"narrative-of-{key}")
    return told
