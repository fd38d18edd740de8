"""A review as plain JSON, as `nuanqun review --json` prints it."""

from __future__ import annotations

from typing import Any

from handlers.desk import Desk
from handlers.reviewing.advice_text import advice_line
from handlers.reviewing.figures import Ledger, PartSeen, PostSeen, Review, TaskSeen, TrialSeen
from handlers.trial_text import compared_line
from storage.aftermath import After, Aftermath
from storage.deliveries import DeliveryState
from storage.outcome_sources import Metric
from storage.outcomes import Counted

_NOBODY = Counted()


def review_document(desk: Desk, review: Review) -> dict[str, Any]:
    """The review; moments carry their zone, money is in 分, shares are not rounded."""
    talk = review.talk
    return {
        "title": review.title,
        "campaign": review.number,
        "programme": review.programme,
        "year": review.year or None,
        "over": review.over,
        "ends": None if review.ends is None else desk.shop.local(review.ends).isoformat(),
        "window_hours": review.window.total_seconds() / 3600,
        "deliveries": _ledger(review.ledger),
        "never_planned": list(review.waiting),
        "fans": _aftermath(review.did),
        "cost": review.money.cost,
        "returned": review.money.returned,
        "phases": [_part(desk, one) for one in review.parts],
        "trials": [_trial(desk, one) for one in review.trials],
        "talk": None
        if talk is None
        else {
            "from": talk.period.first.isoformat(),
            "to": talk.period.last.isoformat(),
            "speakers_before": 0 if talk.other is None else talk.other.speakers,
            **talk.found.to_json(),
        },
        "advice": [
            {
                "kind": one.kind.value,
                "rule": one.rule.value,
                "figures": dict(one.facts),
                "text": advice_line(desk.say, one),
            }
            for one in review.advice
        ],
    }


def _part(desk: Desk, part: PartSeen) -> dict[str, Any]:
    return {
        "phase": part.key or None,
        "name": part.name,
        "goal": part.goal,
        "from": None if part.first is None else part.first.isoformat(),
        "to": None if part.last is None else part.last.isoformat(),
        "deliveries": _ledger(part.ledger),
        "fans": _aftermath(part.did),
        "tasks": [_task(desk, one) for one in part.tasks],
    }


def _task(desk: Desk, task: TaskSeen) -> dict[str, Any]:
    return {
        "task": task.key,
        "name": task.name,
        "goal": task.goal,
        "deliveries": _ledger(task.ledger),
        "fans": _aftermath(task.did),
        "posts": [_post(desk, one) for one in task.posts],
    }


def _post(desk: Desk, post: PostSeen) -> dict[str, Any]:
    return {
        "campaign": post.campaign_id,
        "slot": post.slot,
        "at": desk.shop.local(post.at).isoformat(),
        "private": post.in_private,
        "left_out": post.left_out,
        "stopped": post.stopped,
        "deliveries": _ledger(post.ledger),
    }


def _ledger(ledger: Ledger) -> dict[str, Any]:
    why: dict[str, dict[str, int]] = {}
    for (state, reason), count in ledger.why.items():
        why.setdefault(state.value, {})[reason] = count
    states = {state.value: ledger.of(state) for state in DeliveryState}
    return {
        "planned": ledger.planned,
        "held_out": ledger.held_out,
        "recalled": ledger.recalled,
        "states": states,
        "why": why,
    }


def _aftermath(did: Aftermath) -> dict[str, Any]:
    return {"groups": _after(did.groups), "private": _after(did.private), "both": _after(did.both)}


def _after(one: After | None) -> dict[str, Any] | None:
    if one is None:
        return None
    return {
        "posts": one.posts,
        "recipients": one.recipients,
        "fans": _counted(one.fans),
        **{metric.value: _counted(one.did[metric]) for metric in Metric},
        "gone": _counted(one.gone),
    }


def _counted(one: Counted) -> dict[str, int]:
    return {"people": one.people, "new": one.new}


def _trial(desk: Desk, seen: TrialSeen) -> dict[str, Any]:
    trial = seen.trial
    return {
        "campaign": seen.number,
        "name": seen.name,
        "plan": None if trial.plan is None else trial.plan.to_json(),
        "metric": trial.metric.value,
        "over": trial.over,
        "arms": [
            {
                "arm": one.name,
                "groups": one.groups,
                "posts": one.posts,
                "reached": one.reached,
                "fans": _counted(one.fans),
                **{metric.value: _counted(one.did.get(metric, _NOBODY)) for metric in Metric},
            }
            for one in trial.arms
        ],
        "compared": [
            {
                "arm": one.arm,
                "against": one.against,
                "finding": one.finding.value,
                "difference": None if one.difference is None else one.difference.estimate,
                "low": None if one.difference is None else one.difference.low,
                "high": None if one.difference is None else one.difference.high,
                "needed": one.needed,
                "text": compared_line(desk, trial, one),
            }
            for one in trial.compared
        ],
    }
