"""The command line: `nuanqun`.

Each command reads the configuration, does its work and prints: with `--json` one document on
stdout, everything else on stderr. It ends with 0 when it is done, 1 when the work failed, and 2
when the call or the configuration is wrong. What a command needs is imported when it runs, so
that `nuanqun plan` does not wait for a web server's imports.
"""

from __future__ import annotations

import sys
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bot.cli_work import (
    DONE,
    FAILED,
    WRONG,
    AsJson,
    ConfigFile,
    FirstDay,
    LastDay,
    configured,
    days_between,
    print_document,
    progress,
    refusals,
    run_to_its_end,
    segment_meant,
    write,
)

app = typer.Typer(
    name="nuanqun",
    help="暖群: a warm bot for a shop's customer fan groups.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
imports = typer.Typer(help="Bring in what was there before the bot.", no_args_is_help=True)
app.add_typer(imports, name="import")


class HistoryFormat(StrEnum):
    """What a chat history can be written in."""

    JSONL = "jsonl"
    TELEGRAM = "telegram"


@app.command()
def run(config: ConfigFile = None) -> None:
    """Run the bot until a signal."""

    async def work() -> int:
        from bot.serving import serve  # noqa: PLC0415 (the web server's imports take seconds)

        await serve(configured(config))
        return DONE

    run_to_its_end(work)


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
    run_to_its_end(lambda: show(options, headless=headless or as_json, as_json=as_json))


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

        done = await import_history(configured(config), file, form.value, group)
        for one in done.rejections:
            typer.echo(f"line {one.line}: {one.reason}", err=True)
        if as_json:
            print_document(done.to_json())
        else:
            typer.echo(
                f"{done.stored} stored, {done.duplicates} duplicates, "
                f"{len(done.rejections)} rejected",
            )
        return DONE

    run_to_its_end(work)


@app.command()
def analyse(*, as_json: AsJson = True, config: ConfigFile = None) -> None:  # noqa: ARG001 (its answer is always JSON; the switch is there for scripts)
    """Understand each line of stdin: one text a line in, one JSON object a line out."""
    from bot import analysing  # noqa: PLC0415 (as for run)

    with refusals():
        analysing.analyse(sys.stdin.buffer, sys.stdout, configured(config))


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

        since, until = days_between(first, last)
        against_since, against_until = days_between(against_first, against_last, "--against-")
        question = DemandQuestion(
            groups=tuple(groups or ()),
            first=since,
            last=until,
            against_first=against_since,
            against_last=against_until,
            segment=segment_meant(segment),
            names=names,
        )
        with progress("Reading old messages") as told:
            answer = await demand(configured(config), question, told)
        for file, text in ((page, answer.page), (table, answer.table)):
            if file is not None:
                write(file, text())
        if as_json:
            print_document(answer.document)
        else:
            typer.echo(answer.text)
        return DONE

    run_to_its_end(work)


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

        found = await people(configured(config), expression, names=names)
        if as_json:
            print_document(found.to_json())
        else:
            typer.echo(found.text)
        for note in found.notes:
            typer.echo(note, err=True)
        return DONE

    run_to_its_end(work)


@app.command()
def plan(
    *,
    first: FirstDay = None,
    last: LastDay = None,
    programme: Annotated[
        str | None,
        typer.Option(help="This programme alone, also if it is off: its key or its name."),
    ] = None,
    as_json: AsJson = False,
    config: ConfigFile = None,
) -> None:
    """Every post to come, for a year: of approved campaigns, of greetings, and of Double-11."""

    async def work() -> int:
        from bot.asking_plan import coming_posts  # noqa: PLC0415 (as for run)

        since, until = days_between(first, last)
        found = await coming_posts(configured(config), first=since, last=until, programme=programme)
        for note in found.notes:
            typer.echo(note, err=True)
        if as_json:
            print_document([one.to_json() for one in found.posts])
        else:
            for one in found.posts:
                typer.echo(one.line())
        return DONE

    run_to_its_end(work)


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
        from bot.asking_review import ReviewNotDrawn  # noqa: PLC0415 (as for run)
        from bot.asking_review import review as ask  # noqa: PLC0415 (as for run)

        found = await ask(configured(config), what, pictured=picture is not None)
        if page is not None:
            write(page, found.page)
        if picture is not None and found.picture is not None:
            write(picture, found.picture)
        if as_json:
            print_document(found.document)
        else:
            typer.echo(found.text)
        if picture is not None and not found.begun:
            typer.echo("no picture written: nothing has gone out yet", err=True)
        elif picture is not None and found.picture is None:
            raise ReviewNotDrawn
        return DONE

    run_to_its_end(work)


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
            print_document({"fair": not faults, "faults": faults})
        else:
            for one in faults or ["The winners follow from what was published."]:
                typer.echo(one)
        return FAILED if faults else DONE

    run_to_its_end(work)


@app.command()
def doctor(*, as_json: AsJson = False, config: ConfigFile = None) -> None:
    """Check configuration, storage, files, fonts, accounts and so on; each with its mend."""

    async def work() -> int:
        from bot.doctor import examine  # noqa: PLC0415 (as for run)

        findings = await examine(config)
        if as_json:
            print_document([one.to_json() for one in findings])
        else:
            for one in findings:
                typer.echo(one.line())
        return DONE if all(one.well for one in findings) else FAILED

    run_to_its_end(work)


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
