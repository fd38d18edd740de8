"""Days that a shop tells are held against those between which the file expects them."""

from __future__ import annotations

from datetime import date

import pytest

from scheduler.programme import shipped_programmes
from scheduler.programme_plan import resolve
from scheduler.programme_problems import ProblemKind

EARLY, LATE = ProblemKind.FACT_TOO_EARLY, ProblemKind.FACT_TOO_LATE


@pytest.mark.parametrize(
    ("key", "facts", "found"),
    [
        ("spring-closing", {"last_parcel": "02-04", "back_at_work": "02-08"}, []),
        ("spring-closing", {"last_parcel": "02-06", "back_at_work": "02-08"}, []),
        (
            "spring-closing",
            {"last_parcel": "02-15", "back_at_work": "01-30"},
            [(LATE, "last_parcel", "2027-02-06"), (EARLY, "back_at_work", "2027-02-17")],
        ),
        (
            "spring-closing",
            {"last_parcel": "11-20", "back_at_work": "11-20"},
            [
                (LATE, "last_parcel", "2027-02-06"),
                (EARLY, "back_at_work", "2027-11-22"),
                (LATE, "back_at_work", "2027-03-08"),
            ],
        ),
        (
            "spring-closing",
            {"last_parcel": "01-06", "back_at_work": "02-08"},
            [(EARLY, "last_parcel", "2027-01-07")],
        ),
        ("new-year-goods", {"last_order": "01-28"}, []),
        ("new-year-goods", {"last_order": "01-18"}, [(EARLY, "last_order", "2027-01-19")]),
        ("new-year-goods", {"last_order": "02-01"}, [(LATE, "last_order", "2027-01-31")]),
    ],
)
def test_a_day_out_of_its_bounds_is_told_with_the_nearest_that_would_do(
    key: str, facts: dict[str, str], found: list[tuple[ProblemKind, str, str]]
) -> None:
    plan = resolve(shipped_programmes()[key], 2027, facts, {})
    misfits = [
        (one.kind, one.fact, f"{one.at:%Y-%m-%d}")
        for one in plan.problems
        if one.fact and one.certain
    ]
    assert misfits == found
    assert plan.sound or misfits


@pytest.mark.parametrize("year", range(2020, 2057))
@pytest.mark.parametrize(
    ("key", "fact", "first", "last"), [("new-year-goods", "last_order", 18, 6)]
)
def test_every_day_within_the_bounds_makes_a_sound_plan(
    year: int, key: str, fact: str, first: int, last: int
) -> None:
    programme = shipped_programmes()[key]
    anchor = resolve(programme, year, {}, {}).anchor
    assert anchor is not None
    for before in (first, last):
        day = date.fromordinal(anchor.toordinal() - before).isoformat()
        plan = resolve(programme, year, {fact: day}, {})
        assert [one.sentence for one in plan.problems if one.certain] == []


def test_what_is_wrong_hangs_on_the_fact_that_its_bound_does() -> None:
    facts = {"last_parcel": "02-02", "back_at_work": "02-03"}
    plan = resolve(shipped_programmes()["spring-closing"], 2027, facts, {})
    (misfit,) = [one for one in plan.problems if one.fact]
    assert misfit.beside == ("last_parcel",)
    assert misfit.sentence == "back_at_work is 2027-02-03, before 2027-02-04."
