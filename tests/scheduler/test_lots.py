from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from scheduler.lots import lot


def test_a_lot_falls_the_same_way_for_ever() -> None:
    # Written down: who was held out of a campaign stays so with the next release.
    assert [lot(100, "hold_out", "double11:2026", str(customer)) for customer in range(1, 9)] == [
        38, 94, 15, 0, 59, 69, 36, 27
    ]  # fmt: skip


@given(st.integers(1, 10**12), st.lists(st.text(max_size=20)))
def test_a_lot_is_one_of_its_sides(sides: int, words: list[str]) -> None:
    assert 0 <= lot(sides, *words) < sides


def test_a_lot_without_sides_is_nought() -> None:
    assert lot(0, "quiet_hours", "c1") == 0


def test_lots_are_even_and_those_about_the_same_thing_are_independent() -> None:
    drawn = Counter(
        (lot(10, "hold_out", str(number)), lot(10, "quiet_hours", str(number)))
        for number in range(20_000)
    )
    # 100 fields of 200 each on average; five standard deviations are 71.
    assert len(drawn) == 100
    assert all(129 <= count <= 271 for count in drawn.values())


def test_where_one_word_ends_matters() -> None:
    assert lot(2**64, "double1", "1") != lot(2**64, "double", "11")
