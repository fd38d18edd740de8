"""What to keep and what to change after a campaign: rules over its figures, and nothing else.

Each piece of advice is a rule's name with the figures that it rests on, so that whoever reads it
can check it; `advice_text.py` says it in words. Nothing is praised for being there: a rule speaks
where a figure passes a bound that is written below, and where none does that is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from insights.verdicts import Finding
from scheduler.decide import Reason
from storage.deliveries import DeliveryState
from storage.outcome_sources import Metric


class Kind(StrEnum):
    """What a piece of advice is."""

    CHANGE = "change"
    KEEP = "keep"
    UNKNOWN = "unknown"  # what these figures cannot tell


class Rule(StrEnum):
    """What advice rests on."""

    NOT_APPROVED = "not_approved"
    TOO_LATE = "too_late"
    CAPS = "caps"
    QUIET_HOURS = "quiet_hours"
    ACCOUNT_DOWN = "account_down"
    WORDING = "wording"
    COUPONS_GONE = "coupons_gone"
    GROUPS_LOST = "groups_lost"
    FAILED = "failed"
    UNREACHABLE = "unreachable"
    UNCERTAIN = "uncertain"
    NEVER_PLANNED = "never_planned"
    SILENT_PART = "silent_part"
    GONE = "gone"
    NOBODY_GONE = "nobody_gone"
    TRIAL_BETTER = "trial_better"
    TRIAL_WORSE = "trial_worse"
    MOST_REPLIED = "most_replied"
    FEW_REPLIES = "few_replies"
    NO_REPLIES = "no_replies"
    LOSS = "loss"
    EARNED = "earned"
    GROWING_DISLIKE = "growing_dislike"
    GROWING_DEMAND = "growing_demand"
    GROWING_LIKE = "growing_like"
    NO_TALK_BEFORE = "no_talk_before"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Advice:
    """One piece of advice with the figures behind it."""

    kind: Kind
    rule: Rule
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Posted:
    """One task, or one post of a campaign: who replied, of so many fans."""

    name: str
    replied: int
    fans: int

    @property
    def share(self) -> float:
        """Those who replied, of all fans."""
        return self.replied / self.fans if self.fans else 0.0


@dataclass(frozen=True, slots=True)
class Tried:
    """Two arms of a trial that were compared by what fans did."""

    arm: str
    against: str
    metric: Metric
    finding: Finding


@dataclass(frozen=True, slots=True)
class Grown:
    """Something that surely more fans say than before: what, how many then and now."""

    what: str
    before: int
    now: int


@dataclass(frozen=True, slots=True)
class Known:
    """The figures that the rules look at.

    Attributes:
        counts: (state, reason) → deliveries.
        private: deliveries to people, those held out left aside.
        posted: what was posted, each with its replies.
        silent: the parts that planned something of which nothing went out: name and how much.
        never_planned: tasks that were never planned because something was not known.
        fans: those who got anything.
        gone: those of them who left a group, opted out, or both.
        tried: what trials compared.
        ratio: how much came back of each coin that was spent; None: not known.
        disliked, liked, wanted: what surely more fans dislike or mind, like, and ask for.
        talked: whether fans spoke meanwhile, and in the days before; None: nobody asked.
    """

    counts: Mapping[tuple[DeliveryState, str], int]
    private: int = 0
    posted: Sequence[Posted] = ()
    silent: Sequence[tuple[str, int]] = ()
    never_planned: Sequence[str] = ()
    fans: int = 0
    gone: int = 0
    tried: Sequence[Tried] = ()
    ratio: float | None = None
    disliked: Sequence[Grown] = ()
    liked: Sequence[Grown] = ()
    wanted: Sequence[Grown] = ()
    talked: tuple[bool, bool] | None = None


MANY_UNREACHABLE = 0.2
"""From this share on, so many cannot be reached that it is worth asking fans to say hello."""
MANY_GONE = 0.01
"""From this share on, so many leave or opt out that the posts are to be looked at."""
FEWEST_GONE = 3
"""Fewer may have gone for any reason of their own."""
ENOUGH_FANS = 100
"""That nobody of fewer has gone says little."""
ENOUGH_REPLIES = 5
"""Fewer replies tell no post from another."""
FAR_MORE = 2.0
"""A post stands out that was replied to by so many times the share of the others."""
MOST_GROWN = 2
"""Of each kind of what more fans say, so many are told."""

_CAPS = (Reason.DAILY_CAP, Reason.WEEKLY_CAP)
_LOST = (Reason.GROUP_GONE, Reason.MUTED)
_BAD = (Metric.OPT_OUTS, Metric.LEAVES)


def advise(known: Known) -> tuple[Advice, ...]:
    """What to change, what to keep, and what cannot be told, in this order."""
    found = [
        *_held_back(known),
        *_reached(known),
        *_trials(known),
        *_replies(known),
        *_money(known),
        *_talk(known),
    ]
    if not any(one.kind is not Kind.UNKNOWN for one in found):
        found.append(Advice(Kind.UNKNOWN, Rule.NOTHING))
    order = list(Kind)
    return tuple(sorted(found, key=lambda one: order.index(one.kind)))


def _held_back(known: Known) -> Iterator[Advice]:
    """What kept posts from going out, where somebody can do something about it."""
    skipped = [
        (Rule.NOT_APPROVED, (Reason.NOT_APPROVED,)),
        (Rule.TOO_LATE, (Reason.TOO_LATE,)),
        (Rule.CAPS, _CAPS),
        (Rule.QUIET_HOURS, (Reason.QUIET_HOURS,)),
        (Rule.ACCOUNT_DOWN, (Reason.ACCOUNT_DOWN,)),
        (Rule.WORDING, (Reason.WORDING,)),
        (Rule.COUPONS_GONE, (Reason.COUPONS_GONE,)),
        (Rule.GROUPS_LOST, _LOST),
    ]
    for rule, reasons in skipped:
        if count := _count(known, DeliveryState.SKIPPED, *reasons):
            yield Advice(Kind.CHANGE, rule, {"count": count})
    if count := _count(known, DeliveryState.FAILED):
        yield Advice(Kind.CHANGE, Rule.FAILED, {"count": count})
    if count := _count(known, DeliveryState.UNCERTAIN):
        yield Advice(Kind.CHANGE, Rule.UNCERTAIN, {"count": count})
    unreachable = _count(known, DeliveryState.SKIPPED, Reason.UNREACHABLE)
    if known.private and unreachable / known.private >= MANY_UNREACHABLE:
        share = {"count": unreachable, "of": known.private}
        yield Advice(Kind.CHANGE, Rule.UNREACHABLE, share)
    for name, planned in known.silent:
        yield Advice(Kind.CHANGE, Rule.SILENT_PART, {"name": name, "count": planned})
    if known.never_planned:
        facts: dict[str, object] = {
            "count": len(known.never_planned),
            "name": known.never_planned[0],
        }
        yield Advice(Kind.CHANGE, Rule.NEVER_PLANNED, facts)


def _reached(known: Known) -> Iterator[Advice]:
    """Who left or opted out."""
    if not known.fans:
        return
    facts = {"count": known.gone, "fans": known.fans, "share": known.gone / known.fans}
    if known.gone >= FEWEST_GONE and known.gone / known.fans >= MANY_GONE:
        yield Advice(Kind.CHANGE, Rule.GONE, facts)
    elif not known.gone and known.fans >= ENOUGH_FANS:
        sent = _count(known, DeliveryState.SENT)
        yield Advice(Kind.KEEP, Rule.NOBODY_GONE, {"count": sent, "fans": known.fans})


def _trials(known: Known) -> Iterator[Advice]:
    """Only what a trial has told from chance."""
    for one in known.tried:
        if one.finding not in {Finding.MORE, Finding.LESS}:
            continue
        better = (one.finding is Finding.MORE) != (one.metric in _BAD)
        facts = {"arm": one.arm, "against": one.against, "metric": one.metric.value}
        yield (
            Advice(Kind.KEEP, Rule.TRIAL_BETTER, facts)
            if better
            else Advice(Kind.CHANGE, Rule.TRIAL_WORSE, facts)
        )


def _replies(known: Known) -> Iterator[Advice]:
    """The post that stands out, where enough fans replied to tell."""
    posted = [one for one in known.posted if one.fans]
    if len(posted) < 2:  # noqa: PLR2004 (one alone is compared with nothing)
        return
    best = max(posted, key=lambda one: one.share)
    others = [one for one in posted if one is not best]
    if not best.replied:
        yield Advice(Kind.UNKNOWN, Rule.NO_REPLIES)
        return
    if best.replied < ENOUGH_REPLIES:
        yield Advice(Kind.UNKNOWN, Rule.FEW_REPLIES, {"count": best.replied})
        return
    usual = sum(one.replied for one in others) / sum(one.fans for one in others)
    if best.share >= FAR_MORE * usual:
        facts = {"name": best.name, "count": best.replied, "share": best.share, "usual": usual}
        yield Advice(Kind.KEEP, Rule.MOST_REPLIED, facts)


def _money(known: Known) -> Iterator[Advice]:
    if known.ratio is not None:
        kind, rule = (Kind.CHANGE, Rule.LOSS) if known.ratio < 1 else (Kind.KEEP, Rule.EARNED)
        yield Advice(kind, rule, {"ratio": known.ratio})


def _talk(known: Known) -> Iterator[Advice]:
    """What surely more fans say than in the days before."""
    for kind, rule, grown in (
        (Kind.CHANGE, Rule.GROWING_DISLIKE, known.disliked),
        (Kind.CHANGE, Rule.GROWING_DEMAND, known.wanted),
        (Kind.KEEP, Rule.GROWING_LIKE, known.liked),
    ):
        for one in grown[:MOST_GROWN]:
            facts = {"what": one.what, "before": one.before, "count": one.now}
            yield Advice(kind, rule, facts)
    if known.talked == (True, False):
        yield Advice(Kind.UNKNOWN, Rule.NO_TALK_BEFORE)


def _count(known: Known, state: DeliveryState, *reasons: str) -> int:
    return sum(
        count
        for (stands, reason), count in known.counts.items()
        if stands == state and (not reasons or reason in reasons)
    )
