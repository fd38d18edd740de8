"""Caps: how often a group or a customer may be addressed in any 24 hours and in any 7 days.

The spans roll: there is no midnight at which everything is forgotten. What counts is every
planned post that was begun, whichever campaign it belonged to.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime, timedelta

DAY = timedelta(days=1)
WEEK = timedelta(days=7)


def frees_at(
    addressed: Sequence[datetime], cap: int, span: timedelta, now: datetime
) -> datetime | None:
    """When one more post fits under a cap; None when it does now.

    `addressed` are the moments of the posts before, the oldest first. The span is open at its
    far end: a post is forgotten exactly one span after it.
    """
    if len(addressed) - bisect_right(addressed, now - span) < cap:
        return None
    # One more fits once at most cap - 1 are still remembered: when the cap-th newest is not.
    return addressed[-cap] + span
