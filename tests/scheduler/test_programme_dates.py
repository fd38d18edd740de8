from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from scheduler.programme_dates import (
    DateInvalid,
    DayRule,
    Days,
    Every,
    EveryMonth,
    Source,
    Span,
    TimeRule,
    read_day,
    read_days,
    read_time,
)


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        ("11-05", DayRule(Source.YEAR, "11-05")),
        ("02-29", DayRule(Source.YEAR, "02-29")),
        ("11-05+2d", DayRule(Source.YEAR, "11-05", 2)),
        ("2026-11-05", DayRule(Source.DATE, "2026-11-05")),
        ("d-10", DayRule(Source.ANCHOR, "", -10)),
        ("d-0", DayRule(Source.ANCHOR, "", 0)),
        ("d+3", DayRule(Source.ANCHOR, "", 3)),
        ("lunar:12-08", DayRule(Source.LUNAR, "12-08")),
        ("lunar:12-08-1d", DayRule(Source.LUNAR, "12-08", -1)),
        ("festival:spring-eve", DayRule(Source.FESTIVAL, "spring-eve")),
        ("festival:spring-festival-3d", DayRule(Source.FESTIVAL, "spring-festival", -3)),
        ("node:balance-end-2d", DayRule(Source.NODE, "balance-end", -2)),
        ("fact:last_parcel", DayRule(Source.FACT, "last_parcel")),
        ("fact:last_parcel+1d", DayRule(Source.FACT, "last_parcel", 1)),
    ],
)
def test_a_day_is_read(written: str, rule: DayRule) -> None:
    assert read_day(written) == rule


@pytest.mark.parametrize(
    ("written", "days"),
    [
        ("11-05", DayRule(Source.YEAR, "11-05")),
        (
            "d-10..d-1",
            Span(DayRule(Source.ANCHOR, "", -10), DayRule(Source.ANCHOR, "", -1)),
        ),
        ("11-01 .. 11-03", Span(DayRule(Source.YEAR, "11-01"), DayRule(Source.YEAR, "11-03"))),
        ("every day", Every(None)),
        ("every mon", Every(0)),
        ("every sun", Every(6)),
        ("every month 18", EveryMonth(18)),
        ("every month 18-1d", EveryMonth(18, "", -1)),
        ("every month fact:day_of_month+1d", EveryMonth(None, "day_of_month", 1)),
    ],
)
def test_several_days_are_read(written: str, days: Days) -> None:
    assert read_days(written) == days


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        ("10:18", TimeRule(timedelta(hours=10, minutes=18))),
        ("00:00", TimeRule(timedelta(0))),
        ("24:00", TimeRule(timedelta(days=1))),
        ("node:balance-end", TimeRule(None, Source.NODE, "balance-end")),
        ("node:balance-end-2h", TimeRule(None, Source.NODE, "balance-end", timedelta(hours=-2))),
        ("fact:live+30m", TimeRule(None, Source.FACT, "live", timedelta(minutes=30))),
        ("node:end-1d", TimeRule(None, Source.NODE, "end", timedelta(days=-1))),
    ],
)
def test_a_time_is_read(written: str, rule: TimeRule) -> None:
    assert read_time(written) == rule


@pytest.mark.parametrize(
    ("read", "written", "allowed"),
    [
        (read_day, "", "11-05, 2026-11-05, d-10"),
        (read_day, "11-31", "11-05, 2026-11-05, d-10"),
        (read_day, "2026-02-29", "2026-11-05"),
        (read_day, "tomorrow", "node:KEY"),
        (read_day, "lunar:13-01", "lunar:12-08"),
        (read_day, "lunar:12-30", "lunar:12-08"),
        (read_day, "lunar:laba", "lunar:12-08"),
        (read_day, "festival:easter", "festival:KEY"),
        (read_day, "d-401", "d-10"),
        (read_day, "11-05 +1d", "each with -3d or +1d"),
        (read_day, "11-05-1h", "each with -3d or +1d"),
        (read_days, "every year", "every mon"),
        (read_days, "every month 29", "from 1 to 28"),
        (read_days, "every month 0", "from 1 to 28"),
        (read_day, "node:end-2h", "each with -3d or +1d"),
        (read_time, "25:00", "10:18"),
        (read_time, "10:60", "10:18"),
        (read_time, "9:5", "10:18"),
        (read_time, "10:18:00", "10:18"),
        (read_time, "node:end-2w", "node:KEY-2h"),
        (read_time, "festival:laba", "node:KEY-2h"),
    ],
)
def test_what_is_no_date_is_refused_with_what_is(
    read: Callable[[str], object], written: str, allowed: str
) -> None:
    with pytest.raises(DateInvalid) as caught:
        read(written)
    assert repr(written) in str(caught.value)
    assert allowed in caught.value.advice
