"""What Hypothesis draws for the tests of time, in one place."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from scheduler.campaigns import Campaign, CampaignState
from scheduler.festivals import Region, festival_keys
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
    Unchanged,
)

# Whole hours, half an hour, clocks changed at midnight, and none at all.
ZONES = (
    "Asia/Shanghai",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Santiago",
    "America/Havana",
)
CRONS = (
    "18 10 * * mon",
    "30 1 * * *",
    "30 2 * * *",
    "0 0 * * *",
    "*/20 1-3 * * *",
    "42 9 29 2 *",
    "12 20 last * *",
    "5 12 1,15 * *",
)

zones = st.sampled_from(ZONES).map(ZoneInfo)
wall_times = st.datetimes(
    datetime(2020, 1, 1),  # noqa: DTZ001 (a wall time has no zone)
    datetime(2056, 12, 31),  # noqa: DTZ001 (the same)
).map(lambda wall: wall.replace(second=0, microsecond=0))
instants = st.datetimes(
    datetime(2024, 1, 1),  # noqa: DTZ001 (the zone is given below)
    datetime(2029, 12, 31),  # noqa: DTZ001 (the same)
    timezones=st.just(UTC),
)
times = st.times().map(lambda at: at.replace(second=0, microsecond=0))
dates = st.dates(date(2024, 1, 1), date(2029, 12, 31))
# Spans long enough to hold something, short enough for a cron of every twenty minutes.
spans = st.builds(
    lambda since, length: (since, since + length),
    instants,
    st.timedeltas(timedelta(0), timedelta(days=40)),
)
slots = st.sampled_from(["once", "wish-list", "start", "thanks", "d-1", "d-3", "2026-11-05"])
dated_moments = st.builds(
    lambda slot, at, valid, day_off: DatedMoment(slot, at, valid and at + valid, day_off),
    slots,
    wall_times.map(lambda wall: wall.replace(year=2024 + wall.year % 6, day=min(wall.day, 28))),
    st.none() | st.timedeltas(timedelta(minutes=1), timedelta(days=3)),
    st.none() | st.sampled_from(DayOff),
)
unchanged_schedules: st.SearchStrategy[Unchanged] = st.one_of(
    st.builds(Once, wall_times),
    st.builds(Countdown, dates, st.integers(1, 40), times, st.booleans()),
    st.builds(
        Festivals,
        times,
        st.none() | st.lists(st.sampled_from(festival_keys()), unique=True).map(tuple),
        st.sampled_from(Region),
    ),
    st.builds(Recurring, st.sampled_from(CRONS)),
    st.lists(dated_moments, unique_by=lambda moment: moment.slot, max_size=7).map(
        lambda moments: Dated(tuple(moments))
    ),
)
changed_schedules = st.builds(
    Changed,
    unchanged_schedules,
    st.frozensets(slots, min_size=1, max_size=2),
    st.dictionaries(slots, wall_times, max_size=2),
)
schedules: st.SearchStrategy[Schedule] = unchanged_schedules | changed_schedules
campaigns = st.builds(
    Campaign,
    key=st.sampled_from(["double11:2026", "festivals", "care", "arrivals:1"]),
    programme=st.just("care"),
    name=st.just("关怀"),
    schedule=schedules,
    zone=st.sampled_from(ZONES),
    valid_for=st.timedeltas(timedelta(minutes=1), timedelta(days=3)),
    state=st.sampled_from(CampaignState),
)
