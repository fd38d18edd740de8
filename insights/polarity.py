"""Which way a clause leans, where words alone do not say it: a small trained model.

A linear model over the characters of a clause, one to three in a row, and over what the lexicon
found in it. It knows how people complain without a judging word (等了一个星期才到), and weighs
words that speak against each other. It explains nothing, so it never speaks alone: the lexicon says
what is judged and by which word, the model says which way (see `opinions.py`).

The model is a text file, gzipped: a header of `key value` lines, a blank line, and a line for each
run of characters with its weight in hundredths of log-odds. `insights/training.py` writes it;
`docs/reference/polarity-model.md` says from what, and how good it is.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Self

from storage.errors import UnderstandingError

MODEL_FILE = "polarity_model.tsv.gz"
FORMAT = 1

CUES = 2
"""So many judgements of the lexicon count in one clause, each way; more say nothing more."""

_HUNDREDTHS = 100.0


class ModelUnreadable(UnderstandingError):
    """The file of the polarity model has another shape than this release writes."""

    number = 203
    sentence = "The polarity model {place} cannot be read: {reason}."
    mend = "Install the bot again, or train the model anew: python -m insights.training FOLDER"


@dataclass(frozen=True)
class PolarityModel:
    """The model as it is read. `weights` are in hundredths of log-odds, by run of characters."""

    weights: Mapping[str, int]
    longest: int  # characters of the longest run
    bias: float
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
        weights, end = self.weights, len(text)
        total = 0
        for length in range(1, min(self.longest, end) + 1):
            runs = {text[start : start + length] for start in range(end - length + 1)}
            for run in runs:
                weight = weights.get(run)
                if weight is not None:
                    total += weight
        return (
            self.bias
            + total / _HUNDREDTHS
            + self.positive * min(positive, CUES)
            + self.negative * min(negative, CUES)
        )

    def to_text(self) -> str:
        """The file's text. The same model gives the same text."""
        header = (
            f"format {FORMAT}",
            f"longest {self.longest}",
            f"bias {self.bias:.4f}",
            f"positive {self.positive:.4f}",
            f"negative {self.negative:.4f}",
        )
        lines = (f"{run}\t{self.weights[run]}" for run in sorted(self.weights))
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
        weights = {}
        for line in body.splitlines():
            run, _, weight = line.rpartition("\t")
            weights[run] = int(weight)
        try:
            return cls(
                weights=weights,
                longest=int(keys["longest"]),
                bias=float(keys["bias"]),
                positive=float(keys["positive"]),
                negative=float(keys["negative"]),
                version=hashlib.sha256(text.encode()).hexdigest()[:12],
            )
        except KeyError as missing:
            raise ValueError(f"no {missing.args[0]}") from missing


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
