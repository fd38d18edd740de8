"""The plan: every occurrence of a shop's campaigns in a span of time.

A pure function of its arguments. The planner calls it from its watermark to a little ahead of
now and turns the answer into deliveries; `nuanqun plan` and `/plan` call it to show what is to
come. Because spans may be cut anywhere (see `schedules.moments`), what fell due while nobody
planned is found by the next call.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from scheduler.campaigns import Campaign, CampaignState, Occurrence, occurrences_of


def plan(
    campaigns: Iterable[Campaign],
    since: datetime,
    until: datetime,
    *,
    states: Collection[CampaignState] = (CampaignState.APPROVED,),
) -> list[Occurrence]:
    """The occurrences after `since` up to and including `until`, by time and then campaign key.

    Only campaigns in one of `states` are planned; a preview asks for drafts as well.
    """
    found = [
        occurrence
        for campaign in campaigns
        if campaign.state in states
        for occurrence in occurrences_of(campaign, since, until)
    ]
    # The sort is stable: two slots of one campaign at one moment keep their schedule's order.
    return sorted(found, key=lambda occurrence: (occurrence.at, occurrence.campaign))
