"""Scores the reading of our labelled sentences: exact stances and demands, with the misses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from insights.understanding import Understanding

FOLDER = Path(__file__).parent
FAN_SENTENCES = "fan_sentences.tsv"

Read = Callable[[str], Understanding]
Labels = frozenset[tuple[str, str]]

_POLARITIES = {"like": "positive", "dislike": "negative", "mind": "negative", "care": "neutral"}
_SIGNS = {"+": 1, "-": -1, "0": 0}


@dataclass
class Score:
    """Right, spurious and missed labels over a file of sentences."""

    right: int = 0
    spurious: int = 0
    missed: int = 0
    misses: list[str] = field(default_factory=list)

    @property
    def f1(self) -> float:
        return 2 * self.right / (2 * self.right + self.spurious + self.missed)

    def add(self, text: str, expected: Labels, found: Labels) -> None:
        self.right += len(expected & found)
        self.spurious += len(found - expected)
        self.missed += len(expected - found)
        if expected != found:
            self.misses.append(f"{text}  expected {sorted(expected)}, found {sorted(found)}")


@dataclass(frozen=True)
class FanSentence:
    """One row of fan_sentences.tsv; labelling.md says what the labels mean."""

    half: str
    trade: str
    text: str
    feeling: str
    stances: Labels
    demands: Labels


@dataclass
class FanScores:
    """How well the fan sentences are read, from the coarsest label to the finest."""

    aspects: Score = field(default_factory=Score)
    polarities: Score = field(default_factory=Score)
    stances: Score = field(default_factory=Score)
    demands: Score = field(default_factory=Score)
    feelings: Score = field(default_factory=Score)


def read_sentences(name: str) -> list[tuple[str, Labels, Labels]]:
    rows = []
    for text, stances, demands, *_ in _rows(name):
        rows.append((text, _labels(stances), _labels(demands)))
    return rows


def read_fan_sentences() -> list[FanSentence]:
    return [
        FanSentence(half, trade, text, feeling, _labels(stances), _labels(demands))
        for half, trade, text, feeling, stances, demands, *_ in _rows(FAN_SENTENCES)
    ]


def score(name: str, read: Read) -> tuple[Score, Score]:
    """The scores of stances and of demands, over one file."""
    stances, demands = Score(), Score()
    for text, expected_stances, expected_demands in read_sentences(name):
        found = read(text)
        stances.add(text, expected_stances, _stances(found))
        demands.add(text, expected_demands, _demands(found))
    return stances, demands


def score_fan_sentences(half: str, read: Read) -> FanScores:
    """The scores over one half: `tuned`, whose misses may be looked at, or `kept`."""
    scores = FanScores()
    for one in read_fan_sentences():
        if one.half != half:
            continue
        found = read(one.text)
        stances = _stances(found)
        scores.aspects.add(one.text, _aspects(one.stances), _aspects(stances))
        scores.polarities.add(one.text, _polarities(one.stances), _polarities(stances))
        scores.stances.add(one.text, one.stances, stances)
        scores.demands.add(one.text, one.demands, _demands(found))
        if one.feeling in _SIGNS:
            sign = (found.sentiment > 0) - (found.sentiment < 0)
            scores.feelings.add(one.text, _feeling(_SIGNS[one.feeling]), _feeling(sign))
    return scores


def _rows(name: str) -> list[list[str]]:
    lines = (FOLDER / name).read_text("utf-8").splitlines()
    return [[*line.split("\t"), "", ""] for line in lines if line and not line.startswith("#")]


def _labels(cell: str) -> Labels:
    found = set()
    for label in filter(None, cell.split("; ")):
        first, _, second = label.partition(" ")
        found.add((first, second))
    return frozenset(found)


def _stances(read: Understanding) -> Labels:
    return frozenset((o.aspect, o.stance.value) for o in read.opinions)


def _demands(read: Understanding) -> Labels:
    return frozenset((d.kind.value, d.thing) for d in read.demands)


def _aspects(stances: Labels) -> Labels:
    return frozenset((aspect, "") for aspect, _ in stances)


def _polarities(stances: Labels) -> Labels:
    return frozenset((aspect, _POLARITIES[stance]) for aspect, stance in stances)


def _feeling(sign: int) -> Labels:
    return frozenset([("feeling", str(sign))])
