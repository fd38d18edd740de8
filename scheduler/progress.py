"""When a campaign will be through, as far as anybody can tell.

Storage counts (see `storage/progress.py`); here the counts become a moment, for whoever asks
how far a campaign has got.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from scheduler.courier import Limits
from storage.holds import HOLDS
from storage.progress import Progress

_SHORTEST_LOOK = timedelta(seconds=1)


def estimated_end(
    progress: Progress, now: datetime, limits: Limits | None = None
) -> datetime | None:
    """About when the last delivery of a campaign will have left.

    Reckoned from the pace of the last minute, or where nothing left then, from what the limits
    of its account allow; and never before the last moment something was put off to.

    Args:
        progress: where the campaign stands at `now`.
        now: this moment.
        limits: of the account that it goes through, where it is known.

    Returns:
        None where nobody knows: nothing is left, a person has to approve, resume or lift a halt
        first, or there is neither a pace nor a limit to reckon with.
    """
    if not progress.left or not HOLDS.isdisjoint(progress.put_off):
        return None
    takes = _at_pace(progress, now) or _within(limits, progress.left)
    if takes is None:
        return None
    return max(now + takes, progress.last_at or now)


def _at_pace(progress: Progress, now: datetime) -> timedelta | None:
    """How long what is left takes at the pace of the last minute."""
    if not progress.ended or progress.began_first is None:
        return None
    looked = max(now - progress.began_first, _SHORTEST_LOOK)
    return looked * (progress.left / progress.ended)


def _within(limits: Limits | None, left: int) -> timedelta | None:
    """How long so many messages take at the least: a full window for all but the last rateful."""
    if limits is None or not limits.account:
        return None
    return max(rate.per * ((left - 1) // rate.messages) for rate in limits.account)
