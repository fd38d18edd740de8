from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from aiogram.types import Update
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.telegram.moments import KEPT_FOR, LATE, HeardLate, Moments
from tests.bot.channels.telegram.updates import AT, DATE, GROUP, ME, RAIN, body, message, update

BEGAN = AT
SECOND = timedelta(seconds=1)


def said(seconds: int) -> Update:
    """Something said so many seconds behind the beginning."""
    return message(text="在吗", date=DATE + seconds)


def press(on: dict[str, Any]) -> Update:
    return update(
        callback_query={"id": "p", "from": RAIN, "chat_instance": "c", "message": on, "data": "=x"}
    )


def after(seconds: float) -> datetime:
    return BEGAN + seconds * SECOND


def test_what_carries_a_date_happened_then() -> None:
    assert Moments(BEGAN).of(said(-600), after(1), waited=True) == after(-600)


def test_a_press_that_is_heard_as_it_happens_was_made_now() -> None:
    old_post = press(body(sender=ME, date=DATE - 9000))
    assert Moments(BEGAN).of(old_post, after(5), waited=False) == after(5)


PRESSES_THAT_WAITED = [
    ("on a post", [], body(sender=ME, date=DATE - 300), after(-300)),
    ("behind a word", [said(-100)], body(sender=ME, date=DATE - 300), after(-100)),
    ("on a post behind the word", [said(-500)], body(sender=ME, date=DATE - 300), after(-300)),
    ("on what cannot be shown", [], {"chat": GROUP, "message_id": 1, "date": 0}, BEGAN - KEPT_FOR),
    (
        "on what cannot be shown, behind a word",
        [said(-100)],
        {"chat": GROUP, "message_id": 1, "date": 0},
        after(-100),
    ),
]


@pytest.mark.parametrize(
    ("before", "on", "at"),
    [row[1:] for row in PRESSES_THAT_WAITED],
    ids=[row[0] for row in PRESSES_THAT_WAITED],
)
def test_a_press_that_waited_is_as_old_as_it_may_be(
    before: list[Update], on: dict[str, Any], at: datetime
) -> None:
    moments = Moments(BEGAN)
    for one in before:
        moments.of(one, after(1), waited=True)
    assert moments.of(press(on), after(1), waited=True) == at


def test_a_backlog_is_heard_however_old_it_is() -> None:
    moments = Moments(BEGAN)
    for seconds in (-80_000, -7200, -600, -1):
        assert moments.of(said(seconds), after(2), waited=True) == after(seconds)


def test_what_was_said_in_this_run_and_heard_a_minute_later_ends_it() -> None:
    moments = Moments(BEGAN)
    moments.of(said(10), after(10.2), waited=False)
    moments.of(said(20), after(80), waited=False)
    with pytest.raises(HeardLate):
        moments.of(said(30), after(91), waited=False)


def test_what_was_said_before_this_run_does_not_end_it_behind_what_was_not() -> None:
    """A webhook brings what waited of one chat behind what is new in another."""
    moments = Moments(BEGAN)
    moments.of(said(10), after(10.2), waited=False)
    assert moments.of(said(-600), after(11), waited=False) == after(-600)


def test_an_edit_that_readers_do_not_see_and_that_keeps_its_date_ends_no_run() -> None:
    moments = Moments(BEGAN)
    moments.of(said(10), after(10.2), waited=False)
    preview = update(edited_message=body(text="看链接", date=DATE + 10))
    assert moments.of(preview, after(3600), waited=False) == after(10)


@given(
    skew=st.integers(-7200, 7200),
    said_at=st.lists(st.integers(1, 86_400), min_size=1, unique=True),
    delays=st.data(),
)
def test_clocks_that_do_not_agree_end_no_run(
    skew: int, said_at: list[int], delays: st.DataObject
) -> None:
    """Whatever our clock shows: what takes less than a minute is no outage."""
    moments = Moments(after(skew))
    for seconds in sorted(said_at):
        delay = delays.draw(st.floats(0, LATE.total_seconds()))
        moments.of(said(seconds), after(seconds + skew + delay), waited=False)
