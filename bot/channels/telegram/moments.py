"""When what an update tells happened, and whether it had to wait for the bot. Pure but for memory.

Telegram dates everything but presses of buttons. While the bot hears as it happens, a press was
made now; what was waiting when hearing began may be old, and is dated no later than it can have
been. So a press from before a restart is answered like any old command: not run, say it again.

The bot knows of commands that were given before it began to hear. Those from a time when it could
not hear, though it ran (no network, a machine asleep), it knows in the same way: hearing ends with
`HeardLate`, and begins anew.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from aiogram.types import CallbackQuery, InaccessibleMessage, Update

from bot.channels.telegram.updates import told_at

LATE = timedelta(minutes=1)
"""What is heard so much later than it was said is not news any more."""

# "stored on the server until the bot receives them either way, but ... not kept longer than 24
# hours": https://core.telegram.org/bots/api#getting-updates
KEPT_FOR = timedelta(hours=24)


class HeardLate(ConnectionError):
    """For a while the bot ran and did not hear; hearing begins anew."""


class Moments:
    """The moments of one run of hearing, which began at `began`."""

    def __init__(self, began: datetime) -> None:
        self._began = began
        self._newest = began - KEPT_FOR
        self._least_lag = KEPT_FOR

    def of(self, update: Update, now: datetime, *, waited: bool) -> datetime:
        """When it happened; of a press that may have `waited` at Telegram, when at the earliest.

        Raises:
            HeardLate: it happened in this run, but comes too late to be acted upon.
        """
        at = told_at(update)
        if at is None:
            return self._pressed_at(update.callback_query) if waited else now
        self._newest = max(self._newest, at)
        if update.edited_message is None:  # an edit that readers do not see keeps an older date
            self._check(at, now)
        return at

    def _pressed_at(self, press: CallbackQuery | None) -> datetime:
        """No earlier than what was told before it, and than the message it was made on."""
        message = press.message if press is not None else None
        if message is None or isinstance(message, InaccessibleMessage):
            return self._newest
        return max(self._newest, message.date)

    def _check(self, at: datetime, now: datetime) -> None:
        """Compare with the quickest update of this run: the clocks need not agree."""
        lag = now - at
        self._least_lag = min(self._least_lag, lag)
        if at + self._least_lag >= self._began and lag - self._least_lag > LATE:
            raise HeardLate(
                f"for {(lag - self._least_lag).total_seconds():.0f} s nothing was heard"
            )
