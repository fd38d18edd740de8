"""What `decide` promises in whatever situation; its table of cases is in `test_decide.py`."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.campaigns import CampaignState
from scheduler.caring import CareSettings
from scheduler.courier import Limits
from scheduler.decide import Defer, History, Reason, Send, Skip
from scheduler.priorities import Priority
from scheduler.promotions import Promotion, PromotionInvalid
from storage.due import Recipient
from tests.scheduler.situations import DAY, HOUR, SECOND, WEEK, Situation, due
from tests.scheduler.strategies import ZONES, instants

HELD = {Reason.NOT_APPROVED, Reason.CAMPAIGN_PAUSED, Reason.HALTED}
QUIET_PAIRS = ((22, 9), (22, 22), (1, 8), (12, 14), (23, 0), (0, 7))
# Most situations get past the early rules, so that the late ones are met as well.
seldom = st.sampled_from((False,) * 9 + (True,))
mostly = seldom.map(lambda drawn: not drawn)
ages = st.timedeltas(timedelta(0), DAY) | st.timedeltas(timedelta(0), WEEK)
recipients = st.builds(
    Recipient,
    group_id=st.just(1),
    zone=st.sampled_from((None, "", "Mars/Base", *ZONES)),
    present=mostly,
    muted=seldom,
) | st.builds(
    Recipient,
    customer_id=st.integers(1, 1_000),
    zone=st.sampled_from((None, "", "Mars/Base", *ZONES)),
    opted_out=seldom,
    unreachable=seldom,
)


def promotions(today: date) -> st.SearchStrategy[dict[str, Any]]:
    """Promotion windows around a day, as documents."""
    return st.builds(
        lambda before, after, a_day, late: Promotion(
            first_day=today - before * DAY,
            last_day=today + after * DAY,
            posts_a_day=a_day,
            posts_a_week=7 * a_day,
            late_nights=tuple(today - ago * DAY for ago in late if ago <= before),
        ).to_json(),
        st.integers(0, 5),
        st.integers(0, 5),
        st.integers(1, 6),
        st.sets(st.integers(0, 1)),
    )


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    now = draw(instants)
    begins = HOUR if draw(seldom) else -draw(st.timedeltas(timedelta(0), DAY))
    quiet_from, quiet_until = draw(st.sampled_from(QUIET_PAIRS))
    promotion = draw(st.none() | promotions(now.date()) | st.just({"posts_a_day": 6}))
    return Situation(
        delivery=due(
            draw(recipients),
            campaign_state=draw(
                st.sampled_from((CampaignState.APPROVED,) * 20 + tuple(CampaignState))
            ),
            key=draw(st.text(max_size=5)),
            halted=draw(seldom),
            approved=draw(mostly),
            hold_out=draw(st.sampled_from((0, 0, 10, 50))),
            promotion=promotion,
            priority=draw(st.sampled_from((1, 2, 3, 3))),
            not_before=now + begins,
            not_after=now + begins + draw(st.timedeltas(timedelta(0), 6 * DAY)),
        ),
        limits=Limits(quiet_minutes=draw(st.sampled_from((0, 0, 5, 29)))),
        history=History(
            addressed=tuple(sorted(now - age for age in draw(st.lists(ages, max_size=20)))),
            account_rests_until=draw(
                st.none() | st.timedeltas(-DAY, HOUR).map(lambda later: now + later)
            ),
        ),
        settings=CareSettings(
            zone=draw(st.sampled_from(ZONES)),
            quiet_from=time(quiet_from),
            quiet_until=time(quiet_until),
        ),
        now=now,
    )


@settings(max_examples=300)
@given(situations())
def test_what_is_sent_is_sent_within_its_time_to_somebody_who_may_be_written_to(
    situation: Situation,
) -> None:
    if situation.decide() != Send():
        return
    delivery, now = situation.delivery, situation.now
    recipient = delivery.recipient
    assert delivery.not_before <= now <= delivery.not_after
    assert delivery.campaign_state not in {"paused", "cancelled"}
    assert delivery.approved
    assert not delivery.halted
    assert recipient.present
    assert not recipient.muted
    assert not recipient.unreachable
    assert situation.history.account_rests_until is None or (
        situation.history.account_rests_until <= now
    )
    assert now.minute % 30 >= situation.limits.quiet_minutes
    if delivery.priority != Priority.NOTICE:
        assert not recipient.opted_out
        assert not looks_quiet(situation)
        assert not is_capped(situation)


def wall_of(situation: Situation) -> datetime:
    """What the recipient's wall shows."""
    theirs = situation.delivery.recipient.zone
    zone = theirs if theirs in ZONES else situation.settings.zone
    return situation.now.astimezone(ZoneInfo(zone))


def looks_quiet(situation: Situation) -> bool:
    """Whether a clock on the recipient's wall shows a quiet hour; reckoned by the wall alone."""
    wall = wall_of(situation)
    begin, end = situation.settings.quiet_from, situation.settings.quiet_until
    if begin <= end:
        return begin <= wall.time() < end
    promotion = promotion_on(situation, wall.date())
    late = promotion is not None and wall.date() in promotion.late_nights
    return wall.time() < end or (wall.time() >= begin and not late)


def is_capped(situation: Situation) -> bool:
    """Whether one more would be too many; counted one by one."""
    care = situation.settings
    caps = (care.posts_a_day, care.posts_a_week)
    if promotion := promotion_on(situation, wall_of(situation).date()):
        caps = (promotion.posts_a_day, promotion.posts_a_week)
    if situation.delivery.recipient.customer_id is not None:
        caps = (care.private_a_day, care.private_a_week)
    ages = [situation.now - moment for moment in situation.history.addressed]
    return sum(age < DAY for age in ages) >= caps[0] or sum(age < WEEK for age in ages) >= caps[1]


def promotion_on(situation: Situation, day: date) -> Promotion | None:
    try:
        promotion = Promotion.from_json(situation.delivery.promotion or {})
    except PromotionInvalid:
        return None
    return promotion if promotion.first_day <= day <= promotion.last_day else None


@settings(max_examples=300)
@given(situations())
def test_what_is_put_off_is_put_off_to_a_later_time_at_which_it_may_still_go(
    situation: Situation,
) -> None:
    match situation.decide():
        case Defer(until, reason):
            assert until > situation.now
            if reason in HELD:
                assert until == situation.delivery.not_after + SECOND
            else:
                assert until <= situation.delivery.not_after


@settings(max_examples=300)
@given(situations())
def test_asking_again_when_told_to_comes_to_an_end(situation: Situation) -> None:
    decision, asked = situation.decide(), 1
    while isinstance(decision, Defer):
        situation = replace(situation, now=decision.until)
        again, asked = situation.decide(), asked + 1
        if decision.reason in HELD:
            assert again == Skip(decision.reason)
        decision = again
    assert asked <= 20


@settings(max_examples=100)
@given(situations())
def test_nothing_but_a_persons_hold_or_the_platform_holds_a_notice(situation: Situation) -> None:
    notice = replace(situation.delivery, priority=Priority.NOTICE)
    decision = replace(situation, delivery=notice).decide()
    if not isinstance(decision, Send):
        assert decision.reason not in {
            Reason.QUIET_HOURS,
            Reason.DAILY_CAP,
            Reason.WEEKLY_CAP,
            Reason.OPTED_OUT,
            Reason.HOLD_OUT,
        }
