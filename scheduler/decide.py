"""The decision about one due delivery: send it, put it off, or leave it out, and why.

Pure: everything it needs is handed in, and the reason it gives is stored with the delivery.
Reasons are codes; floor 4 has the words for them. Pace, quiet hours, caps and opt-out join the
table of rules here when the sender learns them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from scheduler.campaigns import CampaignState
from storage.deliveries import Due


class Reason(StrEnum):
    """Why a delivery did not simply go out."""

    CAMPAIGN_CANCELLED = "campaign_cancelled"
    CAMPAIGN_PAUSED = "campaign_paused"
    GROUP_GONE = "group_gone"
    TOO_EARLY = "too_early"
    TOO_LATE = "too_late"


@dataclass(frozen=True, slots=True)
class Send:
    """Send it now."""


@dataclass(frozen=True, slots=True)
class Defer:
    """Look at it again at `until`."""

    until: datetime
    reason: Reason


@dataclass(frozen=True, slots=True)
class Skip:
    """It will never be sent."""

    reason: Reason


Decision = Send | Defer | Skip

_PAUSE_LOOK = timedelta(minutes=1)
# A finished campaign has no moments left to plan; what it has planned still goes out.
_SPEAKING = (CampaignState.APPROVED, CampaignState.FINISHED)


def decide(due: Due, now: datetime) -> Decision:
    """What to do with a delivery at the moment `now`; the first rule that fits decides."""
    if due.campaign_state == CampaignState.CANCELLED:
        return Skip(Reason.CAMPAIGN_CANCELLED)
    if now > due.not_after:
        return Skip(Reason.TOO_LATE)
    if not due.group_present:
        return Skip(Reason.GROUP_GONE)
    if now < due.not_before:
        return Defer(due.not_before, Reason.TOO_EARLY)
    if due.campaign_state not in _SPEAKING:
        return Defer(now + _PAUSE_LOOK, Reason.CAMPAIGN_PAUSED)
    return Send()
