"""What the command line shows of the days to come: every post, also of programmes that are off."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.asking import opened_desk
from bot.configuration import Configuration
from handlers.offering import Offer, offer
from handlers.planned import Planned, coming, what_comes
from handlers.programme_files import Shelf, is_greetings, read_shelf
from handlers.wording import wording
from scheduler.decide import Reason
from scheduler.legal_days import legal_day
from scheduler.programme_parts import Programme
from storage.database import missing_file
from storage.errors import RunningError, SchedulingError
from storage.running_programmes import RunningProgramme, running_programme

_A_YEAR = timedelta(days=366)

Known = dict[int, RunningProgramme]
"""What the shop has said of the years of a programme."""


class ProgrammeUnknown(RunningError):
    """There is no programme of this key or name."""

    number = 516
    sentence = "There is no programme {name!r}."
    mend = "The programmes are: {known}."


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
            "approved": _is_approved(one),
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
        mark = " " if _is_approved(one) else "?"
        day = legal_day(one.at.date())
        off = ("休?" if day.provisional else "休 ") if day.off else "   "
        first = one.text.splitlines()[0]
        return f"{one.at:%Y-%m-%d %H:%M} {off} {mark} {one.campaign}  {one.audience}  {first[:40]}"


def _is_approved(one: Planned) -> bool:
    return one.campaign_id is not None and one.holds is not Reason.NOT_APPROVED


@dataclass(frozen=True, slots=True)
class Coming:
    """The posts of a span, and a sentence for each file or task that has none for some reason."""

    posts: tuple[Post, ...]
    notes: tuple[str, ...]


async def coming_posts(
    configuration: Configuration,
    *,
    first: date | None,
    last: date | None,
    programme: str | None = None,
) -> Coming:
    """Every post from the first to the last day; works without a database as well.

    Of programmes that are off there are festivals' greetings, and what the big sale says in groups
    with nothing told by the shop. With `programme` it is this one alone, also in private, whether
    it is on or off, and what of it waits.

    Raises:
        ProgrammeUnknown: there is none of this key or name.
        SchedulingError: this one cannot be planned.
    """
    zone = ZoneInfo(configuration.shop.zone)
    now = datetime.now(zone)
    since = datetime.combine(first, time.min, zone) - timedelta(microseconds=1) if first else now
    until = datetime.combine(last, time.max, zone) if last else since + _A_YEAR
    span = _Span(configuration, since, until)
    shelf = await asyncio.to_thread(read_shelf, configuration.programmes.folder)
    notes = [str(one.trouble) for one in shelf.unread]
    if programme is not None:
        meant = _named(shelf, programme)
        found, known = await _standing(span, [meant])
        posts = [one for one in found if one.programme == meant.key]
        if not is_greetings(meant):
            more = await _offered(span, meant, known[meant.key], privately=True)
            posts = _beside(posts, meant, more.posts)
            notes += more.notes
        return _coming(posts, notes)
    by_default = [one for one in shelf.programmes.values() if one.schedule and one.tasks]
    posts, known = await _standing(span, by_default)
    for one in by_default:
        try:
            more = await _offered(span, one, known[one.key], privately=False)
        except (SchedulingError, OSError) as trouble:
            notes.append(str(trouble))
        else:
            posts = _beside(posts, one, more.posts)
    return _coming(posts, notes)


@dataclass(frozen=True, slots=True)
class _Span:
    """Whose days, after `since` up to `until`."""

    configuration: Configuration
    since: datetime
    until: datetime


def _named(shelf: Shelf, name: str) -> Programme:
    found = shelf.named(name)
    if found is None:
        raise ProgrammeUnknown(name=name, known=", ".join(shelf.programmes))
    return found


async def _standing(
    span: _Span, programmes: Iterable[Programme]
) -> tuple[list[Planned], dict[str, Known]]:
    """What comes as things stand, and by key what the shop has said of these programmes."""
    shop = span.configuration.shop_settings()
    known: dict[str, Known] = {one.key: {} for one in programmes}
    # Looking must not make a database.
    if missing_file(span.configuration.storage.url.get_secret_value()) is not None:
        return what_comes(shop, wording(shop.language), span.since, span.until), known
    async with opened_desk(span.configuration) as desk:
        found = await coming(desk, span.since, span.until)
        async with desk.database.reading() as connection:
            for key, years in known.items():
                for year in range(span.since.year, span.until.year + 2):
                    said = await running_programme(connection, desk.shop_id, key, year)
                    if said is not None:
                        years[year] = said
    return found, known


async def _offered(span: _Span, programme: Programme, known: Known, *, privately: bool) -> Offer:
    shop = span.configuration.shop_settings()
    return await asyncio.to_thread(
        offer,
        shop,
        wording(shop.language),
        programme,
        span.since,
        span.until,
        care=span.configuration.care_settings(),
        known=known,
        privately=privately,
    )


def _beside(
    standing: Sequence[Planned], programme: Programme, offered: Sequence[Planned]
) -> list[Planned]:
    """The posts of a programme that is off beside what stands; its countdown is one of them."""
    kept = [
        one
        for one in standing
        if one.programme != programme.key or one.campaign_id is not None or one.is_on
    ]
    said = {(one.programme, one.slot, one.at.date()) for one in kept}
    return kept + [one for one in offered if (one.programme, one.slot, one.at.date()) not in said]


def _coming(posts: Iterable[Planned], notes: Sequence[str]) -> Coming:
    ordered = sorted(posts, key=lambda one: one.at)
    return Coming(tuple(Post(one) for one in ordered), tuple(notes))
