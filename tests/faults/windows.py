"""A platform's own ruler: sliding windows over the moments at which calls arrived.

Written without a look at the sender's pace, so that the one can judge the other.
"""

from __future__ import annotations

from collections import defaultdict, deque

from scheduler.courier import Limits, Rate


class Window:
    """The arrivals that one rate binds."""

    def __init__(self, rate: Rate) -> None:
        self.rate = rate
        self._newest: deque[float] = deque(maxlen=rate.messages)

    def takes(self, at: float) -> bool:
        """Count one more arrival, in seconds, not earlier than the last; False: it is too many.

        One that is too many counts like the others: a platform does not forget who rushes it.
        """
        too_many = (
            len(self._newest) == self.rate.messages
            and at - self._newest[0] < self.rate.per.total_seconds()
        )
        self._newest.append(at)
        return not too_many


class Windows:
    """All windows of one account: its own, and those of each of its chats."""

    def __init__(self, limits: Limits) -> None:
        self._account = [Window(rate) for rate in limits.account]
        self._chats: defaultdict[str, list[Window]] = defaultdict(
            lambda: [Window(rate) for rate in limits.chat]
        )
        self._groups: defaultdict[str, list[Window]] = defaultdict(
            lambda: [Window(rate) for rate in limits.group]
        )

    def broken_by(self, address: str, at: float) -> str | None:
        """Count an arrival; the rate that it breaks, in words, or None."""
        bound = [*self._account, *self._chats[address]]
        if address.startswith("group:"):
            bound += self._groups[address]
        broken = [window.rate for window in bound if not window.takes(at)]
        if not broken:
            return None
        return f"more than {broken[0].messages} in {broken[0].per.total_seconds():g} s"
