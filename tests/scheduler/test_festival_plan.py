"""What is planned by default: every festival on its true day, at its hour on any wall, once."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.campaigns import CampaignState, Occurrence
from scheduler.festivals import Region, festivals_of
from scheduler.greeting_facts import names_of
from scheduler.plan import plan
from scheduler.programme import default_campaigns
from tests.scheduler.calendar_truth import truth
from tests.scheduler.test_festivals import OURS

ZONES = ("Asia/Shanghai", "Europe/London", "America/New_York", "Pacific/Auckland", "Pacific/Apia")
GREETED_AT = time(9, 42)
DAY = timedelta(days=1)


def greetings(
    first: date, last: date, zone: str = "Asia/Shanghai", region: Region = Region.NORTH
) -> list[Occurrence]:
    """The greetings planned from one day to another on the wall of a zone."""
    wall = ZoneInfo(zone)
    since = datetime.combine(first, time.min, wall).astimezone(UTC) - timedelta(microseconds=1)
    until = datetime.combine(last + DAY, time.min, wall).astimezone(UTC)
    campaigns = default_campaigns(zone, since, until, region=region)
    found = plan(campaigns, since, until, states=(CampaignState.DRAFT,))
    return [one for one in found if one.campaign == "festivals"]


def dated(found: list[Occurrence]) -> set[tuple[str, str]]:
    """(festival, date) of every festival that is greeted, those that share a greeting too."""
    return {(key, one.slot.partition(":")[0]) for one in found for key in names_of(one.slot)}


@pytest.mark.parametrize("year", [2026, 2027, 2028])
def test_every_lunar_festival_is_planned_on_its_true_day(year: int) -> None:
    planned = dated(greetings(date(year, 1, 1), date(year, 12, 31)))
    rows = truth("lunar_festivals_2020_2100.csv")
    for theirs, ours in OURS.items():
        true_days = {
            row["date"]
            for row in rows
            if row["festival"] == theirs and row["date"].startswith(f"{year}-")
        }
        assert true_days
        assert {day for key, day in planned if key == ours} == true_days


@pytest.mark.parametrize(
    ("key", "days"),
    [
        ("new-year", ["2026-01-01", "2027-01-01", "2028-01-01"]),
        ("spring-eve", ["2026-02-16", "2027-02-05", "2028-01-25"]),
        ("little-new-year", ["2026-02-10", "2027-01-30", "2028-01-19"]),
        ("qingming", ["2026-04-05", "2027-04-05", "2028-04-04"]),
        ("mother", ["2026-05-10", "2027-05-09", "2028-05-14"]),
        ("father", ["2026-06-21", "2027-06-20", "2028-06-18"]),
        ("winter-solstice", ["2026-12-22", "2027-12-22", "2028-12-21"]),
    ],
)
def test_the_other_festivals_follow_their_rules(key: str, days: list[str]) -> None:
    planned = dated(greetings(date(2026, 1, 1), date(2028, 12, 31)))
    assert sorted(day for found, day in planned if found == key) == days


@given(st.integers(2020, 2056), st.sampled_from(ZONES), st.sampled_from(Region))
@settings(max_examples=25, deadline=None)
def test_a_greeting_leaves_at_its_hour_of_its_day_on_any_wall(
    year: int, zone: str, region: Region
) -> None:
    found = greetings(date(year, 1, 1), date(year, 12, 31), zone, region)
    walls = [one.at.astimezone(ZoneInfo(zone)) for one in found]
    assert [f"{wall:%Y-%m-%d}" for wall in walls] == [one.slot.partition(":")[0] for one in found]
    assert {wall.time() for wall in walls} <= {GREETED_AT}
    assert len({wall.date() for wall in walls}) == len(found)
    assert dated(found) == {(one.festival.key, f"{one.day}") for one in festivals_of(year, region)}


@given(st.dates(date(2020, 1, 2), date(2056, 12, 30)))
@settings(max_examples=25, deadline=None)
def test_cutting_anywhere_loses_and_doubles_nothing(cut: date) -> None:
    first, last = cut - 40 * DAY, cut + 40 * DAY
    halves = greetings(first, cut) + greetings(cut + DAY, last)
    assert [one.slot for one in halves] == [one.slot for one in greetings(first, last)]
