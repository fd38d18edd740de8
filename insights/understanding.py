"""The whole reading of one text: its words, its feeling, its opinions and its demands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from insights.clauses import read_clauses
from insights.demands import Demand, read_demands
from insights.lexicon import Lexicon
from insights.normalise import normalise
from insights.opinions import Opinion, read_opinions
from insights.polarity import standard_model
from insights.words import Segmenter, TaggedWord


@dataclass(frozen=True, slots=True)
class Understanding:
    """What one text says.

    `text` is as it came; `tagged` are the words of its normal form with their parts of speech,
    blanks and punctuation included; `sentiment` is in -1..1.
    """

    text: str
    tagged: tuple[TaggedWord, ...]
    sentiment: float
    opinions: tuple[Opinion, ...]
    demands: tuple[Demand, ...]

    @property
    def words(self) -> tuple[str, ...]:
        """The words without blanks and punctuation."""
        return tuple([word for word, _ in self.tagged if word[0].isalnum()])

    def to_json(self) -> dict[str, Any]:
        """The understanding as plain JSON, as `nuanqun analyse` prints it."""
        return {
            "text": self.text,
            "words": list(self.words),
            "sentiment": self.sentiment,
            "opinions": [opinion.to_json() for opinion in self.opinions],
            "demands": [demand.to_json() for demand in self.demands],
        }


def understand(text: str, segmenter: Segmenter, lexicon: Lexicon) -> Understanding:
    """Read one text. Pure: the same text, words and lexicon give the same understanding.

    The model that ships with the bot is read at the first call.

    Raises:
        ModelUnreadable: its file is damaged.
    """
    normal = normalise(text)
    tagged = segmenter.tag(normal)
    clauses = read_clauses(normal, tagged, lexicon)
    opinions, sentiment = read_opinions(normal, tagged, clauses, lexicon, standard_model())
    demands = read_demands(clauses)
    return Understanding(text, tuple(tagged), sentiment, opinions, demands)
