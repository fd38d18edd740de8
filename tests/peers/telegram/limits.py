"""Counts the messages of each bot as they arrive, and says which are too many.

What the platform allows is published as "about 30 messages a second", "no more than one a second
in a chat" and "20 a minute in a group" (https://core.telegram.org/bots/faq). Here every window
slides, and nothing beyond it is let through. A refused message does not count.
"""

from __future__ import annotations

import math
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Window:
    """At most `messages` in any span of `seconds`."""

    messages: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Allowed:
    """The windows of a bot, of each of its chats, and of its groups beside that."""

    account: Window = Window(30, 1.0)
    chat: Window = Window(1, 1.0)
    group: Window = Window(20, 60.0)


@dataclass(frozen=True, slots=True)
class TooMany:
    """A message that came too fast. `at` is a moment of the monotonic clock."""

    bot: int
    chat: int
    window: str
    at: float


@dataclass(slots=True)
class Limits:
    """What has arrived of late. `refused` keeps every message that was too many."""

    allowed: Allowed | None = field(default_factory=Allowed)
    now: Callable[[], float] = time.monotonic
    refused: list[TooMany] = field(default_factory=list)
    _arrived: defaultdict[tuple[str, int, int], deque[float]] = field(
        default_factory=lambda: defaultdict(deque)
    )

    def arrive(self, bot: int, chat: int, *, is_group: bool) -> int | None:
        """Count a message; the seconds to wait, where it is one too many."""
        if self.allowed is None:
            return None
        now = self.now()
        windows = {"account": (self.allowed.account, 0), "chat": (self.allowed.chat, chat)}
        if is_group:
            windows["group"] = (self.allowed.group, chat)
        logs = []
        for name, (window, of) in windows.items():
            log = self._arrived[name, bot, of]
            while log and now - log[0] >= window.seconds:
                log.popleft()
            if len(log) >= window.messages:
                self.refused.append(TooMany(bot, chat, name, now))
                return max(1, math.ceil(log[0] + window.seconds - now))
            logs.append(log)
        for log in logs:
            log.append(now)
        return None
