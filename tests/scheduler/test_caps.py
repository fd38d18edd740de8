from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.caps import DAY, WEEK, frees_at
from tests.scheduler.situations import HOUR, NOON, SECOND


def before(*hours: float) -> list[datetime]:
    return [NOON - ago * HOUR for ago in hours]


@pytest.mark.parametrize(
    ("addressed", "cap", "span", "freed"),
    [
        pytest.param([], 1, DAY, None, id="never addressed"),
        pytest.param(before(5, 3), 3, DAY, None, id="one more fits"),
        pytest.param(before(5, 3, 1), 3, DAY, NOON + 19 * HOUR, id="full: the oldest must go"),
        pytest.param(before(5, 3, 1), 2, DAY, NOON + 21 * HOUR, id="over full: two must go"),
        pytest.param(before(23, 0, 0), 3, DAY, NOON + HOUR, id="three since yesterday"),
        pytest.param(before(24, 1, 1), 3, DAY, None, id="forgotten after exactly a day"),
        pytest.param(before(100, 50, 30), 3, DAY, None, id="all older than a day"),
        pytest.param(before(100, 50, 30), 3, WEEK, NOON + 68 * HOUR, id="but not than a week"),
        pytest.param([NOON + SECOND], 1, DAY, NOON + DAY + SECOND, id="clocks that disagree"),
    ],
)
def test_a_cap_frees_when_old_posts_are_forgotten(
    addressed: list[datetime], cap: int, span: timedelta, freed: datetime | None
) -> None:
    assert frees_at(addressed, cap, span, NOON) == freed


@given(
    st.lists(st.integers(-200, 0).map(lambda hours: NOON + hours * HOUR)).map(sorted),
    st.integers(1, 6),
    st.sampled_from([DAY, WEEK]),
)
def test_one_more_fits_when_it_says_so_and_not_a_moment_before(
    addressed: list[datetime], cap: int, span: timedelta
) -> None:
    def remembered(now: datetime) -> int:
        return sum(moment > now - span for moment in addressed)

    freed = frees_at(addressed, cap, span, NOON)
    if freed is None:
        assert remembered(NOON) < cap
    else:
        assert freed > NOON
        assert remembered(freed) < cap <= remembered(freed - SECOND)
