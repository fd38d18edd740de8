from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.campaigns import CampaignState
from scheduler.decide import Decision, Defer, Reason, Send, Skip, decide
from storage.deliveries import Due
from tests.scheduler.stage import HOUR, MINUTE, NOW, SECOND

DUE = Due(
    id=1,
    key="c1/once/room/group:g1",
    campaign_id=1,
    campaign_key="c1",
    campaign_state=CampaignState.APPROVED,
    programme="broadcast",
    version_id=1,
    slot="once",
    address="group:g1",
    group_name="一群",
    group_present=True,
    not_before=NOW,
    not_after=NOW + HOUR,
    tries=0,
)
TOO_LATE = NOW + HOUR + SECOND
PAUSED = Defer(NOW + MINUTE, Reason.CAMPAIGN_PAUSED)


@pytest.mark.parametrize(
    ("changed", "now", "decision"),
    [
        pytest.param({}, NOW, Send(), id="its first moment"),
        pytest.param({}, NOW + HOUR, Send(), id="its last moment"),
        pytest.param({}, TOO_LATE, Skip(Reason.TOO_LATE), id="too late"),
        pytest.param({}, NOW - SECOND, Defer(NOW, Reason.TOO_EARLY), id="too early"),
        pytest.param({"group_present": False}, NOW, Skip(Reason.GROUP_GONE), id="group gone"),
        pytest.param(
            {"campaign_state": "cancelled"}, NOW, Skip(Reason.CAMPAIGN_CANCELLED), id="cancelled"
        ),
        pytest.param({"campaign_state": "finished"}, NOW, Send(), id="all planned"),
        pytest.param({"campaign_state": "paused"}, NOW, PAUSED, id="paused"),
        pytest.param({"campaign_state": "draft"}, NOW, PAUSED, id="not approved any more"),
        # The order of the rules: what can never be sent is not put off.
        pytest.param(
            {"campaign_state": "cancelled", "group_present": False},
            TOO_LATE,
            Skip(Reason.CAMPAIGN_CANCELLED),
            id="cancelled before too late",
        ),
        pytest.param(
            {"group_present": False},
            TOO_LATE,
            Skip(Reason.TOO_LATE),
            id="too late before group gone",
        ),
        pytest.param(
            {"group_present": False, "campaign_state": "paused"},
            NOW - SECOND,
            Skip(Reason.GROUP_GONE),
            id="group gone before too early and paused",
        ),
        pytest.param(
            {"campaign_state": "paused"},
            NOW - SECOND,
            Defer(NOW, Reason.TOO_EARLY),
            id="too early before paused",
        ),
        pytest.param(
            {"campaign_state": "paused"}, TOO_LATE, Skip(Reason.TOO_LATE), id="paused too long"
        ),
    ],
)
def test_the_first_rule_that_fits_decides(
    changed: dict[str, object], now: datetime, decision: Decision
) -> None:
    assert decide(replace(DUE, **changed), now) == decision  # type: ignore[arg-type]  # a row's own fields


@given(
    st.builds(
        replace,
        st.just(DUE),
        campaign_state=st.sampled_from(CampaignState),
        group_present=st.booleans(),
        not_before=st.integers(-120, 120).map(lambda seconds: NOW + seconds * SECOND),
        not_after=st.integers(-120, 120).map(lambda seconds: NOW + seconds * SECOND),
    )
)
def test_nothing_is_sent_outside_its_window_and_no_delay_ends_before_now(due: Due) -> None:
    match decide(due, NOW):
        case Send():
            assert due.not_before <= NOW <= due.not_after
            assert due.campaign_state in {"approved", "finished"}
            assert due.group_present
        case Defer(until):
            assert until > NOW
