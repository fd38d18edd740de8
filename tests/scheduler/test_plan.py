from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.campaigns import Campaign, CampaignState, occurrences_of
from scheduler.plan import plan
from scheduler.schedules import (
    Changed,
    Countdown,
    Dated,
    DatedMoment,
    Festivals,
    Once,
    Recurring,
    Schedule,
    unchanged,
)
from scheduler.wall_time import ZoneUnknown, zone_named
from tests.scheduler.strategies import campaigns, spans


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


DOUBLE11 = Campaign(
    key="double11:2026",
    programme="double11",
    name="双11 倒计时 2026",
    schedule=Countdown(date(2026, 11, 11), 10, time(10, 18)),
    zone="Asia/Shanghai",
    valid_for=timedelta(hours=10),
    state=CampaignState.APPROVED,
)
NOVEMBER = utc("2026-10-31T16:00"), utc("2026-11-30T16:00")


@pytest.mark.parametrize(
    ("schedule", "valid_for", "not_after"),
    [
        pytest.param(
            Countdown(date(2026, 11, 5), 1, time(20, 12)), 2, "2026-11-04T14:12", id="within"
        ),
        pytest.param(
            Countdown(date(2026, 11, 5), 1, time(20, 12)), 10, "2026-11-04T15:59:59", id="countdown"
        ),
        pytest.param(
            Festivals(time(20, 12), keys=("christmas",)), 30, "2026-12-25T15:59:59", id="greeting"
        ),
        pytest.param(
            Once(datetime.fromisoformat("2026-11-04T20:12")), 10, "2026-11-04T22:12", id="once"
        ),
        pytest.param(Recurring("12 20 4 11 *"), 10, "2026-11-04T22:12", id="recurring"),
        pytest.param(
            Changed(
                Countdown(date(2026, 11, 5), 1, time(20, 12)),
                moved={"d-1": datetime.fromisoformat("2026-11-03T21:12")},
            ),
            10,
            "2026-11-03T15:59:59",
            id="moved countdown",
        ),
        pytest.param(
            Dated((DatedMoment("start", datetime.fromisoformat("2026-11-04T20:12")),)),
            10,
            "2026-11-04T22:12",
            id="dated",
        ),
        pytest.param(
            Dated(
                (
                    DatedMoment(
                        "start",
                        datetime.fromisoformat("2026-11-04T20:12"),
                        datetime.fromisoformat("2026-11-04T21:00"),
                    ),
                )
            ),
            10,
            "2026-11-04T13:00",
            id="dated until",
        ),
    ],
)
def test_only_a_greeting_and_a_countdown_end_with_their_day(
    schedule: Schedule, valid_for: int, not_after: str
) -> None:
    campaign = replace(DOUBLE11, schedule=schedule, valid_for=timedelta(hours=valid_for))
    first = occurrences_of(campaign, utc("2026-11-01"), utc("2027-01-01"))[0]
    assert first.not_after == utc(not_after)


def test_only_approved_campaigns_are_planned_unless_others_are_asked_for() -> None:
    every = [replace(DOUBLE11, key=state.value, state=state) for state in CampaignState]
    assert {occurrence.campaign for occurrence in plan(every, *NOVEMBER)} == {"approved"}
    asked = {CampaignState.DRAFT, CampaignState.APPROVED}
    assert {o.campaign for o in plan(every, *NOVEMBER, states=asked)} == {"draft", "approved"}


def test_a_plan_is_by_time_and_then_by_key() -> None:
    festivals = replace(DOUBLE11, key="b", schedule=Festivals(time(10, 18)))
    weekly = replace(DOUBLE11, key="a", schedule=Recurring("18 10 * * *"))
    found = plan([festivals, weekly], utc("2020-09-29"), utc("2020-10-01T12:00"))
    assert [(occurrence.campaign, occurrence.slot) for occurrence in found] == [
        ("a", "2020-09-29"),
        ("a", "2020-09-30"),
        ("a", "2020-10-01"),
        ("b", "2020-10-01:mid-autumn+national-day"),
    ]


def test_what_fell_due_while_nobody_planned_is_found_later() -> None:
    watermark, now = utc("2026-11-03T03:00"), utc("2026-11-06T03:00")
    assert [o.slot for o in plan([DOUBLE11], watermark, now)] == ["d-7", "d-6", "d-5"]


@settings(max_examples=100, deadline=None)
@given(st.lists(campaigns, max_size=4, unique_by=lambda c: c.key), spans, st.floats(0, 1))
def test_planning_in_steps_is_planning_at_once(
    found: list[Campaign], span: tuple[datetime, datetime], cut: float
) -> None:
    since, until = span
    middle = since + (until - since) * cut
    whole = plan(found, since, until)
    assert plan(found, since, middle) + plan(found, middle, until) == whole
    assert plan(reversed(found), since, until) == whole
    assert len({(occurrence.campaign, occurrence.slot) for occurrence in whole}) == len(whole)


@settings(max_examples=100, deadline=None)
@given(campaigns, spans)
def test_an_occurrence_is_valid_from_its_moment_to_its_day_s_end_at_most(
    campaign: Campaign, span: tuple[datetime, datetime]
) -> None:
    zone = zone_named(campaign.zone)
    for occurrence in occurrences_of(campaign, *span):
        assert occurrence.at <= occurrence.not_after
        if not isinstance(unchanged(campaign.schedule), Dated):
            assert occurrence.not_after <= occurrence.at + campaign.valid_for
        if isinstance(unchanged(campaign.schedule), Countdown | Festivals):
            days = (m.astimezone(zone).date() for m in (occurrence.at, occurrence.not_after))
            assert len(set(days)) == 1


def test_a_campaign_needs_a_zone_and_a_validity() -> None:
    with pytest.raises(ZoneUnknown, match="Mars"):
        replace(DOUBLE11, zone="Mars/Olympus")
    with pytest.raises(ValueError, match="never be valid"):
        replace(DOUBLE11, valid_for=timedelta(0))
