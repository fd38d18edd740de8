"""What a process notes of itself, in a file that outlives it.

A line is `MOMENT WHAT OF`: a call `begun` or ended `late`, by its delivery's key; a lease `taken`
or `lost`, as `ACCOUNT/TOKEN`. The moment is in seconds since the epoch. A note is in the file as
soon as it is taken, so that a kill loses none.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import RawIOBase
from pathlib import Path
from typing import Literal, NamedTuple, get_args

What = Literal["begun", "late", "taken", "lost"]


class Note(NamedTuple):
    """One line."""

    at: float
    what: What
    of: str

    @property
    def lease(self) -> tuple[str, int]:
        """The account and the token of a lease."""
        account, token = self.of.split("/")
        return account, int(token)


@dataclass(frozen=True, slots=True)
class Notes:
    """Takes notes in a file that is open for appending, without a buffer."""

    file: RawIOBase

    def take(self, at: float, what: What, of: str) -> None:
        """Write a line."""
        self.file.write(f"{at} {what} {of}\n".encode())


def read_notes(file: Path) -> list[Note]:
    """All lines of a file, in their order."""
    found = []
    for line in file.read_text().splitlines():
        at, word, of = line.split(" ")
        (what,) = (each for each in get_args(What) if each == word)
        found.append(Note(float(at), what, of))
    return found
