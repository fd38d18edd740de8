"""What was told and could not be read, as stretches of time: a report has to say where it is deaf.

One message that was passed over is a moment, and no report tells of moments. What nobody knows is
what else happened around it. So the gap lasts from the first thing passed over to the next message
that was read, or for a minute behind the last one passed over, and longer where more follow.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum, auto

_MOMENT = timedelta(seconds=1)  # in which something was said that nobody could look up
_UNCERTAIN_FOR = timedelta(minutes=1)


class Read(Enum):
    """What came of something that was told."""

    PASSED_OVER = auto()  # it may have been anything, and nobody could look it up
    MESSAGE = auto()  # a message was read
    NOTHING = auto()  # something that says nothing of whether messages can be read


class Missed:
    """The stretch since when things are passed over, as far as one run of the hearing goes."""

    def __init__(self) -> None:
        self._since: datetime | None = None
        self._last: datetime | None = None

    def since(self, at: datetime, read: Read) -> datetime | None:
        """Since when all that was told up to `at` is missed; None where nothing is.

        Args:
            at: when something was told, by the clock; told in the order of their telling.
            read: what came of it.
        """
        if read is Read.PASSED_OVER:
            self._since = at - _MOMENT if self._since is None else min(self._since, at - _MOMENT)
            self._last = at
        since = self._since
        is_over = self._last is not None and at - self._last >= _UNCERTAIN_FOR
        if read is Read.MESSAGE or is_over:
            self._since = self._last = None
        return since if since is not None and since < at else None
