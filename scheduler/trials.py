"""A trial as it stands: its plan, what came of each arm, and what may be concluded by now.

The plan is read from the content version that the first delivery said, so that nothing that is
edited later changes the question. `storage/outcomes.py` counts, `insights/verdicts.py` concludes;
here the two are put together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from insights.trials import Share
from insights.verdicts import Arm, Compared, Course, compare
from scheduler.campaigns import CampaignState, occurrences_of
from scheduler.planner import campaign_value
from scheduler.trial_plan import BEYOND_REACH, TrialPlan, plan_of
from storage import campaigns
from storage.campaign_money import Money, money_of
from storage.campaigns import StoredCampaign
from storage.outcome_sources import Metric
from storage.outcomes import Counted, Outcomes, Question, Tally, begun_version, outcomes
from storage.slots import HELD_OUT

UNPLANNED_WINDOW = timedelta(hours=48)
"""How long after a post is looked at where no plan says."""
NEW_FOR = timedelta(days=30)
"""For so long somebody is a new customer."""

_AHEAD = timedelta(days=366)
_OVER = (CampaignState.CANCELLED, CampaignState.FINISHED)
_ONLY = "a"  # the name of the only variant
_NAMING = ("product", "products")  # the variables of a body that name what it is about


@dataclass(frozen=True, slots=True)
class ArmSeen:
    """What came of one arm: of its `posts` so many `reached`; its fans, and what they did.

    `rates` are the shares that are compared: of its people or, where groups are compared, the mean
    of theirs, each counting as one.
    `groups` is how many groups it has, None where customers are compared. Whoever is `HELD_OUT`
    got nothing.
    """

    name: str
    groups: int | None
    posts: int
    reached: int
    fans: Counted
    did: Mapping[Metric, Counted]
    rates: Mapping[Metric, float]


@dataclass(frozen=True, slots=True)
class Trial:
    """A campaign's arms and how they compare by `metric`.

    `plan` is None where none was fixed before it began. `over` tells whether all posts and the
    windows after them are; `ends` is when the last window of those begun is. `others` is how many
    recipients were no part of it.
    """

    plan: TrialPlan | None
    metric: Metric
    by_groups: bool
    arms: tuple[ArmSeen, ...]
    compared: tuple[Compared, ...]
    others: int
    over: bool
    ends: datetime | None
    money: Money

    @property
    def window(self) -> timedelta:
        """How long after a post is looked at."""
        return UNPLANNED_WINDOW if self.plan is None else self.plan.window

    @property
    def incomparable(self) -> bool:
        """Whether those held out could not do what is compared, for want of a post."""
        return not compares_with_held_out(self.metric, by_groups=self.by_groups)


def compares_with_held_out(metric: Metric, *, by_groups: bool) -> bool:
    """Whether somebody who got nothing can do it too: in a group nobody replies to no post."""
    only_by_post = metric in {Metric.PRESSES, Metric.ENTRIES}
    return not only_by_post and not (by_groups and metric is Metric.REPLIES)


async def trial_of(
    connection: AsyncConnection, campaign: StoredCampaign, shop: str, now: datetime
) -> Trial:
    """How a campaign's trial stands at a moment; one without a plan or variants has one arm.

    Args:
        connection: an open transaction.
        campaign: the campaign.
        shop: the shop's name, which fans may mention.
        now: the moment.

    Raises:
        SchedulingError: its schedule, or the plan of its trial, cannot be read.
    """
    begun = await begun_version(connection, campaign.id, BEYOND_REACH)
    version = campaign.version_id if begun is None else begun
    body = (await campaigns.bodies(connection, [version]))[version]
    plan = plan_of(body)
    found = await outcomes(
        connection,
        Question(
            campaign_id=campaign.id,
            window=UNPLANNED_WINDOW if plan is None else plan.window,
            beyond_reach=BEYOND_REACH,
            words=words_naming(body, shop),
            new_since=campaign.created_at - NEW_FOR,
        ),
    )
    money = await money_of(connection, campaign.id)
    return read_trial(
        found,
        plan,
        over=_is_over(campaign, found, now),
        cut_short=campaign.state is CampaignState.CANCELLED,
        money=money,
    )


def read_trial(
    found: Outcomes, plan: TrialPlan | None, *, over: bool, money: Money, cut_short: bool = False
) -> Trial:
    """What came of a campaign, as a trial with this plan. Pure.

    A campaign to groups is compared by groups, also where an edit has turned it to people since.
    """
    by_groups = any(one.group_id is not None for one in found.tallies)
    counted = [one for one in found.tallies if (one.group_id is not None) == by_groups]
    metric = Metric.REPLIES if plan is None else plan.metric
    of_arm: dict[str, list[Tally]] = {}
    others = 0
    for one in counted:
        if one.arm is None and plan is not None and plan.segment is not None:
            others += one.fans.people
        else:
            of_arm.setdefault(one.arm or _ONLY, []).append(one)
    names = sorted(of_arm, key=lambda name: (name == HELD_OUT, name))
    arms = {name: _arm(name, of_arm[name], metric, by_groups=by_groups) for name in names}
    held_out = arms.pop(HELD_OUT, None)
    if not compares_with_held_out(metric, by_groups=by_groups):
        held_out = None
    course = Course(None if plan is None else plan.size, over, cut_short)
    return Trial(
        plan=plan,
        metric=metric,
        by_groups=by_groups,
        arms=tuple(_seen(name, of_arm[name], by_groups=by_groups) for name in names),
        compared=tuple(compare(list(arms.values()), held_out, course)),
        others=others,
        over=over,
        ends=found.last_ends,
        money=money,
    )


def _arm(name: str, tallies: Sequence[Tally], metric: Metric, *, by_groups: bool) -> Arm:
    """An arm as it is compared: who came into a group later may make more than its fans."""
    shares = _shares(tallies, metric)
    together = Share(sum(one.did for one in shares), sum(one.people for one in shares))
    return Arm(name, together, tuple(one.rate for one in shares) if by_groups else None)


def _shares(tallies: Sequence[Tally], metric: Metric) -> list[Share]:
    return [
        Share(min(one.did[metric].people, one.fans.people), one.fans.people)
        for one in tallies
        if one.fans.people
    ]


def _seen(name: str, tallies: Sequence[Tally], *, by_groups: bool) -> ArmSeen:
    return ArmSeen(
        name=name,
        groups=len(tallies) if by_groups else None,
        posts=sum(one.posts for one in tallies),
        reached=sum(one.reached for one in tallies),
        fans=_together(one.fans for one in tallies),
        did={metric: _together(one.did[metric] for one in tallies) for metric in Metric},
        rates={metric: _arm(name, tallies, metric, by_groups=by_groups).rate for metric in Metric},
    )


def _together(counted: Iterable[Counted]) -> Counted:
    each = list(counted)
    return Counted(sum(one.people for one in each), sum(one.new for one in each))


def _is_over(campaign: StoredCampaign, found: Outcomes, now: datetime) -> bool:
    """Whether nothing is to come any more, neither posts nor what may be done after them."""
    if found.waiting or found.last_ends is None or now < found.last_ends:
        return False
    if campaign.state in _OVER:
        return True
    return not occurrences_of(campaign_value(campaign), campaign.planned_until, now + _AHEAD)


def words_naming(body: Mapping[str, Any], shop: str) -> frozenset[str]:
    """What names the shop, or the products that a body is about."""
    variables = [body.get("variables", {}), *body.get("facts", {}).values()]
    named = (part.get(name) for part in variables for name in _NAMING)
    return frozenset(word.strip() for word in (shop, *named) if word and word.strip())
