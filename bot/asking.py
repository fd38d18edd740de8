"""The questions that the command line asks of the shop's memory without a running bot."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from bot.configuration import Configuration
from bot.wiring import open_desk
from handlers.arguments import quoted
from handlers.compare_text import compare_text
from handlers.demand import compared_with
from handlers.desk import Desk
from handlers.full_report import FullReport, full_report
from handlers.hearing_gaps import gap_document, gap_lines, gaps_in
from handlers.inquiry import Inquiry, segment_lines
from handlers.insight_arguments import PeriodWords, SegmentWord
from handlers.period import Period
from handlers.progress import progress_of
from handlers.report_page import report_page
from handlers.report_table import report_table
from handlers.report_text import report_text
from handlers.rereading import Told, read_unread
from handlers.wording import Say
from scheduler.clock import RealClock
from storage.database import missing_file
from storage.errors import RunningError
from storage.groups import Group, heard_groups
from storage.messages import last_heard
from storage.saved_segments import pinned
from storage.segments import members_in
from storage.tags import tag_counts

_WEEK = 7


class GroupUnknown(RunningError):
    """There is no group of this name."""

    number = 504
    sentence = "There is no group named {group!r}."
    mend = "The groups are: {known}."


class TagUnknown(RunningError):
    """Nobody carries this tag."""

    number = 513
    sentence = "Nobody carries the tag {tag!r}."
    mend = "The tags are: {known}."


class NothingKept(RunningError):
    """There is no database yet; looking does not make one."""

    number = 515
    sentence = "There is no database yet: {place} is not there."
    mend = "`nuanqun run` makes it, and so does `nuanqun import chat FILE`."


@dataclass(frozen=True, slots=True)
class DemandQuestion:
    """Which report is wanted: by default of seven days up to the last that its groups spoke on.

    `groups` are names, none for every group; `segment` is for its people alone. The other
    period, from `against_first` to `against_last`, is as long as the first one where only one of
    its days is given; without either, changes are against the periods before. `names` asks for
    quotes with names in them, which is noted in the audit log.
    """

    groups: tuple[str, ...] = ()
    first: date | None = None
    last: date | None = None
    against_first: date | None = None
    against_last: date | None = None
    segment: SegmentWord | None = None
    names: bool = False

    def period(self, heard: date) -> Period:
        """The days; `heard` is the last one on which anybody spoke there."""
        end = self.last or max(heard, self.first or heard)
        return Period.ending(end, _WEEK) if self.first is None else Period(self.first, end)

    def against(self, period: Period) -> Period | None:
        """The days to compare with, if any."""
        first, last, days = self.against_first, self.against_last, len(period.days)
        if first is None:
            return None if last is None else Period.ending(last, days)
        return Period(first, last or first + timedelta(days=days - 1))


@dataclass(frozen=True, slots=True)
class Answer:
    """A report as a document and as a text, and all of it for a page or a table."""

    document: dict[str, Any]
    text: str
    full: FullReport
    say: Say
    language: str

    def page(self) -> str:
        """The report as one HTML file."""
        return report_page(self.say, self.language, self.full)

    def table(self) -> str:
        """The report as comma-separated values."""
        return report_table(self.say, self.full)


@asynccontextmanager
async def opened_desk(configuration: Configuration) -> AsyncIterator[Desk]:
    """The shop's desk, for as long as a question takes.

    Raises:
        NothingKept: there is no database yet.
        StorageError: it cannot be used.
    """
    missing = missing_file(configuration.storage.url.get_secret_value())
    if missing is not None:
        raise NothingKept(place=missing)
    desk = await open_desk(configuration, RealClock())
    try:
        yield desk
    finally:
        await desk.database.close()


async def demand(
    configuration: Configuration,
    question: DemandQuestion,
    told: Told = lambda _done, _of: None,
) -> Answer:
    """The demand report that is asked for.

    What is unread of its periods is read first: `told` is told how far that is.

    Raises:
        GroupUnknown: no group has this name.
        TagUnknown: nobody carries this tag.
        SavedSegmentUnknown: no saved segment has this name.
    """
    async with opened_desk(configuration) as desk:
        async with desk.database.reading() as connection:
            everywhere = await heard_groups(connection, desk.shop_id)
            wanted = _named(everywhere, question.groups) if question.groups else everywhere
            latest = await last_heard(connection, [group.id for group in wanted])
        period = question.period(desk.shop.day_of(latest or desk.clock.now()))
        against = question.against(period)
        inquiry = Inquiry(
            words=PeriodWords.of(period),
            period=period,
            aimed=" ".join(f"@{quoted(name)}" for name in question.groups),
            groups=tuple(wanted),
            segment=question.segment,
            members=None if question.segment is None else await _meant(desk, question.segment),
        )
        ids = inquiry.group_ids
        for days in _looked_at(period, against):
            await read_unread(desk, ids, days, told)
        reading = await progress_of(desk, ids, period)
        gaps = await gaps_in(desk, wanted, period)
        notes = [
            *segment_lines(desk, inquiry),
            *reading.lines(desk),
            *gap_lines(desk, gaps, len(gaps)),
        ]
        full = await full_report(desk, inquiry, notes, against=against, names=question.names)
        document = {
            "from": period.first.isoformat(),
            "to": period.last.isoformat(),
            "groups": inquiry.group_names,
            "segment": None if inquiry.segment is None else inquiry.segment.written,
            "against": None if against is None else _days(against),
            "gaps": [gap_document(one, wanted) for one in gaps],
            "reading": reading.to_json(),
            **full.found.to_json(),
        }
        text = _text(desk, full)
        return Answer(document, text, full, desk.say, desk.shop.language)


def _looked_at(period: Period, against: Period | None) -> list[Period]:
    """The days that have to be read for a report."""
    if against is not None:
        return [against, period]
    return [Period(compared_with(period)[0].first, period.last)]


def _days(period: Period) -> dict[str, str]:
    return {"from": period.first.isoformat(), "to": period.last.isoformat()}


def _text(desk: Desk, full: FullReport) -> str:
    if full.other is None:
        return report_text(desk.say, full.found, full.period, full.groups, full.notes)
    return compare_text(
        desk.say, full.found, full.period, full.other, full.groups, notes=full.notes
    )


async def _meant(desk: Desk, segment: SegmentWord) -> frozenset[int]:
    """The members of a segment."""
    now = desk.clock.now()
    async with desk.database.reading() as connection:
        meant = await pinned(connection, desk.shop_id, segment.segment)
        found = await members_in(connection, meant, now)
        known = [name for name, _ in await tag_counts(connection, now)]
    if not found and segment.tag is not None:
        raise TagUnknown(tag=segment.tag, known=", ".join(known) or "none")
    return frozenset(found)


def _named(everywhere: list[Group], names: Sequence[str]) -> list[Group]:
    """The groups of these names; several may share one."""
    known = {group.name for group in everywhere}
    for name in names:
        if name not in known:
            listed = ", ".join(one.name for one in everywhere) or "none"
            raise GroupUnknown(group=name, known=listed)
    return [group for group in everywhere if group.name in names]
