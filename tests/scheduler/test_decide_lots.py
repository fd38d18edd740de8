"""What `decide` leaves to lots: who wakes when, and who is held out of a campaign."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from scheduler.courier import Limits
from scheduler.decide import Defer, Reason, Skip
from storage.due import Recipient
from tests.scheduler.situations import HOUR, MINUTE, NOON, Situation, due

NIGHT = datetime(2026, 11, 5, 15, tzinfo=UTC)  # 23:00 in Shanghai
MORNING = datetime(2026, 11, 6, 1, tzinfo=UTC)  # 09:00, when its quiet hours end
FEISHU = Limits(quiet_minutes=5)


def wakes(situation: Situation, deliveries: int = 1_000) -> list[datetime]:
    """When each of so many deliveries is looked at again."""
    decisions = [
        replace(situation, delivery=replace(situation.delivery, key=f"c1/once/{number}")).decide()
        for number in range(deliveries)
    ]
    assert all(isinstance(decision, Defer) for decision in decisions)
    return [decision.until for decision in decisions if isinstance(decision, Defer)]


QUIET = Situation(due(not_after=MORNING + 8 * HOUR), now=NIGHT)
RUSH = Situation(due(), limits=FEISHU, now=NOON + 14 * MINUTE)


@pytest.mark.parametrize(
    ("situation", "first", "length"),
    [
        pytest.param(QUIET, MORNING, 30 * MINUTE, id="half an hour after the night"),
        pytest.param(
            replace(QUIET, delivery=due(not_after=MORNING + 6 * MINUTE)),
            MORNING,
            6 * MINUTE,
            id="what is left of its time",
        ),
        pytest.param(RUSH, NOON + 18 * MINUTE, 5 * MINUTE, id="as long as the minutes before"),
        pytest.param(
            replace(RUSH, limits=Limits(quiet_minutes=29)),
            NOON + 42 * MINUTE,
            MINUTE,
            id="until the next minutes",
        ),
        pytest.param(
            replace(RUSH, delivery=due(not_after=NOON + 20 * MINUTE)),
            NOON + 18 * MINUTE,
            2 * MINUTE,
            id="what is left after the minutes",
        ),
    ],
)
def test_what_wakes_together_is_spread_evenly(
    situation: Situation, first: datetime, length: timedelta
) -> None:
    found = Counter((until - first) // (length / 10) for until in wakes(situation))
    # 100 in each tenth on average; five standard deviations are 47.
    assert sorted(found) == list(range(10))
    assert all(53 <= count <= 147 for count in found.values())


def test_a_delivery_keeps_its_place_however_often_it_is_asked() -> None:
    assert QUIET.decide() == QUIET.decide() == replace(QUIET, now=NIGHT + HOUR).decide()


def test_those_who_wake_in_the_platforms_minutes_do_not_all_wait_for_the_same_moment() -> None:
    # Nine in the morning is a whole hour: one in six meets the minutes after it. Were one lot
    # drawn for both, these would fall into the first sixth of the minutes after as well.
    morning = replace(QUIET, limits=FEISHU, now=MORNING)
    again = [
        second
        for first, second in zip(wakes(QUIET), wakes(morning), strict=True)
        if first < MORNING + 5 * MINUTE
    ]
    assert 100 <= len(again) <= 233
    assert min(again) < MORNING + 6 * MINUTE
    assert max(again) > MORNING + 9 * MINUTE


def held_out(percent: int, campaign: str = "double11:2026", slot: str = "d-1") -> set[int]:
    """Which of a thousand customers a campaign leaves out."""
    return {
        customer
        for customer in range(1_000)
        if Situation(
            due(
                Recipient(customer_id=customer),
                key=f"{campaign}/{slot}/{customer}",
                campaign_key=campaign,
                hold_out=percent,
            )
        ).decide()
        == Skip(Reason.HOLD_OUT)
    }


def test_a_share_of_the_people_is_held_out_of_a_campaign_and_stays_so() -> None:
    assert held_out(0) == set()
    assert 60 <= len(held_out(10)) <= 140
    assert held_out(10) == held_out(10, slot="d-0")
    assert held_out(10) < held_out(30)
    assert held_out(10) != held_out(10, campaign="double12:2026")
