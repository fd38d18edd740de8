"""The posts of campaigns that are looked back on: those that were planned, and how each stands.

What was planned is told by the schedules, what became of it by the ledger. A post that never came
to a delivery is told too: a manager left it out, it is still to come, or nobody was to get it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from handlers.reviewing.figures import Ledger, PostSeen
from scheduler.campaigns import occurrences_of
from scheduler.planner import campaign_value
from scheduler.schedules import last_wall
from storage.campaigns import CampaignState, StoredCampaign
from storage.deliveries import DeliveryState
from storage.review_ledger import Stand

_FAR = timedelta(days=3 * 366)
_TICK = timedelta(microseconds=1)
_ENDED = (CampaignState.CANCELLED, CampaignState.FINISHED)

Key = tuple[int, str]
"""A post by its campaign and its slot."""


def posts_seen(
    campaigns: Sequence[StoredCampaign], stands: Sequence[Stand], now: datetime
) -> list[PostSeen]:
    """Every post of these campaigns, the earliest first, each under the name of its campaign.

    Raises:
        SchedulingError: a schedule cannot be read.
    """
    ledgers: defaultdict[Key, dict[tuple[DeliveryState, str], int]] = defaultdict(dict)
    recalled: Counter[Key] = Counter()
    begun: dict[Key, datetime] = {}
    last: dict[Key, datetime] = {}
    private: dict[Key, bool] = {}
    for one in stands:
        key, how = (one.campaign_id, one.slot), (one.state, one.reason or "")
        ledgers[key][how] = ledgers[key].get(how, 0) + one.count
        recalled[key] += one.recalled
        begun.setdefault(key, one.since)
        private[key] = one.in_private
        if one.state is not DeliveryState.CANCELLED:
            last[key] = max(last.get(key, one.until), one.until)
    found = []
    for campaign in campaigns:
        moments = _moments(campaign, now)
        slots = {slot for number, slot in ledgers if number == campaign.id}
        for slot in moments.keys() | slots:
            key = campaign.id, slot
            at = begun.get(key) or moments[slot]
            unplanned = key not in ledgers and campaign.planned_until < at
            found.append(
                PostSeen(
                    campaign_id=campaign.id,
                    slot=slot,
                    name=campaign.name,
                    at=at,
                    in_private=private.get(key, campaign.audience.segment is not None),
                    ledger=Ledger(ledgers.get(key, {}), recalled[key]),
                    left_out=slot in campaign.skipped,
                    stopped=unplanned and campaign.state in _ENDED and at <= now,
                    ahead=unplanned and campaign.state not in _ENDED,
                    unapproved=campaign.state is CampaignState.DRAFT,
                    last=last.get(key),
                )
            )
    return sorted(found, key=lambda one: (one.at, one.campaign_id, one.slot))


def slots_of(posts: Collection[PostSeen]) -> Mapping[int, Collection[str]]:
    """Campaign id → the slots of these posts."""
    found: defaultdict[int, set[str]] = defaultdict(set)
    for one in posts:
        found[one.campaign_id].add(one.slot)
    return found


def _moments(campaign: StoredCampaign, now: datetime) -> dict[str, datetime]:
    """Slot → when it was due, what was left out included; of a schedule without end, up to now."""
    value = campaign_value(replace(campaign, skipped=()))
    until = now if last_wall(value.schedule) is None else campaign.created_at + _FAR
    posts = occurrences_of(value, campaign.created_at - _TICK, until)
    return {one.slot: one.at for one in posts}
