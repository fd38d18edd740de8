"""What `/approve` and `/reject` take: a campaign by its number, or a programme by its name."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar, Self

from handlers.arguments import Number, Unreadable, token

_PROGRAMME_WORDS = frozenset({"programme", "program", "方案"})


@dataclass(frozen=True, slots=True)
class Pending:
    """What waits: `12`, a campaign, or `programme double11 2026 57`, a programme's year.

    The number behind a programme is the newest content version of what was shown.
    """

    label: ClassVar[str] = "编号"
    number: int = 0
    programme: str = ""
    year: int | None = None
    newest: int | None = None

    @classmethod
    def read(cls, rest: str) -> tuple[Self, str]:
        """A number, or the word for a programme with its name."""
        word, left = token(rest)
        if word.lower() not in _PROGRAMME_WORDS:
            number, left = Number.read(rest)
            return cls(number.number), left
        name, left = token(left)
        if not name:
            raise Unreadable("还没说是哪个方案")
        found: list[int] = []
        with suppress(Unreadable):
            while len(found) < len(("year", "newest")):
                number, left = Number.read(left)
                found.append(number.number)
        return cls(0, name, *found), left
