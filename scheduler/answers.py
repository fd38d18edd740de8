"""What an outcome means for a delivery: where it goes from here, by the class of what happened.

Pure tables. Nothing here retries what may have been sent: a lost answer leaves the delivery
uncertain, and only an error that proves that nothing left is tried again, after growing pauses.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

from scheduler.courier import (
    AccountDown,
    AddressGone,
    Done,
    Muted,
    NothingSent,
    Outcome,
    TooFast,
    Unable,
    Unclear,
)
from storage import attempts
from storage.attempts import End
from storage.deliveries import DeliveryState, Move
from storage.due import Due

SHORTEST_WAIT = timedelta(seconds=1)
_FIRST_RETRY_SECONDS = 2.0
_LONGEST_RETRY_SECONDS = 300.0
_MOST_DOUBLINGS = 8  # 2 s doubled so often is more than the longest retry


@dataclass(frozen=True, slots=True)
class HeldBack:
    """Not an outcome of a call: the call was written down, but never made."""

    reason: str | None = None
    until: datetime | None = None


_WORDS: dict[type[Outcome | HeldBack], str] = {
    Done: "done",
    NothingSent: attempts.NOTHING_SENT,
    AddressGone: "address_gone",
    Muted: "muted",
    AccountDown: attempts.ACCOUNT_DOWN,
    Unclear: "unclear",
    Unable: "unable",
    HeldBack: attempts.HELD_BACK,
}


def word_for(outcome: Outcome | HeldBack) -> str:
    """The word that attempts and counters have for an outcome."""
    if isinstance(outcome, TooFast):
        return attempts.TOO_FAST_EVERYWHERE if outcome.account_wide else attempts.TOO_FAST_HERE
    return _WORDS[type(outcome)]


_NOTHING_DONE = attempts.NOTHING_CARRIED | {
    attempts.TOO_FAST_HERE,
    attempts.TOO_FAST_EVERYWHERE,
    attempts.HELD_BACK,
}


def never_again(outcome: str | None) -> bool:
    """Whether a call that ended with this word is not to be made again by itself.

    It did what it asks, or may have (one without an end among them), or never can.
    """
    return outcome not in _NOTHING_DONE


def may_have_arrived(outcome: str | None) -> bool:
    """Whether what a call says may have been read: it did what it asks, or nobody knows."""
    return outcome in (_WORDS[Done], _WORDS[Unclear], attempts.INTERRUPTED, None)


def silence_after(outcome: Outcome | HeldBack, at: datetime) -> datetime | None:
    """Until when the platform asked for silence; None where it did not."""
    return at + max(outcome.retry_after, SHORTEST_WAIT) if isinstance(outcome, TooFast) else None


def end_of(attempt_id: int, outcome: Outcome | HeldBack, at: datetime) -> End:
    """How the attempt behind a call ended."""
    reason = getattr(outcome, "reason", None)
    return End(attempt_id, word_for(outcome), reason, at, silence_after(outcome, at))


def move_after(
    one: Due,
    outcome: Outcome | HeldBack,
    at: datetime,
    *,
    rests_until: datetime | None,
    spread: float,
) -> Move:
    """Where an outcome takes a delivery.

    Args:
        one: the delivery; `tries` as it was before this call.
        outcome: what came of the call.
        at: when.
        rests_until: the end of the account's rest, where it rests.
        spread: between 0 and 1, so that many retries do not come at one moment.
    """
    match outcome:
        case Done(receipt):
            return Move(one.id, DeliveryState.SENT, "resent" if one.resent else None, receipt)
        case AddressGone(reason) | Muted(reason) | Unable(reason):
            return left_unsent(one, DeliveryState.FAILED, reason)
        case Unclear(reason):
            return Move(one.id, DeliveryState.UNCERTAIN, reason)
        case _:
            why, later = _retry(one, outcome, at, rests_until, spread)
    # Never so late that nobody would say in time that it is too late.
    bounded = min(later, one.not_after + SHORTEST_WAIT)
    return Move(one.id, DeliveryState.PLANNED, why, not_before=bounded, resent=one.resent)


def left_unsent(one: Due, state: DeliveryState, reason: str) -> Move:
    """Where a delivery goes that is not tried (again): failed or skipped.

    But a notice that was to go once more may have arrived the first time: that stays uncertain.
    """
    return Move(one.id, DeliveryState.UNCERTAIN if one.resent else state, reason)


def _retry(
    one: Due,
    outcome: HeldBack | TooFast | NothingSent | AccountDown,
    at: datetime,
    rests_until: datetime | None,
    spread: float,
) -> tuple[str | None, datetime]:
    """Why and when a delivery of which nothing was sent is tried again."""
    match outcome:
        case HeldBack(reason, until):
            return reason, until or one.not_before
        case TooFast():
            return "too_fast", silence_after(outcome, at) or at
        case NothingSent(reason):
            return reason, max(at + back_off(one.tries, spread), rests_until or at)
        case AccountDown(reason):
            return reason, rests_until or at + SHORTEST_WAIT
        case _:
            assert_never(outcome)


def back_off(tries: int, spread: float) -> timedelta:
    """The pause before another try: twice as long after every one, up to five minutes.

    `spread`, between 0 and 1, takes up to half of it away.
    """
    longest = _FIRST_RETRY_SECONDS * 2.0 ** min(tries, _MOST_DOUBLINGS)
    return timedelta(seconds=min(longest, _LONGEST_RETRY_SECONDS) * (1.0 - spread / 2.0))
