"""The words on the room's page, Chinese and English, kept in `web/words.toml`."""

from __future__ import annotations

import tomllib
from datetime import date, datetime, tzinfo
from pathlib import Path

WEB = Path(__file__).parent / "web"
LANGUAGE_COOKIE = "room_language"


class Words:
    """One language of the page."""

    def __init__(self, words: dict[str, str]) -> None:
        self._words = words

    def __call__(self, key: str, **facts: object) -> str:
        """The words for a key, with the facts filled in.

        Raises:
            KeyError: the page asks for words that nobody has written.
        """
        return self._words[key].format(**facts)

    def knows(self, key: str) -> bool:
        """Whether there are words for a key."""
        return key in self._words


def load_words(file: Path) -> dict[str, Words]:
    """The words of each language that stand in a file, by its code: `zh`, `en`."""
    tables = tomllib.loads(file.read_text(encoding="utf-8"))
    return {code: Words(table) for code, table in tables.items()}


LANGUAGES = load_words(WEB / "words.toml")


def choose_language(cookie: str | None, accepted: str | None) -> str:
    """The code of the language to show: as chosen before, else as the browser wishes, else zh."""
    if cookie in LANGUAGES:
        return cookie
    first = (accepted or "").split(",")[0].split("-")[0].strip().lower()
    return first if first in LANGUAGES else "zh"


def day_words(day: date, today: date, words: Words) -> str:
    """A day as a separator between messages: today, yesterday, or its date."""
    match (today - day).days:
        case 0:
            return words("today")
        case 1:
            return words("yesterday")
        case _:
            return day.isoformat()


def clock_words(at: datetime, zone: tzinfo | None) -> str:
    """The time of a message: `20:05`, in `zone`, or in this machine's where that is None."""
    return f"{at.astimezone(zone):%H:%M}"
