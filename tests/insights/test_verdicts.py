"""What is concluded from a trial: once, when it is over, and never more than was seen."""

from __future__ import annotations

import pytest

from insights.trials import Share
from insights.verdicts import Arm, Course, Finding, compare

OVER = Course(size=200, over=True)


def people(name: str, did: int, of: int) -> Arm:
    return Arm(name, Share(did, of))


def groups(name: str, *rates: float) -> Arm:
    return Arm(name, Share(int(sum(rates) * 100), 100 * len(rates)), rates)


A = people("a", 10, 200)
B = people("b", 30, 200)


@pytest.mark.parametrize(
    ("one", "course", "finding"),
    [
        pytest.param(B, OVER, Finding.MORE, id="more"),
        pytest.param(people("b", 1, 300), OVER, Finding.LESS, id="less"),
        pytest.param(people("b", 14, 200), OVER, Finding.OPEN, id="a few more"),
        pytest.param(people("b", 10, 200), OVER, Finding.OPEN, id="the same, of few"),
        pytest.param(B, Course(200, over=True, cut_short=True), Finding.CUT_SHORT, id="cancelled"),
        pytest.param(B, Course(200, over=False), Finding.TOO_EARLY, id="peeking"),
        pytest.param(B, Course(201, over=True), Finding.TOO_FEW, id="fewer than planned"),
        pytest.param(B, Course(None, over=True), Finding.NO_PLAN, id="without a plan"),
        pytest.param(people("b", 0, 0), OVER, Finding.TOO_FEW, id="nobody"),
    ],
)
def test_what_is_found(one: Arm, course: Course, finding: Finding) -> None:
    (found,) = compare([A, one], None, course)
    assert (found.arm, found.against, found.finding) == ("b", "a", finding)
    assert found.needed is None or finding is Finding.OPEN


@pytest.mark.parametrize(
    ("did", "of", "finding"),
    [
        (0, 5, Finding.OPEN),
        (1, 20, Finding.OPEN),
        (1, 50, Finding.OPEN),
        (50, 200, Finding.OPEN),  # 8 points more or less would fit
        (0, 2_000, Finding.ALIKE),
        (3_000, 10_000, Finding.ALIKE),
    ],
)
def test_arms_are_alike_only_where_every_difference_that_fits_is_slight(
    did: int, of: int, finding: Finding
) -> None:
    (found,) = compare([people("a", did, of), people("b", did, of)], None, Course(5, over=True))
    assert (found.finding, found.needed) == (finding, None)


def test_groups_that_happen_to_do_the_same_are_not_alike() -> None:
    one, other = groups("a", 0.01, 0.02, 0.03), groups("b", 0.0, 0.02, 0.04)
    (found,) = compare([one, other], None, Course(3, over=True))
    assert found.finding is Finding.OPEN


def test_two_groups_tell_nothing_however_much_happens() -> None:
    (found,) = compare([groups("a", 0.3, 0.3), groups("b", 0.6, 0.6)], None, Course(1, over=True))
    assert found.finding is Finding.TOO_FEW_GROUPS


def test_few_groups_need_more_than_one_more() -> None:
    one, other = groups("a", 0.01, 0.05, 0.09), groups("b", 0.06, 0.11, 0.14)
    (found,) = compare([one, other], None, Course(3, over=True))
    assert found.finding is Finding.OPEN
    assert found.needed is not None
    assert found.needed > 1


def test_so_many_more_would_tell_what_is_open() -> None:
    (found,) = compare([A, people("b", 14, 200)], None, OVER)
    # 5% and 7% are told apart by 2,213 in each arm.
    assert found.needed == 2 * (2_213 - 200)


def test_peeking_shows_figures_and_no_verdict() -> None:
    (found,) = compare([A, B], None, Course(200, over=False))
    assert found.difference is not None
    assert found.difference.told
    assert found.finding is Finding.TOO_EARLY


def test_each_variant_is_held_against_who_got_nothing_and_against_the_first() -> None:
    held_out, third = people("held-out", 5, 200), people("c", 11, 200)
    found = compare([A, B, third], held_out, OVER)
    assert [(one.arm, one.against) for one in found] == [
        ("a", "held-out"),
        ("b", "held-out"),
        ("c", "held-out"),
        ("b", "a"),
        ("c", "a"),
    ]
    alone = compare([B], held_out, OVER)[0]
    assert alone.difference is not None
    assert found[1].difference is not None
    assert found[1].difference.low < alone.difference.low


def test_groups_are_compared_by_their_rates_however_many_fans_they_hold() -> None:
    one = groups("b", 0.10, 0.12, 0.11, 0.13)
    other = groups("a", 0.02, 0.03, 0.02, 0.04)
    (found,) = compare([other, one], None, Course(4, over=True))
    assert found.finding is Finding.MORE
    (found,) = compare([other, one], None, Course(5, over=True))
    assert found.finding is Finding.TOO_FEW


def test_groups_in_which_nothing_happened_tell_nothing() -> None:
    one, other = groups("b", 0.0, 0.0, 0.0), groups("a", 0.0, 0.0, 0.0)
    (found,) = compare([other, one], None, Course(3, over=True))
    assert (found.finding, found.difference, found.needed) == (Finding.OPEN, None, None)
