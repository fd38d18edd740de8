"""Each judge sees the breach that it is there for, and nothing in what is sound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from scheduler.caring import CareSettings
from scheduler.promotions import Promotion
from tests.simulation import judge
from tests.simulation.evidence import quiet_days
from tests.simulation.judge import Arrival, Drawn, Listed, Planned, Post

CARE = CareSettings()
SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2027, 11, 11, 4, 0, tzinfo=UTC)  # in Shanghai
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SALE = Promotion(date(2027, 11, 1), date(2027, 11, 14), 6, 42, (date(2027, 11, 11),))


def planned(**changed: Any) -> Planned:
    one = Planned(
        key="c1/s1/room/group:1",
        campaign="c1",
        programme="double11",
        name="双11",
        slot="s1",
        to="group:1",
        private=False,
        state="sent",
        reason=None,
        opens=NOON,
        closes=NOON + HOUR,
        zone=SHANGHAI,
        promotion=None,
    )
    return replace(one, **changed)


def post(at: datetime = NOON, text: str = "你好", **changed: Any) -> Post:
    return Post(planned(**changed), at, text)


def greeting(at: datetime = NOON, text: str = "节日好", to: str = "group:1") -> Post:
    return post(at, text, to=to, programme="festivals", slot=f"{at:%Y-%m-%d}:some")


def hourly(count: int, step: timedelta = HOUR, **changed: Any) -> list[Post]:
    return [post(NOON + number * step, **changed) for number in range(count)]


def test_an_answer_is_no_planned_post() -> None:
    arrivals = [Arrival(NOON, "group:1", "c1/s1/room/group:1", "你好")]
    answer = Arrival(NOON, "group:1", "reply:room/7/0", "好的")
    assert judge.posts_of([*arrivals, answer], [planned()]) == [post()]


@pytest.mark.parametrize(
    ("at", "breaches"),
    [(NOON, 0), (NOON + HOUR, 0), (NOON - timedelta(seconds=1), 1), (NOON + 2 * HOUR, 1)],
)
def test_a_post_outside_its_window_is_seen(at: datetime, breaches: int) -> None:
    assert len(judge.outside_window([post(at)])) == breaches


@pytest.mark.parametrize(
    ("posts", "breaches"),
    [
        (hourly(3), 0),
        (hourly(4), 1),
        (hourly(4, 8 * HOUR), 0),  # the first is 24 hours old when the fourth comes
        (hourly(15, 11 * HOUR), 0),
        (hourly(16, 11 * HOUR), 1),
        (hourly(6, promotion=SALE), 0),
        (hourly(7, promotion=SALE), 1),
        (hourly(2, private=True, to="customer:1"), 0),
        (hourly(3, private=True, to="customer:1"), 1),
        ([post(to=f"group:{number}") for number in range(9)], 0),
        ([*hourly(4, promotion=SALE), post(NOON + 5 * HOUR)], 1),  # it has no promotion itself
    ],
)
def test_more_than_the_caps_allow_is_seen(posts: Sequence[Post], breaches: int) -> None:
    assert len(judge.over_caps(posts, CARE)) == breaches


@pytest.mark.parametrize(
    ("hours", "promotion", "zone", "breaches"),
    [
        (0, None, SHANGHAI, 0),
        (-3, None, SHANGHAI, 0),  # nine o'clock
        (-3.1, None, SHANGHAI, 1),
        (9.9, None, SHANGHAI, 0),
        (10, None, SHANGHAI, 1),
        (10, SALE, SHANGHAI, 0),  # a late night
        (10 + 24, SALE, SHANGHAI, 1),  # the night after it
        (12.5, SALE, SHANGHAI, 1),
        (0, None, ZoneInfo("America/New_York"), 1),
    ],
)
def test_a_post_in_quiet_hours_is_seen(
    hours: float, promotion: Promotion | None, zone: ZoneInfo, breaches: int
) -> None:
    one = post(NOON + hours * HOUR, promotion=promotion, zone=zone)
    assert len(judge.in_quiet_hours([one], CARE)) == breaches


@pytest.mark.parametrize(
    ("programme", "state", "reason", "breaches"),
    [
        ("double11", "skipped", "daily_cap", 1),
        ("double11", "skipped", "weekly_cap", 1),
        ("double11", "skipped", "quiet_hours", 1),
        ("double11", "skipped", "opted_out", 0),
        ("double11", "sent", "quiet_hours", 0),  # put off, and then sent
        ("broadcast", "skipped", "daily_cap", 0),
    ],
)
def test_what_double11_lost_to_caps_and_quiet_hours_is_seen(
    programme: str, state: str, reason: str, breaches: int
) -> None:
    one = planned(programme=programme, state=state, reason=reason)
    assert len(judge.held_back([one])) == breaches


def test_a_group_that_double11_missed_is_seen() -> None:
    both = [planned(), planned(to="group:2")]
    assert judge.missed_by_groups(both, ["group:1", "group:2"]) == []
    assert len(judge.missed_by_groups(both, ["group:1", "group:2", "group:3"])) == 1
    lost = [planned(), planned(to="group:2", state="skipped", reason="muted")]
    assert len(judge.missed_by_groups(lost, ["group:1", "group:2"])) == 1


def test_a_second_greeting_on_a_day_is_seen() -> None:
    assert judge.greeted_twice([greeting(), greeting(NOON + DAY), greeting(to="group:2")]) == []
    assert judge.greeted_twice([greeting(), post(NOON + HOUR)]) == []
    assert len(judge.greeted_twice([greeting(), greeting(NOON + HOUR, "晚上好")])) == 1


def test_a_greeting_in_the_same_words_within_two_years_is_seen_unless_it_was_listed() -> None:
    again = greeting(NOON + 365 * DAY)
    assert len(judge.said_again([greeting(), again], set())) == 1
    assert judge.said_again([greeting(), again], {Listed(again.planned.slot, "group:1")}) == []
    assert judge.said_again([greeting(), greeting(NOON + 731 * DAY)], set()) == []
    assert judge.said_again([greeting(), greeting(NOON + DAY, to="group:2")], set()) == []


def test_neighbours_that_were_greeted_alike_are_seen_unless_it_was_listed() -> None:
    pair, alike = [("group:1", "group:2")], [greeting(), greeting(to="group:2")]
    slot = alike[0].planned.slot
    assert len(judge.neighbours_alike(alike, pair, set())) == 1
    assert judge.neighbours_alike(alike, pair, {Listed(slot, "group:2", "group:1")}) == []
    assert judge.neighbours_alike(alike, [("group:1", "group:3")], set()) == []
    assert (
        judge.neighbours_alike([greeting(), greeting(text="早", to="group:2")], pair, set()) == []
    )


def test_what_is_not_said_on_a_quiet_day_is_seen() -> None:
    today = {NOON.date()}
    assert len(judge.on_quiet_days([post()], today)) == 1
    assert judge.on_quiet_days([greeting(), post(programme="care"), post(NOON + DAY)], today) == []
    other = post(programme="festivals", slot="2027-11-10:some")
    assert len(judge.on_quiet_days([other], today)) == 1


def test_the_quiet_days_are_those_that_the_calendar_has() -> None:
    assert quiet_days(2027) == {
        date(2027, 4, 5),
        date(2027, 5, 13),
        date(2027, 8, 16),
        date(2027, 12, 13),
    }
    assert date(2026, 4, 5) in quiet_days(2026)
    assert date(2028, 4, 4) in quiet_days(2028)


def test_what_arrives_twice_is_seen() -> None:
    one = Arrival(NOON, "group:1", "k", "你好")
    assert judge.arrived_twice([one, replace(one, key="l")]) == []
    assert judge.arrived_twice([one, one]) == ["k arrived 2 times"]


@pytest.mark.parametrize(
    ("state", "arrived", "breaches"),
    [
        ("sent", {"k"}, 0),
        ("sent", set(), 1),
        ("skipped", set(), 0),
        ("skipped", {"k"}, 1),
        ("planned", set(), 1),
        ("uncertain", {"k"}, 1),
    ],
)
def test_what_is_not_accounted_for_is_seen(state: str, arrived: set[str], breaches: int) -> None:
    assert len(judge.unaccounted([planned(key="k", state=state)], arrived)) == breaches


DRAW = Drawn(
    "三月抽奖", (2, 1), {1: 11, 2: 12, 3: 13}, {"r/group:1": 1, "r/group:2": 1}, {2: 1, 1: 1}
)


@pytest.mark.parametrize(
    ("draw", "breaches"),
    [
        (DRAW, 0),
        (replace(DRAW, told={2: 1, 1: 0}), 0),  # no private word reaches that one
        (replace(DRAW, winners=(2, 2)), 1),
        (replace(DRAW, tickets={1: 11, 2: 11}), 1),
        (replace(DRAW, results={"r/group:1": 2, "r/group:2": 1}), 1),
        (replace(DRAW, told={2: 2, 1: 1}), 1),
        (replace(DRAW, faults=("the commitment is another",)), 1),
    ],
)
def test_a_draw_that_is_drawn_or_told_twice_is_seen(draw: Drawn, breaches: int) -> None:
    assert len(judge.drawn_twice([draw])) == breaches


def test_more_than_the_platform_allows_is_seen() -> None:
    def at(*seconds: float) -> list[Arrival]:
        return [Arrival(NOON + timedelta(seconds=each), "group:1", "k", "") for each in seconds]

    second = timedelta(seconds=1)
    assert judge.too_fast(at(0, 0, 1, 1, 2), 2, second) == []
    assert len(judge.too_fast(at(0, 0, 0.9, 1), 2, second)) == 1
