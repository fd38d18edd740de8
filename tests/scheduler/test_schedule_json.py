from __future__ import annotations

import json
import re
from datetime import date, datetime, time
from typing import Any

import pytest
from hypothesis import given, settings

from scheduler.festivals import FestivalUnknown, Region
from scheduler.schedule_json import schedule_from_json, schedule_to_json
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
)
from tests.scheduler.strategies import schedules


@settings(max_examples=120)
@given(schedules)
def test_a_schedule_survives_its_json(schedule: Schedule) -> None:
    written = json.dumps(schedule_to_json(schedule))
    assert schedule_from_json(json.loads(written)) == schedule


def test_the_second_of_two_equal_times_survives_too() -> None:
    at = datetime.fromisoformat("2026-11-01T01:30").replace(fold=1)
    again = schedule_from_json(schedule_to_json(Once(at)))
    assert isinstance(again, Once)
    assert again.at.fold == 1


@pytest.mark.parametrize(
    ("document", "schedule"),
    [
        (
            {"kind": "once", "at": "2026-11-05T10:18"},
            Once(datetime.fromisoformat("2026-11-05T10:18")),
        ),
        (
            {"kind": "countdown", "day": "2026-11-11", "first_days_left": 10, "at": "10:18"},
            Countdown(date(2026, 11, 11), 10, time(10, 18)),
        ),
        ({"kind": "festivals", "at": "09:42"}, Festivals(time(9, 42), None, Region.NORTH)),
        ({"kind": "recurring", "cron": "18 10 * * mon"}, Recurring("18 10 * * mon")),
        (
            {"kind": "dated", "moments": [{"slot": "start", "at": "2026-11-05T10:18"}]},
            Dated((DatedMoment("start", datetime.fromisoformat("2026-11-05T10:18")),)),
        ),
        (
            {"kind": "recurring", "cron": "18 10 * * mon", "skipped": ["2026-11-02"]},
            Changed(Recurring("18 10 * * mon"), frozenset({"2026-11-02"})),
        ),
        ({"kind": "recurring", "cron": "18 10 * * mon", "moved": {}}, Recurring("18 10 * * mon")),
    ],
)
def test_the_usual_parts_may_be_left_out(document: dict[str, Any], schedule: Schedule) -> None:
    assert schedule_from_json(document) == schedule


COUNTDOWN = {"kind": "countdown", "day": "2026-11-11", "first_days_left": 10, "at": "10:18"}

START = {"slot": "start", "at": "2026-11-05T10:18"}
DATED: dict[str, Any] = {"kind": "dated", "moments": [START]}


@pytest.mark.parametrize(
    ("document", "sentence", "mend"),
    [
        ({}, "kind cannot be None", "once or countdown or festivals or recurring"),
        ({"kind": "weekly"}, "kind cannot be 'weekly'", "once or countdown"),
        ({"kind": "once"}, "at cannot be None", "2026-11-05T10:18"),
        ({"kind": "once", "at": "tomorrow"}, "at cannot be 'tomorrow'", "2026-11-05T10:18"),
        ({"kind": "once", "at": "2026-11-05T10:18Z"}, "at cannot be", "without a zone"),
        ({"kind": "once", "at": "2026-11-05T10:18", "slot": 3}, "slot cannot be 3", "a text"),
        (COUNTDOWN | {"day": "2026-02-29"}, "day cannot be '2026-02-29'", "a date"),
        (COUNTDOWN | {"at": "25:00"}, "at cannot be '25:00'", "10:18"),
        (COUNTDOWN | {"at": 1018}, "at cannot be 1018", "10:18"),
        (COUNTDOWN | {"first_days_left": "10"}, "first_days_left cannot be '10'", "whole number"),
        (COUNTDOWN | {"first_days_left": True}, "first_days_left cannot be True", "whole number"),
        (COUNTDOWN | {"first_days_left": 0}, "first_days_left cannot be 0", "1 to 365"),
        (COUNTDOWN | {"last_day": "yes"}, "last_day cannot be 'yes'", "true or false"),
        (COUNTDOWN | {"cron": "x"}, "list of parts cannot be 'cron'", "only at, day"),
        ({"kind": "festivals", "at": "09:42", "keys": "laba"}, "keys cannot be 'laba'", "a list"),
        ({"kind": "festivals", "at": "09:42", "region": "east"}, "'east'", "north or south"),
        ({"kind": "recurring", "cron": "18 10 * * 1"}, "cron cannot be", "mon to sun"),
        ({"kind": "dated"}, "moments cannot be None", "a list of moments"),
        (DATED | {"moments": ["start"]}, "moments cannot be", "a list of moments"),
        (DATED | {"moments": [{"at": "2026-11-05T10:18"}]}, "slot cannot be None", "a text"),
        (DATED | {"moments": [{"slot": "start"}]}, "at cannot be None", "2026-11-05T10:18"),
        (DATED | {"moments": [START | {"until": 3}]}, "until cannot be 3", "2026-11-05T10:18"),
        (
            DATED | {"moments": [START | {"text": ""}]},
            "parts cannot be 'text'",
            "at, day_off, slot, until",
        ),
        (DATED | {"skipped": "start"}, "skipped cannot be 'start'", "a list of slots"),
        (DATED | {"moved": ["start"]}, "moved cannot be", "from slot to local time"),
        (DATED | {"moved": {"start": "noon"}}, "start cannot be 'noon'", "2026-11-05T10:18"),
    ],
)
def test_what_is_wrong_is_named_with_what_is_right(
    document: dict[str, Any], sentence: str, mend: str
) -> None:
    with pytest.raises(ScheduleInvalid, match=re.escape(sentence)) as caught:
        schedule_from_json(document)
    assert mend in caught.value.advice


def test_an_unknown_festival_is_named() -> None:
    with pytest.raises(FestivalUnknown, match="easter"):
        schedule_from_json({"kind": "festivals", "at": "09:42", "keys": ["easter"]})
