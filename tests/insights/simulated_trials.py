"""Simulated campaigns whose effect is known: what the intervals of trials are measured on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from insights.trials import Difference, Share, between_groups, between_shares


@dataclass(frozen=True, slots=True)
class People:
    """A campaign to people: so many in each arm, of whom this share does it without the campaign.

    `effect` is by how much more of the first arm do it.
    """

    one: int
    other: int
    rate: float
    effect: float

    def trials(self, dice: np.random.Generator, count: int) -> Iterator[Difference | None]:
        """What so many trials of it find."""
        ones = dice.binomial(self.one, self.rate + self.effect, count)
        others = dice.binomial(self.other, self.rate, count)
        for did, did_too in zip(ones.tolist(), others.tolist(), strict=True):
            yield between_shares(Share(did, self.one), Share(did_too, self.other))


@dataclass(frozen=True, slots=True)
class Groups:
    """Posts to groups of 40 to 300 fans, some of which talk more than others.

    The fans of one group are as like one another as a beta distribution of this concentration
    makes them: 30 is a correlation of 1 in 31 within a group.
    """

    one: int
    other: int
    rate: float
    effect: float
    concentration: float = 30.0

    def trials(self, dice: np.random.Generator, count: int) -> Iterator[Difference | None]:
        """What so many trials of it find."""
        for _ in range(count):
            one = self._rates(dice, self.one, self.rate + self.effect)
            yield between_groups(one, self._rates(dice, self.other, self.rate))

    def _rates(self, dice: np.random.Generator, groups: int, mean: float) -> list[float]:
        fans = dice.integers(40, 301, groups)
        inclined = dice.beta(mean * self.concentration, (1 - mean) * self.concentration, groups)
        rates: list[float] = (dice.binomial(fans, inclined) / fans).tolist()
        return rates


@dataclass(frozen=True, slots=True)
class Measured:
    """Of many trials of one campaign: the share that held the truth, and that told a difference."""

    held: float
    told: float


def measure(campaign: People | Groups, count: int, seed: int) -> Measured:
    """What so many trials of a campaign find; the same for the same seed."""
    found = [one for one in campaign.trials(np.random.default_rng(seed), count) if one is not None]
    held = sum(one.low <= campaign.effect <= one.high for one in found)
    return Measured(held / len(found), sum(one.told for one in found) / len(found))
