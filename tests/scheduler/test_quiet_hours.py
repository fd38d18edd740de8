from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.quiet_hours import QuietHours, quiet_until
from tests.scheduler.strategies import instants, zones

NIGHT = QuietHours(time(22), time(9))
SIESTA = QuietHours(time(12, 30), time(14))
SMALL_HOURS = QuietHours(time(1, 30), time(1, 45))
NONE = QuietHours(time(22), time(22))
MINUTE = timedelta(minutes=1)


def wall(text: str, zone: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)


@pytest.mark.parametrize(
    ("hours", "now", "end"),
    [
        pytest.param(NIGHT, "2026-11-05T21:59:59", None, id="just before"),
        pytest.param(NIGHT, "2026-11-05T22:00", "2026-11-06T09:00", id="their first moment"),
        pytest.param(NIGHT, "2026-11-06T00:00", "2026-11-06T09:00", id="midnight"),
        pytest.param(NIGHT, "2026-11-06T08:59:59", "2026-11-06T09:00", id="just before their end"),
        pytest.param(NIGHT, "2026-11-06T09:00", None, id="over"),
        pytest.param(SIESTA, "2026-11-06T12:29", None, id="before a siesta"),
        pytest.param(SIESTA, "2026-11-06T12:30", "2026-11-06T14:00", id="siesta"),
        pytest.param(SIESTA, "2026-11-06T14:00", None, id="after a siesta"),
        pytest.param(NONE, "2026-11-06T22:00", None, id="none at all"),
        pytest.param(NONE, "2026-11-06T03:00", None, id="none by night either"),
    ],
)
def test_quiet_hours_hold_from_their_beginning_to_their_end(
    hours: QuietHours, now: str, end: str | None
) -> None:
    zone = "Asia/Shanghai"
    found = quiet_until(wall(now, zone), ZoneInfo(zone), hours)
    assert found == (wall(end, zone) if end else None)


def test_the_hours_are_those_of_the_walls_in_the_zone() -> None:
    three_in_shanghai = datetime(2026, 11, 5, 19, tzinfo=UTC)
    assert quiet_until(three_in_shanghai, ZoneInfo("Asia/Shanghai"), NIGHT) is not None
    assert quiet_until(three_in_shanghai, ZoneInfo("Europe/Lisbon"), NIGHT) is None


LATE = (date(2026, 11, 10),)


@pytest.mark.parametrize(
    ("hours", "now", "end"),
    [
        pytest.param(NIGHT, "2026-11-10T08:00", "2026-11-10T09:00", id="its morning is quiet"),
        pytest.param(NIGHT, "2026-11-10T23:59:59", None, id="its evening is not"),
        pytest.param(NIGHT, "2026-11-11T00:00", "2026-11-11T09:00", id="from midnight on it is"),
        pytest.param(NIGHT, "2026-11-09T22:00", "2026-11-10T09:00", id="the evening before"),
        pytest.param(NIGHT, "2026-11-11T22:00", "2026-11-12T09:00", id="the evening after"),
        pytest.param(SIESTA, "2026-11-10T13:00", "2026-11-10T14:00", id="no night, no change"),
        pytest.param(SIESTA, "2026-11-10T08:00", None, id="nor any earlier"),
        pytest.param(QuietHours(time(22), time(0)), "2026-11-10T23:00", None, id="nothing left"),
        pytest.param(QuietHours(time(22), time(0)), "2026-11-11T00:00", None, id="nothing at all"),
    ],
)
def test_a_late_night_begins_at_midnight(hours: QuietHours, now: str, end: str | None) -> None:
    zone = "Asia/Shanghai"
    found = quiet_until(wall(now, zone), ZoneInfo(zone), hours, LATE)
    assert found == (wall(end, zone) if end else None)


NEW_YORK, SANTIAGO = "America/New_York", "America/Santiago"
OVER_TWO = QuietHours(time(22), time(1, 30))


@pytest.mark.parametrize(
    ("zone", "hours", "now", "fold", "end"),
    [
        # 1 November: 01:00-02:00 comes twice. 8 March: 02:00-03:00 never comes.
        pytest.param(NEW_YORK, NIGHT, "2026-10-31T22:00", 0, "2026-11-01T14:00", id="long night"),
        pytest.param(NEW_YORK, NIGHT, "2026-03-07T22:00", 0, "2026-03-08T13:00", id="short night"),
        pytest.param(
            NEW_YORK, OVER_TWO, "2026-11-01T01:20", 0, "2026-11-01T06:30", id="end comes twice"
        ),
        pytest.param(
            NEW_YORK, OVER_TWO, "2026-11-01T01:20", 1, "2026-11-01T06:30", id="second time"
        ),
        pytest.param(NEW_YORK, OVER_TWO, "2026-11-01T01:30", 1, None, id="end's second time"),
        pytest.param(
            NEW_YORK, SMALL_HOURS, "2026-11-01T01:50", 0, "2026-11-01T06:45", id="between the two"
        ),
        pytest.param(NEW_YORK, SMALL_HOURS, "2026-11-01T01:50", 1, None, id="after the two"),
        pytest.param(
            NEW_YORK,
            QuietHours(time(22), time(2, 30)),
            "2026-03-08T01:59",
            0,
            "2026-03-08T07:00",
            id="end never comes",
        ),
        pytest.param(
            NEW_YORK,
            QuietHours(time(2, 10), time(8)),
            "2026-03-08T03:00",
            0,
            "2026-03-08T12:00",
            id="beginning never comes",
        ),
        pytest.param(
            NEW_YORK,
            QuietHours(time(2, 10), time(2, 50)),
            "2026-03-08T03:00",
            0,
            None,
            id="neither",
        ),
        # 4 April ends with 23:00-24:00 twice; 6 September begins at 01:00.
        pytest.param(SANTIAGO, NIGHT, "2026-04-04T23:30", 1, "2026-04-05T13:00", id="long evening"),
        pytest.param(SANTIAGO, NIGHT, "2026-09-06T01:00", 0, "2026-09-06T12:00", id="no midnight"),
        pytest.param(
            "Australia/Lord_Howe", NIGHT, "2026-10-04T02:30", 0, "2026-10-03T22:00", id="half hour"
        ),
    ],
)
def test_no_quiet_hour_is_cut_short_when_the_clocks_are_changed(
    zone: str, hours: QuietHours, now: str, fold: int, end: str | None
) -> None:
    found = quiet_until(wall(now, zone, fold), ZoneInfo(zone), hours)
    assert found == (datetime.fromisoformat(end).replace(tzinfo=UTC) if end else None)


@pytest.mark.parametrize(
    ("night", "now", "fold", "quiet"),
    [
        pytest.param(date(2026, 4, 4), "2026-04-04T23:59", 0, False, id="first time"),
        pytest.param(date(2026, 4, 4), "2026-04-04T23:59", 1, False, id="second time"),
        pytest.param(date(2026, 4, 4), "2026-04-05T00:00", 0, True, id="midnight"),
        pytest.param(date(2026, 9, 5), "2026-09-05T23:59", 0, False, id="before no midnight"),
        pytest.param(date(2026, 9, 5), "2026-09-06T01:00", 0, True, id="after no midnight"),
    ],
)
def test_a_late_night_ends_with_its_day_however_long_that_is(
    night: date, now: str, fold: int, *, quiet: bool
) -> None:
    found = quiet_until(wall(now, SANTIAGO, fold), ZoneInfo(SANTIAGO), NIGHT, (night,))
    assert (found is not None) == quiet


@given(instants, zones, st.sampled_from([NIGHT, SIESTA, SMALL_HOURS, OVER_TWO]))
def test_no_clock_on_a_wall_shows_a_quiet_hour_that_is_not_kept(
    now: datetime, zone: ZoneInfo, hours: QuietHours
) -> None:
    shown = now.astimezone(zone).time()
    looks_quiet = (
        shown >= hours.begin or shown < hours.end
        if hours.over_midnight
        else hours.begin <= shown < hours.end
    )
    end = quiet_until(now, zone, hours)
    if looks_quiet:
        assert end is not None
    if end is not None:
        assert end > now
        assert quiet_until(end - MINUTE, zone, hours) == end or end - MINUTE < now
        assert quiet_until(end, zone, hours) is None
