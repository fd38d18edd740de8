"""Staff are reminded of what nobody has approved, an hour before it is to speak."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest

from scheduler.campaigns import Campaign
from scheduler.notices import unapproved_soon
from scheduler.schedules import Countdown, Once, Recurring, Schedule
from tests.scheduler.stage import DAY, HOUR, MINUTE, NOW, ZONE, local

NOON = Once(local("2026-11-01T12:00"))  # NOW
COUNTDOWN = Countdown(date(2026, 11, 11), 10, time(12, 0))  # at NOW, and daily from then on
TICK = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("schedule", "submitted", "asked", "reminded_of"),
    [
        pytest.param(NOON, -DAY, -HOUR, NOW, id="an hour before"),
        pytest.param(NOON, -DAY, -HOUR - TICK, None, id="more than an hour before"),
        pytest.param(NOON, -DAY, -TICK, NOW, id="just before"),
        pytest.param(NOON, -DAY, timedelta(), None, id="at its moment it is too late"),
        pytest.param(NOON, timedelta(), timedelta(), None, id="submitted for now"),
        pytest.param(NOON, -HOUR - TICK, -HOUR, NOW, id="submitted a little earlier"),
        pytest.param(NOON, -HOUR, -HOUR, None, id="submitted within the hour"),
        pytest.param(COUNTDOWN, timedelta(), DAY - HOUR, NOW + DAY, id="its next moment"),
        pytest.param(COUNTDOWN, timedelta(), 30 * DAY, None, id="it is over"),
        pytest.param(
            Recurring("0,30 * * * *"),
            -40 * MINUTE,
            -40 * MINUTE + TICK,
            None,
            id="submitting told of the whole hour",
        ),
        pytest.param(
            Recurring("0,30 * * * *"),
            -40 * MINUTE,
            -35 * MINUTE,
            None,
            id="a moment that submitting told of is not told again",
        ),
        pytest.param(
            Recurring("0,30 * * * *"),
            -40 * MINUTE,
            -30 * MINUTE,
            NOW + 30 * MINUTE,
            id="the first moment more than an hour after submitting",
        ),
    ],
)
def test_when_staff_are_reminded(
    schedule: Schedule, submitted: timedelta, asked: timedelta, reminded_of: datetime | None
) -> None:
    campaign = Campaign("c1", "broadcast", "今晚直播", schedule, ZONE, 2 * HOUR)
    found = unapproved_soon(campaign, NOW + submitted, NOW + asked)
    assert (found[0].at if found else None) == reminded_of
