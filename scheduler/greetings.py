"""Greetings: which days of a span have one, and in which words.

The usual words of each festival stand in the programme `festivals` (`programmes/festivals.toml`).
More of them, by tone, are in `greetings/`: a file there has a table for each festival and tone,
with a list of templates in each language. Chinese is always there, and the n-th English text stands
for the n-th Chinese one. Several are needed because groups that share fans get different ones, and
none its own of the last two years (`apart.py`). `greetings/own.toml` has the words for the shop's
own days (`own_days.py`).

Whatever falls on one day is one greeting. A quiet day has its own words or none.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

from scheduler.bodies import template_body
from scheduler.festivals import GreetingDay, Region, all_festivals, greeting_days
from scheduler.greeting_facts import ADDRESS, CHINESE, said_also, said_of_own, slot_of
from scheduler.own_days import OwnDay, OwnKind, own_days_on
from scheduler.programme import shipped_programmes
from scheduler.quiet_days import FESTIVALS, is_quiet

_FOLDER = Path(__file__).with_name("greetings")
_NO_GREETINGS = "together.toml"  # sentences for the end of a greeting
_ALSO = "{{ also }}"
_DAY = timedelta(days=1)


class Tone(StrEnum):
    """How a greeting sounds: 暖, 俏皮 or 雅致."""

    WARM = "warm"
    PLAYFUL = "playful"
    ELEGANT = "elegant"


ALL_TONES = tuple(Tone)


@dataclass(frozen=True, slots=True)
class Greeting:
    """One day's greeting.

    `slot` is its name in the ledger; `names` what the day is called, by language; `texts` the
    variants of its words, by language, each a template; `facts` the variables that its slot alone
    does not tell, by language. It is `quiet` on a day of remembrance.
    """

    day: date
    slot: str
    names: Mapping[str, str]
    texts: Mapping[str, tuple[str, ...]]
    facts: Mapping[str, Mapping[str, Any]]
    quiet: bool = False

    def body(self, variables: Mapping[str, str], language: str) -> dict[str, Any]:
        """The greeting as the body of a content version, its variants kept apart."""
        texts = self.texts.get(language, self.texts[CHINESE])
        facts = self.facts.get(language, self.facts.get(CHINESE, {}))
        return {
            **template_body({self.slot: list(texts)}, variables, language),
            "facts": {self.slot: dict(facts)},
            "apart": True,
        }


def greetings_between(
    first: date,
    last: date,
    *,
    region: Region = Region.NORTH,
    own_days: Sequence[OwnDay] = (),
    tones: Collection[Tone] = ALL_TONES,
    mourning: Collection[date] = (),
    members_heard: Collection[date] = (),
) -> tuple[Greeting, ...]:
    """The greetings from one day to another, both included, in order.

    On a day that the shop declared as a day of `mourning`, and on 12·13, only words of
    remembrance are left: those of 清明 and 中元. Of a members' day nothing is said on days on which
    `members_heard` of it from something else.
    """
    festivals = {
        found.day: found
        for year in range(first.year, last.year + 1)
        for found in greeting_days(year, region, shipped_programmes()[FESTIVALS].texts)
    }
    found = []
    for number in range((last - first).days + 1):
        day = first + number * _DAY
        own = own_days_on(own_days, day)
        if day in members_heard:
            own = tuple(one for one in own if one.kind is not OwnKind.MEMBER_DAY)
        greeting = _greeting_on(day, festivals.get(day), own, tones)
        if greeting is not None and (greeting.quiet or not is_quiet(day, mourning)):
            found.append(greeting)
    return tuple(found)


def variants_for(
    topic: str, language: str = CHINESE, tones: Collection[Tone] = ALL_TONES
) -> tuple[str, ...]:
    """Every text for a festival, or for a kind of own day, in these tones, as templates.

    The usual text, which is warm, comes first. Words of remembrance are the same whatever the tone.
    """
    usual = shipped_programmes()[FESTIVALS].texts.get(topic)
    quiet = topic in _quiet_topics()
    found: list[str] = []
    if usual is not None and (quiet or Tone.WARM in tones):
        found.append(usual.get(language, usual[CHINESE]))
    for tone in Tone:
        if quiet or tone in tones:
            texts = _written().get(topic, {}).get(tone, {})
            more = texts.get(language, texts.get(CHINESE, ()))
            found.extend(more if quiet else (text + _ALSO for text in more))
    return tuple(found)


def _greeting_on(
    day: date, festival: GreetingDay | None, own: Sequence[OwnDay], tones: Collection[Tone]
) -> Greeting | None:
    """What is said on a day; a festival of the calendar comes before the shop's own day."""
    if festival is not None:
        return _of_festival(festival, own, tones)
    return _of_own_day(day, own, tones) if own else None


def _of_festival(found: GreetingDay, own: Sequence[OwnDay], tones: Collection[Tone]) -> Greeting:
    festival, others = found.festival, found.others
    own = () if festival.quiet else own
    named = {
        CHINESE: "、".join(
            [festival.chinese, *(o.chinese for o in others), *(o.name for o in own)]
        ),
        "en": ", ".join([festival.english, *(o.english for o in others), *(o.name for o in own)]),
    }
    keys = [other.key for other in others]
    return Greeting(
        found.day,
        slot_of(found),
        named,
        {language: variants_for(festival.key, language, tones) for language in named},
        {
            language: {"also": said_also(keys, language) + _also_own(own, language)}
            for language in named
        }
        if own
        else {},
        quiet=festival.quiet,
    )


def _of_own_day(day: date, own: Sequence[OwnDay], tones: Collection[Tone]) -> Greeting:
    first, *others = own
    languages = (CHINESE, "en")
    return Greeting(
        day,
        f"{day:%Y-%m-%d}:{first.kind}",
        dict.fromkeys(languages, "、".join(one.name for one in own)),
        {language: variants_for(first.kind, language, tones) for language in languages},
        {
            language: {
                "festival": first.name,
                "years": first.years_on(day),
                "address": ADDRESS[language],
                "also": _also_own(others, language),
            }
            for language in languages
        },
    )


def _also_own(own: Sequence[OwnDay], language: str) -> str:
    """A sentence about each of these days of the shop's own."""
    return "".join(said_of_own(one.name, language) for one in own)


@lru_cache(maxsize=1)
def _quiet_topics() -> frozenset[str]:
    return frozenset(one.key for one in all_festivals() if one.quiet)


@lru_cache(maxsize=1)
def _written() -> Mapping[str, Mapping[str, Mapping[str, tuple[str, ...]]]]:
    """Topic → tone → language → templates, of all files."""
    found: dict[str, Any] = {}
    for path in sorted(_FOLDER.glob("*.toml")):
        if path.name != _NO_GREETINGS:
            found |= tomllib.loads(path.read_text(encoding="utf-8"))
    return found
