from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest

from scheduler.campaigns import CampaignState
from scheduler.caring import CareSettings
from scheduler.courier import Limits
from scheduler.decide import Decision, Defer, History, Reason, Send, Skip
from scheduler.priorities import Priority
from scheduler.promotions import Promotion
from scheduler.wall_time import ZoneUnknown
from storage.due import Recipient
from storage.slots import HELD_OUT
from tests.scheduler.situations import (
    DAY,
    DEFAULTS,
    GROUP,
    HOUR,
    MINUTE,
    NO_LIMITS,
    NOON,
    NOTHING_BEFORE,
    PERSON,
    SECOND,
    Situation,
    due,
)

Parts = dict[str, Any]

SHANGHAI = ZoneInfo("Asia/Shanghai")
END = due().not_after
TOO_LATE = END + SECOND


def shanghai(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


def before(*hours: float, now: datetime = NOON) -> History:
    """Addressed so many hours before now."""
    return History(addressed=tuple(now - ago * HOUR for ago in hours))


def case(
    name: str,
    decision: Decision,
    recipient: Recipient = GROUP,
    *,
    now: datetime = NOON,
    limits: Limits = NO_LIMITS,
    history: History = NOTHING_BEFORE,
    settings: CareSettings = DEFAULTS,
    **changed: Any,
) -> Any:
    """A row of the table: `changed` are parts of the delivery."""
    situation = Situation(due(recipient, **changed), limits, history, settings, now)
    return pytest.param(situation, decision, id=name)


NIGHT = shanghai("2026-11-05T23:00")
MORNING = shanghai("2026-11-06T09:00")
ALL_NIGHT: Parts = {"now": NIGHT, "not_before": NIGHT, "not_after": MORNING}
PROMOTION = Promotion(
    first_day=date(2026, 11, 1),
    last_day=date(2026, 11, 5),
    posts_a_day=6,
    posts_a_week=42,
    late_nights=(date(2026, 11, 5),),
).to_json()
FULL_DAY = before(20, 10, 2)
FULL_WEEK = before(*range(160, 10, -10))
LONG: Parts = {"not_after": NOON + 3 * DAY}
CANCELLED: Parts = {"campaign_state": CampaignState.CANCELLED}
PAUSED: Parts = {"campaign_state": CampaignState.PAUSED}
DRAFT: Parts = {"campaign_state": CampaignState.DRAFT}
FINISHED: Parts = {"campaign_state": CampaignState.FINISHED}
EVERYBODY_OUT: Parts = {"hold_out": 100}
NOTICE: Parts = {"priority": Priority.NOTICE}
GONE = replace(GROUP, present=False)
MUTED = replace(GROUP, muted=True)
UNREACHABLE = replace(PERSON, unreachable=True)
OPTED_OUT = replace(PERSON, opted_out=True)
RESTING = History(account_rests_until=NOON + HOUR)
JUST_AFTER = END + SECOND
MOURNING = History(mourning=frozenset({date(2026, 11, 5)}))
FEISHU = Limits(quiet_minutes=5)


CASES = [
    # An ordinary post.
    case("its first moment", Send(), not_before=NOON),
    case("its last moment", Send(), now=END),
    case("to a person", Send(), PERSON),
    case("all is planned", Send(), **FINISHED),
    case("its own words are approved, newer ones are not", Send(), **DRAFT),
    # 1: cancelled
    case("cancelled", Skip(Reason.CAMPAIGN_CANCELLED), **CANCELLED),
    case("cancelled, too late", Skip(Reason.CAMPAIGN_CANCELLED), now=TOO_LATE, **CANCELLED),
    # 2: too late
    case("too late", Skip(Reason.TOO_LATE), now=TOO_LATE),
    case("too late, not approved", Skip(Reason.NOT_APPROVED), now=TOO_LATE, approved=False),
    case("too late, paused", Skip(Reason.CAMPAIGN_PAUSED), now=TOO_LATE, **PAUSED),
    case("too late, halted", Skip(Reason.HALTED), now=TOO_LATE, halted=True),
    case("too late, group gone", Skip(Reason.TOO_LATE), GONE, now=TOO_LATE),
    case("too late at night", Skip(Reason.TOO_LATE), now=NIGHT),
    # 3 to 5: out of reach
    case("group gone", Skip(Reason.GROUP_GONE), GONE),
    case("group gone, a notice", Skip(Reason.GROUP_GONE), GONE, **NOTICE),
    case("group gone, muted", Skip(Reason.GROUP_GONE), replace(GONE, muted=True)),
    case("group gone, too early", Skip(Reason.GROUP_GONE), GONE, now=NOON - SECOND),
    case("unreachable", Skip(Reason.UNREACHABLE), UNREACHABLE),
    case("unreachable, a notice", Skip(Reason.UNREACHABLE), UNREACHABLE, **NOTICE),
    case("unreachable, held out", Skip(Reason.UNREACHABLE), UNREACHABLE, **EVERYBODY_OUT),
    case("muted", Skip(Reason.MUTED), MUTED),
    case("muted, paused", Skip(Reason.MUTED), MUTED, **PAUSED),
    # 6: opted out
    case("held out, opted out", Skip(Reason.OPTED_OUT), OPTED_OUT, **EVERYBODY_OUT),
    case("opted out", Skip(Reason.OPTED_OUT), OPTED_OUT),
    case("opted out, a notice", Send(), OPTED_OUT, **NOTICE),
    case("opted out, a manager's post", Skip(Reason.OPTED_OUT), OPTED_OUT, priority=2),
    case("opted out, too early", Skip(Reason.OPTED_OUT), OPTED_OUT, now=NOON - SECOND),
    case("opted out, paused", Skip(Reason.OPTED_OUT), OPTED_OUT, **PAUSED),
    # 7: too early
    case("too early", Defer(NOON, Reason.TOO_EARLY), now=NOON - SECOND),
    case("too early, paused", Defer(NOON, Reason.TOO_EARLY), now=NOON - SECOND, **PAUSED),
    case(
        "too early until it is too late",
        Skip(Reason.TOO_EARLY),
        not_before=NOON + HOUR,
        not_after=NOON,
    ),
    # 8: held until a person does something
    case("not approved", Defer(JUST_AFTER, Reason.NOT_APPROVED), approved=False),
    case("paused", Defer(JUST_AFTER, Reason.CAMPAIGN_PAUSED), **PAUSED),
    case("halted", Defer(JUST_AFTER, Reason.HALTED), halted=True),
    case("halted, a notice", Defer(JUST_AFTER, Reason.HALTED), halted=True, **NOTICE),
    case(
        "not approved, paused, halted",
        Defer(JUST_AFTER, Reason.NOT_APPROVED),
        approved=False,
        halted=True,
        **PAUSED,
    ),
    case("paused, halted", Defer(JUST_AFTER, Reason.CAMPAIGN_PAUSED), halted=True, **PAUSED),
    case(
        "paused, the account down",
        Defer(JUST_AFTER, Reason.CAMPAIGN_PAUSED),
        history=RESTING,
        **PAUSED,
    ),
    case(
        "halted at night",
        Defer(MORNING + SECOND, Reason.HALTED),
        halted=True,
        **ALL_NIGHT,
    ),
    # 9: the account rests
    case("account down", Defer(NOON + HOUR, Reason.ACCOUNT_DOWN), history=RESTING),
    case(
        "account down, a notice",
        Defer(NOON + HOUR, Reason.ACCOUNT_DOWN),
        history=RESTING,
        **NOTICE,
    ),
    case("account back", Send(), now=NOON + HOUR, history=RESTING),
    case(
        "account down for too long",
        Skip(Reason.ACCOUNT_DOWN),
        history=RESTING,
        not_after=NOON + HOUR - SECOND,
    ),
    case(
        "account down at night",
        Defer(NIGHT + HOUR, Reason.ACCOUNT_DOWN),
        history=History(account_rests_until=NIGHT + HOUR),
        **ALL_NIGHT,
    ),
    # 10: days of mourning; the morning after the next day begins after `not_after`.
    case("mourning", Skip(Reason.QUIET_DAY), history=MOURNING),
    case("mourning, to a person", Skip(Reason.QUIET_DAY), PERSON, history=MOURNING),
    case("mourning, a notice", Send(), PERSON, history=MOURNING, **NOTICE),
    case("mourning, care", Send(), history=MOURNING, programme="care"),
    case(
        "mourning until the morning",
        Defer(MORNING, Reason.QUIET_DAY),
        history=MOURNING,
        not_after=MORNING,
    ),
    case("mourning at night", Skip(Reason.QUIET_DAY), history=MOURNING, now=NIGHT, not_after=NIGHT),
    case(
        "mourning on another day", Send(), history=History(mourning=frozenset({date(2026, 11, 6)}))
    ),
    # 11: quiet hours; `not_after` is their end, so the lot has no room.
    case("at night", Defer(MORNING, Reason.QUIET_HOURS), **ALL_NIGHT),
    case("at night, to a person", Defer(MORNING, Reason.QUIET_HOURS), PERSON, **ALL_NIGHT),
    case(
        "at night, a manager's post",
        Defer(MORNING, Reason.QUIET_HOURS),
        **ALL_NIGHT,
        priority=2,
    ),
    case("at night, a notice", Send(), PERSON, **ALL_NIGHT, **NOTICE),
    case(
        "at night, not long enough",
        Skip(Reason.QUIET_HOURS),
        **ALL_NIGHT | {"not_after": MORNING - SECOND},
    ),
    case("no quiet hours", Send(), settings=CareSettings(quiet_until=time(22)), **ALL_NIGHT),
    case("night here, day there", Send(), replace(GROUP, zone="Europe/Paris"), **ALL_NIGHT),
    case(
        "day here, night there",
        Skip(Reason.QUIET_HOURS),
        replace(PERSON, zone="America/New_York"),
        not_after=NOON + HOUR,
        now=NOON + HOUR,
    ),
    case(
        "no such zone",
        Defer(MORNING, Reason.QUIET_HOURS),
        replace(GROUP, zone="Europe/Atlantis"),
        **ALL_NIGHT,
    ),
    case(
        "the shop's own zone",
        Send(),
        settings=CareSettings(zone="Europe/Paris"),
        **ALL_NIGHT,
    ),
    case("a late night", Send(), promotion=PROMOTION, **ALL_NIGHT),
    case(
        "after a late night's midnight",
        Defer(MORNING, Reason.QUIET_HOURS),
        promotion=PROMOTION,
        **ALL_NIGHT | {"now": shanghai("2026-11-06T00:00")},
    ),
    case(
        "it is already the day after a late night there",
        Skip(Reason.QUIET_HOURS),
        replace(GROUP, zone="Pacific/Auckland"),
        promotion=PROMOTION,
        **ALL_NIGHT | {"not_after": NIGHT},
    ),
    # 12: caps
    case("two posts today", Send(), history=before(10, 2)),
    case(
        "three posts today",
        Defer(NOON + 4 * HOUR, Reason.DAILY_CAP),
        history=FULL_DAY,
        **LONG,
    ),
    case("three posts today, a notice", Send(), history=FULL_DAY, **NOTICE),
    case("three posts today, not long enough", Skip(Reason.DAILY_CAP), history=FULL_DAY),
    case("three posts until yesterday", Send(), history=before(24, 10, 2)),
    case(
        "fifteen posts this week",
        Defer(NOON + 8 * HOUR, Reason.WEEKLY_CAP),
        history=FULL_WEEK,
        **LONG,
    ),
    case(
        "both full: what frees later",
        Defer(NOON + 14 * HOUR, Reason.DAILY_CAP),
        history=before(*range(160, 40, -10), 10, 9, 8),
        **LONG,
    ),
    case(
        "two to a person",
        Defer(NOON + 5 * HOUR, Reason.DAILY_CAP),
        PERSON,
        history=before(19, 2),
        **LONG,
    ),
    case(
        "five to a person this week",
        Defer(NOON + 68 * HOUR, Reason.WEEKLY_CAP),
        PERSON,
        history=before(100, 90, 80, 70, 60),
        **LONG,
    ),
    case(
        "the shop's own caps",
        Skip(Reason.DAILY_CAP),
        history=before(2),
        settings=CareSettings(posts_a_day=1),
    ),
    case("a promotion allows six", Send(), history=before(20, 10, 9, 8, 2), promotion=PROMOTION),
    case(
        "not seven",
        Defer(NOON + 4 * HOUR, Reason.DAILY_CAP),
        history=before(20, 10, 9, 8, 7, 2),
        promotion=PROMOTION,
        **LONG,
    ),
    case("a promotion allows 42 a week", Send(), history=FULL_WEEK, promotion=PROMOTION),
    case(
        "the day after a promotion",
        Skip(Reason.DAILY_CAP),
        now=NOON + DAY,
        not_after=NOON + DAY,
        history=before(20, 10, 2, now=NOON + DAY),
        promotion=PROMOTION,
    ),
    case(
        "a promotion is for groups",
        Skip(Reason.DAILY_CAP),
        PERSON,
        history=before(10, 2),
        promotion=PROMOTION,
    ),
    case(
        "a promotion nobody can read allows nothing more",
        Skip(Reason.DAILY_CAP),
        history=FULL_DAY,
        promotion=PROMOTION | {"posts_a_day": "many"},
    ),
    # 13: the platform's minutes; `not_after` is their end, so the lot has no room.
    case("the platform's minutes are over", Send(), limits=FEISHU, now=NOON + 18 * MINUTE),
    case("the platform asks for nothing", Send(), now=NOON + 13 * MINUTE),
    case(
        "in the platform's minutes",
        Defer(NOON + 18 * MINUTE, Reason.QUIET_MINUTES),
        limits=FEISHU,
        now=NOON + 13 * MINUTE,
        not_after=NOON + 18 * MINUTE,
    ),
    case(
        "in the platform's minutes, a notice",
        Defer(NOON + 48 * MINUTE, Reason.QUIET_MINUTES),
        limits=FEISHU,
        now=NOON + 48 * MINUTE - SECOND,
        not_after=NOON + 48 * MINUTE,
        **NOTICE,
    ),
    case(
        "in the platform's minutes, not long enough",
        Skip(Reason.QUIET_MINUTES),
        limits=FEISHU,
        now=NOON + 13 * MINUTE,
        not_after=NOON + 18 * MINUTE - SECOND,
    ),
    case(
        "capped in the platform's minutes",
        Defer(NOON + 4 * HOUR, Reason.DAILY_CAP),
        limits=FEISHU,
        now=NOON + 13 * MINUTE,
        history=FULL_DAY,
        **LONG,
    ),
    # 14: held out, at the moment at which the others are written to
    case("held out", Skip(Reason.HOLD_OUT), PERSON, **EVERYBODY_OUT),
    case("held out, a notice", Send(), PERSON, **EVERYBODY_OUT, **NOTICE),
    case("a group is not held out", Send(), **EVERYBODY_OUT),
    case("a group that a trial holds out", Skip(Reason.HOLD_OUT), variant=HELD_OUT),
    case("a person whom a trial holds out", Skip(Reason.HOLD_OUT), PERSON, variant=HELD_OUT),
    case("a trial holds out, a notice", Send(), PERSON, variant=HELD_OUT, **NOTICE),
    case(
        "a trial holds out, not approved",
        Defer(JUST_AFTER, Reason.NOT_APPROVED),
        approved=False,
        variant=HELD_OUT,
    ),
    case(
        "a trial holds out at night",
        Defer(MORNING, Reason.QUIET_HOURS),
        variant=HELD_OUT,
        **ALL_NIGHT,
    ),
    case(
        "a trial holds out, capped",
        Defer(NOON + 4 * HOUR, Reason.DAILY_CAP),
        variant=HELD_OUT,
        history=FULL_DAY,
        **LONG,
    ),
    case(
        "a trial holds out in the platform's minutes",
        Defer(NOON + 18 * MINUTE, Reason.QUIET_MINUTES),
        variant=HELD_OUT,
        limits=FEISHU,
        now=NOON + 13 * MINUTE,
        not_after=NOON + 18 * MINUTE,
    ),
]


@pytest.mark.parametrize(("situation", "decision"), CASES)
def test_the_first_rule_that_fits_decides(situation: Situation, decision: Decision) -> None:
    assert situation.decide() == decision


def test_every_reason_has_its_case() -> None:
    decisions = [row.values[1] for row in CASES]
    found = {one.reason for one in decisions if not isinstance(one, Send)}
    in_the_words = {Reason.WORDING, Reason.COUPON_USED, Reason.COUPONS_GONE}  # the feed finds them
    assert found == set(Reason) - in_the_words


# Settings that cannot be meant.


def test_the_defaults_are_what_the_design_promises() -> None:
    assert (
        CareSettings(
            zone="Asia/Shanghai",
            quiet_from=time(22),
            quiet_until=time(9),
            posts_a_day=3,
            posts_a_week=15,
            private_a_day=2,
            private_a_week=5,
        )
        == DEFAULTS
    )


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"zone": "Asia/Nowhere"}, ZoneUnknown),
        ({"quiet_from": time(9, 29)}, ValueError),
        ({"quiet_from": time(0, 10), "quiet_until": time(23, 50)}, ValueError),
        *(({cap: 0}, ValueError) for cap in ("posts_a_day", "posts_a_week")),
        *(({cap: 0}, ValueError) for cap in ("private_a_day", "private_a_week")),
    ],
)
def test_care_that_lets_nothing_through_is_refused(
    wrong: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        CareSettings(**wrong)


def test_half_an_hour_a_day_is_enough() -> None:
    assert CareSettings(quiet_from=time(9, 30)).quiet_from == time(9, 30)


def test_every_zone_there_is_can_be_lived_in() -> None:
    for zone in sorted(available_timezones()):
        there = replace(GROUP, zone=zone)
        decision = Situation(due(there, not_after=NOON + DAY)).decide()
        night = not time(9) <= NOON.astimezone(ZoneInfo(zone)).time() < time(22)
        assert (decision != Send()) == night, zone
