"""A moment as people say it: 今晚8点, 明天 10:00, 11-05 20:00, 周五晚上八点半, 现在, tonight 8pm.

A pure reading, by the shop's wall clock. A part of the day settles what an hour means (晚上8点 is
20:00, 今晚12点 the midnight after today); a day without its year is the next one of that date, a
weekday the next one that is still to come. What is past is refused, never moved to tomorrow.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from handlers.arguments import Unreadable
from handlers.day_arguments import DATE, WrittenDate
from scheduler.wall_time import instant_of

FARTHEST = timedelta(days=366)

_DAY = timedelta(days=1)
_WEEK = 7  # days
_NOON, _MIDNIGHT = 12, 24
_SMALL_HOURS = 5  # 晚上1点 is the night's, so the next date's

_EMPHASIS = "!！。.~～"
_NOW_WORDS = frozenset({"现在", "马上", "立刻", "立即", "now", "right now"})
_DAY_WORDS = {
    "大后天": 3,
    "后天": 2,
    "明天": 1,
    "明日": 1,
    "明": 1,
    "tomorrow": 1,
    "今天": 0,
    "今日": 0,
    "今": 0,
    "today": 0,
}
_WEEKDAY_WORDS = {sign: number for number, sign in enumerate("一二三四五六日")} | {"天": 6}
_NIGHT_WORDS = ("晚上", "晚", "夜里", "tonight")
_AFTERNOON_WORDS = ("下午", "傍晚", "pm")
_NOON_WORDS = ("中午",)
_SMALL_HOURS_WORDS = ("凌晨", "am")
_MORNING_WORDS = ("清晨", "早晨", "早上", "早", "上午")
_MINUTE_WORDS = {"半": 30, "一刻": 15, "三刻": 45, "整": 0}
_HOUR_WORDS = ("小时", "钟头", "hour", "hours")
_TEN_WORDS = ("十",)
_DIGIT_WORDS = {sign: number for number, sign in enumerate("〇一二三四五六七八九")} | {
    "零": 0,
    "两": 2,
}

_NUMBER_WORDS = r"\d{1,2}|[〇零一二两三四五六七八九十]{1,3}"
_PARTS = "|".join(
    (*_SMALL_HOURS_WORDS, *_MORNING_WORDS, *_NOON_WORDS, *_AFTERNOON_WORDS, *_NIGHT_WORDS)
)
_WHEN = re.compile(
    rf"(?:(?P<ahead>{'|'.join(_DAY_WORDS)})"
    r"|(?P<next>下)?个?(?:周|星期|礼拜)(?P<weekday>[一二三四五六日天])"
    rf"|{DATE.pattern})?"
    r"[\s,的t]*"
    rf"(?P<part>{_PARTS})?\s*(?:at\s)?\s*"
    rf"(?P<hour>{_NUMBER_WORDS})"
    r"(?::(?P<minute>\d\d)(?::00)?"
    rf"|\s*(?P<clock>[点时])(?:(?P<spoken>{'|'.join(_MINUTE_WORDS)})|(?P<minutes>{_NUMBER_WORDS})分?|钟)?)?"
    r"\s*(?P<half>am|pm)?"
)
_LATER = re.compile(
    rf"(?P<in>in\s+)?(?:(?P<half>半)|(?P<number>\d{{1,3}}|{_NUMBER_WORDS}))\s*个?(?P<and_half>半)?\s*"
    rf"(?P<unit>{'|'.join(reversed(_HOUR_WORDS))}|分钟|minutes?|mins?)(?P<later>以?后|之后)?"
)


def read_moment(text: str, now: datetime, zone: ZoneInfo) -> datetime | None:
    """What was said, as a naive wall time of `zone` to the minute; None means now.

    Args:
        text: the words, and nothing beside them.
        now: the present moment, aware.
        zone: whose wall clock is meant.

    Raises:
        Unreadable: it is no time, past, or more than a year ahead; the sentence says which.
    """
    said = unicodedata.normalize("NFKC", text).strip().lower().rstrip(_EMPHASIS)
    if said in _NOW_WORDS:
        return None
    wall = _from_now(said, now, zone) or _on_a_day(said, now.astimezone(zone))
    if instant_of(wall, zone) <= now:
        raise Unreadable("这个时间已经过了")
    if instant_of(wall, zone) > now + FARTHEST:
        raise Unreadable("最远只能排到一年以后")
    return wall


def _from_now(said: str, now: datetime, zone: ZoneInfo) -> datetime | None:
    """半小时后, 30分钟后, in 2 hours."""
    found = _LATER.fullmatch(said)
    if found is None or not (found["in"] or found["later"]):
        return None
    amount = (0 if found["half"] else _number(found["number"])) + (
        0.5 if found["half"] or found["and_half"] else 0
    )
    span = timedelta(hours=amount) if found["unit"] in _HOUR_WORDS else timedelta(minutes=amount)
    # Not added to a wall clock: an hour from now is one also where clocks are set meanwhile.
    later = (now.astimezone(UTC) + span).astimezone(zone)
    return later.replace(second=0, microsecond=0, tzinfo=None)


def _on_a_day(said: str, local: datetime) -> datetime:
    """今晚8点, 周五 20:00, 11-05 20:00."""
    found = _WHEN.fullmatch(said)
    if found is None:
        names_a_day = _WHEN.fullmatch(f"{said} 0:00") is not None
        raise Unreadable("还少几点" if names_a_day else "这个时间我没看懂")
    if not any(found[name] for name in ("minute", "clock", "half", "part")):
        raise Unreadable("这个时间我没看懂")  # a bare number may be anything
    at, over = _time_of_day(found)
    return datetime.combine(_day_of(found, local, at, over) + over * _DAY, at)


def _day_of(found: re.Match[str], local: datetime, at: time, over: int) -> date:
    """The day that was named, today where none was; `at` and `over` as `_time_of_day` gives."""
    today = local.date()
    if found["weekday"]:
        ahead = _WEEKDAY_WORDS[found["weekday"]] - today.weekday()
        if found["next"]:
            return today + (ahead + _WEEK) * _DAY
        day = today + ahead % _WEEK * _DAY
        past = datetime.combine(day + over * _DAY, at) <= local.replace(tzinfo=None)
        return day + _WEEK * _DAY if past else day
    if found["month"]:
        try:
            return WrittenDate.of(found).coming(today)
        except ValueError as none:
            raise Unreadable("日历里没有这一天") from none
    return today + (_DAY_WORDS[found["ahead"]] if found["ahead"] else 0) * _DAY


def _time_of_day(found: re.Match[str]) -> tuple[time, int]:
    """The time that was said, and how many midnights it lies behind: of 晚上12点 one."""
    minute = (
        _MINUTE_WORDS[found["spoken"]]
        if found["spoken"]
        else _number(found["minute"] or found["minutes"] or "0")
    )
    hour = _by_part(_number(found["hour"]), found["half"] or found["part"])
    over, hour = divmod(hour, _MIDNIGHT)
    try:
        return time(hour, minute), over
    except ValueError as none:
        raise Unreadable("这个时间我没看懂") from none


def _by_part(hour: int, part: str | None) -> int:
    """The hour counted from the day's own midnight: from 24 on it is the next day's."""
    if hour > _MIDNIGHT:
        raise Unreadable("这个时间我没看懂")
    if hour > _NOON:
        return hour
    if part in _NIGHT_WORDS:
        return hour + (_MIDNIGHT if hour < _SMALL_HOURS else _NOON)
    if part in _AFTERNOON_WORDS:
        return hour % _NOON + _NOON
    if part in _NOON_WORDS:
        return hour + _NOON if hour < _SMALL_HOURS else hour
    if part in _SMALL_HOURS_WORDS:
        return hour % _NOON
    return hour


def _number(written: str) -> int:
    """7, 七, 十, 十五, 二十, 二十五.

    Raises:
        Unreadable: the signs make no number, as 十十.
    """
    if written.isascii():
        return int(written)
    tens, ten, ones = written.partition(_TEN_WORDS[0])
    try:
        if not ten:
            return int("".join(str(_DIGIT_WORDS[sign]) for sign in written))
        return (_DIGIT_WORDS[tens] if tens else 1) * 10 + (_DIGIT_WORDS[ones] if ones else 0)
    except KeyError as none:
        raise Unreadable("这个时间我没看懂") from none
