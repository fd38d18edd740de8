"""The far end of the network: takes every post, and remembers what arrived where and when.

It keeps none of the pictures and one copy of each text, so that a year fits into memory. Its limits
are Telegram's, so the senders' pace is a real one. What a manager is asked to press is put aside.
"""

from __future__ import annotations

from collections import deque
from datetime import timedelta

from scheduler.clock import SimulatedClock
from scheduler.courier import Action, Done, Limits, Lookup, Outcome, Post, Presence, Rate
from tests.handlers.shop import MANAGER, Platform, in_private
from tests.simulation.judge import Arrival

LIMITS = Limits(
    account=(Rate(30, timedelta(seconds=1)),),
    chat=(Rate(1, timedelta(seconds=1)),),
    group=(Rate(20, timedelta(minutes=1)),),
    text_length=4_096,
    caption_length=1_024,
)
"""Those of `bot/channels/telegram/channel.py`, which would import the whole library of Telegram."""

_APPROVE = "/approve "
_HEARD = 20  # of what the manager was told, only the last is looked at


class Network(Platform):
    """A platform that takes everything at once."""

    def __init__(self, clock: SimulatedClock) -> None:
        super().__init__(limits=LIMITS)
        self.arrivals: list[Arrival] = []
        self.to_approve: deque[str] = deque()
        self.told_manager: deque[str] = deque(maxlen=_HEARD)
        self._clock = clock
        self._texts: dict[str, str] = {}
        self._keys: set[str] = set()

    async def perform(self, action: Action) -> Outcome:
        """Take it. What nobody posts here succeeds as well."""
        if not isinstance(action, Post):
            return await super().perform(action)
        text = self._texts.setdefault(action.content.text, action.content.text)
        self.arrivals.append(Arrival(self._clock.now(), str(action.address), action.key, text))
        self._keys.add(action.key)
        if action.address == in_private(MANAGER):
            self.told_manager.append(text)
            presses = (button.says for button in action.content.buttons)
            self.to_approve.extend(says for says in presses if says.startswith(_APPROVE))
        return Done(f"receipt-{len(self.arrivals)}")

    async def lookup(self, key: str) -> Lookup:
        """Whether a post with this key arrived."""
        return Lookup(Presence.SENT if key in self._keys else Presence.ABSENT)
