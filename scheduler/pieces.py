"""Pieces: what does not fit into one message of a platform, as several that do.

An answer is split where a reader would pause: between paragraphs, lines, sentences, then clauses
and words. Nothing is lost but the blanks at the cuts; buttons stand below the last piece, and a
mention stays whole. What is planned is never split (`misfit` says why it cannot go as it is).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from scheduler.content import Content, Mention, Picture
from scheduler.courier import Limits

# Where a reader pauses, the longest pause first. Each pattern ends where a piece may end.
_PAUSES = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?=\n\s*\n)",
        r"(?=\n)",
        # A full stop of ours ends a sentence; a Western one only before a blank, not in an address.
        r"[。！？…]+[”’」』）)\"']*|[.!?]+[\"')]*(?=\s)",
        r"[，、；：]+|[,;:](?=\s)",
        r"(?=\s)",
    )
)
_CLOSING = frozenset("。！？!?…，、；：,;:.”’」』）)》】")  # no line begins with one of these
_JOINER = "\N{ZERO WIDTH JOINER}"
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_LONGEST_SIGN = 32  # characters that a reader sees as one, with the stop behind it
_BEHIND = 2  # characters that tell whether a piece may end before them


class Part(StrEnum):
    """What of a content a platform does not take as it is."""

    TEXT = "text"
    CAPTION = "caption"
    PICTURES = "pictures"
    BUTTONS = "buttons"


@dataclass(frozen=True, slots=True)
class Misfit:
    """Why a content is more than one message; `most` is how much of that part would fit."""

    part: Part
    most: int


def misfit(content: Content, limits: Limits) -> Misfit | None:
    """What keeps a content from being one message; None where it is one."""
    pictures = len(content.pictures)
    if limits.pictures is not None and pictures > limits.pictures:
        return Misfit(Part.PICTURES, limits.pictures)
    if content.buttons and pictures > 1 and limits.pictures_alone:
        return Misfit(Part.BUTTONS, 1)
    longest = _longest_text(content, limits)
    if longest is not None and len(content.text) > longest:
        return Misfit(Part.CAPTION if pictures else Part.TEXT, longest)
    return None


def pieces(content: Content, limits: Limits) -> list[Content]:
    """The messages that say a content, in their order; at least one.

    Pictures come first: what is said about them is read below.
    """
    if misfit(content, limits) is None:
        return [content]
    albums = list(_albums(content, limits))
    parts = [Content("", pictures=album) for album in albums]
    parts += [
        Content(text)
        for text in split(content.text, limits.text_length, content.mentions)
        if text or not albums
    ]
    parts = _with_mentions(parts, content)
    return [*parts[:-1], replace(parts[-1], buttons=content.buttons)]


def split(text: str, longest: int | None, mentions: tuple[Mention, ...] = ()) -> list[str]:
    """The text in pieces of at most `longest` characters each, at least one.

    Raises:
        ValueError: `longest` is no length.
    """
    if longest is not None and longest < 1:
        raise ValueError(f"no text has a length of {longest}")
    if longest is None or len(text) <= longest:
        return [text]
    whole = _mentioned(text, mentions)
    found: list[str] = []
    start = 0
    while len(text) - start > longest:
        cut = _cut(text, start, start + longest, whole)
        found.append(text[start:cut].rstrip())
        start = _past_blanks(text, cut)
    return [piece for piece in (*found, text[start:].rstrip()) if piece] or [""]


def _longest_text(content: Content, limits: Limits) -> int | None:
    if not content.pictures or limits.caption_length is None:
        return limits.text_length
    return limits.caption_length


def _albums(content: Content, limits: Limits) -> Iterator[tuple[Picture, ...]]:
    """The pictures, as many to a message as it takes.

    Where buttons cannot stand below several and there is no text to carry them, the last picture
    stands alone and does.
    """
    pictures = content.pictures
    alone = pictures[-1:] if content.buttons and limits.pictures_alone and not content.text else ()
    together = pictures[: len(pictures) - len(alone)]
    most = limits.pictures or len(together) or 1
    for start in range(0, len(together), most):
        yield together[start : start + most]
    if alone:
        yield alone


def _with_mentions(parts: list[Content], content: Content) -> list[Content]:
    """Each mention in the pieces that say its name; one that none says, in the first."""
    named = [
        tuple(one for one in content.mentions if f"@{one.name}" in part.text) for part in parts
    ]
    said = {one for some in named for one in some}
    silent = tuple(one for one in content.mentions if one not in said)
    named[0] = (*named[0], *silent)
    return [replace(part, mentions=some) for part, some in zip(parts, named, strict=True)]


def _mentioned(text: str, mentions: tuple[Mention, ...]) -> list[tuple[int, int]]:
    """Where the names of those called stand, as spans that are not cut."""
    return [
        found.span()
        for one in mentions
        if one.name
        for found in re.finditer(re.escape(f"@{one.name}"), text)
    ]


def _cut(text: str, start: int, end: int, whole: list[tuple[int, int]]) -> int:
    """Where to end the piece that begins at `start` and may go up to `end`.

    At the longest pause in the second half of it; without any pause, as far as it goes.
    """
    half = start + (end - start) // 2
    for pause in _PAUSES:
        ends = [found.end() for found in pause.finditer(text, half, end + _BEHIND)]
        fitting = [one for one in ends if start < one <= end and not _inside(one, whole)]
        if fitting:
            return fitting[-1]
    return _hard_cut(text, start, end, whole)


def _hard_cut(text: str, start: int, end: int, whole: list[tuple[int, int]]) -> int:
    """The end, or a little before, so that neither a name nor a sign is torn."""
    for left, right in whole:
        if left < end < right and left > start:
            return left
    for cut in range(end, max(start, end - _LONGEST_SIGN), -1):
        if not _joined(text, cut):
            return cut
    return end


def _inside(cut: int, whole: list[tuple[int, int]]) -> bool:
    return any(left < cut < right for left, right in whole)


def _joined(text: str, cut: int) -> bool:
    """Whether the characters around a place belong together: one sign, or a word and its stop."""
    before, behind = text[cut - 1], text[cut]
    return (
        _JOINER in (before, behind)
        or unicodedata.combining(behind) != 0
        or unicodedata.category(behind) in ("Mn", "Me")  # variation selectors among them
        or ord(behind) in _SKIN_TONES
        or behind in _CLOSING
    )


def _past_blanks(text: str, place: int) -> int:
    while place < len(text) and text[place].isspace():
        place += 1
    return place
