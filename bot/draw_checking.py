"""`nuanqun draw-check`: whether the winners of a draw follow from what was published of it.

It takes what `/drawcheck` says, saved to a file: everything from the first brace to the last is the
record of the draw. It needs no database and no configuration, so anybody can run it.
"""

from __future__ import annotations

import json
from pathlib import Path

from handlers.draws import faults_in
from storage.errors import RunningError


class DrawUnreadable(RunningError):
    """A file holds no record of a draw."""

    number = 548
    sentence = "The record of a draw in {place} cannot be read: {reason}."
    mend = "Save the answer to /drawcheck to a file, from its first brace to its last."


def faults_in_file(file: Path) -> list[str]:
    """What is wrong with the draw in a file; nothing: its winners follow from what was published.

    Raises:
        DrawUnreadable: the file cannot be read, or holds no record of a draw.
    """
    try:
        text = file.read_text(encoding="utf-8")
        record = json.loads(text[text.find("{") : text.rfind("}") + 1])
        return faults_in(record)
    except OSError as trouble:
        raise DrawUnreadable(place=file, reason=trouble.strerror or trouble) from trouble
    except ValueError as trouble:
        raise DrawUnreadable(place=file, reason=trouble) from trouble
