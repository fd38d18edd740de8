"""Whom a "too many requests" means: Telegram says how long to be silent, but not towards whom.

Its server's author holds that clients cannot know whether one chat or all are meant (tdlib/td
issue 715). But the account's own silence ends for all chats at one moment, whichever of them it is
told to. So the first refusal holds its chat; when another chat is told to wait until the same
moment, the account is meant.
"""

from __future__ import annotations

from datetime import datetime, timedelta

_SAME_MOMENT = timedelta(seconds=2)  # waits are given in whole seconds, and answers take a while


class Silences:
    """The chats that were told to wait, and until when."""

    def __init__(self) -> None:
        self._until: dict[str, datetime] = {}

    def mean_account(self, chat: str, until: datetime, now: datetime) -> bool:
        """Note that a chat is to be silent until a moment; True where all of them are."""
        self._until = {one: end for one, end in self._until.items() if end > now}
        shared = any(
            one != chat and abs(end - until) <= _SAME_MOMENT for one, end in self._until.items()
        )
        self._until[chat] = until
        return shared
