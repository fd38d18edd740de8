"""How a command of the command line works: what its options mean, and how it ends.

`cli.py` declares the commands. Here an error of the catalogue becomes one line on stderr and an
exit code, files are written, progress is shown, and a document is printed. What a command needs is
imported when it runs, as it is there.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.configuration import (
    Configuration,
    ConfigurationInvalid,
    ConfigurationUnreadable,
    load,
)
from storage.errors import DatabaseFailed, NuanqunError, RunningError
from storage.segment_language.trouble import SegmentUnreadable

if TYPE_CHECKING:
    from handlers.insight_arguments import SegmentWord

DONE, FAILED, WRONG = 0, 1, 2
"""The exit codes."""

_FIRST_YEAR, _LAST_YEAR = 1970, 2199

ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", help="The configuration file; default: nuanqun.toml here."),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
FirstDay = Annotated[
    datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day.")
]
LastDay = Annotated[
    datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="The last day.")
]


class FileUnwritable(RunningError):
    """A report cannot be written to the file that was named."""

    number = 514
    sentence = "The file {place} cannot be written: {reason}."
    mend = "Name another file, in a folder that is there."


@contextmanager
def refusals() -> Iterator[None]:
    """Turn an error of the catalogue into one line on stderr and the right exit code."""
    try:
        yield
    except NuanqunError as alone:
        _refuse(alone)
    except BaseExceptionGroup as group:
        # A running bot's parts fail in a group; the first error of ours says it best.
        ours = group.subgroup(NuanqunError)
        if ours is None:
            raise
        trouble: BaseException = ours
        while isinstance(trouble, BaseExceptionGroup):
            trouble = trouble.exceptions[0]
        _refuse(trouble)
    except Exception as other:
        from sqlalchemy.exc import DBAPIError  # noqa: PLC0415 (what raises it has imported it)

        if not isinstance(other, DBAPIError):
            raise
        _refuse(DatabaseFailed(reason=str(other.orig).partition("\n")[0]))


def _refuse(trouble: BaseException) -> None:
    typer.echo(str(trouble), err=True)
    wrong_call = isinstance(
        trouble, ConfigurationInvalid | ConfigurationUnreadable | SegmentUnreadable
    )
    raise typer.Exit(WRONG if wrong_call else FAILED)


def configured(file: Path | None) -> Configuration:
    """The configuration in a file, with the log set up as it says."""
    from bot import logs  # noqa: PLC0415 (structlog is needed only when something runs)

    configuration = load(file)
    logs.set_up(configuration.log.level, configuration.log.form)
    return configuration


def days_between(
    first: datetime | None, last: datetime | None, option: str = "--"
) -> tuple[date | None, date | None]:
    """The first and the last day that were asked for; `option` is how their options begin.

    Raises:
        typer.BadParameter: there is no day between them, or they are nowhere near a shop's life.
    """
    for day in (first, last):
        if day is not None and not _FIRST_YEAR <= day.year <= _LAST_YEAR:
            raise typer.BadParameter(f"a day lies between {_FIRST_YEAR} and {_LAST_YEAR}.")
    if first is not None and last is not None and last < first:
        raise typer.BadParameter(f"{option}to is a day before {option}from.")
    return first.date() if first else None, last.date() if last else None


def segment_meant(written: str | None) -> SegmentWord | None:
    """Whose words alone are wanted, written as in chat, or as an expression.

    Raises:
        SegmentUnreadable: it is none of these.
    """
    if written is None:
        return None
    from handlers.insight_arguments import SegmentWord  # noqa: PLC0415 (as for run)
    from storage.segments import Segment  # noqa: PLC0415 (as for run)

    return SegmentWord.asking(Segment.parse(written).question)


def write(file: Path, whole: str | bytes) -> None:
    """Write a report to a file, and say so.

    Raises:
        FileUnwritable: it cannot be written.
    """
    try:
        file.write_bytes(whole.encode() if isinstance(whole, str) else whole)
    except OSError as trouble:
        raise FileUnwritable(place=file, reason=trouble.strerror or trouble) from trouble
    typer.echo(f"wrote {file}", err=True)


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr, from the moment that there is anything to tell: so much done, of so much."""
    from rich.console import Console  # noqa: PLC0415 (as for run)
    from rich.progress import Progress  # noqa: PLC0415 (as for run)

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, visible=False)
        yield lambda done, of: bar.update(task, completed=done, total=of, visible=True)


def print_document(document: Any) -> None:
    """The one document of a command, on stdout."""
    typer.echo(json.dumps(document, ensure_ascii=False, indent=2))


def run_to_its_end(work: Callable[[], Awaitable[int]]) -> None:
    """Run async work to its end and leave with its exit code."""

    async def whole() -> int:
        return await work()

    with refusals():
        code = asyncio.run(whole())
        if code != DONE:
            raise typer.Exit(code)
