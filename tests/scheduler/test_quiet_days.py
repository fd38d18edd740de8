"""Which days are quiet, what may be heard on them, and when they are over."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.decide import Defer, History, Reason, Send, Skip
from scheduler.festivals import festivals_of
from scheduler.priorities import Priority
from scheduler.quiet_days import is_quiet, may_be_heard, over_on, quiet_names
from storage.due import Recipient
from tests.scheduler.situations import DAY, HOUR, Situation, due

SHANGHAI = ZoneInfo("Asia/Shanghai")
QINGMING = date(2026, 4, 5)
HALF_HOUR = timedelta(minutes=30)


def at(day: date, hour: int, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime(day.year, day.month, day.day, hour, 17, tzinfo=zone).astimezone(UTC)


@pytest.mark.parametrize(
    ("day", "names"),
    [
        (date(2026, 4, 5), ["清明节"]),
        (date(2024, 4, 4), ["清明节"]),
        (date(2026, 8, 27), ["中元节"]),
        (date(2025, 9, 6), ["中元节"]),
        (date(2026, 12, 13), ["国家公祭日"]),
        (date(2026, 12, 12), []),
        (date(2026, 11, 11), []),
        (date(2026, 2, 17), []),
    ],
)
def test_the_calendar_knows_its_quiet_days(day: date, names: list[str]) -> None:
    assert [chinese for chinese, _ in quiet_names(day)] == names
    assert is_quiet(day) == bool(names)


@given(st.integers(2020, 2056))
def test_every_year_has_three_of_them(year: int) -> None:
    days = [date(year, 1, 1) + n * DAY for n in range(366)]
    quiet = [day for day in days if day.year == year and is_quiet(day)]
    remembered = [found.day for found in festivals_of(year) if found.festival.quiet]
    assert quiet == sorted([*remembered, date(year, 12, 13)])
    assert len(quiet) == 3


def test_a_declared_day_is_quiet_as_well() -> None:
    assert is_quiet(date(2026, 11, 3), {date(2026, 11, 3)})
    assert not is_quiet(date(2026, 11, 4), {date(2026, 11, 3)})


def test_days_of_mourning_in_a_row_are_over_together() -> None:
    declared = {QINGMING + DAY, QINGMING + 2 * DAY}
    assert over_on(QINGMING, declared) == QINGMING + 3 * DAY
    assert over_on(QINGMING + 3 * DAY, declared) == QINGMING + 3 * DAY


@pytest.mark.parametrize(
    ("programme", "slot", "heard"),
    [
        ("festivals", "2026-04-05:qingming", True),
        ("festivals", "2026-08-27:zhongyuan", True),
        ("festivals", "2026-05-10:mother", False),
        ("broadcast", "2026-04-05:qingming", False),
        ("care", "once", True),
        ("double11", "d-3", False),
    ],
)
def test_remembrance_and_care_may_be_heard(programme: str, slot: str, *, heard: bool) -> None:
    assert may_be_heard(programme, slot) is heard


# The decision


def situation(
    now: datetime, *, hours: float, recipient: Recipient | None = None, **changed: Any
) -> Situation:
    delivery = due(
        recipient or Recipient(group_id=1, name="一群"),
        not_before=now - HOUR,
        not_after=now + hours * HOUR,
        **changed,
    )
    return Situation(delivery, now=now)


def test_marketing_is_put_off_to_the_morning_after_a_quiet_day() -> None:
    decision = situation(at(QINGMING, 12), hours=48).decide()
    assert isinstance(decision, Defer)
    assert decision.reason is Reason.QUIET_DAY
    morning = datetime(2026, 4, 6, 9, tzinfo=SHANGHAI)
    assert morning <= decision.until <= morning + HALF_HOUR


def test_what_is_too_late_then_is_left_out_at_once() -> None:
    assert situation(at(QINGMING, 12), hours=12).decide() == Skip(Reason.QUIET_DAY)
    assert situation(at(QINGMING, 12), hours=20).decide() == Skip(Reason.QUIET_DAY)


def test_a_declared_day_holds_as_well() -> None:
    now = at(date(2026, 11, 5), 12)
    one = situation(now, hours=8)
    assert one.decide() == Send()
    mourning = History(mourning=frozenset({date(2026, 11, 5)}))
    held = Situation(one.delivery, history=mourning, now=now)
    assert held.decide() == Skip(Reason.QUIET_DAY)


@pytest.mark.parametrize(
    "changed",
    [
        {"priority": Priority.NOTICE},
        {"programme": "festivals", "slot": "2026-04-05:qingming"},
        {"programme": "care"},
    ],
    ids=["a notice", "the day's own words", "care"],
)
def test_what_may_be_heard_goes_out(changed: dict[str, Any]) -> None:
    assert situation(at(QINGMING, 12), hours=8, **changed).decide() == Send()


def test_the_night_before_waits_for_the_morning_after() -> None:
    evening = at(QINGMING - DAY, 23)
    first = situation(evening, hours=60).decide()
    assert isinstance(first, Defer)
    assert first.reason is Reason.QUIET_HOURS
    then = situation(first.until, hours=60).decide()
    assert isinstance(then, Defer)
    assert then.reason is Reason.QUIET_DAY
    assert then.until.astimezone(SHANGHAI).date() == QINGMING + DAY


@pytest.mark.parametrize(
    ("zone", "quiet"), [("Asia/Shanghai", False), ("America/Los_Angeles", True)]
)
def test_the_day_is_the_one_where_the_recipient_lives(zone: str, *, quiet: bool) -> None:
    now = at(QINGMING, 12, ZoneInfo("America/Los_Angeles"))  # already the 6th in Shanghai, 03:17
    person = Recipient(customer_id=1, name="小林", zone=zone)
    decision = situation(now, hours=1, recipient=person).decide()
    expected = Reason.QUIET_DAY if quiet else Reason.QUIET_HOURS
    assert decision == Skip(expected)


@given(
    st.integers(0, 37 * 365 * 24 * 60),
    st.sampled_from(
        ["Asia/Shanghai", "Europe/London", "America/New_York", "Pacific/Apia", "Asia/Kathmandu"]
    ),
    st.integers(0, 200),
)
def test_no_marketing_leaves_on_a_quiet_day_in_any_zone(
    minutes: int, zone: str, hours: int
) -> None:
    now = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    decision = situation(
        now, hours=hours, recipient=Recipient(group_id=1, name="一群", zone=zone)
    ).decide()
    local = now.astimezone(ZoneInfo(zone)).date()
    if decision == Send():
        assert not is_quiet(local)
    if isinstance(decision, Defer):
        assert decision.until > now
        if decision.reason is Reason.QUIET_DAY:
            assert not is_quiet(decision.until.astimezone(ZoneInfo(zone)).date())
