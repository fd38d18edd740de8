"""A process that reads days: `python -m insights.reading_process`, started by who needs it.

It knows no database. It is given, on stdin, first the shop's words and then one piece of a day
after the other; for each it says on stdout what was understood. Every message is a pickle behind
its length: both ends are the same program. It ends when its stdin does, so that it never outlives
whoever started it.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
from collections.abc import Sequence
from struct import Struct
from typing import Any, BinaryIO, NamedTuple

from insights.days import Utterance
from insights.documents import read_texts
from insights.lexicon import Lexicon
from insights.words import open_same

LENGTH = Struct(">Q")
"""What stands before each message: how many bytes it has."""

_NICENESS = 10  # the bot itself, which answers people, goes first


class Words(NamedTuple):
    """What texts are read with: the changes of a segmenter, and a lexicon."""

    changes: dict[str, bool]
    lexicon: Lexicon


def written(message: object) -> bytes:
    """A message as it is sent."""
    body = pickle.dumps(message)
    return LENGTH.pack(len(body)) + body


def main() -> None:
    """Read until stdin ends."""
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C reaches it as well; who started it ends it
    os.nice(_NICENESS)
    given, answers = sys.stdin.buffer, sys.stdout.buffer
    words: Words | None = _next(given)
    if words is None:
        return
    segmenter = open_same(words.changes)
    said: Sequence[Utterance] | None
    while (said := _next(given)) is not None:
        answers.write(written(read_texts(said, segmenter, words.lexicon)))
        answers.flush()


def _next(given: BinaryIO) -> Any:
    """The next message; None behind the last one."""
    head = given.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    return pickle.loads(given.read(LENGTH.unpack(head)[0]))  # noqa: S301 (from our own program)


if __name__ == "__main__":
    main()
