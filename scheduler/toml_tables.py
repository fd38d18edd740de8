"""One table of a TOML file that people write, read part by part and strictly.

Whoever reads a file asks a `Table` for its parts by name and kind. What is missing, unknown or of
another kind is refused with its place in the file, what was found and what is allowed; the reader
says with which error.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storage.errors import SchedulingError

SYNTAX = "its syntax"
"""The place of a mistake that lets nothing of a file be read."""

Refusal = Callable[[str, str], SchedulingError]
"""Place in the file and reason → the error."""


def allowed_instead(found: object, allowed: str) -> str:
    """The reason for refusing what was found."""
    if found is None:
        return f"it is missing; it must be {allowed}"
    return f"it has {found!r}; it must be {allowed}"


@dataclass(frozen=True, slots=True)
class Table:
    """A table at a place of a file (`task gift-list`), and how to refuse what is wrong in it."""

    parts: Mapping[str, Any]
    refusal: Refusal
    place: str = ""

    def wrong(self, part: str, reason: str) -> SchedulingError:
        """The error for a part of this table."""
        return self.refusal(f"{self.place}.{part}" if self.place else part, reason)

    def only(self, *allowed: str) -> None:
        """Refuse parts with any other name."""
        for part in sorted(self.parts.keys() - set(allowed)):
            raise self.wrong(part, f"it is unknown; the parts here are {', '.join(allowed)}")

    def text(self, part: str) -> str:
        """A text that says something."""
        found = self.parts.get(part)
        if not isinstance(found, str) or not found.strip():
            raise self.wrong(part, allowed_instead(found, "a text"))
        return found

    def text_if_any(self, part: str) -> str | None:
        """The same, or None where the part is left out."""
        return self.text(part) if part in self.parts else None

    def flag(self, part: str, *, usual: bool = False) -> bool:
        """True or false; `usual` where the part is left out."""
        found = self.parts.get(part, usual)
        if not isinstance(found, bool):
            raise self.wrong(part, allowed_instead(found, "true or false"))
        return found

    def positive(self, part: str) -> int:
        """A whole number above 0."""
        found = self.parts.get(part)
        if not isinstance(found, int) or isinstance(found, bool):
            raise self.wrong(part, allowed_instead(found, "a whole number above 0"))
        if found <= 0:
            raise self.wrong(part, allowed_instead(found, "a whole number above 0"))
        return found

    def texts(self, part: str) -> tuple[str, ...]:
        """One text, or a list of them; none where the part is left out."""
        found = self.parts.get(part, [])
        listed = [found] if isinstance(found, str) else found
        if not isinstance(listed, list) or not all(
            isinstance(one, str) and one.strip() for one in listed
        ):
            raise self.wrong(part, allowed_instead(found, "a text or a list of texts"))
        return tuple(listed)

    def table(self, part: str) -> Table:
        """A table inside this one."""
        found = self.parts.get(part)
        if not isinstance(found, dict):
            raise self.wrong(part, allowed_instead(found, "a table"))
        return Table(found, self.refusal, f"{self.place}.{part}" if self.place else part)

    def tables(self, part: str) -> list[Table]:
        """The tables of a list, each placed by its key where it has one (`task start`)."""
        found = self.parts.get(part, [])
        if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
            raise self.wrong(part, allowed_instead(found, f"tables, each below [[{part}]]"))
        place = f"{self.place}.{part}" if self.place else part
        return [
            Table(row, self.refusal, f"{place} {row.get('key', number)}")
            for number, row in enumerate(found, start=1)
        ]


def named(table: Table, part: str) -> Mapping[str, str]:
    """A name or a sentence: language → text, with Chinese (`zh`) in it."""
    names = table.table(part)
    if "zh" not in names.parts:
        raise table.wrong(part, "it has no Chinese (zh)")
    return {language: names.text(language) for language in names.parts}


def read_toml(path: Path, refusal: Refusal) -> Table:
    """The whole file as one table.

    Raises:
        OSError: the file cannot be read.
    """
    try:
        return Table(tomllib.loads(path.read_text(encoding="utf-8")), refusal)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise refusal(SYNTAX, str(error)) from error
