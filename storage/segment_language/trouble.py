"""What is wrong with an expression, and where: a reason, a place, and an example that is right.

`Trouble` is a value that anybody may put into words; `SegmentUnreadable` says it in English, with
a caret under the place.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from storage.errors import StorageError

_WIDE_BLANK = "\u3000"


class Wrong(StrEnum):
    """In which way an expression is wrong; the value says so in English."""

    EMPTY = "nothing is asked"
    ENDS_EARLY = "it ends where something is still to come"
    UNCLOSED = "a bracket is never closed"
    UNOPENED = "this bracket was never opened"
    UNCLOSED_QUOTE = "this quotation mark is never closed, or nothing stands inside"
    UNKNOWN = "{word} is no word of the language"
    NOT_YET = "{word} cannot be asked for yet: orders, points and regions are still to come"
    NOT_JOINED = "between two conditions stands and, or or"
    UNFIT = "{word} does not belong here"
    TOO_LONG = "it is longer than {most} characters"
    TOO_MANY = "it has more than {most} conditions"
    TOO_DEEP = "its brackets and nots go deeper than {most}"
    TOO_LARGE = "a number here goes up to {most}"


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with `text` at the place `at` (its index), where `word` stands.

    `example` is a condition, or an expression, that would be right; `most` is the limit that was
    passed, where it was one.
    """

    wrong: Wrong
    text: str
    at: int
    word: str
    example: str
    most: int = 0

    @property
    def pointer(self) -> str:
        """A line with a caret, to stand below the line of the text that `line` gives."""
        begin = self.text.rfind("\n", 0, self.at) + 1
        before = self.text[begin : self.at]
        return "".join(_WIDE_BLANK if _is_wide(one) else " " for one in before) + "^"

    @property
    def line(self) -> str:
        """The line of the text in which the place is."""
        begin = self.text.rfind("\n", 0, self.at) + 1
        return self.text[begin:].partition("\n")[0]

    def __str__(self) -> str:
        return self.wrong.value.format(word=repr(self.word), most=self.most)


class SegmentUnreadable(StorageError):
    """An expression of the segment language cannot be read."""

    number = 150
    sentence = "The segment cannot be read: {reason}.\n{line}\n{pointer}\n"
    mend = "Write it like this: {example}"

    def __init__(self, trouble: Trouble) -> None:
        self.trouble = trouble
        super().__init__(
            reason=str(trouble),
            line=trouble.line,
            pointer=trouble.pointer,
            example=trouble.example,
        )


def _is_wide(character: str) -> bool:
    """Whether a character takes two columns, as in a terminal and in most fonts."""
    return unicodedata.east_asian_width(character) in "WF"
