from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights.chance import believable, beta_binomial_tail, burst_tail, shared_tail


def binomial(least: int, trials: int, share: float) -> float:
    return math.fsum(
        math.comb(trials, k) * share**k * (1 - share) ** (trials - k)
        for k in range(least, trials + 1)
    )


@pytest.mark.parametrize(("least", "trials", "share"), [(0, 5, 0.2), (3, 20, 0.1), (18, 20, 0.5)])
def test_a_share_that_is_sure_gives_the_binomial(least: int, trials: int, share: float) -> None:
    found = beta_binomial_tail(least, trials, share, 1e9)
    assert found == pytest.approx(binomial(least, trials, share), rel=1e-4)


def test_a_share_that_nothing_is_known_of_makes_every_count_as_likely() -> None:
    # Mean one half, as if two had been counted: the uniform distribution over 0..10.
    found = [beta_binomial_tail(least, 10, 0.5, 2.0) for least in range(12)]
    assert found == pytest.approx([(11 - least) / 11 for least in range(12)])


@pytest.mark.parametrize(
    ("least", "mean", "dispersion", "chance"),
    [
        (1, 2.0, 1.0, 1 - math.exp(-2)),
        (6, 0.3, 1.0, 8.0e-7 * 0.99),
        (1, 2.0, 2.0, 1 - 2.0**-2),  # size 2, each of two failures with one half
        (2, 2.0, 2.0, 1 - 2.0**-2 - 2 * 2.0**-3),
        (0, 0.1, 3.0, 1.0),
    ],
)
def test_bursts(least: int, mean: float, dispersion: float, chance: float) -> None:
    assert burst_tail(least, mean, dispersion) == pytest.approx(chance, rel=0.05)


@given(st.integers(1, 60), st.floats(0.01, 30), st.floats(1, 5))
def test_more_is_never_likelier_and_bursts_never_make_a_loud_one_rarer(
    least: int, mean: float, dispersion: float
) -> None:
    assert 0.0 <= burst_tail(least + 1, mean, dispersion) <= burst_tail(least, mean, dispersion)
    if least > 5 * mean + 5:
        assert burst_tail(least, mean, 1.0) <= burst_tail(least, mean, dispersion) * (1 + 1e-6)


@given(st.data())
def test_what_two_groups_share_is_counted_out(data: st.DataObject) -> None:
    everybody = data.draw(st.integers(1, 12))
    first, second = (data.draw(st.integers(0, everybody)) for _ in range(2))
    least = data.draw(st.integers(0, everybody))
    ways = sum(
        math.comb(first, k) * math.comb(everybody - first, second - k)
        for k in range(least, min(first, second) + 1)
        if second - k >= 0
    )
    expected = ways / math.comb(everybody, second)
    assert shared_tail(least, first, second, everybody) == pytest.approx(expected, abs=1e-12)


def test_believed_are_those_that_chance_hardly_brings() -> None:
    chances = {"a": 0.001, "b": 0.02, "c": 0.03, "d": 0.9}
    assert believable(chances, 0.05) == {"a", "b", "c"}
    assert believable(chances, 0.004) == {"a"}
    assert believable({}, 0.05) == frozenset()


def test_of_many_findings_of_nothing_hardly_ever_is_one_believed() -> None:
    draw = random.Random(5)  # noqa: S311 (a simulation)
    believed = sum(
        bool(believable({n: draw.random() for n in range(100)}, 0.05)) for _ in range(1_000)
    )
    assert believed < 80
