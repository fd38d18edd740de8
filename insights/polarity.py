"""Which way a clause leans, and whether it judges at all, where words alone do not say it.

Two linear models over the characters of a clause, one to three in a row. One, which knows what the
lexicon found in it as well, says which way a clause that judges leans. The other says whether it
judges; both together give the chance that it speaks well, or badly. They know how people complain
without a judging word (等了一个星期才到), and weigh words that speak against each other. They never
speak first: `unsaid` says when they are asked. What they rest on are the words that weigh most.

The model is a text file, gzipped: a header of `key value` lines, a blank line, and a line for each
run of characters with its two weights, leaning and judging, in hundredths of log-odds.
`insights/training.py` writes it; `docs/reference/polarity-model.md` says from what, and how good it
is.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from math import exp
from typing import Self

from storage.errors import UnderstandingError

MODEL_FILE = "polarity_model.tsv.gz"
FORMAT = 2

CUES = 2
"""So many judgements of the lexicon count in one clause, each way; more say nothing more."""

_HUNDREDTHS = 100.0
_BEYOND_DOUBT = 500.0  # log-odds; exp of more than 709 is no number


class ModelUnreadable(UnderstandingError):
    """The file of the polarity model has another shape than this release writes."""

    number = 203
    sentence = "The polarity model {place} cannot be read: {reason}."
    mend = "Install the bot again, or train the model anew: python -m insights.training FOLDER"


@dataclass(frozen=True)
class PolarityModel:
    """The model as it is read. `leaning` and `judging` are hundredths of log-odds, by run."""

    leaning: Mapping[str, int]
    judging: Mapping[str, int]
    longest: int  # characters of the longest run
    bias: float  # of leaning
    judging_bias: float
    sure: float  # the chance above which it says that a clause speaks well, or badly
    positive: float  # log-odds for each judgement of the lexicon that speaks well
    negative: float  # the same for one that speaks badly; below zero
    version: str

    def lean(self, text: str, positive: int = 0, negative: int = 0) -> float:
        """How much more likely a clause judges well than badly, in log-odds.

        Above 0 it speaks well, below 0 badly; 2 is 88 to 12. That it judges at all is taken for
        granted.

        Args:
            text: the clause, in normal form (`normalise`).
            positive: how many judgements that speak well the lexicon finds in it.
            negative: how many that speak badly.
        """
        return (
            self.bias
            + _sum(self.leaning, self._runs(text)) / _HUNDREDTHS
            + self.positive * min(positive, CUES)
            + self.negative * min(negative, CUES)
        )

    def chance(self, text: str) -> float:
        """The chance that a clause speaks well; below zero the chance that it speaks badly.

        That is the chance that it judges, times the chance that it does so that way: of both ways
        the likelier one.
        """
        runs = self._runs(text)
        judges = _chance(self.judging_bias + _sum(self.judging, runs) / _HUNDREDTHS)
        if judges <= self.sure:
            return 0.0
        leaning = self.bias + _sum(self.leaning, runs) / _HUNDREDTHS
        return judges * _chance(leaning) if leaning > 0 else -judges * _chance(-leaning)

    def speaks(self, text: str) -> int:
        """Whether a clause in which no word judges does so, where the chance is above `sure`.

        1 where it speaks well, -1 where badly, 0 where that is not sure.
        """
        chance = self.chance(text)
        return (chance > self.sure) - (chance < -self.sure)

    def rests_on(self, words: Sequence[str], way: int) -> str:
        """The words in a row that weigh most in what the model says of the clause they make up.

        Each run counts for its characters alike, where it stands first. A word weighs what its
        characters do; of all words in a row those are taken that weigh most above the average.

        Args:
            words: of the clause, in order.
            way: 1 or -1, what `speaks` said.
        """
        text = "".join(words)
        share = [0.0] * len(text)
        for run in sorted(self._runs(text)):  # in one order, so that sums are the same each time
            weight = way * self.leaning.get(run, 0) + self.judging.get(run, 0)
            first = text.index(run)
            for place in range(first, first + len(run)):
                share[place] += weight / len(run)
        average = sum(share) / max(len(words), 1)
        heaviest = first = last = end = 0
        most = float("-inf")
        total = 0.0
        for place, word in enumerate(words):
            end += len(word)
            above = sum(share[end - len(word) : end]) - average
            if total > 0:
                total += above
            else:
                total, first = above, place
            if total > most:
                most, heaviest, last = total, first, place + 1
        return "".join(words[heaviest:last])

    def _runs(self, text: str) -> set[str]:
        """The runs of characters that stand in a text, each once."""
        end, runs = len(text), set(text)
        for length in range(2, self.longest + 1):
            runs.update([text[start : start + length] for start in range(end - length + 1)])
        return runs

    def to_text(self) -> str:
        """The file's text. The same model gives the same text."""
        header = (
            f"format {FORMAT}",
            f"longest {self.longest}",
            f"bias {self.bias:.4f}",
            f"judging_bias {self.judging_bias:.4f}",
            f"sure {self.sure:.4f}",
            f"positive {self.positive:.4f}",
            f"negative {self.negative:.4f}",
        )
        leaning, judging = self.leaning, self.judging
        lines = (
            f"{run}\t{leaning.get(run, 0)}\t{judging.get(run, 0)}"
            for run in sorted(leaning.keys() | judging.keys())
        )
        return "\n".join((*header, "", *lines, ""))

    @classmethod
    def from_text(cls, text: str) -> Self:
        """The model that `to_text` wrote.

        Raises:
            ValueError: it has another shape.
        """
        head, divided, body = text.partition("\n\n")
        keys = dict(line.split(" ", 1) for line in head.splitlines())
        if not divided or keys.get("format") != str(FORMAT):
            raise ValueError(f"format {keys.get('format')}, not {FORMAT}")
        leaning, judging = {}, {}
        for line in body.splitlines():
            run, leans, judges = line.rsplit("\t", 2)
            if weight := int(leans):
                leaning[run] = weight
            if weight := int(judges):
                judging[run] = weight
        try:
            return cls(
                leaning=leaning,
                judging=judging,
                longest=int(keys["longest"]),
                bias=float(keys["bias"]),
                judging_bias=float(keys["judging_bias"]),
                sure=float(keys["sure"]),
                positive=float(keys["positive"]),
                negative=float(keys["negative"]),
                version=hashlib.sha256(text.encode()).hexdigest()[:12],
            )
        except KeyError as missing:
            raise ValueError(f"no {missing.args[0]}") from missing


def _sum(weights: Mapping[str, int], runs: Iterable[str]) -> int:
    return sum(filter(None, map(weights.get, runs)))


def _chance(log_odds: float) -> float:
    """The chance of these log-odds; what is beyond all doubt does not overflow."""
    return 1.0 / (1.0 + exp(-max(log_odds, -_BEYOND_DOUBT)))


def read_model(packed: bytes, place: str) -> PolarityModel:
    """The model in a file; `place` names it in errors.

    Raises:
        ModelUnreadable: the file is damaged, or of another format.
    """
    try:
        return PolarityModel.from_text(gzip.decompress(packed).decode("utf-8"))
    except (OSError, EOFError, ValueError) as error:
        raise ModelUnreadable(place=place, reason=str(error)) from error


@lru_cache(maxsize=1)
def standard_model() -> PolarityModel:
    """The model that ships with the bot; read at the first call."""
    packed = resources.files(__package__).joinpath(MODEL_FILE).read_bytes()
    return read_model(packed, f"insights/{MODEL_FILE}")
