"""Analysed days as they are kept: as JSON text, which is read back and merged without detours."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from insights.days import AnalysedDay, Utterance, analyse_day
from insights.lexicon import Lexicon
from insights.packed import Merging
from insights.words import Segmenter


class Reading(NamedTuple):
    """What was understood of a day or a piece of it: by which words and rules, and its JSON."""

    version: str
    body: str


def read_texts(utterances: Sequence[Utterance], segmenter: Segmenter, lexicon: Lexicon) -> Reading:
    """Read what was said in one group on one day, or a piece of it."""
    return write_reading(analyse_day(utterances, segmenter, lexicon))


def write_reading(day: AnalysedDay) -> Reading:
    """The day as it is kept."""
    body = json.dumps(day.to_json(), ensure_ascii=False, separators=(",", ":"))
    return Reading(day.version, body)


def join_readings(readings: Iterable[Reading]) -> Reading:
    """The pieces of a day as one."""
    return write_reading(merge_texts(one.body for one in readings))


def merge_texts(texts: Iterable[str]) -> AnalysedDay:
    """Kept days as one period."""
    merging = Merging()
    take_texts(merging, texts)
    return merging.close()


def take_texts(merging: Merging, texts: Iterable[str]) -> None:
    """Merge kept days; at no time is more than one of them in memory as a document."""
    for text in texts:
        merging.take(json.loads(text))
