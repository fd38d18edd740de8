"""What staff must be told by itself, as values; floor 4 finds the words and the people.

A sender tells of its account, of a campaign that paused itself, of words that it holds back and of
coupons that are gone, the planner of an approval that is missing, and whoever opens an account of
what is in the way. Telling puts a notice on somebody's queue and never waits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduler.campaigns import Campaign, Occurrence, occurrences_of
from scheduler.wording_rules import Hit

REMIND_AHEAD = timedelta(hours=1)
"""How long before a campaign speaks staff are reminded that nobody has approved it."""


@dataclass(frozen=True, slots=True)
class AccountPaused:
    """Nothing leaves through this account until then: the platform refuses it, or is down."""

    account: str
    reason: str
    until: datetime


@dataclass(frozen=True, slots=True)
class AccountBack:
    """The account works again."""

    account: str


@dataclass(frozen=True, slots=True)
class AccountNotOpened:
    """This account could not be opened; it is tried again and again, and told once."""

    account: str
    reason: str


@dataclass(frozen=True, slots=True)
class CampaignPaused:
    """A campaign paused itself; somebody has to look at it and resume or cancel it."""

    campaign_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class ApprovalMissing:
    """At `at` a campaign is to speak, and what it is to say waits for approval."""

    campaign_id: int
    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class WordingHeld:
    """What a content version of a campaign says breaks a wording rule, and does not go out."""

    campaign_id: int
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class CouponsGone:
    """A campaign gives coupons of a batch that has none left, of all its `codes`, or is over."""

    campaign_id: int
    batch: str
    codes: int


Notice = (
    AccountPaused
    | AccountBack
    | AccountNotOpened
    | CampaignPaused
    | ApprovalMissing
    | WordingHeld
    | CouponsGone
)

Tell = Callable[[Notice], None]
"""Takes a notice on; never waits and never raises."""


def tell_nobody(notice: Notice) -> None:
    """Where nobody is there to be told: in previews, in tests."""


def unapproved_soon(campaign: Campaign, submitted_at: datetime, now: datetime) -> list[Occurrence]:
    """The occurrences to remind staff of, now, of a draft that was submitted then.

    They speak within the hour. What was submitted less than an hour before its moment is not
    reminded of: submitting it has just told everybody.
    """
    earliest = max(now, submitted_at + REMIND_AHEAD)
    return occurrences_of(campaign, earliest, now + REMIND_AHEAD)
