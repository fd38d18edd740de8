"""The decision about one due delivery: send it, put it off, or leave it out, and why.

Pure: everything it needs is handed in. The first rule that fits decides:

    rule                                                 decision, and its reason
    ---------------------------------------------------  -----------------------------------------
 1  the campaign is cancelled                            skip: CAMPAIGN_CANCELLED
 2  `not_after` has passed                               skip: NOT_APPROVED, CAMPAIGN_PAUSED or
                                                         HALTED where that held it, else TOO_LATE
 3  the bot is not in the group any more                 skip: GROUP_GONE
 4  no private message reaches the person                skip: UNREACHABLE
 5  the bot may not speak in the group                   skip: MUTED
 6  the person has opted out                           * skip: OPTED_OUT
 7  `not_before` is still to come                        until then: TOO_EARLY
 8  its text is not approved, the campaign is paused,    until just after `not_after`:
    or all sending is stopped (急停)                     NOT_APPROVED, CAMPAIGN_PAUSED, HALTED
 9  the account rests                                    until it works: ACCOUNT_DOWN
10  a day of mourning where the recipient lives        * until some time in the half hour after
                                                         the night that ends it: QUIET_DAY
11  quiet hours where the recipient lives              * until some time in the half hour after
                                                         them: QUIET_HOURS
12  the caps of 24 hours or of 7 days are full         * until one more fits: DAILY_CAP, WEEKLY_CAP
13  the platform's minutes after :00 and :30             until some time soon after: QUIET_MINUTES
14  the person, or the group, is held out              * skip: HOLD_OUT
15  its words break a wording rule (the feed looks)      skip: WORDING
16  its words give a coupon, and the person has used     skip: COUPON_USED, COUPONS_GONE
    theirs, or none is left (the feed looks)

    * not for a NOTICE: what concerns one's own order is counted, but not held. Nor does rule 10
      hold care for the fans, or the words of the day of remembrance itself (`quiet_days.py`).

What can never be sent is said first, so that it is counted at once. Then come the holds that only
a person lifts, because nothing else matters while they stand: what they hold is put off to one
second after `not_after` and costs nothing meanwhile; whoever lifts a hold makes it due again (see
`storage/steering.py`). The rest passes by itself: put off to when it will have passed, or skipped
at once, for the same reason, where that is after `not_after`. Two reasons for a hold are told in
the order of rule 8, because the later ones are lifted for many at once.

Whoever is held out of a trial waits as the others do, and is left out at the moment they would have
been written to: so what they do afterwards is looked at from the same moment on.

What is put off by 10, 11 and 13 is spread by lots, so that a thousand deliveries do not all wake at
one moment. A promotion (see `promotions.py`) changes the caps of groups and the beginning of quiet
hours. Rules 15 and 16 are the feed's: it looks at the words of what may leave, as they are rendered
(see `wording_gate.py`, `coupon_codes.py`). The reason is stored with the delivery; floor 4 has the
words for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from scheduler.arms import is_held_out
from scheduler.campaigns import CampaignState
from scheduler.caps import DAY, WEEK, frees_at
from scheduler.caring import CareSettings
from scheduler.courier import Limits
from scheduler.lots import lot
from scheduler.priorities import Priority
from scheduler.promotions import Promotion, PromotionInvalid
from scheduler.quiet_days import is_quiet, may_be_heard, over_on
from scheduler.quiet_hours import quiet_until
from scheduler.wall_time import ZoneUnknown, instant_of, zone_named
from storage.due import Due, Recipient
from storage.slots import HELD_OUT

_MICROSECOND = timedelta(microseconds=1)
_MINUTE = timedelta(minutes=1)
_HALF_HOUR = timedelta(minutes=30)
_JUST_AFTER = timedelta(seconds=1)
_KNOWN_ZONES = 1_024


class Reason(StrEnum):
    """Why a delivery did not simply go out."""

    CAMPAIGN_CANCELLED = "campaign_cancelled"
    CAMPAIGN_PAUSED = "campaign_paused"
    NOT_APPROVED = "not_approved"
    HALTED = "halted"
    GROUP_GONE = "group_gone"
    UNREACHABLE = "unreachable"
    MUTED = "muted"
    HOLD_OUT = "hold_out"
    OPTED_OUT = "opted_out"
    TOO_EARLY = "too_early"
    TOO_LATE = "too_late"
    ACCOUNT_DOWN = "account_down"
    QUIET_DAY = "quiet_day"
    QUIET_HOURS = "quiet_hours"
    DAILY_CAP = "daily_cap"
    WEEKLY_CAP = "weekly_cap"
    QUIET_MINUTES = "quiet_minutes"
    WORDING = "wording"
    COUPON_USED = "coupon_used"
    COUPONS_GONE = "coupons_gone"


@dataclass(frozen=True, slots=True)
class Send:
    """Send it now."""


@dataclass(frozen=True, slots=True)
class Defer:
    """Look at it again at `until`."""

    until: datetime
    reason: Reason


@dataclass(frozen=True, slots=True)
class Skip:
    """It will never be sent."""

    reason: Reason


Decision = Send | Defer | Skip


@dataclass(frozen=True, slots=True)
class History:
    """What has happened before this delivery.

    `addressed` are the moments of the last 7 days, the oldest first, at which planned posts to
    this group or customer were begun; until `account_rests_until` the account does not work;
    `mourning` are the days that the shop declared as days of mourning.
    """

    addressed: tuple[datetime, ...] = ()
    account_rests_until: datetime | None = None
    mourning: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True)
class _Case:
    """One delivery at one moment, with all that the rules ask about.

    `zone` is the recipient's; `promotion` is there on its days only.
    """

    delivery: Due
    recipient: Recipient
    limits: Limits
    history: History
    settings: CareSettings
    now: datetime
    zone: ZoneInfo
    promotion: Promotion | None

    @property
    def is_notice(self) -> bool:
        return self.delivery.priority <= Priority.NOTICE

    def put_off(
        self, until: datetime, reason: Reason, spread: timedelta = timedelta(0)
    ) -> Defer | Skip:
        """Until then or up to `spread` later, by lot; skipped where it would be too late then."""
        left = self.delivery.not_after - until
        if left < timedelta(0):
            return Skip(reason)
        later = lot(min(spread, left) // _MICROSECOND, reason, self.delivery.key)
        return Defer(until + later * _MICROSECOND, reason)


def decide(  # noqa: PLR0917 (all that it depends on, and nothing else: that is its point)
    delivery: Due,
    recipient: Recipient,
    limits: Limits,
    history: History,
    settings: CareSettings,
    now: datetime,
) -> Decision:
    """What to do with a delivery at the moment `now`; see the table at the top.

    A `Defer` lies always after `now`; a `Send` means that `now` lies between `not_before` and
    `not_after`.
    """
    zone = _zone(recipient.zone or settings.zone, settings.zone)
    promotion = _promotion(delivery.promotion, now.astimezone(zone).date())
    case = _Case(delivery, recipient, limits, history, settings, now, zone, promotion)
    for rule in _RULES:
        decision = rule(case)
        if decision is not None:
            return decision
    return Send()


def _over(case: _Case) -> Skip | None:
    """Rules 1 and 2."""
    if case.delivery.campaign_state == CampaignState.CANCELLED:
        return Skip(Reason.CAMPAIGN_CANCELLED)
    if case.now > case.delivery.not_after:
        return Skip(_hold(case.delivery) or Reason.TOO_LATE)
    return None


def _out_of_reach(case: _Case) -> Skip | None:
    """Rules 3 to 5."""
    if not case.recipient.present:
        return Skip(Reason.GROUP_GONE)
    if case.recipient.unreachable:
        return Skip(Reason.UNREACHABLE)
    if case.recipient.muted:
        return Skip(Reason.MUTED)
    return None


def _opted_out(case: _Case) -> Skip | None:
    """Rule 6."""
    if not case.is_notice and case.recipient.opted_out:
        return Skip(Reason.OPTED_OUT)
    return None


def _held_out(case: _Case) -> Skip | None:
    """Rule 14: whoever is held out is one who would have been written to just now.

    That is what makes them comparable.
    """
    if case.is_notice:
        return None
    if case.delivery.variant == HELD_OUT:
        return Skip(Reason.HOLD_OUT)
    customer = case.recipient.customer_id
    if customer is None:
        return None
    held_out = is_held_out(case.delivery.campaign_key, str(customer), case.delivery.hold_out)
    return Skip(Reason.HOLD_OUT) if held_out else None


def _too_early(case: _Case) -> Defer | Skip | None:
    """Rule 7."""
    if case.now < case.delivery.not_before:
        return case.put_off(case.delivery.not_before, Reason.TOO_EARLY)
    return None


def _held(case: _Case) -> Defer | None:
    """Rule 8."""
    reason = _hold(case.delivery)
    return Defer(case.delivery.not_after + _JUST_AFTER, reason) if reason else None


def _hold(delivery: Due) -> Reason | None:
    """What a person has to do before this may leave, as the reason it has not left."""
    if not delivery.approved:
        return Reason.NOT_APPROVED
    if delivery.campaign_state == CampaignState.PAUSED:
        return Reason.CAMPAIGN_PAUSED
    return Reason.HALTED if delivery.halted else None


def _account_down(case: _Case) -> Defer | Skip | None:
    """Rule 9."""
    rests_until = case.history.account_rests_until
    if rests_until is not None and case.now < rests_until:
        return case.put_off(rests_until, Reason.ACCOUNT_DOWN)
    return None


def _mourning(case: _Case) -> Defer | Skip | None:
    """Rule 10: at midnight the day is over, and then the quiet hours that midnight lies in."""
    today, declared = case.now.astimezone(case.zone).date(), case.history.mourning
    if not is_quiet(today, declared):
        return None
    if case.is_notice or may_be_heard(case.delivery.programme, case.delivery.slot):
        return None
    over = instant_of(datetime.combine(over_on(today, declared), time.min), case.zone)
    end = quiet_until(over, case.zone, case.settings.quiet_hours) or over
    return case.put_off(end, Reason.QUIET_DAY, _HALF_HOUR)


def _quiet(case: _Case) -> Defer | Skip | None:
    """Rule 11."""
    if case.is_notice:
        return None
    late_nights = case.promotion.late_nights if case.promotion else ()
    end = quiet_until(case.now, case.zone, case.settings.quiet_hours, late_nights)
    return case.put_off(end, Reason.QUIET_HOURS, _HALF_HOUR) if end else None


def _capped(case: _Case) -> Defer | Skip | None:
    """Rule 12: of two full caps, the one that frees later is told."""
    if case.is_notice:
        return None
    a_day, a_week = _caps(case)
    full = [
        (until, reason)
        for cap, span, reason in ((a_day, DAY, Reason.DAILY_CAP), (a_week, WEEK, Reason.WEEKLY_CAP))
        if (until := frees_at(case.history.addressed, cap, span, case.now)) is not None
    ]
    return case.put_off(*max(full)) if full else None


def _caps(case: _Case) -> tuple[int, int]:
    """How much is allowed in 24 hours and in 7 days."""
    if case.recipient.customer_id is not None:
        return case.settings.private_a_day, case.settings.private_a_week
    allowed = case.promotion or case.settings
    return allowed.posts_a_day, allowed.posts_a_week


def _quiet_minutes(case: _Case) -> Defer | Skip | None:
    """Rule 13: spread over as long a time as was quiet, so the rush after it is at most doubled."""
    quiet = case.limits.quiet_minutes * _MINUTE
    if not quiet:
        return None
    # A platform's clock: every zone but a few shows its half hours when UTC does.
    now = case.now.astimezone(UTC)
    since = timedelta(minutes=now.minute, seconds=now.second, microseconds=now.microsecond)
    since %= _HALF_HOUR
    if since >= quiet:
        return None
    spread = min(quiet, _HALF_HOUR - quiet)
    return case.put_off(now - since + quiet, Reason.QUIET_MINUTES, spread)


_RULES: tuple[Callable[[_Case], Decision | None], ...] = (
    _over,
    _out_of_reach,
    _opted_out,
    _too_early,
    _held,
    _account_down,
    _mourning,
    _quiet,
    _capped,
    _quiet_minutes,
    _held_out,
)


@lru_cache(maxsize=_KNOWN_ZONES)
def _zone(name: str, otherwise: str) -> ZoneInfo:
    """The zone with this name; a wrong name must not stop a lane, so it means `otherwise`."""
    try:
        return zone_named(name)
    except ZoneUnknown:
        return zone_named(otherwise)


def _promotion(document: Mapping[str, Any] | None, today: date) -> Promotion | None:
    """The promotion in a document, if today is one of its days.

    Where it cannot be read there is none: the ordinary rules hold, and the lane goes on.
    """
    if document is None:
        return None
    try:
        promotion = Promotion.from_json(document)
    except PromotionInvalid:
        return None
    return promotion if promotion.covers(today) else None
