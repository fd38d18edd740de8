"""What is concluded from a trial, and what is not yet.

Who looks at a trial again and again, and stops when it looks good, finds a difference in most
trials of nothing. So a trial concludes once: when its planned size is reached and the last window
is over. Until then, and where no plan was fixed before it began, there are figures and no verdict.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from insights.trials import (
    Difference,
    Share,
    between_groups,
    between_shares,
    confidence,
    groups_needed,
    people_needed,
)

_HOPELESS = 20  # where so many times as many would be needed, the arms do about the same


class Finding(StrEnum):
    """What is said of two arms."""

    NO_PLAN = "no_plan"  # no plan was fixed before it began
    TOO_EARLY = "too_early"  # posts, or windows after them, are still to come
    TOO_FEW = "too_few"  # it is over, and fewer than planned took part
    MORE = "more"
    LESS = "less"
    OPEN = "open"  # no difference can be told yet: so many more would tell it
    ALIKE = "alike"  # a difference, if there is one, is too small for any trial of this shop


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


@dataclass(frozen=True, slots=True)
class Compared:
    """One arm against another.

    `difference` is None where nothing can be reckoned; `needed` is how many more groups or people,
    in both arms together, would tell a difference like the one seen.
    """

    arm: str
    against: str
    finding: Finding
    difference: Difference | None
    needed: int | None = None


@dataclass(frozen=True, slots=True)
class Course:
    """How far a trial is: the planned `size` of an arm (None: no plan), and whether it is over."""

    size: int | None
    over: bool


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
    finding, needed = _finding(one, other, difference, course), None
    if finding is Finding.OPEN:
        needed = _needed(one, other, comparisons)
        if difference is not None and needed is None:
            finding = Finding.ALIKE
    return Compared(one.name, other.name, finding, difference, needed)


def _finding(one: Arm, other: Arm, difference: Difference | None, course: Course) -> Finding:
    if course.size is None:
        return Finding.NO_PLAN
    if not course.over:
        return Finding.TOO_EARLY
    if min(one.size, other.size) < course.size:
        return Finding.TOO_FEW
    if difference is None or not difference.told:
        return Finding.OPEN
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
