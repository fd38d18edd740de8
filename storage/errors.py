"""The one tree of errors, and its catalogue.

Every error of the project is a class here or in the room that raises it, below `NuanqunError`:

    NuanqunError
    ├── StorageError            1xx  what the bot remembers
    ├── UnderstandingError      2xx  what the bot understands
    ├── SchedulingError         3xx  what the bot does when a time comes
    ├── HandlingError           4xx  what the bot does when something happens
    └── RunningError            5xx  the running bot: configuration, channels, command line

An error carries a number to search for, a sentence that says what is wrong with the facts of
the case filled in, and a mend: what the reader can do about it. `docs/reference/errors.md` is
written from this tree, and a test keeps the numbers apart.
"""

from __future__ import annotations

from typing import ClassVar


class NuanqunError(Exception):
    """The root: a number, a sentence with the facts filled in, and a mend.

    Subclasses set the three class variables; the facts are given by name when it is raised:

        raise DatabaseUnreadable(path=path, reason=str(error))
    """

    number: ClassVar[int] = 0
    sentence: ClassVar[str] = "Something went wrong."
    mend: ClassVar[str] = "Look at the log for the details."

    def __init__(self, **facts: object) -> None:
        self.facts = facts
        super().__init__(self.sentence.format(**facts))

    @property
    def advice(self) -> str:
        """The mend with the facts filled in."""
        return self.mend.format(**self.facts)

    def __str__(self) -> str:
        return f"{self.sentence.format(**self.facts)} {self.advice} (NQ{self.number:03d})"


class StorageError(NuanqunError):
    """What the bot remembers could not be read or written."""

    number = 100
    sentence = "Storage failed."


class DatabaseUnreadable(StorageError):
    """The database exists but cannot be opened as one of ours."""

    number = 101
    sentence = "The database {place} cannot be read: {reason}."
    mend = "Check the path and its permissions, or restore the copy named *.before-* beside it."


class DatabaseTooNew(StorageError):
    """The database was written by a newer release."""

    number = 102
    sentence = "The database {place} has schema {found}, which this release does not know."
    mend = "Run the release that wrote it, or a newer one."


class DriverMissing(StorageError):
    """The driver for the configured database is not installed."""

    number = 103
    sentence = "The driver for {place} is not installed."
    mend = "Install it with: pip install 'nuanqun[postgres]'"


class DatabaseInUse(StorageError):
    """Another bot works on the same SQLite database."""

    number = 104
    sentence = "Another bot is running on the database {place}."
    mend = "Stop it first, or give this one a database of its own."


class LaneLost(StorageError):
    """Another process has taken this sending account over."""

    number = 105
    sentence = "The lane of account {account} was taken over by another process."
    mend = "Run one bot for each account, or let this one stop."


class DatabaseAddressWrong(StorageError):
    """The configured address of the database is not one that the bot can use."""

    number = 106
    sentence = "The database address names {found}."
    mend = (
        "Write it as sqlite+aiosqlite:///FILE, or as postgresql+asyncpg://USER:PASSWORD@HOST/NAME."
    )


class DatabaseFailed(StorageError):
    """The database was open, but could not go on: a full disk, a damaged file, a lost server."""

    number = 107
    sentence = "The database failed: {reason}."
    mend = "What was committed before is kept. Mend the disk or the server, and do it again."


class SQLiteTooOld(StorageError):
    """The SQLite library that Python was built with lacks what the bot uses."""

    number = 108
    sentence = "Python uses SQLite {found} here; the bot needs 3.35 or newer."
    mend = "Use a Python that brings a newer SQLite, or PostgreSQL as the database."


class UnderstandingError(NuanqunError):
    """A text or a dictionary could not be understood."""

    number = 200
    sentence = "Understanding failed."


class SchedulingError(NuanqunError):
    """A schedule, a programme or a delivery is wrong."""

    number = 300
    sentence = "Scheduling failed."


class HandlingError(NuanqunError):
    """An event or a command could not be handled."""

    number = 400
    sentence = "Handling failed."


class RunningError(NuanqunError):
    """The running bot: its configuration, its channels, its command line."""

    number = 500
    sentence = "The bot could not run."
