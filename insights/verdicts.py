"""What is concluded from a trial, and what is not yet.

Who looks at a trial again and again, and stops when it looks good, finds a difference in most
trials of nothing. So a trial concludes once: when its planned size is reached and the last window
is over. Until then, and where no plan was fixed before it began, there are figures and no verdict.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import fmean

from insights.trials import (
    FEWEST_GROUPS,
    Difference,
    Share,
    between_groups,
    between_shares,
    confidence,
    groups_needed,
    people_needed,
)

_HOPELESS = 20  # so many times as many people or groups no shop will ever have
_SLIGHT = 0.25  # of the larger rate: what is no larger than that is about the same
_SLIGHT_POINTS = 0.005  # so is half a point of a hundred, whatever the rate


class Finding(StrEnum):
    """What is said of two arms."""

    NO_PLAN = "no_plan"  # no plan was fixed before it began
    TOO_EARLY = "too_early"  # posts, or windows after them, are still to come
    CUT_SHORT = "cut_short"  # it was cancelled before all of it had gone out
    TOO_FEW = "too_few"  # it is over, and fewer than planned took part
    TOO_FEW_GROUPS = "too_few_groups"  # so few groups tell nothing, however much happens in them
    MORE = "more"
    LESS = "less"
    OPEN = "open"  # no difference can be told yet: so many more would tell it
    ALIKE = "alike"  # all differences that fit what was seen are slight


@dataclass(frozen=True, slots=True)
class Arm:
    """One arm: what its people did and, where groups are compared, the rate of each group."""

    name: str
    share: Share
    rates: tuple[float, ...] | None = None

    @property
    def size(self) -> int:
        """How many groups it has, or people, where they are compared."""
        return self.share.people if self.rates is None else len(self.rates)

    @property
    def rate(self) -> float:
        """How many of its people did it, or of the people of each of its groups on average."""
        return fmean(self.rates) if self.rates else self.share.rate


@dataclass(frozen=True, slots=True)
class Compared:
    """One arm against another.

    `difference` is None where nothing can be reckoned; `needed` is how many more groups or people,
    in both arms together, would tell a difference like the one seen, None where that cannot be had.
    """

    arm: str
    against: str
    finding: Finding
    difference: Difference | None
    needed: int | None = None


@dataclass(frozen=True, slots=True)
class Course:
    """How far a trial is.

    `size` is what an arm was planned to have (None: no plan). Who cancels a campaign has seen how
    it stands: what was `cut_short` has no verdict.
    """

    size: int | None
    over: bool
    cut_short: bool = False


def compare(arms: Sequence[Arm], held_out: Arm | None, course: Course) -> list[Compared]:
    """Each arm against those held out, where there are any, and each later arm against the first.

    Args:
        arms: the variants, in their order.
        held_out: those who got nothing; None where there are none, or what is compared can only
            be done by who got something.
        course: how far the trial is.
    """
    pairs = [] if held_out is None else [(one, held_out) for one in arms]
    pairs += [(one, arms[0]) for one in arms[1:]]
    return [_compared(one, other, course, len(pairs)) for one, other in pairs]


def _compared(one: Arm, other: Arm, course: Course, comparisons: int) -> Compared:
    difference = _difference(one, other, confidence(comparisons))
    finding = _finding(one, other, difference, course)
    needed = _needed(one, other, comparisons) if finding is Finding.OPEN else None
    return Compared(one.name, other.name, finding, difference, needed)


def _finding(one: Arm, other: Arm, difference: Difference | None, course: Course) -> Finding:
    if course.size is None:
        return Finding.NO_PLAN
    if course.cut_short:
        return Finding.CUT_SHORT
    if not course.over:
        return Finding.TOO_EARLY
    if min(one.size, other.size) < course.size:
        return Finding.TOO_FEW
    return _told(one, other, difference)


def _told(one: Arm, other: Arm, difference: Difference | None) -> Finding:
    """What two arms say that are as large as planned."""
    if one.rates is not None and min(one.size, other.size) < FEWEST_GROUPS:
        return Finding.TOO_FEW_GROUPS
    if difference is None:
        return Finding.OPEN
    if not difference.told:
        most = max(abs(difference.low), abs(difference.high))
        slight = max(_SLIGHT * max(one.rate, other.rate), _SLIGHT_POINTS)
        return Finding.ALIKE if most <= slight else Finding.OPEN
    return Finding.MORE if difference.estimate > 0 else Finding.LESS


def _difference(one: Arm, other: Arm, sure: float) -> Difference | None:
    if one.rates is None or other.rates is None:
        return between_shares(one.share, other.share, sure)
    return between_groups(one.rates, other.rates, sure)


def _needed(one: Arm, other: Arm, comparisons: int) -> int | None:
    """How many more, in both arms together; None where no trial of this shop could have them."""
    if one.rates is None or other.rates is None:
        each = people_needed(one.share.rate, other.share.rate, comparisons)
    else:
        each = groups_needed(one.rates, other.rates, comparisons)
    if each is None or each > _HOPELESS * max(one.size, other.size):
        return None
    more = max(0, each - one.size) + max(0, each - other.size)
    return max(1, more)
