"""Programmes: kinds of care that a shop runs, kept as files in `scheduler/programmes/`.

A programme's file has a key, its names, a schedule with the year left open, the hours that a
post stays valid, and a text for each festival or slot in Chinese and, where there is one, in
English; a countdown may have a promotion window as well. From it come the campaigns of a year
(`campaign_for`, `default_campaigns`) and the words of each occurrence (`preview`). What can be
checked is checked when the file is read.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from scheduler.campaigns import Campaign, CampaignState, Occurrence
from scheduler.festivals import Region, festival_keys, festival_named
from scheduler.promotions import Promotion
from scheduler.schedule_json import schedule_from_json
from scheduler.schedules import Countdown, Festivals, Schedule, days_left
from scheduler.templates import check, render
from scheduler.wall_time import zone_named
from storage.errors import SchedulingError

_FOLDER = Path(__file__).with_name("programmes")
_PARTS = {"key": str, "name": dict, "schedule": dict, "texts": dict, "valid_hours": int}
_OPTIONAL = {"promotion": dict}
_SHAPES = {str: "a text", dict: "a table", int: "a whole number"}
_CHINESE = "zh"
_LEAP_YEAR = 2024  # has every day that a file may name


class ProgrammeBroken(SchedulingError):
    """A programme's file is not written as a programme."""

    number = 318
    sentence = "The programme {file} is broken at {part}: {reason}."
    mend = "Correct the file; scheduler/programmes/double11.toml is an example."


class TextMissing(SchedulingError):
    """No programme has words for this occurrence."""

    number = 319
    sentence = "The programme {programme} has no text for {topic}."
    mend = "Write one, or leave this occurrence out of its schedule."


@dataclass(frozen=True, slots=True)
class Programme:
    """One kind of care: `texts` maps a topic and a language to a template.

    The topic of an occurrence is its festival's key, or its slot (see `topic_of`). `schedule` is
    the JSON of a schedule in which a countdown's day has no year (`11-11`), and `promotion` that
    of a promotion window whose days have none.
    """

    key: str
    names: Mapping[str, str]
    schedule: Mapping[str, Any]
    valid_for: timedelta
    texts: Mapping[str, Mapping[str, str]]
    promotion: Mapping[str, Any] | None = None

    def schedule_for(self, year: int, region: Region = Region.NORTH) -> Schedule:
        """The schedule of a year.

        Raises:
            ScheduleInvalid: the file's schedule is wrong, or its day is not in this year.
        """
        document = dict(self.schedule)
        if document.get("kind") == "countdown":
            document["day"] = f"{year}-{document.get('day')}"
        if document.get("kind") == "festivals":
            document["keys"] = [key for key in festival_keys() if key in self.texts]
            document["region"] = region.value
        return schedule_from_json(document)

    def promotion_for(self, year: int) -> Promotion | None:
        """The promotion window of a year; all its days lie in that year.

        Raises:
            PromotionInvalid: the file's promotion is wrong, or a day is not in this year.
        """
        if self.promotion is None:
            return None
        document = dict(self.promotion)
        for part in ("first_day", "last_day"):
            document[part] = f"{year}-{document.get(part)}"
        if isinstance(nights := document.get("late_nights"), list):
            document["late_nights"] = [f"{year}-{night}" for night in nights]
        return Promotion.from_json(document)


def topic_of(slot: str) -> str:
    """What a slot speaks about: `mid-autumn` for `2026-09-25:mid-autumn`, else the slot itself."""
    return slot.rpartition(":")[2]


@lru_cache(maxsize=1)
def shipped_programmes() -> Mapping[str, Programme]:
    """The programmes that come with the bot, by key."""
    found = [read_programme(path) for path in sorted(_FOLDER.glob("*.toml"))]
    return {programme.key: programme for programme in found}


def read_programme(path: Path) -> Programme:
    """The programme in this TOML file.

    Raises:
        ProgrammeBroken: it is not a programme; the error names the part.
        OSError: the file cannot be read.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProgrammeBroken(file=path.name, part="its syntax", reason=error) from error
    if unknown := sorted(document.keys() - _PARTS.keys() - _OPTIONAL.keys()):
        raise ProgrammeBroken(file=path.name, part=", ".join(unknown), reason="it is unknown")
    for part, shape in (_PARTS | _OPTIONAL).items():
        if part in _OPTIONAL and part not in document:
            continue
        if not isinstance(document.get(part), shape):
            reason = f"it must be {_SHAPES[shape]}"
            raise ProgrammeBroken(file=path.name, part=part, reason=reason)
    if document["valid_hours"] <= 0:
        raise ProgrammeBroken(file=path.name, part="valid_hours", reason="it must be above 0")
    programme = Programme(
        key=document["key"],
        names=_in_languages(path, "name", document["name"]),
        schedule=document["schedule"],
        valid_for=timedelta(hours=document["valid_hours"]),
        texts={
            topic: _in_languages(path, f"texts.{topic}", texts)
            for topic, texts in document["texts"].items()
        },
        promotion=document.get("promotion"),
    )
    _check_topics(path, programme)
    _check_promotion(path, programme)
    return programme


def campaign_for(
    programme: Programme,
    year: int,
    zone: str,
    *,
    language: str = _CHINESE,
    region: Region = Region.NORTH,
) -> Campaign:
    """The programme's campaign of a year, as a draft: nothing goes out until it is approved.

    A countdown's key has the year in it (`double11:2026`), because its slots have none; other
    campaigns run on from year to year under their programme's key.

    Raises:
        ZoneUnknown: `zone` is no time zone.
    """
    schedule = programme.schedule_for(year, region)
    key, name = programme.key, _in_language(programme.names, language)
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
        promotion=programme.promotion_for(year),
    )


def default_campaigns(
    zone: str,
    since: datetime,
    until: datetime,
    *,
    language: str = _CHINESE,
    region: Region = Region.NORTH,
) -> tuple[Campaign, ...]:
    """The shipped programmes' campaigns for a span of time, as drafts, in order of their keys.

    A countdown is there when one of its days falls between the local dates of `since` and
    `until`: from now to a year ahead, the next Double-11 is always among them.
    """
    first, last = (moment.astimezone(zone_named(zone)).date() for moment in (since, until))
    found: dict[str, Campaign] = {}
    for programme in shipped_programmes().values():
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
    language: str = _CHINESE,
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
    if left is not None:
        return {"days": left}
    topic = topic_of(slot)
    if topic in festival_keys():
        festival = festival_named(topic)
        name = festival.chinese if language == _CHINESE else festival.english
        return {"festival": name, "greeting": festival.greeting}
    return {}


def _in_language(texts: Mapping[str, str], language: str) -> str:
    return texts.get(language, texts[_CHINESE])


def _in_languages(path: Path, part: str, found: Any) -> Mapping[str, str]:
    """A table from language to text, with Chinese in it; every text must be a sound template."""
    if not isinstance(found, dict) or _CHINESE not in found:
        raise ProgrammeBroken(file=path.name, part=part, reason="it has no Chinese (zh)")
    for language, text in found.items():
        if not isinstance(text, str):
            raise ProgrammeBroken(file=path.name, part=f"{part}.{language}", reason="it is no text")
        try:
            check(text)
        except SchedulingError as error:
            raise ProgrammeBroken(
                file=path.name, part=f"{part}.{language}", reason=error
            ) from error
    return found


def _check_topics(path: Path, programme: Programme) -> None:
    """Every slot of the schedule has its text, and no text is left over."""
    try:
        schedule = programme.schedule_for(_LEAP_YEAR)
    except SchedulingError as error:
        raise ProgrammeBroken(file=path.name, part="schedule", reason=error) from error
    match schedule:
        case Countdown(_, first_days_left, _, last_day):
            topics = {f"d-{left}" for left in range(0 if last_day else 1, first_days_left + 1)}
        case Festivals(_, keys):
            topics = set(keys or ())
        case _:
            return
    for topic in sorted(topics ^ programme.texts.keys()):
        reason = "the schedule has no such day" if topic in programme.texts else "it is missing"
        raise ProgrammeBroken(file=path.name, part=f"texts.{topic}", reason=reason)


def _check_promotion(path: Path, programme: Programme) -> None:
    """A promotion window is sound, and its programme's campaigns have a year to place it in."""
    try:
        promotion = programme.promotion_for(_LEAP_YEAR)
    except SchedulingError as error:
        raise ProgrammeBroken(file=path.name, part="promotion", reason=error) from error
    if promotion and not isinstance(programme.schedule_for(_LEAP_YEAR), Countdown):
        reason = "only a countdown can have one"
        raise ProgrammeBroken(file=path.name, part="promotion", reason=reason)
