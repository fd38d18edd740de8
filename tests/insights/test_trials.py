"""The statistics of trials, held to scipy and to what simulated campaigns show."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from statistics import fmean

import pytest
from scipy import stats

from insights.trials import (
    Share,
    between_groups,
    between_shares,
    confidence,
    groups_needed,
    people_needed,
)
from tests.insights.simulated_trials import Groups, People, measure


@pytest.mark.parametrize("sure", [0.9, 0.95, 0.99])
@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Share(56, 70), Share(48, 80)),
        (Share(0, 40), Share(3, 50)),
        (Share(10, 10), Share(0, 20)),
        (Share(31, 1_000), Share(12, 90)),
    ],
)
def test_shares_lie_apart_as_their_wilson_intervals_say(
    one: Share, other: Share, sure: float
) -> None:
    found = between_shares(one, other, sure)
    assert found is not None
    first, second = (
        stats.binomtest(each.did, each.people).proportion_ci(sure, "wilson")
        for each in (one, other)
    )
    gap = one.did / one.people - other.did / other.people
    below = ((one.rate - first.low) ** 2 + (second.high - other.rate) ** 2) ** 0.5
    above = ((first.high - one.rate) ** 2 + (other.rate - second.low) ** 2) ** 0.5
    assert (found.estimate, found.low, found.high) == pytest.approx((gap, gap - below, gap + above))


def test_shares_lie_apart_as_newcombe_published() -> None:
    found = between_shares(Share(56, 70), Share(48, 80))
    assert found is not None
    assert (found.low, found.high) == pytest.approx((0.0524, 0.3339), abs=5e-5)


ONE = (0.02, 0.05, 0.03, 0.09, 0.04)
OTHER = (0.06, 0.11, 0.04, 0.08, 0.07, 0.05)


@pytest.mark.parametrize("sure", [0.9, 0.95, 0.99])
def test_groups_lie_apart_as_welch_says(sure: float) -> None:
    found = between_groups(ONE, OTHER, sure)
    assert found is not None
    expected = stats.ttest_ind(ONE, OTHER, equal_var=False).confidence_interval(sure)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    assert found.estimate == pytest.approx(fmean(ONE) - fmean(OTHER))


def test_a_small_arm_beside_a_large_one_is_less_sure_than_welch() -> None:
    many = OTHER * 3
    found = between_groups(ONE, many)
    assert found is not None
    expected = stats.ttest_ind(ONE, many, equal_var=False).confidence_interval(0.95)
    assert found.low < expected.low
    assert found.high > expected.high


@pytest.mark.parametrize(
    ("one", "other"), [((0.1, 0.2), OTHER), (OTHER, ()), ((0.1, 0.1, 0.1), (0.0, 0.0, 0.0))]
)
def test_what_cannot_be_reckoned_is_not(one: tuple[float, ...], other: tuple[float, ...]) -> None:
    assert between_groups(one, other) is None


def test_nobody_is_compared_with_nobody() -> None:
    assert between_shares(Share(0, 0), Share(1, 2)) is None


def test_one_swallow_is_no_summer() -> None:
    found = between_shares(Share(1, 1), Share(0, 1))
    assert found is not None
    assert not found.told


def test_several_comparisons_have_to_be_surer_each() -> None:
    assert [confidence(count) for count in (0, 1, 2, 5)] == pytest.approx([0.95, 0.95, 0.975, 0.99])


@pytest.mark.parametrize(
    ("rate", "other", "comparisons", "each"),
    # The first two by the formula that Fleiss, Levin and Paik tabulate (without correction).
    [(0.05, 0.10, 1, 435), (0.60, 0.70, 1, 356), (0.05, 0.10, 3, 580), (0.1, 0.1, 1, None)],
)
def test_so_many_people_tell_two_shares_apart(
    rate: float, other: float, comparisons: int, each: int | None
) -> None:
    assert people_needed(rate, other, comparisons) == each


def test_the_reckoned_size_finds_a_difference_four_times_in_five() -> None:
    each = people_needed(0.05, 0.10)
    assert each is not None
    assert 0.77 <= measure(People(each, each, 0.05, 0.05), 1_500, seed=7).told <= 0.84


def test_so_many_groups_tell_two_arms_apart() -> None:
    needed = groups_needed(ONE, OTHER)
    assert needed is not None
    spread = stats.tvar(ONE) + stats.tvar(OTHER)
    gap = fmean(ONE) - fmean(OTHER)

    def asked(groups: int) -> float:
        freedom = 2 * (groups - 1)
        both = stats.t.ppf(0.975, freedom) + stats.t.ppf(0.8, freedom)
        return float(spread * (both / gap) ** 2)

    assert asked(needed) <= needed
    assert asked(needed - 1) > needed - 1
    assert groups_needed(ONE, ONE) is None
    assert groups_needed(ONE[:2], OTHER) is None


@pytest.mark.parametrize("effect", [0.0, 0.03])
@pytest.mark.parametrize("kind", [partial(People, 400, 400), partial(Groups, 20, 20)])
def test_of_simulated_campaigns_nineteen_in_twenty_hold_the_truth(
    kind: Callable[[float, float], People | Groups], effect: float
) -> None:
    found = measure(kind(0.05, effect), 2_000, seed=11)
    assert 0.93 <= found.held <= 0.97
    assert effect or found.told <= 0.06
