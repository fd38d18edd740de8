"""Scores the reading of our labelled sentences: exact stances and demands, with the misses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from insights.understanding import Understanding

FOLDER = Path(__file__).parent
Labels = frozenset[tuple[str, str]]


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


def read_sentences(name: str) -> list[tuple[str, Labels, Labels]]:
    rows = []
    for line in (FOLDER / name).read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            text, stances, demands, *_ = [*line.split("\t"), "", ""]
            rows.append((text, _labels(stances), _labels(demands)))
    return rows


def _labels(cell: str) -> Labels:
    found = set()
    for label in filter(None, cell.split("; ")):
        first, _, second = label.partition(" ")
        found.add((first, second))
    return frozenset(found)


def score(name: str, read: Callable[[str], Understanding]) -> tuple[Score, Score]:
    """The scores of stances and of demands, over one file."""
    stances, demands = Score(), Score()
    for text, expected_stances, expected_demands in read_sentences(name):
        read_text = read(text)
        found = frozenset((o.aspect, o.stance.value) for o in read_text.opinions)
        stances.add(text, expected_stances, found)
        demands.add(
            text,
            expected_demands,
            frozenset((d.kind.value, d.thing) for d in read_text.demands),
        )
    return stances, demands
