"""The figures of a review as the rules for advice take them, with what they speak of by name."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

from handlers.desk import Desk
from handlers.report_words import DEMANDS
from handlers.reviewing.advice import Grown, Known, Posted, Tried
from handlers.reviewing.figures import Ledger, Review
from handlers.trial_text import arm_name
from insights.lexicon import WHOLE
from insights.opinions import Stance
from insights.trends import Trend
from storage.outcome_sources import Metric

Key = TypeVar("Key", bound=Hashable)

_BAD = (Stance.DISLIKE, Stance.MIND)


def known_of(desk: Desk, review: Review) -> Known:
    """What the rules look at."""
    ledger = review.ledger
    private = Ledger.together(post.ledger for post in review.posts if post.in_private)
    return Known(
        counts=ledger.counts,
        private=private.planned,
        posted=[
            Posted(task.name, task.did.people(Metric.REPLIES), task.did.fans)
            for task in review.tasks
        ],
        silent=[
            (part.name, part.ledger.planned)
            for part in review.parts
            if part.name and part.ledger.planned and not _went_out(part.ledger)
        ],
        never_planned=review.waiting,
        fans=review.did.fans,
        gone=review.did.gone,
        tried=[
            Tried(
                arm_name(desk, one.arm),
                arm_name(desk, one.against),
                seen.trial.metric,
                one.finding,
            )
            for seen in review.trials
            for one in seen.trial.compared
        ],
        ratio=review.money.ratio,
        disliked=_aspects(review, *_BAD),
        liked=_aspects(review, Stance.LIKE),
        wanted=_demands(desk, review),
        talked=_talked(review),
    )


def _went_out(ledger: Ledger) -> bool:
    return bool(ledger.sent or ledger.uncertain or ledger.waiting)


def _aspects(review: Review, *stances: Stance) -> list[Grown]:
    """The aspects that surely more fans take one of these stances on, the surest first."""
    if review.talk is None:
        return []
    trends = [
        one
        for one in review.talk.found.trends.aspects
        if one.key.stance in stances and one.key.aspect != WHOLE
    ]
    return _grown(trends, lambda one: one.key.aspect)


def _demands(desk: Desk, review: Review) -> list[Grown]:
    if review.talk is None:
        return []
    return _grown(
        review.talk.found.trends.demands,
        lambda one: f"{desk.say(DEMANDS[one.key.kind])} {one.key.thing}".strip(),
    )


def _grown(trends: Sequence[Trend[Key]], name: Callable[[Trend[Key]], str]) -> list[Grown]:
    rising = sorted((one for one in trends if one.rising), key=lambda one: one.chance)
    found = [Grown(name(one), one.speakers[0], one.speakers[-1]) for one in rising]
    return list({one.what: one for one in reversed(found)}.values())[::-1]


def _talked(review: Review) -> tuple[bool, bool] | None:
    """Whether fans spoke meanwhile and before; None where nobody asked."""
    talk = review.talk
    if talk is None or talk.other is None:
        return None
    return bool(talk.found.messages), bool(talk.other.speakers)
