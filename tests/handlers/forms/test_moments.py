"""A time is read as people say it, by the shop's wall clock, and never when it is past."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.arguments import Unreadable
from handlers.forms.moments import FARTHEST, read_moment
from scheduler.wall_time import instant_of

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
# Thursday, 5 November 2026, 10:00 in Shanghai.
NOW = datetime(2026, 11, 5, 2, 0, tzinfo=UTC)


def read(text: str, now: datetime = NOW, zone: ZoneInfo = SHANGHAI) -> str | None:
    """The moment as `11-05 20:00`, with its year where it is another one."""
    found = read_moment(text, now, zone)
    if found is None:
        return None
    return f"{found:%m-%d %H:%M}" if found.year == now.year else f"{found:%Y-%m-%d %H:%M}"


@pytest.mark.parametrize("text", ["现在", "马上", " 立刻 ", "now", "NOW!", "现在。"])
def test_at_once(text: str) -> None:
    assert read(text) is None


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("今晚8点", "11-05 20:00"),
        ("今晚八点", "11-05 20:00"),
        ("今晚八点半", "11-05 20:30"),
        ("今晚 8:15", "11-05 20:15"),
        ("今晚8", "11-05 20:00"),
        ("晚上十点一刻", "11-05 22:15"),
        ("今天晚上7点20分", "11-05 19:20"),
        ("今天下午三点", "11-05 15:00"),
        ("下午12点半", "11-05 12:30"),
        ("中午12点", "11-05 12:00"),
        ("中午一点", "11-05 13:00"),
        ("20:00", "11-05 20:00"),
        ("２０：００", "11-05 20:00"),
        ("二十点", "11-05 20:00"),
        ("晚上二十一点零五分", "11-05 21:05"),
        ("今晚12点", "11-06 00:00"),
        ("今晚零点", "11-06 00:00"),
        ("今晚1点", "11-06 01:00"),
        ("24:00", "11-06 00:00"),
        ("明天 10:00", "11-06 10:00"),
        ("明天10点", "11-06 10:00"),
        ("明天上午十点", "11-06 10:00"),
        ("明早9点", "11-06 09:00"),
        ("明晚九点三刻", "11-06 21:45"),
        ("明天凌晨12点", "11-06 00:00"),
        ("后天 9点整", "11-07 09:00"),
        ("大后天下午2点", "11-08 14:00"),
        ("周五 20:00", "11-06 20:00"),
        ("周四晚上8点", "11-05 20:00"),
        ("周四 9:00", "11-12 09:00"),
        ("星期天上午十点", "11-08 10:00"),
        ("下周一10点", "11-09 10:00"),
        ("下周四 8:00", "11-12 08:00"),
        ("11-05 20:00", "11-05 20:00"),
        ("11月5日 晚上8点", "11-05 20:00"),
        ("11月11号0点", "11-11 00:00"),
        ("11/11 00:00", "11-11 00:00"),
        ("2026-11-05 20:00", "11-05 20:00"),
        ("2026-11-05T20:00", "11-05 20:00"),
        ("2026年12月1日8点", "12-01 08:00"),
        ("1-1 9:00", "2027-01-01 09:00"),
        ("10-31 9:00", "2027-10-31 09:00"),
        ("半小时后", "11-05 10:30"),
        ("30分钟后", "11-05 10:30"),
        ("十五分钟以后", "11-05 10:15"),
        ("两个小时后", "11-05 12:00"),
        ("一个半小时之后", "11-05 11:30"),
        ("in 30 minutes", "11-05 10:30"),
        ("in 2 hours", "11-05 12:00"),
        ("tonight 8pm", "11-05 20:00"),
        ("tonight at 8", "11-05 20:00"),
        ("tomorrow 10:00", "11-06 10:00"),
        ("tomorrow at 10 am", "11-06 10:00"),
        ("8:30pm", "11-05 20:30"),
    ],
)
def test_a_moment_is_read_as_it_is_meant(text: str, meant: str) -> None:
    assert read(text) == meant


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        ("今天 9:59", "这个时间已经过了"),
        ("10:00", "这个时间已经过了"),
        ("早上8点", "这个时间已经过了"),
        ("11-05 08:00", "这个时间已经过了"),
        ("2020-11-05 20:00", "这个时间已经过了"),
        ("0分钟后", "这个时间已经过了"),
        ("2028-01-01 9:00", "最远只能排到一年以后"),
        ("2-30 9:00", "日历里没有这一天"),
        ("13-1 9:00", "日历里没有这一天"),
        ("明天", "还少几点"),
        ("今晚", "还少几点"),
        ("周五", "还少几点"),
        ("11-05", "还少几点"),
        ("明天 8", "这个时间我没看懂"),
        ("8", "这个时间我没看懂"),
        ("25:00", "这个时间我没看懂"),
        ("20:60", "这个时间我没看懂"),
        ("24:01:30", "这个时间我没看懂"),
        ("十十点", "这个时间我没看懂"),
        ("两小时", "这个时间我没看懂"),
        ("今晚8点直播", "这个时间我没看懂"),
        ("随便", "这个时间我没看懂"),
        ("²点", "这个时间已经过了"),
    ],
)
def test_what_is_no_moment_to_come_is_refused_with_its_reason(text: str, trouble: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read(text)
    assert refused.value.sentence == trouble


def test_the_night_before_midnight_and_after_it() -> None:
    late = datetime(2026, 11, 5, 16, 30, tzinfo=UTC)  # 00:30 on the 6th
    assert read("今晚8点", late) == "11-06 20:00"
    assert read("凌晨1点", late) == "11-06 01:00"
    with pytest.raises(Unreadable):
        read("凌晨0点", late)


def test_the_29th_of_february_comes_in_a_leap_year_only() -> None:
    assert read("2-29 9:00", datetime(2028, 2, 1, tzinfo=UTC)) == "02-29 09:00"
    with pytest.raises(Unreadable):
        read("2-29 9:00")


def test_an_hour_from_now_is_an_hour_also_where_clocks_are_set_back() -> None:
    first_half_past_two = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    found = read_moment("1小时后", first_half_past_two, BERLIN)
    assert found is not None
    assert instant_of(found, BERLIN) - first_half_past_two == timedelta(hours=1)


def test_a_wall_time_that_is_skipped_is_still_to_come() -> None:
    before = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)  # 01:30; 02:00 to 03:00 is skipped
    assert read("2:30", before, BERLIN) == "03-29 02:30"


@given(
    st.text(
        alphabet="今明后天晚早上下午周星期一二十两半点时分:-/ 0123456789月日号年零刻整小后内atpm",
        max_size=12,
    )
)
def test_whatever_is_said_is_a_moment_to_come_or_is_refused(text: str) -> None:
    try:
        found = read_moment(text, NOW, SHANGHAI)
    except Unreadable:
        return
    assert found is None or NOW < instant_of(found, SHANGHAI) <= NOW + FARTHEST
