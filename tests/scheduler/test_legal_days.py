from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.legal_days import (
    DayKind,
    DayOff,
    LegalDay,
    legal_day,
    provisional_from,
    worked_on,
)
from tests.scheduler.calendar_truth import truth


@pytest.mark.parametrize(
    ("day", "kind", "name"),
    [
        ("2026-01-01", DayKind.HOLIDAY, "元旦"),
        ("2026-01-04", DayKind.MADE_UP, ""),
        ("2026-02-17", DayKind.HOLIDAY, "春节"),
        ("2026-02-22", DayKind.WEEKEND, ""),
        ("2026-02-24", DayKind.WORKING, ""),
        ("2026-10-07", DayKind.HOLIDAY, "休息日（由 2026-10-10 调休）"),
        ("2026-10-10", DayKind.MADE_UP, ""),
        # Decided by the notice of the year after.
        ("2011-12-31", DayKind.MADE_UP, ""),
    ],
)
def test_a_day_is_what_the_notice_says(day: str, kind: DayKind, name: str) -> None:
    found = legal_day(date.fromisoformat(day))
    assert (found.kind, found.name, found.provisional) == (kind, name, False)
    assert found.off == (kind in {DayKind.HOLIDAY, DayKind.WEEKEND})


@pytest.mark.parametrize(
    ("day", "holidays"),
    [
        ("2026-02-16", ("春节",)),
        ("2026-04-06", ("清明节",)),
        ("2026-10-07", ()),
        ("2026-10-10", ()),
        ("2020-10-01", ("国庆节", "中秋节")),
    ],
)
def test_a_holiday_is_called_without_the_notices_remarks(
    day: str, holidays: tuple[str, ...]
) -> None:
    assert set(legal_day(date.fromisoformat(day)).holidays) == set(holidays)


def test_two_libraries_agree_on_every_day_but_one() -> None:
    rows = truth("cn_legal_days.csv")
    apart = []
    for row in rows:
        found = legal_day(date.fromisoformat(row["date"]))
        theirs = (
            row["chinesecalendar_is_holiday"] == "1",
            row["chinesecalendar_workday_makeup"] == "1",
        )
        if (found.off, found.kind is DayKind.MADE_UP) != theirs:
            apart.append(row["date"])
    assert len(rows) > 8_000
    # The notice for 2006 made this Saturday a working day; chinesecalendar begins it with 2006.
    assert apart == ["2005-12-31"]


def unusual_days(year: int) -> list[LegalDay]:
    """The days of a year that the law takes out of the usual week."""
    first = date(year, 1, 1)
    days = (legal_day(first + timedelta(days=n)) for n in range(366))
    unusual = {DayKind.HOLIDAY, DayKind.MADE_UP}
    return [found for found in days if found.day.year == year and found.kind in unusual]


def test_a_year_has_its_made_up_days() -> None:
    days = unusual_days(2026)
    assert [found.day.isoformat() for found in days if found.kind is DayKind.MADE_UP] == [
        "2026-01-04",
        "2026-02-14",
        "2026-02-28",
        "2026-05-09",
        "2026-09-20",
        "2026-10-10",
    ]


def test_days_without_a_notice_are_provisional() -> None:
    # The library's last notice is that of 2026 or later.
    first = provisional_from()
    assert first >= date(2026, 12, 25)
    assert not legal_day(date(first.year, 12, 24)).provisional
    assert legal_day(first).provisional
    after = unusual_days(first.year + 1)
    assert after
    assert all(found.provisional for found in after)
    # Exchanged weekends are what a notice alone can decide, so none is guessed.
    assert all(found.kind is DayKind.HOLIDAY for found in after)


@pytest.mark.parametrize(
    ("day", "after", "before"),
    [
        ("2026-11-20", "2026-11-20", "2026-11-20"),  # a Friday
        ("2026-11-22", "2026-11-23", "2026-11-20"),
        ("2026-10-01", "2026-10-08", "2026-09-30"),
        ("2026-10-10", "2026-10-10", "2026-10-10"),  # a Saturday that is worked
        ("2026-02-16", "2026-02-24", "2026-02-14"),
        ("2025-12-31", "2025-12-31", "2025-12-31"),
        ("2026-01-01", "2026-01-04", "2025-12-31"),  # the 4th is a Sunday that is worked
    ],
)
def test_another_day_stands_in_for_a_day_off(day: str, after: str, before: str) -> None:
    meant = date.fromisoformat(day)
    found = [worked_on(meant, instead) for instead in (DayOff.NEXT, DayOff.PREVIOUS)]
    assert [one.day.isoformat() for one in found] == [after, before]
    assert not any(one.provisional for one in found)


@settings(max_examples=300, deadline=None)
@given(st.dates(date(2020, 1, 1), date(2056, 12, 31)), st.sampled_from(DayOff))
def test_it_is_the_nearest_day_that_is_worked(day: date, instead: DayOff) -> None:
    found = worked_on(day, instead)
    step = 1 if instead is DayOff.NEXT else -1
    apart = (found.day - day).days * step
    assert 0 <= apart <= 14
    passed = [legal_day(day + timedelta(days=n * step)) for n in range(apart)]
    assert all(one.off for one in passed)
    assert not found.off
    assert found.provisional == any(one.provisional for one in [*passed, legal_day(found.day)])
