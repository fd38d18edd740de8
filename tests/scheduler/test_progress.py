"""The estimate of a campaign's end is honest: it says nothing where nobody knows."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.courier import Limits, Rate
from scheduler.decide import Reason
from scheduler.progress import estimated_end
from storage.deliveries import DeliveryState
from storage.progress import Progress, PutOff
from tests.scheduler.stage import DAY, HOUR, MINUTE, NOW, SECOND

TELEGRAM = Limits(account=(Rate(30, SECOND),), chat=(Rate(1, SECOND),))
CAREFUL = Limits(account=(Rate(1, SECOND), Rate(200, DAY)))


def standing(
    planned: int = 0,
    *,
    sending: int = 0,
    ended: int = 0,
    first: timedelta = MINUTE,
    last_at: datetime | None = None,
    put_off: dict[str, PutOff] | None = None,
) -> Progress:
    """A campaign with so much left, of which so many ended since `first` before NOW."""
    counts = dict.fromkeys(map(str, DeliveryState), 0)
    return Progress(
        counts=counts | {"planned": planned, "sending": sending},
        put_off=put_off or {},
        failed={},
        skipped={},
        next_at=NOW if planned else None,
        last_at=last_at or (NOW if planned else None),
        began=ended,
        ended=ended,
        began_first=NOW - first if ended else None,
    )


def put_off(reason: Reason, until: datetime) -> dict[str, PutOff]:
    return {reason: PutOff(1, until, until)}


@pytest.mark.parametrize(
    ("progress", "limits", "expected"),
    [
        pytest.param(standing(), TELEGRAM, None, id="nothing is left"),
        pytest.param(standing(100), None, None, id="nothing left yet, and no limit is known"),
        pytest.param(standing(100), Limits(), None, id="the platform names no limit"),
        pytest.param(standing(60, ended=60), None, NOW + MINUTE, id="at the pace of a minute"),
        pytest.param(
            standing(50, sending=10, ended=60), None, NOW + MINUTE, id="what is under way is left"
        ),
        pytest.param(
            standing(100, ended=20, first=2 * SECOND), None, NOW + 10 * SECOND, id="just begun"
        ),
        pytest.param(
            standing(10, ended=1, first=timedelta()), None, NOW + 10 * SECOND, id="one was sent now"
        ),
        pytest.param(standing(300), TELEGRAM, NOW + 9 * SECOND, id="what the limit allows"),
        pytest.param(standing(30), TELEGRAM, NOW, id="all within one window"),
        pytest.param(standing(50), CAREFUL, NOW + 49 * SECOND, id="below the daily cap"),
        pytest.param(standing(201), CAREFUL, NOW + DAY, id="above the daily cap"),
        pytest.param(
            standing(60, ended=30), TELEGRAM, NOW + 2 * MINUTE, id="the pace, rather than the limit"
        ),
        pytest.param(
            standing(
                1, last_at=NOW + 9 * HOUR, put_off=put_off(Reason.QUIET_HOURS, NOW + 9 * HOUR)
            ),
            TELEGRAM,
            NOW + 9 * HOUR,
            id="not before what is put off may go",
        ),
        *(
            pytest.param(
                standing(2, ended=2, put_off=put_off(reason, NOW + HOUR)),
                TELEGRAM,
                None,
                id=f"a person decides: {reason}",
            )
            for reason in (Reason.NOT_APPROVED, Reason.CAMPAIGN_PAUSED, Reason.HALTED)
        ),
    ],
)
def test_the_estimated_end(
    progress: Progress, limits: Limits | None, expected: datetime | None
) -> None:
    assert estimated_end(progress, NOW, limits) == expected


@given(
    left=st.integers(1, 100_000),
    ended=st.integers(0, 2_000),
    first=st.integers(0, 60),
    later=st.integers(-60, 86_400),
)
def test_the_end_is_never_before_now_nor_before_what_is_put_off(
    left: int, ended: int, first: int, later: int
) -> None:
    last_at = NOW + later * SECOND
    progress = standing(left, ended=ended, first=first * SECOND, last_at=last_at)
    found = estimated_end(progress, NOW, TELEGRAM)
    assert found is not None
    assert found >= max(NOW, last_at)
    more = standing(left + 1, ended=ended, first=first * SECOND, last_at=last_at)
    longer = estimated_end(more, NOW, TELEGRAM)
    assert longer is not None
    assert longer >= found
