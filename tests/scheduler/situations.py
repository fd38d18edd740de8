"""Deliveries that are due and the situations they are decided in, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from scheduler.campaigns import CampaignState
from scheduler.caring import CareSettings
from scheduler.courier import Limits
from scheduler.decide import Decision, History, decide
from scheduler.priorities import Priority
from storage.due import Due, Recipient

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WEEK = timedelta(days=7)
NOON = datetime(2026, 11, 5, 4, 17, tzinfo=UTC)
"""A Thursday, 12:17 in Shanghai: no quiet hour, and far from :00 and :30."""

GROUP = Recipient(group_id=1, name="一群")
PERSON = Recipient(customer_id=1, name="小林")
DUE = Due(
    id=1,
    key="c1/once/room/group:g1",
    campaign_id=1,
    campaign_key="c1",
    shop_id=1,
    programme="manual",
    campaign_state=CampaignState.APPROVED,
    halted=False,
    approved=True,
    hold_out=0,
    promotion=None,
    version_id=1,
    slot="once",
    address="group:g1",
    member_id=None,
    priority=Priority.CAMPAIGN,
    not_before=NOON,
    not_after=NOON + 2 * HOUR,
    tries=0,
    resent=False,
    variant=None,
    recipient=GROUP,
)


def due(recipient: Recipient = GROUP, **changed: Any) -> Due:
    """A campaign's delivery to this recipient that may go out now, but for what is changed."""
    return replace(DUE, recipient=recipient, **changed)


NO_LIMITS = Limits()
NOTHING_BEFORE = History()
DEFAULTS = CareSettings()


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything that a decision depends on; an ordinary post that may go out but for changes."""

    delivery: Due = field(default_factory=due)
    limits: Limits = NO_LIMITS
    history: History = NOTHING_BEFORE
    settings: CareSettings = DEFAULTS
    now: datetime = NOON

    def decide(self) -> Decision:
        """The decision in this situation."""
        one = self.delivery
        return decide(one, one.recipient, self.limits, self.history, self.settings, self.now)
