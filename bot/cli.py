"""The command line: `nuanqun`.

Each command reads the configuration, does its work and prints: with `--json` one document on
stdout, everything else on stderr. It ends with 0 when it is done, 1 when the work failed, and 2
when the call or the configuration is wrong. What a command needs is imported when it runs, so
that `nuanqun plan` does not wait for a web server's imports.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from enum import StrEnum
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
_FIRST_YEAR, _LAST_YEAR = 1970, 2199

app = typer.Typer(
    name="nuanqun",
    help="暖群: a warm bot for a shop's customer fan groups.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
imports = typer.Typer(help="Bring in what was there before the bot.", no_args_is_help=True)
app.add_typer(imports, name="import")

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


class HistoryFormat(StrEnum):
    """What a chat history can be written in."""

    JSONL = "jsonl"
    TELEGRAM = "telegram"


@contextmanager
def _refusals() -> Iterator[None]:
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


def _configuration(file: Path | None) -> Configuration:
    from bot import logs  # noqa: PLC0415 (structlog is needed only when something runs)

    configuration = load(file)
    logs.set_up(configuration.log.level, configuration.log.form)
    return configuration


def _days(
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


def _segment(written: str | None) -> SegmentWord | None:
    """Whose words alone are wanted, written as in chat, or as an expression.

    Raises:
        SegmentUnreadable: it is none of these.
    """
    if written is None:
        return None
    from handlers.insight_arguments import SegmentWord  # noqa: PLC0415 (as for run)
    from storage.segments import Segment  # noqa: PLC0415 (as for run)

    return SegmentWord.asking(Segment.parse(written).question)


def _write(file: Path, whole: str | bytes) -> None:
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
def _progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr, from the moment that there is anything to tell: so much done, of so much."""
    from rich.console import Console  # noqa: PLC0415 (as for run)
    from rich.progress import Progress  # noqa: PLC0415 (as for run)

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, visible=False)
        yield lambda done, of: bar.update(task, completed=done, total=of, visible=True)


def _print(document: Any) -> None:
    typer.echo(json.dumps(document, ensure_ascii=False, indent=2))


def _run(work: Callable[[], Awaitable[int]]) -> None:
    """Run async work to its end and leave with its exit code."""

    async def whole() -> int:
        return await work()

    with _refusals():
        code = asyncio.run(whole())
        if code != DONE:
            raise typer.Exit(code)


@app.command()
def run(config: ConfigFile = None) -> None:
    """Run the bot until a signal."""

    async def work() -> int:
        from bot.serving import serve  # noqa: PLC0415 (the web server's imports take seconds)

        await serve(_configuration(config))
        return DONE

    _run(work)


@app.command()
def demo(
    *,
    headless: Annotated[bool, typer.Option(help="Run to the end without a page.")] = False,
    as_json: AsJson = False,
    first_day: Annotated[
        datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="The first simulated day.")
    ] = datetime(2026, 11, 1),  # noqa: DTZ001 (a calendar day)
    days: Annotated[int, typer.Option(min=1, max=12, help="How many days.")] = 12,
    seed: Annotated[int, typer.Option(help="The same seed lives through the same days.")] = 11,
    data: Annotated[
        Path | None, typer.Option(help="A folder to keep; one with a demo in it is resumed.")
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="The live page's port.")] = 8766,
) -> None:
    """Live through a sample shop's days around Double-11, then open its room."""
    from bot.demo.show import DemoOptions, show  # noqa: PLC0415 (as for run)

    options = DemoOptions(first_day.date(), days, seed, data, port)
    _run(lambda: show(options, headless=headless or as_json, as_json=as_json))


@imports.command("chat")
def import_chat(
    file: Annotated[Path, typer.Argument(help="The history.")],
    *,
    form: Annotated[
        HistoryFormat, typer.Option("--format", help="How it is written.")
    ] = HistoryFormat.JSONL,
    group: Annotated[str | None, typer.Option(help="The group that all of it belongs to.")] = None,
    as_json: AsJson = False,
    config: ConfigFile = None,
) -> None:
    """Import a chat history; nothing in it is answered or obeyed."""

    async def work() -> int:
        from bot.importing import import_history  # noqa: PLC0415 (as for run)

        done = await import_history(_configuration(config), file, form.value, group)
        for one in done.rejections:
            typer.echo(f"line {one.line}: {one.reason}", err=True)
        if as_json:
            _print(done.to_json())
        else:
            typer.echo(
                f"{done.stored} stored, {done.duplicates} duplicates, "
                f"{len(done.rejections)} rejected",
            )
        return DONE

    _run(work)


@app.command()
def analyse(*, as_json: AsJson = True, config: ConfigFile = None) -> None:  # noqa: ARG001 (its answer is always JSON; the switch is there for scripts)
    """Understand each line of stdin: one text a line in, one JSON object a line out."""
    from bot import analysing  # noqa: PLC0415 (as for run)

    with _refusals():
        analysing.analyse(sys.stdin.buffer, sys.stdout, _configuration(config))


@app.command()
def insights(
    *,
    groups: Annotated[
        list[str] | None, typer.Option("--group", help="Only this group; may be given again.")
    ] = None,
    first: FirstDay = None,
    last: LastDay = None,
    against_first: Annotated[
        datetime | None,
        typer.Option(
            "--against-from", formats=["%Y-%m-%d"], help="Compare with days from this one on."
        ),
    ] = None,
    against_last: Annotated[
        datetime | None,
        typer.Option(
            "--against-to", formats=["%Y-%m-%d"], help="The last of the days to compare with."
        ),
    ] = None,
    segment: Annotated[
        str | None,
        typer.Option(help="Only the words of these people: tag:NAME, or any expression."),
    ] = None,
    names: Annotated[
        bool, typer.Option("--names", help="Quotes with names, not masked; noted in the audit log.")
    ] = False,
    page: Annotated[
        Path | None, typer.Option("--html", help="Write the full report to this file, to be read.")
    ] = None,
    table: Annotated[
        Path | None, typer.Option("--csv", help="Write it to this file as a table, as for Excel.")
    ] = None,
    as_json: AsJson = False,
    config: ConfigFile = None,
) -> None:
    """What fans care about, mind, like, dislike and ask for; the last seven days by default."""

    async def work() -> int:
        from bot.asking import DemandQuestion, demand  # noqa: PLC0415 (as for run)

        since, until = _days(first, last)
        against_since, against_until = _days(against_first, against_last, "--against-")
        question = DemandQuestion(
            groups=tuple(groups or ()),
            first=since,
            last=until,
            against_first=against_since,
            against_last=against_until,
            segment=_segment(segment),
            names=names,
        )
        with _progress("Reading old messages") as told:
            answer = await demand(_configuration(config), question, told)
        for file, text in ((page, answer.page), (table, answer.table)):
            if file is not None:
                _write(file, text())
        if as_json:
            _print(answer.document)
        else:
            typer.echo(answer.text)
        return DONE

    _run(work)


@app.command()
def segment(
    expression: Annotated[str, typer.Argument(help="In the segment language, in quotes.")],
    *,
    names: Annotated[
        bool, typer.Option("--names", help="Names, not masked; noted in the audit log.")
    ] = False,
    as_json: AsJson = False,
    config: ConfigFile = None,
) -> None:
    """Who matches an expression such as tag:老客 and last_active < 30d, and how many."""

    async def work() -> int:
        from bot.asking_people import people  # noqa: PLC0415 (as for run)

        found = await people(_configuration(config), expression, names=names)
        if as_json:
            _print(found.to_json())
        else:
            typer.echo(found.text)
        for note in found.notes:
            typer.echo(note, err=True)
        return DONE

    _run(work)


@app.command()
def plan(
    *,
    first: FirstDay = None,
    last: LastDay = None,
    as_json: AsJson = False,
    config: ConfigFile = None,
) -> None:
    """Every post to come, for a year: of approved campaigns, and of programmes that could be on."""

    async def work() -> int:
        from bot.asking import coming_posts  # noqa: PLC0415 (as for run)

        since, until = _days(first, last)
        found = await coming_posts(_configuration(config), first=since, last=until)
        if as_json:
            _print([one.to_json() for one in found])
        else:
            for one in found:
                typer.echo(one.line())
        return DONE

    _run(work)


@app.command()
def review(
    what: Annotated[
        str,
        typer.Argument(
            metavar="CAMPAIGN|PROGRAMME[:YEAR]",
            help="A campaign by its number or key, or a programme: double11:2026.",
        ),
    ],
    *,
    page: Annotated[
        Path | None, typer.Option("--html", help="Write the whole review to this file.")
    ] = None,
    picture: Annotated[
        Path | None, typer.Option("--picture", help="Write its picture to this file, a PNG.")
    ] = None,
    as_json: AsJson = False,
    config: ConfigFile = None,
) -> None:
    """What a campaign, or a programme's year, came to, and what to keep and to change."""

    async def work() -> int:
        from bot.asking_review import review as ask  # noqa: PLC0415 (as for run)

        found = await ask(_configuration(config), what, pictured=picture is not None)
        if page is not None:
            _write(page, found.page)
        if picture is not None and found.picture is not None:
            _write(picture, found.picture)
        if as_json:
            _print(found.document)
        else:
            typer.echo(found.text)
        return DONE

    _run(work)


@app.command("draw-check")
def draw_check(
    file: Annotated[Path, typer.Argument(help="What /drawcheck said, in a file.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Check that the winners of a draw follow from what was published before and after it."""

    async def work() -> int:
        from bot.draw_checking import faults_in_file  # noqa: PLC0415 (as for run)

        faults = faults_in_file(file)
        if as_json:
            _print({"fair": not faults, "faults": faults})
        else:
            for one in faults or ["The winners follow from what was published."]:
                typer.echo(one)
        return FAILED if faults else DONE

    _run(work)


@app.command()
def doctor(*, as_json: AsJson = False, config: ConfigFile = None) -> None:
    """Check configuration, storage, room, clock, fonts and accounts; each finding with its mend."""

    async def work() -> int:
        from bot.doctor import examine  # noqa: PLC0415 (as for run)

        findings = await examine(config)
        if as_json:
            _print([one.to_json() for one in findings])
        else:
            for one in findings:
                typer.echo(one.line())
        return DONE if all(one.well for one in findings) else FAILED

    _run(work)


def main() -> int:
    """The command line's entry; its exit code."""
    for stream in (sys.stdout, sys.stderr):
        # Chinese comes out whatever the machine's locale is.
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    try:
        code = app(standalone_mode=False)
    except typer.Abort:
        return FAILED
    except Exception as wrong:
        # Typer's own complaints about a call know how to show themselves.
        show = getattr(wrong, "show", None)
        if show is None:
            raise
        show()
        return WRONG
    return code if isinstance(code, int) else DONE
