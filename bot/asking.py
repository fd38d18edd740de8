"""The questions that the command line asks of the shop's memory without a running bot."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.configuration import Configuration
from bot.wiring import open_desk
from handlers.demand import compared_with, report
from handlers.desk import Desk
from handlers.hearing_gaps import gap_document, gap_lines, gaps_in
from handlers.period import Period
from handlers.planned import Planned, coming, what_comes
from handlers.progress import progress_of
from handlers.report_text import report_text
from handlers.rereading import Told, read_unread
from handlers.wording import wording
from scheduler.clock import RealClock
from scheduler.legal_days import legal_day
from storage.database import missing_file
from storage.errors import RunningError
from storage.groups import Group, heard_groups
from storage.messages import last_heard

_A_YEAR = timedelta(days=366)
_WEEK = 7


class GroupUnknown(RunningError):
    """There is no group of this name."""

    number = 504
    sentence = "There is no group named {group!r}."
    mend = "The groups are: {known}."


@dataclass(frozen=True, slots=True)
class Answer:
    """A report as a document and as a text."""

    document: dict[str, Any]
    text: str


@dataclass(frozen=True, slots=True)
class Post:
    """One post to come, as the command line shows it."""

    planned: Planned

    def to_json(self) -> dict[str, Any]:
        """The post; `approved` tells whether it will go out, `legal_day` what offices do then."""
        one = self.planned
        day = legal_day(one.at.date())
        return {
            "at": one.at.isoformat(),
            "campaign": one.campaign,
            "programme": one.programme,
            "slot": one.slot,
            "audience": one.audience,
            "approved": one.campaign_id is not None,
            "text": one.text,
            "legal_day": {
                "kind": day.kind.value,
                "name": day.name,
                "provisional": day.provisional,
            },
        }

    def line(self) -> str:
        """One line: when, what, to whom, how it begins.

        `?` marks what nobody has approved yet; 休 a day off by law, 休? where that is provisional.
        """
        one = self.planned
        mark = " " if one.campaign_id is not None else "?"
        day = legal_day(one.at.date())
        off = ("休?" if day.provisional else "休 ") if day.off else "   "
        first = one.text.splitlines()[0]
        return f"{one.at:%Y-%m-%d %H:%M} {off} {mark} {one.campaign}  {one.audience}  {first[:40]}"


@asynccontextmanager
async def _open(configuration: Configuration) -> AsyncIterator[Desk]:
    desk = await open_desk(configuration, RealClock())
    try:
        yield desk
    finally:
        await desk.database.close()


async def demand(
    configuration: Configuration,
    *,
    group: str | None,
    first: date | None,
    last: date | None,
    told: Told = lambda _done, _of: None,
) -> Answer:
    """The demand report of a period; by default the last seven days that anybody spoke on.

    What is unread of it, and of the periods before, is read first: `told` is told how far that is.

    Raises:
        GroupUnknown: no group has this name.
    """
    async with _open(configuration) as desk:
        async with desk.database.reading() as connection:
            everywhere = await heard_groups(connection, desk.shop_id)
            latest = await last_heard(connection)
        wanted = _named(everywhere, group) if group is not None else everywhere
        heard = desk.shop.day_of(latest or desk.clock.now())
        end = last or max(heard, first or heard)
        period = Period(first, end) if first is not None else Period.ending(end, _WEEK)
        ids = [one.id for one in wanted]
        await read_unread(desk, ids, Period(compared_with(period)[0].first, period.last), told)
        found = await report(desk, wanted, period)
        reading = await progress_of(desk, ids, period)
        gaps = await gaps_in(desk, wanted, period)
        names = [one.name for one in wanted]
        document = {
            "from": period.first.isoformat(),
            "to": period.last.isoformat(),
            "groups": names,
            "gaps": [gap_document(one, wanted) for one in gaps],
            "reading": reading.to_json(),
            **found.to_json(),
        }
        lines = [*reading.lines(desk), *gap_lines(desk, gaps, len(gaps))]
        return Answer(document, report_text(desk.say, found, period, names, lines))


def _named(everywhere: list[Group], name: str) -> list[Group]:
    wanted = [one for one in everywhere if one.name == name]
    if not wanted:
        raise GroupUnknown(group=name, known=", ".join(one.name for one in everywhere) or "none")
    return wanted


async def coming_posts(
    configuration: Configuration, *, first: date | None, last: date | None
) -> list[Post]:
    """Every post from the first to the last day; works without a database as well."""
    shop = configuration.shop_settings()
    zone = ZoneInfo(shop.zone)
    now = datetime.now(zone)
    since = datetime.combine(first, time.min, zone) - timedelta(microseconds=1) if first else now
    until = datetime.combine(last, time.max, zone) if last else since + _A_YEAR
    # Looking must not make a database.
    if missing_file(configuration.storage.url.get_secret_value()) is not None:
        found = what_comes(shop, wording(shop.language), since, until)
    else:
        async with _open(configuration) as desk:
            found = await coming(desk, since, until)
    return [Post(one) for one in found]
