"""The nearest minute in which marketing may be said."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from scheduler.caring import CareSettings
from scheduler.open_moments import OpenMoments
from scheduler.promotions import Promotion

SALE = Promotion(date(2026, 12, 8), date(2026, 12, 12), 4, 20, (date(2026, 12, 12),))
MOMENTS = OpenMoments(
    CareSettings(), ZoneInfo("Asia/Shanghai"), SALE, declared={date(2026, 12, 20)}
)
LONG_AGO = datetime(2026, 11, 1)  # noqa: DTZ001 (a local time)


def at(day: int, clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-12-{day:02} {clock}")


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        (at(9, "12:00"), at(9, "12:00")),
        (at(9, "23:30"), at(9, "21:59")),
        (at(10, "06:00"), at(10, "09:00")),
        (at(12, "23:30"), at(12, "23:30")),  # a late night
        (at(13, "00:30"), at(12, "23:59")),
        (at(13, "20:00"), at(14, "09:00")),  # 国家公祭日
        (at(20, "09:00"), at(19, "21:59")),  # the shop mourns
    ],
)
def test_the_nearest_open_minute(asked: datetime, near: datetime) -> None:
    assert MOMENTS.nearest(asked, LONG_AGO) == near


def test_what_is_past_is_no_moment() -> None:
    assert MOMENTS.nearest(at(9, "23:30"), at(9, "22:15")) == at(10, "09:00")


def test_where_all_is_quiet_there_is_none() -> None:
    december = {date(2026, 12, day) for day in range(1, 32)}
    mourning = OpenMoments(CareSettings(), ZoneInfo("Asia/Shanghai"), declared=december)
    assert mourning.nearest(at(16, "12:00"), LONG_AGO) is None
