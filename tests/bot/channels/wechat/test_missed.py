from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.channels.wechat.missed import Missed, Read

NOON = datetime(2026, 11, 5, 12, tzinfo=UTC)
OVER, MESSAGE, NOTHING = Read.PASSED_OVER, Read.MESSAGE, Read.NOTHING


@pytest.mark.parametrize(
    ("told", "since"),
    [
        pytest.param([(0, MESSAGE), (15, NOTHING)], [None, None], id="all is read"),
        pytest.param([(0, OVER)], [-1], id="at least a moment"),
        pytest.param([(0, OVER), (5, MESSAGE), (9, MESSAGE)], [-1, -1, None], id="to the next"),
        pytest.param(
            [(0, OVER), (50, OVER), (109, NOTHING), (110, NOTHING), (125, NOTHING)],
            [-1, -1, -1, -1, None],
            id="a minute behind the last one where none is read",
        ),
        pytest.param(
            [(0, OVER), (75, NOTHING), (90, OVER)], [-1, -1, 89], id="another one later is another"
        ),
        pytest.param([(0, OVER), (-9, OVER)], [-1, -10], id="the clock was set back"),
        pytest.param([(0, OVER), (-9, MESSAGE)], [-1, None], id="no gap ends before it begins"),
    ],
)
def test_a_gap_lasts_from_the_first_thing_passed_over_to_what_is_read_again(
    told: list[tuple[int, Read]], since: list[int | None]
) -> None:
    missed = Missed()
    found = [missed.since(NOON + timedelta(seconds=at), read) for at, read in told]
    assert found == [
        None if seconds is None else NOON + timedelta(seconds=seconds) for seconds in since
    ]
