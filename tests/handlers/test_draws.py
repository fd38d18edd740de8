"""Who wins follows from what was published, and whoever changes any of it is found out."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.draws import (
    Prize,
    Rules,
    commitment,
    faults_in,
    in_runs,
    new_seed,
    record_of,
    winners,
)

RULES = Rules(
    "双11抽奖",
    (Prize("面霜正装", 1), Prize("小样", 2)),
    datetime(2026, 11, 10, 12, tzinfo=UTC),
)
SEED = "5e" * 32
NUMBERS = {1, 2, 3, 5, 6, 9}

numbers = st.sets(st.integers(1, 500), max_size=60)


def record() -> dict[str, Any]:
    return record_of(RULES, SEED, NUMBERS, winners(SEED, NUMBERS, RULES.prizes))


def test_the_winners_are_those_that_the_written_rule_gives() -> None:
    """Reckoned here by the steps that the module's docstring publishes, and no code of it."""
    mix = sha256(f"{SEED}\n1-3,5-6,9".encode()).hexdigest()
    order = sorted(NUMBERS, key=lambda one: sha256(f"{mix}\n{one}".encode()).hexdigest())
    assert winners(SEED, NUMBERS, RULES.prizes) == [order[:1], order[1:3]]
    rules = "双11抽奖\n面霜正装 x1\n小样 x2\n2026-11-10T12:00:00Z"
    assert commitment(SEED, RULES) == sha256(f"{SEED}\n{rules}".encode()).hexdigest()


def test_an_honest_record_has_no_faults() -> None:
    assert faults_in(record()) == []


@pytest.mark.parametrize(
    ("part", "changed"),
    [
        ("title", "别的抽奖"),
        ("prizes", [["面霜正装", 1], ["小样", 3]]),
        ("closes_at", "2026-11-10T13:00:00+00:00"),
        ("seed", "5f" * 32),
        ("numbers", "1-3,5-6,9-11"),
        ("winners", [[1], [2, 3]]),
    ],
)
def test_whatever_is_changed_afterwards_is_a_fault(part: str, changed: object) -> None:
    assert faults_in({**record(), part: changed})


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"numbers": "1-x"}, "invalid literal"),
        ({"numbers": "1-99999999999"}, "more numbers than any draw"),
        ({"closes_at": "morgen"}, "isoformat"),
        ({"prizes": 3}, "not iterable"),
    ],
)
def test_what_is_no_record_says_why(changed: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        faults_in({**record(), **changed})


def test_a_record_that_lacks_a_part_names_it() -> None:
    with pytest.raises(ValueError, match="seed is missing"):
        faults_in({name: part for name, part in record().items() if name != "seed"})


@given(numbers, st.lists(st.integers(1, 9), min_size=1, max_size=4))
def test_nobody_wins_twice_and_nobody_who_took_no_part(taken: set[int], counts: list[int]) -> None:
    prizes = [Prize(str(place), count) for place, count in enumerate(counts)]
    drawn = winners(SEED, taken, prizes)
    every = [number for some in drawn for number in some]
    assert len(every) == len(set(every)) == min(len(taken), sum(counts))
    assert set(every) <= taken
    assert drawn == winners(SEED, sorted(taken, reverse=True), prizes)
    assert faults_in(record_of(RULES, SEED, taken, winners(SEED, taken, RULES.prizes))) == []


def test_every_number_wins_about_as_often_as_any_other() -> None:
    won = [0] * 10
    for draw in range(3_000):
        ((number,),) = winners(f"seed-{draw}", range(10), [Prize("", 1)])
        won[number] += 1
    # 300 each, with a standard deviation of 16: five of those are a bug.
    assert all(220 < times < 380 for times in won)


def test_seeds_are_never_the_same() -> None:
    assert len({new_seed() for _ in range(100)}) == 100


@pytest.mark.parametrize(
    ("taken", "written"), [([], ""), ([4], "4"), ([3, 1, 2], "1-3"), ([1, 3, 4, 9], "1,3-4,9")]
)
def test_numbers_are_written_in_runs(taken: list[int], written: str) -> None:
    assert in_runs(taken) == written
