from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.campaigns import Campaign, CampaignState
from scheduler.decide import Decision, History, Reason, Send, Skip
from scheduler.plan import plan
from scheduler.programme import campaign_for, default_campaigns, shipped_programmes
from scheduler.promotions import Promotion, PromotionInvalid
from scheduler.wall_time import instant_of, zone_named
from tests.scheduler.situations import DAY, HOUR, WEEK, Situation, due

ZONE = "Asia/Shanghai"
DOUBLE11 = Promotion(
    first_day=date(2026, 10, 14),
    last_day=date(2026, 11, 14),
    posts_a_day=6,
    posts_a_week=42,
    late_nights=(date(2026, 11, 10), date(2026, 11, 11)),
)
DOCUMENT = {
    "first_day": "2026-10-14",
    "last_day": "2026-11-14",
    "posts_a_day": 6,
    "posts_a_week": 42,
    "late_nights": ["2026-11-10", "2026-11-11"],
}


def test_a_promotion_is_written_as_plain_json() -> None:
    assert DOUBLE11.to_json() == DOCUMENT
    assert Promotion.from_json(DOCUMENT) == DOUBLE11


def test_late_nights_may_be_left_out() -> None:
    short = {part: value for part, value in DOCUMENT.items() if part != "late_nights"}
    assert Promotion.from_json(short) == replace(DOUBLE11, late_nights=())


@given(
    st.dates(date(2024, 1, 1), date(2029, 12, 31)),
    st.integers(0, 60),
    st.integers(1, 50),
    st.sets(st.integers(0, 60)),
)
def test_a_promotion_survives_its_json(first: date, days: int, posts: int, late: set[int]) -> None:
    nights = tuple(first + after * DAY for after in sorted(late) if after <= days)
    promotion = Promotion(first, first + days * DAY, posts, 7 * posts, nights)
    assert Promotion.from_json(json.loads(json.dumps(promotion.to_json()))) == promotion


@pytest.mark.parametrize(
    ("day", "covered"),
    [("2026-10-13", False), ("2026-10-14", True), ("2026-11-14", True), ("2026-11-15", False)],
)
def test_its_first_and_its_last_day_belong_to_it(day: str, *, covered: bool) -> None:
    assert DOUBLE11.covers(date.fromisoformat(day)) == covered


@pytest.mark.parametrize(
    ("changed", "sentence", "mend"),
    [
        ({"first_day": None}, "first_day cannot be None", "2026-11-11"),
        ({"first_day": "soon"}, "first_day cannot be 'soon'", "a date"),
        ({"last_day": "2026-11-31"}, "last_day cannot be '2026-11-31'", "a date"),
        ({"last_day": "2026-10-13"}, "last_day cannot be '2026-10-13'", "from 2026-10-14 on"),
        ({"posts_a_day": 0}, "posts_a_day cannot be 0", "above 0"),
        ({"posts_a_day": "6"}, "posts_a_day cannot be '6'", "a whole number"),
        ({"posts_a_week": True}, "posts_a_week cannot be True", "a whole number"),
        ({"posts_a_week": None}, "posts_a_week cannot be None", "a whole number"),
        ({"late_nights": "2026-11-10"}, "late_nights cannot be '2026-11-10'", "a list"),
        ({"late_nights": [11]}, "late_nights cannot be 11", "a date"),
        ({"late_nights": ["2026-11-15"]}, "'2026-11-15'", "from 2026-10-14 to 2026-11-14"),
        ({"until": "24:00"}, "list of parts cannot be 'until'", "only first_day, last_day"),
    ],
)
def test_what_is_wrong_is_named_with_what_is_right(
    changed: dict[str, Any], sentence: str, mend: str
) -> None:
    with pytest.raises(PromotionInvalid, match=re.escape(sentence)) as caught:
        Promotion.from_json(DOCUMENT | changed)
    assert mend in caught.value.advice


# Double-11 as it is shipped, under the care that is shipped.


class Group:
    """A group whose history grows with every post, as the ledger's does."""

    def __init__(self) -> None:
        self.addressed: list[datetime] = []

    def decide(self, campaign: Campaign, slot: str, at: datetime, not_after: datetime) -> Decision:
        """The decision about a post of a campaign at its moment."""
        situation = Situation(
            due(
                key=f"{campaign.key}/{slot}",
                campaign_key=campaign.key,
                programme=campaign.programme,
                slot=slot,
                priority=campaign.priority,
                promotion=campaign.promotion.to_json() if campaign.promotion else None,
                not_before=at,
                not_after=not_after,
            ),
            history=History(tuple(moment for moment in self.addressed if moment > at - WEEK)),
            now=at,
        )
        decision = situation.decide()
        if decision == Send():
            self.addressed.append(at)
        return decision


@pytest.mark.parametrize("year", range(2024, 2031))
def test_every_post_of_double11_leaves_at_its_moment_beside_the_greetings(year: int) -> None:
    since, until = datetime(year, 9, 1, tzinfo=UTC), datetime(year, 12, 31, tzinfo=UTC)
    campaigns = {one.key: one for one in default_campaigns(ZONE, since, until)}
    group = Group()
    posts = plan(campaigns.values(), since, until, states=(CampaignState.DRAFT,))
    decisions = {
        (post.campaign, post.slot): group.decide(
            campaigns[post.campaign], post.slot, post.at, post.not_after
        )
        for post in posts
    }
    assert sum(campaign == f"double11:{year}" for campaign, _ in decisions) == 11
    assert set(decisions.values()) == {Send()}


# Six posts a day, the last of them close to midnight on late nights. That one still counts in the
# evening after, where there is room for one less.
HOURS = ("09:42", "10:18", "12:10", "15:05", "18:40", "20:05")
LATE_HOURS = (*HOURS[:-1], "23:40")
SHIPPED = campaign_for(shipped_programmes()["double11"], 2026, ZONE)


def busy_days(campaign: Campaign, window: Promotion) -> list[Decision]:
    """The decisions about as many posts as fit on each day of the window."""
    group, zone, decisions = Group(), zone_named(ZONE), []
    day = window.first_day
    while day <= window.last_day:
        after_a_late_night = day - DAY in window.late_nights
        hours = HOURS[:-1] if after_a_late_night else HOURS
        for hour in LATE_HOURS if day in window.late_nights else hours:
            at = instant_of(datetime.fromisoformat(f"{day}T{hour}"), zone)
            decisions.append(group.decide(campaign, f"{day}T{hour}", at, at + HOUR))
        day += DAY
    return decisions


def test_double11_has_room_for_six_posts_a_day_and_for_its_late_nights() -> None:
    assert SHIPPED.promotion is not None
    decisions = busy_days(SHIPPED, SHIPPED.promotion)
    assert len(decisions) == 32 * 6 - 3
    assert set(decisions) == {Send()}


def test_without_the_promotion_half_of_that_would_be_too_much() -> None:
    assert SHIPPED.promotion is not None
    decisions = busy_days(replace(SHIPPED, promotion=None), SHIPPED.promotion)
    assert decisions.count(Send()) < 32 * 3
    assert set(decisions) == {
        Send(),
        Skip(Reason.DAILY_CAP),
        Skip(Reason.WEEKLY_CAP),
        Skip(Reason.QUIET_HOURS),
    }
