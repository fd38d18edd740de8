"""What a programme's file may call things, and what outside of it it may point to.

Keys become parts of campaigns' keys and words of commands; a fact's name stands in lists and in
front of `=`; groups are written as a manager would; a picture is there when the file is read. The
reader (`programme_file.py`) asks for each where it takes the part.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from scheduler.programme_parts import COUNTDOWN, Fact
from scheduler.toml_tables import Table, allowed_instead

_KEY = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_UNLISTED = re.compile(r"[、;；=＝\n]")
_NAME = r'(?:"[^"]+"|“[^”]+”|「[^」]+」|[^\s"“「]\S*)'
_GROUPS = re.compile(rf"[@＠\-－]{_NAME}(?:\s+[@＠\-－]{_NAME})*")
_PEOPLE = re.compile(r"[@＠\-－](?:(?:tag|标签|segment|分组)[:：]|[(（])|[@＠](?:上次|last)\b")
_ENDINGS = (".png", ".jpg", ".jpeg", ".gif", ".webp")
_LARGEST = 5_000_000  # bytes; the least that a channel takes


def read_key(row: Table) -> str:
    """The key of a programme, a phase or a task."""
    key = row.text("key")
    if not _KEY.fullmatch(key):
        raise row.wrong("key", allowed_instead(key, "small letters, digits and single -: old-fans"))
    return key


def check_fact_names(row: Table, fact: Fact) -> None:
    """A fact's names can be listed and written in front of an equals sign."""
    for language, name in fact.name.items():
        if _UNLISTED.search(name):
            allowed = "a name without 、 ; or =, and with its remark in brackets or behind a comma"
            raise row.wrong(f"name.{language}", allowed_instead(name, allowed))


def check_apart(row: Table, fact: Fact, others: Iterable[Fact]) -> None:
    """No two facts are called the same, so that what a manager says is of one of them."""
    taken = {name for other in others for name in other.name.values()}
    for language, name in fact.name.items():
        if name in taken:
            raise row.wrong(f"name.{language}", f"another fact is called {name!r} already")


def check_groups(row: Table, written: str | None) -> None:
    """Groups are named as in a command; for people there is the audience."""
    if written is None:
        return
    if not _GROUPS.fullmatch(written.strip()):
        allowed = 'groups as a manager writes them: @福利群 -二群, or @"福利 一群"'
        raise row.wrong("groups", allowed_instead(written, allowed))
    if _PEOPLE.search(written):
        raise row.wrong("groups", allowed_instead(written, "groups alone; people go in audience"))


def read_picture(row: Table, folder: Path) -> str | None:
    """`countdown`, or the path of a file that lies beside the programme's.

    The path is made whole, so that it means the same file wherever it is read from. No address of
    the web will do: what lies there may be another picture than the one that was approved.
    """
    written = row.text_if_any("picture")
    if written is None or written == COUNTDOWN:
        return written
    path = (folder / written).resolve()
    if path.suffix.lower() not in _ENDINGS:
        allowed = f"{COUNTDOWN}, or a file beside this one that ends in {', '.join(_ENDINGS)}"
        raise row.wrong("picture", allowed_instead(written, allowed))
    try:
        size = path.stat().st_size
    except OSError as wrong:
        reason = f"there is no file {written!r} beside this one ({wrong.strerror})"
        raise row.wrong("picture", reason) from wrong
    if not 0 < size <= _LARGEST:
        reason = f"{written!r} has {size} bytes; a picture has at most {_LARGEST}"
        raise row.wrong("picture", reason)
    return str(path)
