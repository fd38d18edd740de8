"""What to keep and what to change: each rule speaks from its bound on, and with its figure."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.reviewing.advice import (
    ENOUGH_FANS,
    ENOUGH_REPLIES,
    FEWEST_GONE,
    Advice,
    Grown,
    Kind,
    Known,
    Posted,
    Rule,
    Tried,
    advise,
)
from handlers.reviewing.advice_text import advice_line
from handlers.wording import wording
from insights.verdicts import Finding
from scheduler.decide import Reason
from storage.deliveries import DeliveryState
from storage.outcome_sources import Metric

SKIPPED, SENT = DeliveryState.SKIPPED, DeliveryState.SENT
NOTHING = Advice(Kind.UNKNOWN, Rule.NOTHING)
B_OR_A = {"arm": "B", "against": "A"}


def known(**figures: Any) -> Known:
    return Known(figures.pop("counts", {(SENT, ""): 3}), **figures)


@pytest.mark.parametrize(
    ("reason", "rule"),
    [
        (Reason.NOT_APPROVED, Rule.NOT_APPROVED),
        (Reason.TOO_LATE, Rule.TOO_LATE),
        (Reason.DAILY_CAP, Rule.CAPS),
        (Reason.WEEKLY_CAP, Rule.CAPS),
        (Reason.QUIET_HOURS, Rule.QUIET_HOURS),
        (Reason.ACCOUNT_DOWN, Rule.ACCOUNT_DOWN),
        (Reason.WORDING, Rule.WORDING),
        (Reason.COUPONS_GONE, Rule.COUPONS_GONE),
        (Reason.GROUP_GONE, Rule.GROUPS_LOST),
        (Reason.MUTED, Rule.GROUPS_LOST),
    ],
)
def test_what_was_held_back_for_a_reason_that_can_be_mended_is_told(
    reason: Reason, rule: Rule
) -> None:
    assert advise(known(counts={(SKIPPED, reason): 2})) == (
        Advice(Kind.CHANGE, rule, {"count": 2}),
    )


@pytest.mark.parametrize("reason", [Reason.HOLD_OUT, Reason.OPTED_OUT, Reason.QUIET_DAY])
def test_what_was_rightly_held_back_is_no_fault(reason: Reason) -> None:
    assert advise(known(counts={(SKIPPED, reason): 9})) == (NOTHING,)


def test_both_caps_are_one_piece_of_advice() -> None:
    counts = {(SKIPPED, Reason.DAILY_CAP): 2, (SKIPPED, Reason.WEEKLY_CAP): 3}
    assert advise(known(counts=counts)) == (Advice(Kind.CHANGE, Rule.CAPS, {"count": 5}),)


def test_what_failed_and_what_is_in_doubt_is_told_whatever_the_platform_said() -> None:
    counts = {(DeliveryState.FAILED, "blocked"): 1, (DeliveryState.UNCERTAIN, "no_answer"): 2}
    assert advise(known(counts=counts)) == (
        Advice(Kind.CHANGE, Rule.FAILED, {"count": 1}),
        Advice(Kind.CHANGE, Rule.UNCERTAIN, {"count": 2}),
    )


def test_unreachable_fans_are_told_from_a_fifth_on() -> None:
    counts = {(SKIPPED, Reason.UNREACHABLE): 20}
    facts = {"count": 20, "of": 100}
    assert advise(known(counts=counts, private=100)) == (
        Advice(Kind.CHANGE, Rule.UNREACHABLE, facts),
    )
    assert advise(known(counts=counts, private=101)) == (NOTHING,)


def test_a_phase_of_which_nothing_went_out_and_tasks_never_planned_are_named() -> None:
    found = advise(known(silent=[("爆发", 6)], never_planned=("尾款提醒", "发货通知")))
    assert found == (
        Advice(Kind.CHANGE, Rule.SILENT_PART, {"name": "爆发", "count": 6}),
        Advice(Kind.CHANGE, Rule.NEVER_PLANNED, {"count": 2, "name": "尾款提醒"}),
    )


@pytest.mark.parametrize(
    ("gone", "fans", "rule"),
    [
        (FEWEST_GONE, 300, Rule.GONE),
        (FEWEST_GONE, 301, None),  # below one of a hundred
        (FEWEST_GONE - 1, 20, None),  # two may have gone for any reason
        (0, ENOUGH_FANS, Rule.NOBODY_GONE),
        (0, ENOUGH_FANS - 1, None),  # so few say little
        (0, 0, None),
    ],
)
def test_who_left_is_told_where_it_says_something(gone: int, fans: int, rule: Rule | None) -> None:
    (one,) = advise(known(gone=gone, fans=fans))
    assert one.rule is (rule or Rule.NOTHING)
    if rule is Rule.GONE:
        assert (one.kind, one.facts) == (
            Kind.CHANGE,
            {"count": gone, "fans": fans, "share": gone / fans},
        )
    if rule is Rule.NOBODY_GONE:
        assert (one.kind, one.facts) == (Kind.KEEP, {"count": 3, "fans": fans})


@pytest.mark.parametrize(
    ("metric", "finding", "kind", "rule"),
    [
        (Metric.REPLIES, Finding.MORE, Kind.KEEP, Rule.TRIAL_BETTER),
        (Metric.REPLIES, Finding.LESS, Kind.CHANGE, Rule.TRIAL_WORSE),
        (Metric.LEAVES, Finding.MORE, Kind.CHANGE, Rule.TRIAL_WORSE),
        (Metric.OPT_OUTS, Finding.LESS, Kind.KEEP, Rule.TRIAL_BETTER),
    ],
)
def test_a_trial_that_told_a_difference_says_which_arm_to_use(
    metric: Metric, finding: Finding, kind: Kind, rule: Rule
) -> None:
    found = advise(known(tried=[Tried("B", "A", metric, finding)]))
    assert found == (Advice(kind, rule, B_OR_A | {"metric": metric.value}),)


@pytest.mark.parametrize("finding", [one for one in Finding if one not in {"more", "less"}])
def test_a_trial_that_told_nothing_is_no_advice(finding: Finding) -> None:
    assert advise(known(tried=[Tried("B", "A", Metric.REPLIES, finding)])) == (NOTHING,)


@pytest.mark.parametrize(
    ("replied", "found"),
    [
        ((0, 0), Rule.NO_REPLIES),
        ((1, 0), Rule.FEW_REPLIES),
        ((ENOUGH_REPLIES - 1, 0), Rule.FEW_REPLIES),
        ((ENOUGH_REPLIES, 0), Rule.MOST_REPLIED),
        ((10, 5), Rule.MOST_REPLIED),  # twice the share
        ((10, 6), Rule.NOTHING),
        ((10,), Rule.NOTHING),  # one alone
    ],
)
def test_a_post_stands_out_with_twice_the_others_replies(
    replied: tuple[int, ...], found: Rule
) -> None:
    posted = [Posted(f"第 {number} 条", count, 100) for number, count in enumerate(replied)]
    assert advise(known(posted=posted))[0].rule is found


def test_the_post_that_stands_out_is_told_with_what_is_usual() -> None:
    posted = [Posted("倒计时", 2, 100), Posted("直播", 20, 100), Posted("尾款", 4, 200)]
    (one,) = advise(known(posted=posted))
    facts = {"name": "直播", "count": 20, "share": 0.2, "usual": 0.02}
    assert one == Advice(Kind.KEEP, Rule.MOST_REPLIED, facts)


def test_posts_that_reached_nobody_are_not_compared() -> None:
    assert advise(known(posted=[Posted("a", 9, 100), Posted("b", 0, 0)])) == (NOTHING,)


@pytest.mark.parametrize(
    ("ratio", "kind", "rule"),
    [(0.99, Kind.CHANGE, Rule.LOSS), (1.0, Kind.KEEP, Rule.EARNED)],
)
def test_money_is_told_where_both_sides_are_known(ratio: float, kind: Kind, rule: Rule) -> None:
    assert advise(known(ratio=ratio)) == (Advice(kind, rule, {"ratio": ratio}),)


def test_what_more_fans_say_is_answered_offered_or_kept_two_of_each() -> None:
    grown = [Grown(f"第 {number}", 2, 9) for number in range(3)]
    found = advise(known(disliked=grown, wanted=grown, liked=grown, talked=(True, True)))
    assert [(one.kind, one.rule) for one in found] == [
        *[(Kind.CHANGE, Rule.GROWING_DISLIKE)] * 2,
        *[(Kind.CHANGE, Rule.GROWING_DEMAND)] * 2,
        *[(Kind.KEEP, Rule.GROWING_LIKE)] * 2,
    ]
    assert found[0].facts == {"what": "第 0", "before": 2, "count": 9}


def test_that_there_is_nothing_to_compare_with_is_said() -> None:
    assert advise(known(talked=(True, False))) == (
        Advice(Kind.UNKNOWN, Rule.NO_TALK_BEFORE),
        NOTHING,
    )
    assert advise(known(talked=(False, False))) == (NOTHING,)


COUNTS = st.dictionaries(
    st.tuples(st.sampled_from(DeliveryState), st.sampled_from(["", *Reason])),
    st.integers(0, 50),
    max_size=6,
)


@given(
    st.builds(
        Known,
        counts=COUNTS,
        private=st.integers(0, 100),
        fans=st.integers(0, 1_000),
        gone=st.integers(0, 50),
        posted=st.lists(
            st.builds(Posted, st.just("一条"), st.integers(0, 50), st.integers(0, 500)), max_size=4
        ),
        ratio=st.none() | st.floats(0, 100),
        liked=st.lists(st.builds(Grown, st.just("包装"), st.just(1), st.just(9)), max_size=3),
    )
)
def test_there_is_always_something_to_say_changes_first_and_each_has_its_sentence(
    figures: Known,
) -> None:
    found = advise(figures)
    kinds = [list(Kind).index(one.kind) for one in found]
    assert found
    assert kinds == sorted(kinds)
    assert (NOTHING in found) == (not any(one.kind is not Kind.UNKNOWN for one in found))
    assert len({one.rule for one in found if one.rule is not Rule.GROWING_LIKE}) == len(
        [one for one in found if one.rule is not Rule.GROWING_LIKE]
    )


FACTS = {
    "count": 3,
    "of": 9,
    "fans": 300,
    "share": 0.2,
    "usual": 0.012,
    "name": "直播",
    "what": "包装",
    "before": 2,
    "ratio": 0.5,
    "metric": "replies",
    "arm": "B",
    "against": "A",
}


@pytest.mark.parametrize("rule", Rule)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_rule_has_words(rule: Rule, language: str) -> None:
    line = advice_line(wording(language), Advice(Kind.CHANGE, rule, FACTS))
    assert "{" not in line
    assert line
