"""What a trial shows: how far two arms lie apart, how sure that is, and how many more would tell.

People are compared by shares (so many of so many replied) and groups by their rates: fans of one
group talk to one another, so a group counts as one, however many sit in it. Every interval tells
what differences fit what was seen; a difference is told from chance where all of them have one
sign. Where several pairs are compared at once, each has to be surer (Bonferroni), so that all
together raise a false alarm no more often than one would.

Formulas: shares by Newcombe's hybrid score interval (Statistics in Medicine 17, 1998, 873-890,
method 10), rates of groups by Welch's (Biometrika 34, 1947, 28-35). Rates are skewed, and where one
arm is much smaller that no longer cancels out: there the jackknife's variance is taken instead
(MacKinnon and White, Journal of Econometrics 29, 1985, 305-325) with the smaller arm's degrees of
freedom; `bench_trials.py` measures what either does. Sizes for a power of 80% are reckoned by the
normal approximation (Fleiss, Levin and Paik, "Statistical Methods for Rates and Proportions", 3rd
ed. 2003, chapter 4). scipy is imported when it is first asked: it takes long to come.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, variance

FALSE_ALARMS = 0.05
"""How often a trial may claim a difference where there is none."""
POWER = 0.8
"""How often a trial of the reckoned size finds a difference that is there."""
FEWEST_GROUPS = 3
"""In an arm: two say next to nothing about how much groups vary."""

_LOPSIDED = 2  # an arm of so many times the other's groups


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many people."""

    did: int
    people: int

    @property
    def rate(self) -> float:
        """The share; 0 of nobody."""
        return self.did / self.people if self.people else 0.0


@dataclass(frozen=True, slots=True)
class Difference:
    """How much more one arm did than the other: `low` to `high` fits what was seen.

    Shares, so 0.02 are two of a hundred.
    """

    estimate: float
    low: float
    high: float

    @property
    def told(self) -> bool:
        """Whether it is told from chance."""
        return self.low > 0 or self.high < 0


def confidence(comparisons: int) -> float:
    """How sure each of so many comparisons has to be, for all of them to be right together."""
    return 1 - FALSE_ALARMS / max(1, comparisons)


def between_shares(one: Share, other: Share, sure: float = 0.95) -> Difference | None:
    """How much larger the first share of people is; None where there is nobody to compare.

    Args:
        one: the arm that is asked about.
        other: the arm it is compared with.
        sure: how often such an interval holds the true difference, between 0 and 1.
    """
    if not (one.people and other.people):
        return None
    z = _normal_quantile((1 + sure) / 2)
    low, high = _score(one, z)
    other_low, other_high = _score(other, z)
    gap = one.rate - other.rate
    return Difference(
        gap,
        gap - math.hypot(one.rate - low, other_high - other.rate),
        gap + math.hypot(high - one.rate, other.rate - other_low),
    )


def between_groups(
    one: Sequence[float], other: Sequence[float], sure: float = 0.95
) -> Difference | None:
    """How much larger the mean of the first arm's groups is.

    None where an arm has too few groups, or where nothing varies, so that there is nothing to
    reckon chance by.

    Args:
        one: each group's rate, of the arm that is asked about.
        other: those of the arm it is compared with.
        sure: how often such an interval holds the true difference, between 0 and 1.
    """
    if min(len(one), len(other)) < FEWEST_GROUPS:
        return None
    sizes = sorted((len(one), len(other)))
    lopsided = sizes[1] >= _LOPSIDED * sizes[0]
    parts = [variance(each) / (len(each) - lopsided) for each in (one, other)]
    error = sum(parts)
    if not error:
        return None
    freedom = error**2 / sum(
        part**2 / (len(each) - 1) for part, each in zip(parts, (one, other), strict=True)
    )
    if lopsided:
        freedom = sizes[0] - 1
    gap = fmean(one) - fmean(other)
    reach = _student_quantile((1 + sure) / 2, freedom) * math.sqrt(error)
    return Difference(gap, gap - reach, gap + reach)


def people_needed(rate: float, other: float, comparisons: int = 1) -> int | None:
    """How many people in each arm tell two such shares apart; None where they are the same."""
    gap = abs(rate - other)
    if not gap:
        return None
    middle = (rate + other) / 2
    chance = _normal_quantile(1 - (1 - confidence(comparisons)) / 2)
    found = _normal_quantile(POWER)
    spread = chance * math.sqrt(2 * middle * (1 - middle))
    spread += found * math.sqrt(rate * (1 - rate) + other * (1 - other))
    return max(1, math.ceil((spread / gap) ** 2))


def groups_needed(one: Sequence[float], other: Sequence[float], comparisons: int = 1) -> int | None:
    """How many groups in each arm tell two such arms apart; None where that cannot be reckoned."""
    if min(len(one), len(other)) < FEWEST_GROUPS:
        return None
    gap = abs(fmean(one) - fmean(other))
    spread = variance(one) + variance(other)
    if not gap or not spread:
        return None
    chance = 1 - (1 - confidence(comparisons)) / 2
    both = _normal_quantile(chance) + _normal_quantile(POWER)
    needed = max(FEWEST_GROUPS, math.ceil(spread * (both / gap) ** 2))
    # What decides is Student's quantile, which is larger the fewer groups there are.
    while True:
        freedom = 2 * (needed - 1)
        both = _student_quantile(chance, freedom) + _student_quantile(POWER, freedom)
        if needed >= spread * (both / gap) ** 2:
            return needed
        needed += 1


def _score(share: Share, z: float) -> tuple[float, float]:
    """Wilson's interval of one share (Journal of the American Statistical Association 22, 1927)."""
    total, rate = share.people, share.rate
    middle = rate + z * z / (2 * total)
    reach = z * math.sqrt(rate * (1 - rate) / total + z * z / (4 * total * total))
    whole = 1 + z * z / total
    return max(0.0, (middle - reach) / whole), min(1.0, (middle + reach) / whole)


def _normal_quantile(share: float) -> float:
    from scipy.special import ndtri  # noqa: PLC0415 (see above)

    return float(ndtri(share))


def _student_quantile(share: float, freedom: float) -> float:
    from scipy.special import stdtrit  # noqa: PLC0415 (see above)

    return float(stdtrit(freedom, share))
