"""The plan of a trial: read back as it was written, and refused where it is none."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from scheduler.trial_plan import TrialInvalid, TrialPlan, plan_of
from storage.outcome_sources import Metric
from storage.segments import Segment

PLAN = TrialPlan(Metric.TALK, timedelta(hours=48), 200, 10, Segment.parse("tag:老客"))


def test_a_plan_is_read_back_as_it_was_written() -> None:
    assert plan_of({"test": PLAN.to_json()}) == PLAN
    assert plan_of({"content": {"text": "早"}}) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"metric": "love"},
        {"window_hours": 0},
        {"window_hours": 24 * 31},
        {"window_hours": float("inf")},
        {"size": 0},
        {"size": "many"},
        {"hold_out": -1},
        {"hold_out": 51},
        {"segment": {"expression": "tag:("}},
        {"segment": 3},
    ],
)
def test_a_plan_that_means_nothing_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(TrialInvalid):
        TrialPlan.from_json({**PLAN.to_json(), **changed})
