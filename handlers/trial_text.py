"""A trial in plain words: its plan, what came of each arm, and what may be concluded.

Whoever reads it need know no statistics: a difference is told in points of a hundred with the range
that fits, then one sentence says whether that could be chance, and how many more would tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from handlers.desk import Desk
from handlers.shares import percent
from insights.trials import FEWEST_GROUPS
from insights.verdicts import Compared, Finding
from scheduler.trial_plan import TrialPlan
from scheduler.trials import ArmSeen, Trial
from storage.campaign_money import Money
from storage.outcome_sources import Metric
from storage.slots import HELD_OUT

METRICS = {
    Metric.REPLIES: "回复",
    Metric.TALK: "说话",
    Metric.PRESSES: "点按钮",
    Metric.MENTIONS: "提到店名或商品",
    Metric.ENTRIES: "参与",
    Metric.CLAIMS: "领到券",
    Metric.COUPONS: "用券",
    Metric.OPT_OUTS: "退订",
    Metric.LEAVES: "退群",
}
"""What fans do → a key of the wording."""

_FINDINGS: Mapping[Finding, str] = {
    Finding.NO_PLAN: "开始之前没有定怎么比，所以只给数字，不下结论",
    Finding.TOO_EARLY: "还没到约定的时候，这是中途的数字，不下结论",
    Finding.CUT_SHORT: "活动中途取消了，不下结论",
    Finding.TOO_FEW: "到头了，但没凑够约定的数目，不下结论",
    Finding.TOO_FEW_GROUPS: "按群比，每边至少要 {count} 个群，不下结论",
    Finding.MORE: "不像是碰巧：{arm}更多",
    Finding.LESS: "不像是碰巧：{arm}更少",
    Finding.ALIKE: "两边差不多：就算有差别，也很小",
}
_OPEN_WITH = {
    True: "还看不出差别：大约还要 {count} 个群",
    False: "还看不出差别：大约还要 {count} 位粉丝",
}
_A_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
_CENTS = 100


def plan_line(desk: Desk, plan: TrialPlan, *, by_groups: bool) -> str:
    """A plan in one sentence."""
    say = desk.say
    line = say(
        "比的是发出后 {window}内{metric}的粉丝；",
        window=span_told(desk, plan.window),
        metric=say(METRICS[plan.metric]),
    )
    if by_groups:
        line += say("按群比，每边满 {count} 个群、时间到了，才下结论", count=plan.size)
    else:
        line += say("按人比，每边满 {count} 位、时间到了，才下结论", count=plan.size)
    if plan.hold_out:
        line += say("；留出 {percent}% 不发，作对照", percent=plan.hold_out)
    if plan.segment is not None:
        line += say("；只在这些粉丝里比：{segment}", segment=plan.segment.expression)
    return line


def trial_lines(desk: Desk, trial: Trial) -> list[str]:
    """A whole trial, line by line."""
    say = desk.say
    if trial.plan is None:
        lines = [say("没有定对照。下面是发出后 {window}内的数字：", window=_window(desk, trial))]
    else:
        lines = [plan_line(desk, trial.plan, by_groups=trial.by_groups)]
    if not trial.arms:
        return [*lines, say("还没有发出，没有结果。"), *money_lines(desk, trial.money)]
    if trial.others:
        lines.append(say("另有 {count} 位不在对照里，不算", count=trial.others))
    lines += [line for one in trial.arms for line in _arm_lines(desk, trial, one)]
    lines += [compared_line(desk, trial, one) for one in trial.compared]
    if any(one.name == HELD_OUT for one in trial.arms) and trial.incomparable:
        lines.append(say("留出的没有收到，没法{metric}，不和它们比", metric=_metric(desk, trial)))
    if not trial.over and trial.ends is not None and trial.plan is not None:
        lines.append(say("已发的要看到 {time}", time=desk.show_time(trial.ends)))
    return [*lines, *money_lines(desk, trial.money)]


def compared_line(desk: Desk, trial: Trial, one: Compared) -> str:
    """Two arms against each other: how far apart, and what may be said of it."""
    say, gap = desk.say, one.difference
    arm, against = arm_name(desk, one.arm), arm_name(desk, one.against)
    verdict = _finding(desk, trial, one)
    if gap is None:
        return say("{arm}和{against}比：{verdict}。", arm=arm, against=against, verdict=verdict)
    sentence = (
        "{arm}比{against}多 {gap:.1f} 个百分点（{low:.1f} 到 {high:.1f} 都可能）：{verdict}。"
    )
    if gap.estimate < 0:
        sentence = (
            "{arm}比{against}少 {gap:.1f} 个百分点（{low:.1f} 到 {high:.1f} 都可能）：{verdict}。"
        )
    sign = 1 if gap.estimate >= 0 else -1
    low, high = sorted((sign * gap.low * 100, sign * gap.high * 100))
    return say(
        sentence,
        arm=arm,
        against=against,
        gap=abs(gap.estimate) * 100,
        low=low,
        high=high,
        verdict=verdict,
    )


def arm_name(desk: Desk, name: str) -> str:
    """What an arm is called: A, B, or those held out."""
    return desk.say("留出的") if name == HELD_OUT else name.upper()


def money_lines(desk: Desk, money: Money) -> list[str]:
    """What a campaign cost and brought, of what is known."""
    say, parts = desk.say, []
    if money.cost is not None:
        parts.append(say("花费 {yuan:.2f} 元", yuan=money.cost / _CENTS))
    if money.returned is not None:
        parts.append(say("收入 {yuan:.2f} 元", yuan=money.returned / _CENTS))
    if money.ratio is not None:
        parts.append(say("每花 1 元带回 {ratio:.2f} 元", ratio=money.ratio))
    return [" · ".join(parts)] if parts else []


def _finding(desk: Desk, trial: Trial, one: Compared) -> str:
    say = desk.say
    if one.finding is not Finding.OPEN:
        return say(_FINDINGS[one.finding], arm=arm_name(desk, one.arm), count=FEWEST_GROUPS)
    if one.needed is None:
        return say("还看不出差别：人还太少，或者发生得太少")
    return say(_OPEN_WITH[trial.by_groups], count=one.needed)


def _arm_lines(desk: Desk, trial: Trial, one: ArmSeen) -> list[str]:
    """One arm: how many got it, and who did what, new customers among them."""
    say, name = desk.say, arm_name(desk, one.name)
    fans = one.fans.people
    if one.groups is not None:
        head = say("{arm}：{groups} 个群，{fans} 位粉丝", arm=name, groups=one.groups, fans=fans)
    else:
        head = say("{arm}：{fans} 位粉丝", arm=name, fans=fans)
    if one.name != HELD_OUT:
        head += say("，发到 {reached}/{posts} 条", reached=one.reached, posts=one.posts)
    if fans:
        head += say("，新客占 {share}", share=percent(one.fans.new / fans))
    order = (trial.metric, *(metric for metric in METRICS if metric is not trial.metric))
    did = [
        _did(desk, one, metric)
        for metric in order
        if metric is trial.metric or one.did[metric].people
    ]
    return [head, "  " + " · ".join(did)]


def _did(desk: Desk, one: ArmSeen, metric: Metric) -> str:
    """How many did one thing, their share, and how many of those are new customers."""
    count = one.did[metric]
    facts = {
        "metric": desk.say(METRICS[metric]),
        "count": count.people,
        "share": percent(one.rates.get(metric, 0.0)),
    }
    if not count.people:
        return desk.say("{metric} {count}（{share}）", **facts)
    new = percent(count.new / count.people)
    return desk.say("{metric} {count}（{share}，其中新客 {new}）", **facts, new=new)


def _metric(desk: Desk, trial: Trial) -> str:
    return desk.say(METRICS[trial.metric])


def _window(desk: Desk, trial: Trial) -> str:
    return span_told(desk, trial.window)


def span_told(desk: Desk, window: timedelta) -> str:
    """A window in days or hours."""
    if window % _A_DAY:
        return desk.say("{hours:g} 小时", hours=window / _HOUR)
    return desk.say("{days} 天", days=window // _A_DAY)
