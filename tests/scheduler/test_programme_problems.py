from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.caps import DAY, WEEK
from scheduler.caring import CareSettings
from scheduler.programme_problems import DatedPhase, DatedPost, Problem, ProblemKind, problems_of
from scheduler.promotions import Promotion
from scheduler.wall_time import instant_of
from tests.scheduler.strategies import zones

SHANGHAI = ZoneInfo("Asia/Shanghai")
SETTINGS = CareSettings()
OFTEN = Promotion(date(2026, 11, 1), date(2026, 11, 11), 6, 42, (date(2026, 11, 11),))


def post(slot: str, at: str, audience: str | None = None) -> DatedPost:
    return DatedPost(slot, "all", datetime.fromisoformat(at), audience)


def found(
    *posts: DatedPost, promotion: Promotion | None = None, zone: ZoneInfo = SHANGHAI
) -> list[Problem]:
    phase = DatedPhase("all", date(2020, 1, 1), date(2060, 1, 1))
    return list(problems_of([phase], posts, promotion, SETTINGS, zone))


def days_of(*times: str, audience: str | None = None) -> list[DatedPost]:
    return [post(f"p{place}", time, audience) for place, time in enumerate(times)]


THREE = ("2026-11-02T10:18", "2026-11-02T12:12", "2026-11-02T18:12")
FIVE = tuple(f"2026-11-11T{hour}:18" for hour in (10, 12, 14, 16, 18))


@pytest.mark.parametrize(
    ("times", "promotion", "slots"),
    [
        (THREE, None, []),
        ((*THREE, "2026-11-03T10:17"), None, ["p3"]),
        ((*THREE, "2026-11-03T10:18"), None, []),
        ((*THREE, "2026-11-03T10:17"), OFTEN, []),
        # The day after a promotion the ordinary cap holds for what was posted before as well.
        ((*FIVE, "2026-11-12T09:18"), OFTEN, ["p5"]),
    ],
)
def test_posts_to_groups_count_in_any_24_hours(
    times: tuple[str, ...], promotion: Promotion | None, slots: list[str]
) -> None:
    problems = found(*days_of(*times), promotion=promotion)
    assert [problem.slots for problem in problems] == [(slot,) for slot in slots]
    assert all(problem.kind is ProblemKind.DAILY_CAP for problem in problems)


def test_one_audience_is_certain_and_two_may_have_no_fan_in_common() -> None:
    private = days_of("2026-11-02T10:18", "2026-11-02T12:12", "2026-11-02T14:12", audience="tag:甲")
    assert [(one.slots, one.certain) for one in found(*private)] == [(("p2",), True)]
    others = [*private[:2], post("x", "2026-11-02T14:12", "tag:乙")]
    assert [(one.slots, one.certain) for one in found(*others)] == [(("x",), False)]
    # Groups have a cap of their own.
    assert found(*private[:2], post("x", "2026-11-02T14:12")) == []


def test_one_minute_is_crowded_only_for_one_audience() -> None:
    both = [post("a", "2026-11-02T10:18"), post("b", "2026-11-02T10:18:30")]
    assert [(one.kind, one.slots) for one in found(*both)] == [
        (ProblemKind.SAME_MINUTE, ("a", "b"))
    ]
    assert found(both[0], post("b", "2026-11-02T10:18", "tag:甲")) == []


@pytest.mark.parametrize(
    ("at", "quiet"),
    [
        ("2026-11-05T21:59", False),
        ("2026-11-05T22:00", True),
        ("2026-11-05T08:59", True),
        ("2026-11-05T09:00", False),
        ("2026-11-11T23:59", False),  # a late night
        ("2026-11-12T00:00", True),
    ],
)
def test_quiet_hours_give_way_to_late_nights(*, at: str, quiet: bool) -> None:
    kinds = [one.kind for one in found(post("a", at), promotion=OFTEN)]
    assert kinds == ([ProblemKind.QUIET_HOURS] if quiet else [])


@pytest.mark.parametrize("day", ["2026-12-13", "2026-04-05", "2026-08-27"])
def test_a_quiet_day_is_told_and_stops_nothing(day: str) -> None:
    (problem,) = found(post("a", f"{day}T10:18"))
    assert (problem.kind, problem.certain) == (ProblemKind.QUIET_DAY, False)


times = st.datetimes(datetime(2020, 1, 1), datetime(2056, 12, 20))  # noqa: DTZ001 (wall times)


@settings(max_examples=150, deadline=None)
@given(times, st.lists(st.integers(0, 14 * 24 * 60), max_size=40, unique=True), zones)
def test_what_is_left_without_the_posts_it_names_keeps_every_cap(
    first: datetime, minutes: list[int], zone: ZoneInfo
) -> None:
    posts = [
        post(f"p{place}", (first + timedelta(minutes=after)).isoformat())
        for place, after in enumerate(minutes)
    ]
    problems = found(*posts, zone=zone)
    over = {
        one.slots[0]
        for one in problems
        if one.kind in {ProblemKind.DAILY_CAP, ProblemKind.WEEKLY_CAP}
    }
    kept = sorted(instant_of(one.at, zone).astimezone(UTC) for one in posts if one.slot not in over)
    for place, now in enumerate(kept):
        before = kept[: place + 1]
        assert sum(now - DAY < at for at in before) <= SETTINGS.posts_a_day
        assert sum(now - WEEK < at for at in before) <= SETTINGS.posts_a_week
