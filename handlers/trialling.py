"""Setting a trial: a plan, or one more text, for a campaign of which nothing has gone out yet.

It is a new content version like any edit, so it is previewed, confirmed and approved; once the
first post is begun, nobody can change what is asked any more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.coupon_names import plainly
from handlers.coupon_texts import naming
from handlers.desk import Desk
from handlers.private_reach import reach_of
from handlers.trial_arguments import TrialWords
from handlers.trial_text import METRICS, arm_name, plan_line
from insights.trials import FEWEST_GROUPS
from scheduler.bodies import arms_of, is_personal
from scheduler.campaigns import Occurrence
from scheduler.planner import schedule_of
from scheduler.schedules import last_wall
from scheduler.templates import COUPON
from scheduler.trial_plan import TrialPlan, plan_of
from scheduler.trials import UNPLANNED_WINDOW, compares_with_held_out
from scheduler.variants import parts
from storage.audiences import whom
from storage.campaigns import StoredCampaign
from storage.outcome_sources import Metric
from storage.segments import Segment
from storage.slots import HELD_OUT, PlannedSlot

_MOST_VARIANTS = 6
_SMALL = {True: 5, False: 50}  # an arm below it will hardly tell anything; by groups, by people


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a trial cannot be set so, as a sentence in the shop's language."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Planned:
    """A body as it is to be, and what a manager should know of its plan."""

    body: dict[str, Any]
    lines: tuple[str, ...] = ()


def with_another(desk: Desk, body: Mapping[str, Any], text: str) -> dict[str, Any] | Refused:
    """The body with one more text for every slot; what was let pass is asked anew.

    A slot with fewer texts than another says its first in the places that it has none for, so that
    the new text is the same arm everywhere.
    """
    if len(arms_of(body)) >= _MOST_VARIANTS:
        return Refused(desk.say("一个活动最多 {count} 种说法。", count=_MOST_VARIANTS))
    kept = {name: part for name, part in body.items() if name not in {"content", "overrides"}}
    named = ""
    if is_personal(body):
        text, named = plainly(text)
    if named and body.get(COUPON, named) != named:
        return Refused(desk.say("一个活动只能带一种券：「{name}」。", name=body[COUPON]))
    if "templates" in body:
        count = len(arms_of(body))
        templates = {}
        for topic, texts in body["templates"].items():
            each = [texts] if isinstance(texts, str) else list(texts)
            templates[topic] = [*each, *each[:1] * (count - len(each)), text]
        return naming({**kept, "templates": templates}, named)
    contents = body["contents"] if "contents" in body else [body["content"]]
    return naming({**kept, "contents": [*contents, {**contents[0], "text": text}]}, named)


async def planned(
    connection: AsyncConnection,
    desk: Desk,
    campaign: StoredCampaign,
    body: Mapping[str, Any],
    words: TrialWords,
    *,
    segment: Segment | None,
    next_post: Occurrence,
) -> Planned | Refused:
    """The body with the plan that a manager wrote, and how large its arms would be today.

    What is not written stays as it was planned before, or has its default: replies (what is said,
    where there is one text for groups), two days, and four fifths of the smallest arm.
    """
    by_groups = campaign.audience.segment is None
    if refused := _never_told(desk, campaign, body):
        return refused
    before, arms = plan_of(body), arms_of(body)
    hold_out = _first(words.hold_out, before and before.hold_out, 0)
    if len(arms) == 1 and not hold_out:
        return Refused(
            desk.say(
                "只有一种说法，也没有留出，没有可比的。"
                "先加一种：{variant}；或者留出一些不发：{hold_out}",
                variant=f"/trial {campaign.id} {desk.say('另一版 今晚八点，新品先到先得')}",
                hold_out=f"/trial {campaign.id} {desk.say('说话 48小时 留10%')}",
            )
        )
    usual = Metric.TALK if len(arms) == 1 and by_groups else Metric.REPLIES
    metric = _first(words.metric, before and before.metric, usual)
    comparable = compares_with_held_out(metric, by_groups=by_groups)
    if len(arms) == 1 and not comparable:
        return Refused(
            desk.say(
                "留出的没有收到，没法{metric}。换一样来比，例如：{example}",
                metric=desk.say(METRICS[metric]),
                example=f"/trial {campaign.id} {desk.say('说话 48小时 留10%')}",
            )
        )
    window = _first(words.window, before and before.window, UNPLANNED_WINDOW)
    among = segment if segment is not None or before is None else before.segment
    draft = TrialPlan(metric, window, 1, hold_out, among)
    sizes = await _arm_sizes(connection, desk, campaign, _with_plan(body, draft), next_post)
    expected = [*arms, *([HELD_OUT] if hold_out else [])]
    smallest = min(sizes.get(name, 0) for name in expected)
    fewest = FEWEST_GROUPS if by_groups else 1
    size = _first(words.size, before and before.size, max(fewest, smallest * 4 // 5))
    if size < fewest:
        return Refused(desk.say("按群比，每边至少要 {count} 个群，才说得出差别。", count=fewest))
    plan = TrialPlan(metric, window, size, hold_out, among)
    lines = [plan_line(desk, plan, by_groups=by_groups)]
    lines += _size_lines(desk, sizes, expected, size, by_groups=by_groups)
    if hold_out and not comparable:
        lines.append(
            desk.say("留出的没有收到，没法{metric}，只比几种说法", metric=desk.say(METRICS[metric]))
        )
    return Planned(_with_plan(body, plan), tuple(lines))


def _never_told(desk: Desk, campaign: StoredCampaign, body: Mapping[str, Any]) -> Refused | None:
    """Why no verdict would ever be drawn from a trial of this campaign; None: one may be."""
    if body.get("apart"):
        return Refused(desk.say("问候要让相邻的群听到不同的话，不拿来比。"))
    if last_wall(schedule_of(campaign)) is None:
        return Refused(
            desk.say(
                "「{name}」没有最后一次，对照到不了头，不能下结论。换有日期的活动来比。",
                name=campaign.name,
            )
        )
    return None


def without_plan(body: Mapping[str, Any]) -> dict[str, Any]:
    """The body without its plan; its texts stay."""
    return {name: part for name, part in body.items() if name != "test"}


def _with_plan(body: Mapping[str, Any], plan: TrialPlan) -> dict[str, Any]:
    return {**body, "test": plan.to_json()}


async def _arm_sizes(
    connection: AsyncConnection,
    desk: Desk,
    campaign: StoredCampaign,
    body: Mapping[str, Any],
    next_post: Occurrence,
) -> dict[str, int]:
    """Arm → how many groups or customers the lots give it, were it planned today.

    Of customers those whom a private message reaches: the others are no part of the trial.
    """
    now: datetime = desk.clock.now()
    meant = await whom(connection, desk.shop_id, campaign.audience, now)
    slot = PlannedSlot(
        campaign_id=campaign.id,
        campaign_key=campaign.key,
        version_id=campaign.version_id,
        slot=next_post.slot,
        not_before=next_post.at,
        not_after=next_post.not_after,
    )
    sizes: dict[str, int] = {}
    for name, those in await parts(connection, slot, meant, body, now):
        if name is None:
            continue
        if those.in_private:
            sizes[name] = (await reach_of(desk, connection, those.customers)).fans
        else:
            sizes[name] = len({group for group, _ in those.aims})
    return sizes


def _size_lines(
    desk: Desk, sizes: Mapping[str, int], expected: Sequence[str], size: int, *, by_groups: bool
) -> list[str]:
    say = desk.say
    told = [
        say("{arm} {count}", arm=arm_name(desk, name), count=sizes.get(name, 0))
        for name in expected
    ]
    lines = [
        say("抽签分到的群：{arms}", arms=" · ".join(told))
        if by_groups
        else say("抽签分到的粉丝：{arms}", arms=" · ".join(told))
    ]
    smallest = min(sizes.get(name, 0) for name in expected)
    if smallest < size:
        lines.append(say("照现在的人数，最小的一边只有 {count}，凑不够约定的数目", count=smallest))
    elif smallest < _SMALL[by_groups]:
        lines.append(say("最小的一边只有 {count}，多半看不出差别", count=smallest))
    return lines


def _first(*values: Any) -> Any:
    """The first that is given."""
    return next(value for value in values if value is not None)
