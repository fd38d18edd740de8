from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.festivals import FestivalUnknown, Region
from scheduler.legal_days import DayOff
from scheduler.schedules import (
    Changed,
    Countdown,
    Dated,
    DatedMoment,
    Festivals,
    Once,
    Recurring,
    Schedule,
    ScheduleInvalid,
    changed,
    days_left,
    last_wall,
    moments,
    unchanged,
)
from tests.scheduler.strategies import schedules, spans, zones

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


def year_of(year: int) -> tuple[datetime, datetime]:
    return utc(f"{year - 1}-12-31T23:59:59"), utc(f"{year}-12-31T23:59:59")


def shown(
    schedule: Schedule, zone: ZoneInfo, since: datetime, until: datetime
) -> list[tuple[str, str]]:
    found = moments(schedule, zone, since, until)
    return [(moment.slot, moment.local.strftime("%m-%d %H:%M")) for moment in found]


def test_a_countdown_has_a_moment_on_each_day_and_the_day_itself() -> None:
    schedule = Countdown(date(2026, 11, 11), 10, time(10, 18))
    assert shown(schedule, SHANGHAI, *year_of(2026)) == [
        *((f"d-{left}", f"11-{11 - left:02} 10:18") for left in range(10, 0, -1)),
        ("d-0", "11-11 10:18"),
    ]


def test_a_countdown_can_leave_the_day_itself_out() -> None:
    schedule = Countdown(date(2028, 3, 1), 2, time(10, 18), last_day=False)
    # 2028 is a leap year.
    assert shown(schedule, SHANGHAI, *year_of(2028)) == [
        ("d-2", "02-28 10:18"),
        ("d-1", "02-29 10:18"),
    ]


def test_festivals_are_named_by_date_and_key() -> None:
    schedule = Festivals(time(9, 42), keys=("mid-autumn", "national-day", "laba"))
    assert shown(schedule, SHANGHAI, *year_of(2020)) == [
        ("2020-01-02:laba", "01-02 09:42"),
        ("2020-10-01:mid-autumn+national-day", "10-01 09:42"),
    ]


def test_the_region_chooses_little_new_year() -> None:
    south = Festivals(time(9, 42), keys=("little-new-year",), region=Region.SOUTH)
    assert shown(south, SHANGHAI, *year_of(2026)) == [("2026-02-11:little-new-year", "02-11 09:42")]


def test_a_moved_time_keeps_its_slot() -> None:
    span = year_of(2026)
    pairs: list[tuple[Schedule, Schedule]] = [
        (Once(wall("2026-11-05T10:18")), Once(wall("2026-11-06T20:12"))),
        (Festivals(time(9, 42)), Festivals(time(20, 12))),
        (Recurring("18 10 * * mon"), Recurring("12 20 * * mon")),
    ]
    for earlier, later in pairs:
        slots = [moment.slot for moment in moments(earlier, SHANGHAI, *span)]
        assert slots == [moment.slot for moment in moments(later, SHANGHAI, *span)]


@pytest.mark.parametrize(
    ("cron", "expected"),
    [
        ("18 10 * * mon", [("2026-11-02", "11-02 10:18"), ("2026-11-09", "11-09 10:18")]),
        ("18 10 1 * *", [("2026-11-01", "11-01 10:18")]),
        (
            "18 10,20 6 11 *",
            [("2026-11-06T1018", "11-06 10:18"), ("2026-11-06T2018", "11-06 20:18")],
        ),
        ("18 10 30 2 *", []),
    ],
)
def test_a_cron_expression_is_read_in_wall_time(cron: str, expected: list[tuple[str, str]]) -> None:
    since, until = utc("2026-10-31T16:00"), utc("2026-11-11T15:59")
    assert shown(Recurring(cron), SHANGHAI, since, until) == expected


def test_29_february_comes_in_leap_years_only() -> None:
    schedule = Recurring("42 9 29 2 *")
    found = moments(schedule, SHANGHAI, utc("2023-01-01"), utc("2033-01-01"))
    assert [moment.slot for moment in found] == ["2024-02-29", "2028-02-29", "2032-02-29"]


@pytest.mark.parametrize(
    ("zone", "cron", "day", "expected"),
    [
        # Clocks go from 02:00 to 03:00 on 8 March and from 02:00 back to 01:00 on 1 November.
        (NEW_YORK, "30 2 * * *", "2026-03-08", [("2026-03-08", "03:00")]),
        (NEW_YORK, "30 1 * * *", "2026-11-01", [("2026-11-01", "01:30")]),
        # 02:00 to 02:30 on 4 October.
        (LORD_HOWE, "10 2 * * *", "2026-10-04", [("2026-10-04", "02:30")]),
        (LORD_HOWE, "45 1 * * *", "2026-04-05", [("2026-04-05", "01:45")]),
        # Skipped times that land together happen once.
        (
            NEW_YORK,
            "*/30 1-3 * * *",
            "2026-03-08",
            [
                ("2026-03-08T0100", "01:00"),
                ("2026-03-08T0130", "01:30"),
                ("2026-03-08T0300", "03:00"),
                ("2026-03-08T0330", "03:30"),
            ],
        ),
    ],
)
def test_clocks_that_change_neither_double_nor_lose_a_moment(
    zone: ZoneInfo, cron: str, day: str, expected: list[tuple[str, str]]
) -> None:
    midnight = wall(day).replace(tzinfo=zone)
    since = midnight - timedelta(seconds=1)
    found = moments(Recurring(cron), zone, since, midnight + timedelta(hours=23, minutes=59))
    assert [(moment.slot, moment.local.strftime("%H:%M")) for moment in found] == expected


def test_festivals_of_one_day_do_not_crowd_each_other_out_in_a_skipped_hour() -> None:
    # 8 March 2026 is 妇女节, and 02:30 does not exist in New York that day.
    assert shown(Festivals(time(2, 30), keys=("women",)), NEW_YORK, *year_of(2026)) == [
        ("2026-03-08:women", "03-08 03:00")
    ]


def test_a_span_leaves_its_beginning_out_and_holds_its_end() -> None:
    schedule = Once(wall("2026-11-05T10:18"))
    at = utc("2026-11-05T02:18")
    assert moments(schedule, SHANGHAI, at, at + timedelta(days=1)) == []
    assert [m.at for m in moments(schedule, SHANGHAI, at - timedelta(days=1), at)] == [at]
    assert moments(schedule, SHANGHAI, at, at) == []


def test_the_second_of_two_equal_times_is_still_in_front_when_the_first_is_past() -> None:
    # A span that ends in the repeated hour ends where the wall shows less than it has shown.
    since, until = utc("2026-11-01T05:00"), utc("2026-11-01T06:10")
    assert shown(Recurring("50 1 * * *"), NEW_YORK, since, until) == [("2026-11-01", "11-01 01:50")]
    now = wall("2026-11-01T01:50").replace(fold=1)
    assert [m.at for m in moments(Once(now), NEW_YORK, until, until + timedelta(hours=1))] == [
        utc("2026-11-01T06:50")
    ]


DATED = Dated(
    (
        DatedMoment("thanks", wall("2026-11-11T20:12")),
        DatedMoment("start", wall("2026-11-11T09:12"), wall("2026-11-11T12:00")),
    )
)


def test_dated_moments_come_by_time_each_until_its_own_end() -> None:
    found = moments(DATED, SHANGHAI, *year_of(2026))
    assert [(moment.slot, moment.at, moment.until) for moment in found] == [
        ("start", utc("2026-11-11T01:12"), utc("2026-11-11T04:00")),
        ("thanks", utc("2026-11-11T12:12"), None),
    ]


def test_a_dated_moment_keeps_off_days_off_with_its_end_and_its_place_among_the_others() -> None:
    # 22 November 2026 is a Sunday.
    answers = DatedMoment(
        "answers", wall("2026-11-22T12:12"), wall("2026-11-22T15:00"), DayOff.NEXT
    )
    schedule = Dated((answers, DatedMoment("thanks", wall("2026-11-23T10:18"))))
    found = moments(schedule, SHANGHAI, *year_of(2026))
    assert [(moment.slot, moment.at, moment.until) for moment in found] == [
        ("thanks", utc("2026-11-23T02:18"), None),
        ("answers", utc("2026-11-23T04:12"), utc("2026-11-23T07:00")),
    ]
    assert last_wall(schedule) == wall("2026-11-23T15:00")
    moved = changed(schedule, skipped=frozenset(), moved={"answers": wall("2026-11-23T13:00")})
    (end,) = [one.until for one in moments(moved, SHANGHAI, *year_of(2026)) if one.until]
    assert end == utc("2026-11-23T07:00")


def test_two_dated_moments_in_a_skipped_hour_both_happen() -> None:
    schedule = Dated(
        (
            DatedMoment("first", wall("2026-03-08T02:10"), wall("2026-03-08T02:20")),
            DatedMoment("second", wall("2026-03-08T02:40")),
        )
    )
    found = moments(schedule, NEW_YORK, *year_of(2026))
    three = utc("2026-03-08T07:00")
    assert [(moment.slot, moment.at) for moment in found] == [("first", three), ("second", three)]
    assert found[0].until == three


@pytest.mark.parametrize(
    ("schedule", "skipped", "moved", "expected"),
    [
        pytest.param(
            Countdown(date(2026, 11, 11), 3, time(10, 18)),
            {"d-2"},
            {"d-3": "2026-11-09T12:12"},
            [("d-3", "11-09 12:12"), ("d-1", "11-10 10:18"), ("d-0", "11-11 10:18")],
            id="a countdown",
        ),
        pytest.param(
            Festivals(time(9, 42), keys=("mid-autumn", "christmas")),
            {"2026-12-25:christmas"},
            {"2026-09-25:mid-autumn": "2026-09-24T20:12"},
            [("2026-09-25:mid-autumn", "09-24 20:12")],
            id="festivals",
        ),
        pytest.param(
            Recurring("18 10 * nov mon"),
            {"2026-11-02", "2026-11-09", "2026-11-16"},
            {"2026-11-23": "2027-01-01T10:00", "2026-11-30": "2026-12-01T10:18"},
            [("2026-11-30", "12-01 10:18")],
            id="recurring",
        ),
        pytest.param(
            Once(wall("2026-11-05T10:18")),
            set(),
            {"once": "2026-11-06T10:18"},
            [("once", "11-06 10:18")],
            id="once",
        ),
        pytest.param(
            DATED, {"start"}, {"start": "2026-11-12T10:18"}, [("thanks", "11-11 20:12")], id="both"
        ),
    ],
)
def test_a_manager_skips_and_moves_by_slot(
    schedule: Schedule, skipped: set[str], moved: dict[str, str], expected: list[tuple[str, str]]
) -> None:
    walls = {slot: wall(at) for slot, at in moved.items()}
    changes = changed(schedule, skipped=frozenset(skipped), moved=walls)
    assert shown(changes, SHANGHAI, *year_of(2026)) == expected
    assert unchanged(changes) == schedule
    assert changed(changes, skipped=frozenset(), moved={}) == schedule


@pytest.mark.parametrize(
    ("moved", "until"),
    [
        pytest.param("2026-11-11T08:12", "2026-11-11T11:00", id="earlier: as long as it was"),
        pytest.param("2026-11-11T11:00", "2026-11-11T12:00", id="later: until its end"),
        pytest.param("2026-11-11T12:00", "2026-11-11T14:48", id="past its end: as long as it was"),
        pytest.param("2026-11-12T09:12", "2026-11-12T12:00", id="another day: as long as it was"),
    ],
)
def test_a_moved_moment_keeps_its_end_or_its_length(moved: str, until: str) -> None:
    schedule = changed(DATED, skipped=frozenset({"thanks"}), moved={"start": wall(moved)})
    (moment,) = moments(schedule, SHANGHAI, *year_of(2026))
    assert moment.until == wall(until).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("schedule", "last"),
    [
        (Once(wall("2026-11-05T10:18")), "2026-11-05T10:18"),
        (Countdown(date(2026, 11, 11), 3, time(10, 18)), "2026-11-11T23:59:59"),
        (DATED, "2026-11-11T20:12"),
        (Dated(DATED.moments[:1]), "2026-11-11T12:00"),
        (Changed(DATED, moved={"start": wall("2026-11-12T09:12")}), "2026-11-12T09:12"),
        (
            Changed(DATED, frozenset({"start"}), {"start": wall("2026-11-12T09:12")}),
            "2026-11-11T20:12",
        ),
    ],
)
def test_a_schedule_ends_with_its_last_moment(schedule: Schedule, last: str) -> None:
    assert last_wall(schedule) == wall(last)


@pytest.mark.parametrize("schedule", [Recurring("18 10 * * mon"), Festivals(time(9)), Dated(())])
def test_a_schedule_that_runs_on_has_no_last_moment(schedule: Schedule) -> None:
    assert last_wall(schedule) is None


def test_a_span_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        moments(Once(wall("2026-11-05T10:18")), SHANGHAI, wall("2026-11-05"), utc("2026-11-06"))


@settings(max_examples=120, deadline=None)
@given(schedules, zones, spans, st.floats(0, 1))
def test_a_span_cut_anywhere_has_the_same_moments(
    schedule: Schedule, zone: ZoneInfo, span: tuple[datetime, datetime], cut: float
) -> None:
    since, until = span
    middle = since + (until - since) * cut
    whole = moments(schedule, zone, since, until)
    parts = moments(schedule, zone, since, middle) + moments(schedule, zone, middle, until)
    assert parts == whole
    # Also where the cut is a moment itself.
    for moment in whole[:2]:
        before = moments(schedule, zone, since, moment.at)
        assert before + moments(schedule, zone, moment.at, until) == whole


@pytest.mark.parametrize(
    ("zone", "change"),
    [
        ("America/New_York", "2026-03-08T07:00"),
        ("America/New_York", "2026-11-01T06:00"),
        ("Australia/Lord_Howe", "2026-04-04T15:00"),
        ("Australia/Lord_Howe", "2026-10-03T15:30"),
        ("America/Santiago", "2026-04-05T03:00"),
        ("America/Santiago", "2026-09-06T04:00"),
    ],
)
def test_a_span_may_be_cut_in_the_hour_of_a_change(zone: str, change: str) -> None:
    schedule, place, middle = Recurring("*/20 * * * *"), ZoneInfo(zone), utc(change)
    since, until = middle - timedelta(hours=2), middle + timedelta(hours=2)
    whole = moments(schedule, place, since, until)
    # A repeated hour is silent the second time; nothing else is longer than twenty minutes.
    assert max(b.at - a.at for a, b in pairwise(whole)) <= timedelta(minutes=80)
    for minutes in range(0, 241, 10):
        cut = since + timedelta(minutes=minutes)
        parts = moments(schedule, place, since, cut) + moments(schedule, place, cut, until)
        assert parts == whole


@settings(max_examples=100, deadline=None)
@given(schedules, zones, spans)
def test_moments_are_in_order_inside_the_span_and_have_slots_of_their_own(
    schedule: Schedule, zone: ZoneInfo, span: tuple[datetime, datetime]
) -> None:
    since, until = span
    found = moments(schedule, zone, since, until)
    assert all(since < moment.at <= until for moment in found)
    assert [m.at for m in found] == sorted(m.at for m in found)
    assert len({moment.slot for moment in found}) == len(found)
    # In UTC: a wall time that comes twice equals no moment of another zone (PEP 495).
    assert all(moment.local.astimezone(UTC) == moment.at for moment in found)
    assert all(moment.local.tzinfo is zone for moment in found)


@settings(max_examples=20, deadline=None)
@given(st.sampled_from([Festivals(time(2, 30)), Recurring("30 1 * * *")]), zones)
def test_slots_stay_unique_over_many_years(schedule: Schedule, zone: ZoneInfo) -> None:
    found = moments(schedule, zone, utc("2026-01-01"), utc("2030-01-01"))
    assert len({moment.slot for moment in found}) == len(found)


@pytest.mark.parametrize(
    ("slot", "left"),
    [("d-10", 10), ("d-0", 0), ("d-", None), ("d-x", None), ("2026-11-05", None), ("once", None)],
)
def test_only_a_countdowns_slot_has_days_left(slot: str, left: int | None) -> None:
    assert days_left(slot) == left


@pytest.mark.parametrize(
    "cron", ["", "18 10 * *", "18 10 * * 1", "61 10 * * *", "18 10 * * someday", "18 10 * * * *"]
)
def test_a_wrong_cron_expression_is_shown_with_a_right_one(cron: str) -> None:
    with pytest.raises(ScheduleInvalid, match=re.escape(f"cron cannot be {cron!r}")) as caught:
        Recurring(cron)
    assert "18 10 * * mon" in caught.value.advice


def test_schedules_that_cannot_be_are_refused() -> None:
    day = date(2026, 11, 11)
    for left in (0, -1, 366):
        with pytest.raises(ScheduleInvalid, match=f"first_days_left cannot be {left}"):
            Countdown(day, left, time(10, 18))
    with pytest.raises(ScheduleInvalid, match="at cannot be"):
        Countdown(day, 10, time(10, 18, tzinfo=UTC))
    with pytest.raises(ScheduleInvalid, match="at cannot be"):
        Once(utc("2026-11-05T10:18"))
    with pytest.raises(ScheduleInvalid, match="slot cannot be ''"):
        Once(wall("2026-11-05T10:18"), slot="")
    with pytest.raises(FestivalUnknown):
        Festivals(time(9, 42), keys=("easter",))
    with pytest.raises(ScheduleInvalid, match="slot cannot be ''"):
        DatedMoment("", wall("2026-11-05T10:18"))
    with pytest.raises(ScheduleInvalid, match="until cannot be"):
        DatedMoment("start", wall("2026-11-05T10:18"), wall("2026-11-05T10:18"))
    with pytest.raises(ScheduleInvalid, match="slot cannot be 'start'") as twice:
        Dated((DATED.moments[0], DATED.moments[0]))
    assert "each slot once" in twice.value.advice
    with pytest.raises(ScheduleInvalid, match="without a zone"):
        Changed(DATED, moved={"start": utc("2026-11-05T10:18")})
