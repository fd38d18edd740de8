"""The demand report of a shop: from stored messages and analysed days to one value.

A day that is over is analysed once per group and kept; today, and days that something changed,
are analysed when a report wants them. All reading of text happens in a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache, partial
from zoneinfo import ZoneInfo

from handlers.desk import Desk
from insights import days as insight_days
from insights.background import Background
from insights.days import AnalysedDay, analyse_day, reading_version
from insights.masking import mask
from insights.report import DemandReport, demand_report
from storage import analysis, members, messages
from storage.groups import Group
from storage.messages import Quote, Utterance

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """Calendar days of the shop, first and last included."""

    first: date
    last: date

    @property
    def days(self) -> list[date]:
        """Every day of it."""
        return [self.first + n * _DAY for n in range((self.last - self.first).days + 1)]

    @classmethod
    def ending(cls, last: date, days: int) -> Period:
        """So many days, the last of them `last`."""
        return cls(last - (days - 1) * _DAY, last)

    def before(self) -> Period:
        """The period of the same length right before."""
        return Period(self.first - len(self.days) * _DAY, self.first - _DAY)


def last_days(desk: Desk, number: int) -> Period:
    """The last `number` days of the shop, today included."""
    return Period.ending(desk.shop.day_of(desk.clock.now()), number)


def bounds_of(desk: Desk, period: Period) -> tuple[datetime, datetime]:
    """The moments at which a period begins and is over."""
    return _bounds(desk, period.first)[0], _bounds(desk, period.last)[1]


async def report(desk: Desk, groups: Sequence[Group], period: Period) -> DemandReport:
    """What fans in these groups care about, mind, like, dislike and ask for in the period.

    Quotes are masked. Changes are against the period of the same length before.
    """
    now = await _days(desk, groups, period)
    before = await _days(desk, groups, period.before())
    async with desk.database.reading() as connection:
        speakers = {member for day in (*now, *before) for member in day.messages}
        names = await members.names_in(connection, [group.id for group in groups], speakers)
    find = partial(demand_report, now, before, _background(), names=names)
    found = await asyncio.to_thread(find)
    async with desk.database.reading() as connection:
        quoted = await messages.quotes(connection, sorted(found.quoted()))
    texts = await asyncio.to_thread(_masked, quoted, names)
    return found.with_quotes(texts)


def _masked(quoted: Sequence[Quote], names: Collection[str]) -> dict[int, str]:
    """Message id → its text without anything that tells who somebody is.

    Fans call each other by name, too; a name of one character is a word more often than a name.
    """
    return {
        one.id: mask(one.text, [name for name in names if len(name) > 1 and name in one.text])
        for one in quoted
    }


async def analyse_finished_days(desk: Desk, groups: Sequence[Group], period: Period) -> None:
    """Analyse what is missing or stale, so that the next report finds it done."""
    await _days(desk, groups, period)


async def analyse_before_forgetting(desk: Desk, groups: Sequence[Group], last: date) -> None:
    """Analyse every day up to `last` that still has its text and was never read, or is stale.

    Called before that text is deleted: what was understood of it stays.
    """
    for group in groups:
        days = await _days_with_text(desk, group, None, last)
        if not days:
            continue
        async with desk.database.reading() as connection:
            stored = await analysis.stored_days(connection, [group.id], days[0], last)
        read = {one.day for one in stored if not one.dirty}
        for day in days:
            if day not in read:
                await _analyse(desk, group, day, keep=True)


async def _days_with_text(desk: Desk, group: Group, first: date | None, last: date) -> list[date]:
    """The days of a group on which somebody said something that is still stored."""
    since = None if first is None else _bounds(desk, first)[0]
    _, until = _bounds(desk, last)
    days: list[date] = []
    async with desk.database.reading() as connection:
        while said := await messages.first_said(connection, group.id, since, until):
            days.append(desk.shop.day_of(said))
            _, since = _bounds(desk, days[-1])
    return days


async def _days(desk: Desk, groups: Sequence[Group], period: Period) -> list[AnalysedDay]:
    version = reading_version(desk.segmenter, desk.lexicon)
    today = desk.shop.day_of(desk.clock.now())
    # The text of days before this one is going: what was understood of them stands as it is.
    readable = desk.shop.day_of(desk.clock.now() - desk.shop.text_kept_for) + _DAY
    async with desk.database.reading() as connection:
        stored = await analysis.stored_days(
            connection, [group.id for group in groups], period.first, period.last
        )
        unrecorded = await members.unrecorded(connection)
    kept = {
        (one.group_id, one.day): one.body
        for one in stored
        if one.day < readable or (one.version == version and not one.dirty)
    }
    missing = [
        (group, day)
        for group in groups
        for day in await _days_with_text(desk, group, period.first, period.last)
        if (group.id, day) not in kept
    ]
    found = await asyncio.to_thread(
        lambda: [_without(AnalysedDay.from_json(one), unrecorded) for one in kept.values()]
    )
    for group, day in missing:
        found.append(await _analyse(desk, group, day, keep=day < today))
    return found


def _without(day: AnalysedDay, unrecorded: Collection[int]) -> AnalysedDay:
    """The day without those who asked for no record: one whose text is gone is not read again."""
    for member in day.messages.keys() & set(unrecorded):
        day = day.without(member)
    return day


async def _analyse(desk: Desk, group: Group, day: date, *, keep: bool) -> AnalysedDay:
    since, until = _bounds(desk, day)
    if keep:
        async with desk.database.writing() as connection:
            await analysis.begin_day(connection, group.id, day, at=desk.clock.now())
    async with desk.database.reading() as connection:
        said = await messages.utterances(connection, group.id, since, until)
    analysed = await asyncio.to_thread(_read, desk, said)
    if keep:
        async with desk.database.writing() as connection:
            await analysis.store_day(
                connection,
                group.id,
                day,
                version=analysed.version,
                body=analysed.to_json(),
                at=desk.clock.now(),
            )
    return analysed


def _read(desk: Desk, said: Sequence[Utterance]) -> AnalysedDay:
    utterances = [insight_days.Utterance(one.id, one.member_id, one.at, one.text) for one in said]
    return analyse_day(utterances, desk.segmenter, desk.lexicon)


def _bounds(desk: Desk, day: date) -> tuple[datetime, datetime]:
    zone = ZoneInfo(desk.shop.zone)
    return (
        datetime.combine(day, time.min, zone),
        datetime.combine(day + _DAY, time.min, zone),
    )


@lru_cache(maxsize=1)
def _background() -> Background:
    return Background()
