"""Programmes: kinds of care that a shop runs, kept as files in `scheduler/programmes/`.

A file has up to two parts. One any shop can use as it is: a schedule with the year left open, and
a text for each festival or slot. From it come, in this room, the campaigns of a year
(`campaign_for`, `default_campaigns`) and the words of each occurrence (`preview`). The other part
is switched on with a shop's own facts: phases and tasks, from which `programme_plan.py` makes the
posts of a year. `programme_file.py` reads a file, `programme_parts.py` has its values.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from scheduler.campaigns import Campaign, CampaignState, Occurrence
from scheduler.festivals import Region
from scheduler.greeting_facts import festival_facts, names_of
from scheduler.programme_calendar import Calendar
from scheduler.programme_file import ProgrammeBroken, read_programme
from scheduler.programme_parts import CHINESE, Programme
from scheduler.schedules import Countdown, Schedule, days_left
from scheduler.templates import render
from scheduler.wall_time import zone_named
from storage.errors import SchedulingError

__all__ = [
    "Programme",
    "ProgrammeBroken",
    "TextMissing",
    "campaign_for",
    "default_campaigns",
    "facts_of",
    "preview",
    "read_programme",
    "shipped_programmes",
    "topic_of",
]

_FOLDER = Path(__file__).with_name("programmes")


class TextMissing(SchedulingError):
    """No programme has words for this occurrence."""

    number = 319
    sentence = "The programme {programme} has no text for {topic}."
    mend = "Write one, or leave this occurrence out of its schedule."


def topic_of(slot: str) -> str:
    """What a slot speaks about: `mid-autumn` for `2026-09-25:mid-autumn`, else the slot itself.

    Of festivals that share a day it is the greater.
    """
    return names_of(slot)[0]


@lru_cache(maxsize=1)
def shipped_programmes() -> Mapping[str, Programme]:
    """The programmes that come with the bot, by key."""
    found = [read_programme(path) for path in sorted(_FOLDER.glob("*.toml"))]
    return {programme.key: programme for programme in found}


def campaign_for(
    programme: Programme,
    year: int,
    zone: str,
    *,
    language: str = CHINESE,
    region: Region = Region.NORTH,
) -> Campaign:
    """The campaign of a programme's schedule in a year, as a draft until somebody approves it.

    A countdown's key has the year in it (`double11:2026`), because its slots have none; other
    campaigns run on from year to year under their programme's key.

    Raises:
        ZoneUnknown: `zone` is no time zone.
    """
    schedule = programme.schedule_for(year, region)
    key = programme.key
    name = _in_language(programme.schedule_names or programme.names, language)
    if isinstance(schedule, Countdown):
        key, name = f"{key}:{year}", f"{name} {year}"
    return Campaign(
        key=key,
        programme=programme.key,
        name=name,
        schedule=schedule,
        zone=zone,
        valid_for=programme.valid_for,
        state=CampaignState.DRAFT,
        promotion=programme.promotion_for(Calendar(year)),
    )


def default_campaigns(
    zone: str,
    since: datetime,
    until: datetime,
    *,
    language: str = CHINESE,
    region: Region = Region.NORTH,
) -> tuple[Campaign, ...]:
    """The campaigns of the shipped programmes' schedules for a span of time, as drafts, by key.

    A countdown is there when one of its days falls between the local dates of `since` and
    `until`: from now to a year ahead, the next Double-11 is always among them.
    """
    first, last = (moment.astimezone(zone_named(zone)).date() for moment in (since, until))
    found: dict[str, Campaign] = {}
    scheduled = (one for one in shipped_programmes().values() if one.schedule is not None)
    for programme in scheduled:
        # One year further, because a countdown to a day in January begins in the year before.
        for year in range(first.year, last.year + 2):
            campaign = campaign_for(programme, year, zone, language=language, region=region)
            if _has_days_between(campaign.schedule, first, last):
                found.setdefault(campaign.key, campaign)
    return tuple(found[key] for key in sorted(found))


def _has_days_between(schedule: Schedule, first: date, last: date) -> bool:
    if isinstance(schedule, Countdown):
        begins = schedule.day - timedelta(days=schedule.first_days_left)
        return begins <= last and schedule.day >= first
    return True


def preview(
    campaign: Campaign,
    occurrence: Occurrence,
    variables: Mapping[str, object],
    *,
    language: str = CHINESE,
) -> str:
    """The words of an occurrence of a shipped programme's campaign.

    Beside `variables` (`shop` is always needed; `slogan` is empty unless given) the templates
    see what follows from the slot: `days` left, `festival` and its `greeting`.

    Raises:
        TextMissing: the campaign is of no shipped programme, or this one has no such text.
        VariableUnknown: the text asks for a variable that was not given.
    """
    topic = topic_of(occurrence.slot)
    programme = shipped_programmes().get(campaign.programme)
    texts = programme.texts.get(topic) if programme else None
    if texts is None:
        raise TextMissing(programme=campaign.programme, topic=topic)
    known = {"slogan": "", **facts_of(occurrence.slot, language), **variables}
    return render(_in_language(texts, language), **known)


def facts_of(slot: str, language: str) -> dict[str, object]:
    """The template variables that a slot itself tells: the days left, or the festival's words."""
    left = days_left(slot)
    return festival_facts(slot, language) if left is None else {"days": left}


def _in_language(texts: Mapping[str, str], language: str) -> str:
    return texts.get(language, texts[CHINESE])
