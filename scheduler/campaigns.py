"""A campaign and its occurrences, as values.

A campaign is one concrete plan with a schedule; an occurrence is one moment of it, with the
time after which it must not go out any more. What is said, and to whom, is not here: storage
keeps audience and content versions beside the campaign. `plan.py` lays the occurrences of many
campaigns in one line.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from scheduler.priorities import Priority
from scheduler.promotions import Promotion
from scheduler.schedules import Countdown, Festivals, Moment, Schedule, moments, unchanged
from scheduler.wall_time import last_second_of, zone_named
from storage.campaigns import CampaignState

__all__ = ["Campaign", "CampaignState", "Occurrence", "occurrences_of"]


@dataclass(frozen=True, slots=True)
class Campaign:
    """One concrete plan of a shop.

    `key` is unique for ever (`double11:2026`); `programme` names the kind of care it belongs
    to; `zone` is the shop's time zone by its IANA name; `valid_for` is how long after its
    moment an occurrence may still go out; `promotion` is its promotion window, if it has one.
    """

    key: str
    programme: str
    name: str
    schedule: Schedule
    zone: str
    valid_for: timedelta
    state: CampaignState = CampaignState.DRAFT
    priority: Priority = Priority.CAMPAIGN
    promotion: Promotion | None = None

    def __post_init__(self) -> None:
        if self.valid_for <= timedelta(0):
            raise ValueError(f"an occurrence of {self.key} would never be valid")
        zone_named(self.zone)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One moment of a campaign, named by its slot. `at` and `not_after` are in UTC.

    It may go out from `at` up to and including `not_after`.
    """

    campaign: str
    slot: str
    at: datetime
    not_after: datetime


def occurrences_of(campaign: Campaign, since: datetime, until: datetime) -> list[Occurrence]:
    """The occurrences after `since` up to and including `until`, whatever the campaign's state."""
    zone = zone_named(campaign.zone)
    return [
        Occurrence(campaign.key, moment.slot, moment.at, _not_after(campaign, moment, zone))
        for moment in moments(campaign.schedule, zone, since, until)
    ]


def _not_after(campaign: Campaign, moment: Moment, zone: ZoneInfo) -> datetime:
    """The end of its validity; a greeting or a countdown also ends with its local day."""
    if moment.until is not None:
        return moment.until
    end = moment.at + campaign.valid_for
    if isinstance(unchanged(campaign.schedule), Countdown | Festivals):
        end = min(end, last_second_of(moment.local.date(), zone))
    return end
