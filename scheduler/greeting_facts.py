"""What a greeting's slot tells its words: the festival's name, and the others of the same day.

Two festivals on one day are one greeting, and its slot names both, the greater first:
`2031-10-01:mid-autumn+national-day`. The greeting is the first one's; one sentence about each of
the others (`greetings/together.toml`) comes after it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from scheduler.festivals import GreetingDay, festival_keys, festival_named
from scheduler.templates import render

TOGETHER = "+"
"""Between the festivals of one slot."""
CHINESE = "zh"
ADDRESS = {CHINESE: "大家", "en": "everyone"}
"""Language → how a shop calls its fans where it has not said."""

_FILE = Path(__file__).with_name("greetings") / "together.toml"


def slot_of(found: GreetingDay) -> str:
    """The slot of a day's greeting."""
    keys = TOGETHER.join(one.key for one in (found.festival, *found.others))
    return f"{found.day:%Y-%m-%d}:{keys}"


def names_of(slot: str) -> tuple[str, ...]:
    """What a greeting's slot names, the greater festival first: `("mid-autumn",)`."""
    return tuple(slot.rpartition(":")[2].split(TOGETHER))


def festival_facts(slot: str, language: str) -> dict[str, object]:
    """The variables of a festival's greeting; none where the slot names no festival.

    Beside the festival's name and the word after it: `also`, what is said of the others of the
    day, and `address`, how the fans are called unless the shop says otherwise.
    """
    first, *others = names_of(slot)
    if first not in festival_keys():
        return {}
    festival = festival_named(first)
    return {
        "festival": festival.chinese if language == CHINESE else festival.english,
        "greeting": festival.greeting,
        "also": said_also(others, language),
        "address": ADDRESS.get(language, ADDRESS[CHINESE]),
    }


def said_also(others: Sequence[str], language: str) -> str:
    """One sentence about each of these festivals, to be put behind a greeting."""
    return "".join(_about(key, language) for key in others)


def said_of_own(name: str, language: str) -> str:
    """The same about a day of the shop's own, by what the shop calls it."""
    return _sentence("own", name, "", language)


def _about(key: str, language: str) -> str:
    festival = festival_named(key)
    name = festival.chinese if language == CHINESE else festival.english
    return _sentence(key, name, festival.greeting, language)


def _sentence(key: str, other: str, wish: str, language: str) -> str:
    sentences = _together().get(key, _together()["any"])
    sentence = render(sentences.get(language, sentences[CHINESE]), other=other, wish=wish)
    return sentence if language == CHINESE else f" {sentence}"  # it stands behind another one


@lru_cache(maxsize=1)
def _together() -> Mapping[str, Mapping[str, str]]:
    with _FILE.open("rb") as file:
        return tomllib.load(file)
