"""`nuanqun analyse`: reads texts by the line, and answers each with what it says.

What has arrived is answered as a whole, and then the next is waited for. So whoever types sees the
answer to each line at once, and a file goes through in few writes.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from typing import BinaryIO, TextIO

from bot.configuration import Configuration
from handlers.vocabulary import Lessons, lexicon_for, segmenter_for
from insights.polarity import standard_model
from insights.understanding import understand

_AT_ONCE = 65_536  # bytes
_encode = json.JSONEncoder(ensure_ascii=False).encode


def analyse(asked: BinaryIO, answered: TextIO, configuration: Configuration) -> None:
    """Answer each line of `asked` with one line of JSON, by the words of the configuration alone.

    Texts are UTF-8; what is not is replaced.
    """
    lessons = Lessons(configuration.configured_words())
    segmenter, lexicon = segmenter_for(lessons), lexicon_for(lessons)
    standard_model()
    gc.freeze()  # what is loaded by now stays, and need not be looked through again and again
    for lines in lines_as_they_come(asked):
        texts = (line.decode("utf-8", "replace").rstrip("\r") for line in lines)
        reads = (understand(text, segmenter, lexicon) for text in texts)
        answered.write("".join(f"{_encode(read.to_json())}\n" for read in reads))
        answered.flush()


def lines_as_they_come(stream: BinaryIO) -> Iterator[list[bytes]]:
    """The lines that are there, without their ends; the last may have none. It waits for more."""
    begun: list[bytes] = []  # of the line that has not ended yet
    while arrived := stream.read1(_AT_ONCE):  # type: ignore[attr-defined]  # what is buffered has it
        *ended, rest = arrived.split(b"\n")
        begun.append(ended[0] if ended else rest)
        if ended:
            yield [b"".join(begun), *ended[1:]]
            begun = [rest]
    if any(begun):
        yield [b"".join(begun)]
