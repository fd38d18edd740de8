"""How likely chance alone is to bring what was counted: exact tails, and many of them at once.

Counts of fans are small, so nothing here leans on the normal curve. A share that wavers from
period to period is a beta-binomial, a count that comes in bursts a negative binomial; the two
become the binomial and Poisson's where nothing wavers. Formulas: Johnson, Kemp and Kotz,
"Univariate Discrete Distributions" (3rd ed. 2005), chapters 4 to 6.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)

_NEGLIGIBLE = 1e-12  # of the sum so far: terms below it add nothing
_VANISHES = -700.0  # the logarithm of a mass that a float cannot hold


def beta_binomial_tail(least: int, trials: int, mean: float, concentration: float) -> float:
    """The chance of `least` or more of `trials`, where the share behind them is itself uncertain.

    Args:
        least: how many, 0 or more.
        trials: out of how many.
        mean: the expected share, between 0 and 1 exclusively.
        concentration: how sure the share is: as if that many had been counted before; above 0.
    """
    a, b = mean * concentration, (1.0 - mean) * concentration

    def log_mass(count: int) -> float:
        ways = _log_choose(trials, count)
        return ways + _log_beta(count + a, trials - count + b) - _log_beta(a, b)

    def ratio(count: int) -> float:  # of the mass of the next count to that of this one
        return (trials - count) * (count + a) / ((count + 1) * (trials - count - 1 + b))

    return _tail(least, trials, mean * trials, log_mass, ratio)


def burst_tail(least: int, mean: float, dispersion: float) -> float:
    """The chance of `least` or more where `mean` come on average (negative binomial).

    Args:
        least: how many, 0 or more.
        mean: how many are usual; above 0.
        dispersion: variance divided by mean. 1 is Poisson's: they come independently; what is
            below 1 counts as 1.
    """
    excess = dispersion - 1.0
    if excess * mean < _NEGLIGIBLE or excess < _NEGLIGIBLE:

        def log_mass(count: int) -> float:
            return count * math.log(mean) - mean - math.lgamma(count + 1)

        def ratio(count: int) -> float:
            return mean / (count + 1)

    else:
        size = mean / excess

        def log_mass(count: int) -> float:
            ways = math.lgamma(count + size) - math.lgamma(size) - math.lgamma(count + 1)
            return ways - size * math.log(dispersion) + count * math.log(excess / dispersion)

        def ratio(count: int) -> float:
            return (count + size) / (count + 1) * excess / dispersion

    return _tail(least, None, mean, log_mass, ratio)


def shared_tail(least: int, first: int, second: int, everybody: int) -> float:
    """The chance that two groups share `least` or more, were they drawn independently.

    The upper tail of the hypergeometric distribution: Fisher's exact test.

    Args:
        least: how many belong to both, 0 or more.
        first: how many belong to one.
        second: how many belong to the other.
        everybody: how many there are to draw from.
    """
    fewest = max(0, first + second - everybody)
    most = min(first, second)
    if least <= fewest:
        return 1.0
    if least > most:
        return 0.0
    mean = first * second / everybody
    ways = _log_choose(first, least) + _log_choose(everybody - first, second - least)
    log_mass = ways - _log_choose(everybody, second)
    if log_mass < _VANISHES:
        return 1.0 if least < mean else 0.0
    upper, mass = 0.0, math.exp(log_mass)
    for count in range(least, most + 1):
        upper += mass
        if count > mean and mass <= upper * _NEGLIGIBLE:
            break
        mass *= (first - count) * (second - count)
        mass /= (count + 1) * (everybody - first - second + count + 1)
    return min(upper, 1.0)


def believable(chances: Mapping[Key, float], rate: float) -> frozenset[Key]:
    """Which of many findings to believe, so that at most `rate` of them are chance on average.

    Benjamini and Hochberg (Journal of the Royal Statistical Society B 57:1, 1995). Where nothing
    is going on at all, `rate` is also how often anything is believed.
    """
    ranked = sorted(chances.values())
    passing = [p for rank, p in enumerate(ranked, 1) if p <= rate * rank / len(ranked)]
    if not passing:
        return frozenset()
    return frozenset(key for key, p in chances.items() if p <= passing[-1])


def _tail(
    least: int,
    most: int | None,
    mean: float,
    log_mass: Callable[[int], float],
    ratio: Callable[[int], float],
) -> float:
    """The sum of the masses from `least` on; from the side where there is less to add up."""
    if least <= 0:
        return 1.0
    if most is not None and least > most:
        return 0.0
    if least <= mean:
        below, mass = 0.0, math.exp(log_mass(least - 1))
        for count in range(least - 1, -1, -1):
            below += mass
            if mass <= below * _NEGLIGIBLE or count == 0:
                break
            mass /= ratio(count - 1)
        return max(0.0, 1.0 - below)
    above, mass, count = 0.0, math.exp(log_mass(least)), least
    while True:
        above += mass
        if count == most or mass <= above * _NEGLIGIBLE:
            return min(above, 1.0)
        mass *= ratio(count)
        count += 1


def _log_choose(total: int, chosen: int) -> float:
    return math.lgamma(total + 1) - math.lgamma(chosen + 1) - math.lgamma(total - chosen + 1)


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
