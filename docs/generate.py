"""Writes the pages of `docs/reference` that come from the code: `make docs`.

`PAGES` is the table of pages: where each one lies, and the function that makes its text. A test
compares every page with what its function says now, so a page cannot grow stale. To add a page,
add a function and its row.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from docs import countdown_picture, report_picture
from docs.commands import commands_page
from docs.example_configuration import example_configuration
from docs.readme_output import READMES, rewrite
from docs.wording_rules import wording_rules_page
from handlers.pictures.fonts import find_fonts
from storage.errors import NuanqunError

TOP = Path(__file__).resolve().parents[1]
PACKAGES = ("storage", "insights", "scheduler", "handlers", "bot")
# Alembic runs this one itself, with a migration under way.
NOT_FOR_IMPORT = frozenset({"storage.migrations.env"})

GENERATED = "<!-- Written by `make docs` from {source}. Change it there. -->\n"
ERRORS_PREFACE = """\
Every error the bot shows ends in its number, such as (NQ101). Here is what each one means and what
to do about it. Words in braces stand for the facts of the case.
"""


def errors_page() -> str:
    """The catalogue of errors: each floor's, by number, with the sentence and the mend."""
    paragraphs = [
        GENERATED.format(source="the tree of errors that begins in storage/errors.py"),
        "# Errors\n",
        ERRORS_PREFACE,
    ]
    for floor in sorted(NuanqunError.__subclasses__(), key=lambda error: error.number):
        if floor.__module__ != NuanqunError.__module__:
            continue
        paragraphs.append(f"## NQ{floor.number // 100}xx: {first_line(floor)}\n")
        paragraphs += [error_entry(error) for error in errors_below(floor)]
    return "\n".join(paragraphs)


def error_entry(error: type[NuanqunError]) -> str:
    """What the catalogue says of one error."""
    return (
        f"### NQ{error.number:03d} {error.__name__}\n\n"
        f"{inspect.getdoc(error)}\n\n"
        f"> {as_written(error.sentence)}\n\n"
        f"**What to do:** {as_written(error.mend)}\n"
    )


def as_written(words: str) -> str:
    """`words` so that Markdown shows every character of them."""
    return re.sub(r"([\\`*_<\[])", r"\\\1", words)


def first_line(error: type[NuanqunError]) -> str:
    """The first line of an error's docstring, as a heading without its full stop."""
    return (inspect.getdoc(error) or "").partition("\n")[0].removesuffix(".")


def errors_below(root: type[NuanqunError]) -> list[type[NuanqunError]]:
    """Every error of the five packages below `root`, itself not included, by number.

    Imports all their modules first: a room defines the errors that it raises.
    """
    import_everything()
    return sorted(set(descendants(root)), key=lambda error: error.number)


def descendants(root: type[NuanqunError]) -> Iterator[type[NuanqunError]]:
    """The classes below `root` that live in the five packages (tests make up their own)."""
    for child in root.__subclasses__():
        if child.__module__.partition(".")[0] in PACKAGES:
            yield child
        yield from descendants(child)


def import_everything() -> None:
    """Import every module of the five packages; one imported before costs nothing."""
    for package in PACKAGES:
        top = importlib.import_module(package)
        for module in pkgutil.walk_packages(top.__path__, prefix=f"{package}."):
            if module.name not in NOT_FOR_IMPORT:
                importlib.import_module(module.name)


PAGES: dict[str, Callable[[], str]] = {
    "config.example.toml": example_configuration,
    "docs/reference/commands.md": commands_page,
    "docs/reference/errors.md": errors_page,
    "docs/reference/wording-rules.md": wording_rules_page,
}


def main() -> None:
    """Write every page again."""
    for place, text in PAGES.items():
        path = TOP / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text(), encoding="utf-8")
        print(f"wrote {place}")
    fonts = find_fonts()
    if fonts is None:
        raise SystemExit("The pictures need a font with Chinese characters.")
    pictures = {
        report_picture.PLACE: report_picture.report_picture(fonts),
        countdown_picture.PLACE: countdown_picture.countdown_image(fonts),
    }
    for place, picture in pictures.items():
        (TOP / place).write_bytes(picture)
        print(f"wrote {place}")
    rewrite(TOP)
    print(f"wrote the outputs in {' and '.join(READMES)}")


if __name__ == "__main__":
    main()
