"""The plan of a trial: what is compared, for how long, on how many, fixed before it begins.

A plan stands in the body of a content version, which is never changed once it is written, so that
nobody can choose the question after having seen the answer. A body without one may have variants
too; then the figures are shown, and no verdict is drawn from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from scheduler.bodies import arms_of
from scheduler.decide import Reason
from storage.deliveries import UNSERVED
from storage.errors import SchedulingError
from storage.outcome_sources import Metric
from storage.segment_language.trouble import SegmentUnreadable
from storage.segments import Segment

MOST_HELD_OUT = 50
"""Percent: a campaign is for somebody, too."""
LONGEST_WINDOW = timedelta(days=30)

BEYOND_REACH = (
    Reason.CAMPAIGN_CANCELLED,
    Reason.CAMPAIGN_PAUSED,
    Reason.NOT_APPROVED,
    Reason.HALTED,
    Reason.GROUP_GONE,
    Reason.UNREACHABLE,
    Reason.MUTED,
    Reason.OPTED_OUT,
    UNSERVED,
)
"""Who was left out for one of these says nothing about any arm."""

_UNREADABLE = (
    AttributeError,
    KeyError,
    OverflowError,
    SegmentUnreadable,
    TypeError,
    ValueError,
)


class TrialInvalid(SchedulingError):
    """The plan of a trial in a body is none."""

    number = 370
    sentence = "The plan of the trial is wrong: {reason}."
    mend = "Set the trial anew, for example /trial 12 reply 48h 200, or take it off: /trial 12 off."


def _readable(segment: Segment) -> Segment:
    """The segment, if its question can be read."""
    _ = segment.question
    return segment


@dataclass(frozen=True, slots=True)
class TrialPlan:
    """What one trial asks.

    `metric` is what is compared, of what happens within `window` after each post. `size` is how
    many are needed in each arm before anything is concluded: groups for group posts, customers for
    private messages. `hold_out` percent of them get nothing; with a `segment` the trial is among
    its people only, and everybody else simply gets the first text.

    Raises:
        TrialInvalid: the window, the size or the share is none.
    """

    metric: Metric
    window: timedelta
    size: int
    hold_out: int = 0
    segment: Segment | None = None

    def __post_init__(self) -> None:
        if not timedelta(0) < self.window <= LONGEST_WINDOW:
            raise TrialInvalid(reason=f"its window is {self.window}")
        if self.size < 1:
            raise TrialInvalid(reason=f"its size is {self.size}")
        if not 0 <= self.hold_out <= MOST_HELD_OUT:
            raise TrialInvalid(reason=f"it holds {self.hold_out} percent out")

    def to_json(self) -> dict[str, Any]:
        """The plan as plain JSON."""
        among = {} if self.segment is None else {"segment": self.segment.to_json()}
        return among | {
            "metric": self.metric.value,
            "window_hours": self.window / timedelta(hours=1),
            "size": self.size,
            "hold_out": self.hold_out,
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> TrialPlan:
        """The plan that `to_json` wrote.

        Raises:
            TrialInvalid: the document is none.
        """
        try:
            among = document.get("segment")
            return cls(
                metric=Metric(document["metric"]),
                window=timedelta(hours=float(document["window_hours"])),
                size=int(document["size"]),
                hold_out=int(document.get("hold_out", 0)),
                segment=None if among is None else _readable(Segment.from_json(among)),
            )
        except _UNREADABLE as wrong:
            raise TrialInvalid(reason=f"{type(wrong).__name__} {wrong}") from wrong


def plan_of(body: Mapping[str, Any]) -> TrialPlan | None:
    """The trial's plan in a body; None where it has none.

    Raises:
        TrialInvalid: what stands there is none.
    """
    document = body.get("test")
    return None if document is None else TrialPlan.from_json(document)


def still_tested(body: Mapping[str, Any]) -> dict[str, Any]:
    """The body, without its plan where that has nothing to compare: one text, and nobody held out.

    Raises:
        TrialInvalid: what stands there as a plan is none.
        BodyBroken: the body has another shape.
    """
    plan = plan_of(body)
    if plan is None or plan.hold_out or len(arms_of(body)) > 1:
        return dict(body)
    return {name: part for name, part in body.items() if name != "test"}
