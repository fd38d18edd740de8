"""When the shop's own days fall: leap days, short months, the Chinese calendar."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.own_days import OwnDay, OwnDayInvalid, OwnKind, own_days_on

LAST_DAYS = ["01-31", "02-28", "03-31", "04-30", "05-31", "06-30"]
LAST_DAYS += ["07-31", "08-31", "09-30", "10-31", "11-30", "12-31"]
DAYS = st.dates(date(2020, 1, 1), date(2056, 12, 31))


def own(rule: str, kind: OwnKind = OwnKind.ANNIVERSARY, name: str = "店庆") -> OwnDay:
    return OwnDay(name, kind, rule)


def falls(rule: str, year: int) -> list[str]:
    first = date(year, 1, 1)
    days = [first + timedelta(days=n) for n in range(366)]
    return [f"{day:%m-%d}" for day in days if day.year == year and own(rule).falls_on(day)]


@pytest.mark.parametrize(
    ("rule", "year", "days"),
    [
        ("10-18", 2026, ["10-18"]),
        ("2016-10-18", 2026, ["10-18"]),
        ("2027-10-18", 2026, []),
        ("02-29", 2028, ["02-29"]),
        ("02-29", 2027, ["02-28"]),
        ("12-31", 2026, ["12-31"]),
        ("01-01", 2027, ["01-01"]),
        ("lunar:08-08", 2026, ["09-18"]),
        ("lunar:06-15", 2025, ["07-09"]),  # the sixth month comes twice; its first time counts
        ("lunar:12-08", 2022, ["01-10", "12-30"]),
        ("lunar:12-08", 2023, []),
        ("monthly:31", 2027, LAST_DAYS),
    ],
)
def test_a_rule_says_when_a_day_falls(rule: str, year: int, days: list[str]) -> None:
    assert falls(rule, year) == days


@pytest.mark.parametrize(
    "rule",
    [
        "", "10/18", "13-01", "02-30", "lunar:13-01", "lunar:01-30", "monthly:0", "monthly:32",
        "0000-10-18", "明天", "10-18 ", "1018",
    ],
)  # fmt: skip
def test_what_is_no_day_is_refused_with_an_example(rule: str) -> None:
    with pytest.raises(OwnDayInvalid, match="monthly:18"):
        own(rule)


def test_the_years_are_counted_where_the_first_is_known() -> None:
    assert own("2016-10-18").years_on(date(2026, 10, 18)) == 10
    assert own("10-18").years_on(date(2026, 10, 18)) == 0


def test_an_anniversary_comes_before_a_members_day() -> None:
    members = own("monthly:18", OwnKind.MEMBER_DAY, "会员日")
    founding = own("10-18")
    assert own_days_on([members, founding], date(2026, 10, 18)) == (founding, members)
    assert own_days_on([members, founding], date(2026, 10, 17)) == ()


@given(DAYS, st.integers(1, 31))
def test_a_day_of_every_month_falls_once_in_each(day: date, number: int) -> None:
    first = day.replace(day=1)
    month = [first + timedelta(days=n) for n in range(31)]
    found = [one for one in month if one.month == day.month]
    assert sum(own(f"monthly:{number}").falls_on(one) for one in found) == 1


@given(st.integers(2020, 2056), st.dates(date(2024, 1, 1), date(2024, 12, 31)))
def test_a_yearly_day_falls_once_a_year(year: int, day: date) -> None:
    assert len(falls(f"{day:%m-%d}", year)) == 1
