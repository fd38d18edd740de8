"""Who goes first when not everything may leave at once."""

from __future__ import annotations

from enum import IntEnum


class Priority(IntEnum):
    """The kinds of what is sent, the most urgent first; planned deliveries store the number."""

    ANSWER = 0  # to somebody who has just spoken: never planned, never held back
    NOTICE = 1  # about an order of one's own: counted by the caps, but not held by them
    POST = 2  # a manager's own words
    CAMPAIGN = 3
