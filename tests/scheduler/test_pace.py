"""Pace against an independent judge: no window ever holds more, and little is left unused."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.courier import Limits, Rate
from scheduler.pace import Pace, longest_window
from scheduler.priorities import Priority
from storage.attempts import Past

START = datetime(2026, 11, 11, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
ANSWER, CAMPAIGN = Priority.ANSWER, Priority.CAMPAIGN
TELEGRAM = Limits(account=(Rate(30, SECOND),), chat=(Rate(1, SECOND),), group=(Rate(20, MINUTE),))
ANN, BEN, FANS = "person:ann", "person:ben", "group:fans"


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def made(pace: Pace, address: str, began: float, ended: float | None = None) -> None:
    """A call from `began` to `ended`, in seconds after the start; by default answered at once."""
    pace.begin(address, after(began))
    pace.end(address, after(began if ended is None else ended))


def leave_at_once(pace: Pace, priority: Priority, now: datetime) -> int:
    """How many calls to one group leave at `now`, each answered at once."""
    for left in range(100):
        if pace.leaves_at(FANS, priority, now) != now:
            return left
        pace.begin(FANS, now)
        pace.end(FANS, now)
    pytest.fail("there is no end to them")


# What one call does to the next


@pytest.mark.parametrize(
    "limits",
    [
        Limits(account=(Rate(1, MINUTE),)),
        Limits(chat=(Rate(1, MINUTE),)),
        Limits(group=(Rate(1, MINUTE),)),
        Limits(chat=(Rate(5, SECOND),), group=(Rate(1, MINUTE),)),
        Limits(account=(Rate(30, SECOND), Rate(1, MINUTE))),
    ],
)
@pytest.mark.parametrize("priority", [ANSWER, CAMPAIGN])
def test_a_slot_frees_one_window_after_the_answer(limits: Limits, priority: Priority) -> None:
    pace = Pace(limits)
    assert pace.leaves_at(FANS, priority, after(0)) == after(0)
    pace.begin(FANS, after(0))
    assert pace.leaves_at(FANS, priority, after(1)) is None, "nobody knows when it is answered"
    pace.end(FANS, after(10))
    assert pace.leaves_at(FANS, priority, after(10)) == after(70)
    assert pace.leaves_at(FANS, priority, after(70)) == after(70)


def test_each_rate_binds_those_it_names() -> None:
    pace = Pace(Limits(chat=(Rate(1, SECOND),), group=(Rate(2, MINUTE),)))
    for second in (0, 1):
        for address in (ANN, FANS):
            assert pace.leaves_at(address, ANSWER, after(second)) == after(second)
            made(pace, address, second)
    assert pace.leaves_at(ANN, ANSWER, after(1)) == after(2)
    assert pace.leaves_at(FANS, ANSWER, after(1)) == after(60)
    assert pace.leaves_at(BEN, ANSWER, after(1)) == after(1)
    assert pace.leaves_at("group:others", ANSWER, after(1)) == after(1)


def test_a_post_of_text_and_three_pictures_uses_four_of_a_day_s_messages() -> None:
    pace, made = Pace(Limits(account=(Rate(300, 1440 * MINUTE),))), 0
    while pace.leaves_at(FANS, CAMPAIGN, after(made), 4) == after(made):
        pace.begin(FANS, after(made), 4)
        pace.end(FANS, after(made), 4)
        made += 1
    assert made == 56, "a quarter of 300 is left to answers"
    assert pace.leaves_at(FANS, CAMPAIGN, after(made)) == after(made), "one more of one message"
    assert pace.leaves_at(ANN, ANSWER, after(made), 4) == after(made)


def test_what_is_larger_than_a_window_has_it_to_itself() -> None:
    pace = Pace(Limits(account=(Rate(2, MINUTE),)))
    assert pace.leaves_at(ANN, CAMPAIGN, after(0), 4) == after(0)
    pace.begin(ANN, after(0), 4)
    assert pace.leaves_at(BEN, ANSWER, after(0)) is None
    pace.end(ANN, after(0), 4)
    assert pace.leaves_at(BEN, ANSWER, after(0)) == after(60)
    pace.begin(BEN, after(60))
    pace.end(BEN, after(60))
    assert pace.leaves_at(ANN, ANSWER, after(60), 4) == after(120)


@pytest.mark.parametrize("priority", [CAMPAIGN, ANSWER])
def test_a_call_that_carried_nothing_takes_no_slot_once_it_ended(priority: Priority) -> None:
    pace = Pace(Limits(account=(Rate(4, MINUTE),), chat=(Rate(4, MINUTE),)))
    pace.begin(ANN, after(0), 4)
    assert pace.leaves_at(ANN, priority, after(0)) is None
    pace.end(ANN, after(1), 4, carried=False)
    assert pace.leaves_at(ANN, priority, after(1), 4) == after(1)


def test_without_limits_everything_leaves_at_once_and_nothing_is_kept() -> None:
    pace = Pace(Limits())
    for number in range(1000):
        pace.begin(f"person:{number}", START)
        assert pace.leaves_at(f"person:{number}", CAMPAIGN, START) == START
    for number in range(1000):
        pace.end(f"person:{number}", START)
    assert pace.room(START) is None
    assert pace.longest == longest_window(Limits()) == timedelta(0)
    assert not pace._chats
    assert not pace._checks
    assert not pace._account._ends


def test_calls_under_way_may_be_answered_in_any_order() -> None:
    pace = Pace(Limits(chat=(Rate(2, SECOND),)))
    pace.begin(ANN, after(0))
    pace.begin(ANN, after(0.1))
    assert pace.leaves_at(ANN, ANSWER, after(0.2)) is None
    pace.end(ANN, after(0.3))
    assert pace.leaves_at(ANN, ANSWER, after(0.3)) == after(1.3)


def test_an_answer_to_a_call_that_nobody_saw_begin_counts() -> None:
    pace = Pace(Limits(chat=(Rate(1, SECOND),)))
    pace.end(ANN, after(0))
    assert pace.leaves_at(ANN, ANSWER, after(0)) == after(1)
    made(pace, ANN, 1)
    assert pace.leaves_at(ANN, ANSWER, after(1)) == after(2)


# What planned calls leave to answers


@pytest.mark.parametrize(
    ("messages", "share"), [(1, 1), (2, 1), (3, 2), (4, 3), (5, 3), (8, 6), (20, 15)]
)
@pytest.mark.parametrize(
    "bound",
    [
        lambda rate: Limits(account=(rate,)),
        lambda rate: Limits(chat=(rate,)),
        lambda rate: Limits(group=(rate,)),
    ],
    ids=["account", "chat", "group"],
)
def test_planned_calls_leave_a_quarter_to_answers(
    bound: Callable[[Rate], Limits], messages: int, share: int
) -> None:
    pace = Pace(bound(Rate(messages, MINUTE)))
    assert leave_at_once(pace, CAMPAIGN, START) == share
    assert leave_at_once(pace, ANSWER, START) == messages - share
    assert pace.leaves_at(FANS, CAMPAIGN, START) == after(60)
    assert pace.leaves_at(FANS, ANSWER, START) == after(60)


@pytest.mark.parametrize("priority", [Priority.NOTICE, Priority.POST, Priority.CAMPAIGN])
def test_all_but_answers_is_planned(priority: Priority) -> None:
    pace = Pace(Limits(chat=(Rate(2, MINUTE),)))
    made(pace, ANN, 0)
    assert pace.leaves_at(ANN, priority, START) == after(60)
    assert pace.leaves_at(ANN, ANSWER, START) == START


def test_planned_calls_of_a_short_account_window_are_spread_evenly() -> None:
    pace = Pace(Limits(account=(Rate(10, SECOND),)))
    departures = []
    now = START
    for number in range(10):
        at = pace.leaves_at(f"person:{number}", CAMPAIGN, now)
        assert at is not None
        now = at
        departures.append(now)
        made(pace, f"person:{number}", (now - START).total_seconds())
    gaps = {later - earlier for earlier, later in pairwise(departures[:9])}
    assert gaps == {timedelta(seconds=0.098)}
    assert departures[9] == after(0.9), "the last slot is taken when another is about to free"
    assert pace.leaves_at(ANN, CAMPAIGN, now) == after(1)


@pytest.mark.parametrize(
    ("late", "leave"),
    [
        (0.01, 1),  # less than a gap: the next one leaves the sooner
        (0.05, 2),
        (0.07, 3),
        (0.098, 4),
        (0.5, 4),  # no more than a tenth of the window
        (1.5, 1),  # a pause is no delay
    ],
)
def test_who_comes_late_catches_up_a_little(late: float, leave: int) -> None:
    pace = Pace(Limits(account=(Rate(30, SECOND),)))
    made(pace, ANN, 0)
    gap = SECOND / 30 * 0.98
    assert pace.leaves_at(ANN, CAMPAIGN, START) == START + gap
    assert leave_at_once(pace, CAMPAIGN, START + gap + timedelta(seconds=late)) == leave


def test_lateness_of_a_timer_costs_the_next_calls_nothing() -> None:
    pace = Pace(Limits(account=(Rate(30, SECOND),)))
    gap = SECOND / 30 * 0.98
    made(pace, ANN, 0)
    late = START + gap + timedelta(milliseconds=5)
    pace.begin(BEN, late)
    pace.end(BEN, late)
    assert pace.leaves_at(ANN, CAMPAIGN, late) == START + 2 * gap


def test_answers_do_not_wait_for_their_turn_and_take_one_from_planned_calls() -> None:
    pace = Pace(Limits(account=(Rate(10, SECOND),)))
    for number in range(3):
        assert pace.leaves_at(ANN, ANSWER, START) == START
        made(pace, ANN, 0)
        assert pace.leaves_at(BEN, CAMPAIGN, START) == after(0.098 * (number + 1))


def test_answers_in_a_full_long_window_do_not_delay_planned_calls_beyond_it() -> None:
    pace = Pace(Limits(account=(Rate(10, SECOND), Rate(5, MINUTE))))
    for second in (0, 0, 0, 5):
        made(pace, ANN, second)
    assert pace.leaves_at(BEN, CAMPAIGN, after(6)) == after(60)


# How much room there is


@pytest.mark.parametrize(
    ("limits", "by", "room"),
    [
        (Limits(chat=(Rate(1, SECOND),)), 0.1, None),
        (Limits(account=(Rate(8, MINUTE),)), 0.1, 6),
        (Limits(account=(Rate(1, MINUTE),)), 0.1, 1),
        (Limits(account=(Rate(30, SECOND),)), 0.1, 4),
        (Limits(account=(Rate(1000, SECOND),)), 0.1, 103),
        (Limits(account=(Rate(30, SECOND), Rate(2, MINUTE))), 0.1, 1),
        (Limits(account=(Rate(5, SECOND), Rate(100, MINUTE))), 0.1, 1),
    ],
)
def test_the_room_of_an_idle_account(limits: Limits, by: float, room: int | None) -> None:
    assert Pace(limits).room(after(by)) == room


def test_the_room_shrinks_with_each_call_and_grows_with_time() -> None:
    pace = Pace(Limits(account=(Rate(4, MINUTE),)))
    assert pace.room(after(0)) == 3
    pace.begin(ANN, after(0))
    assert pace.room(after(0)) == 2
    made(pace, BEN, 1)
    assert pace.room(after(1)) == 1
    assert pace.room(after(61)) == 2, "the second is a window away from its answer"
    assert pace.room(after(3600)) == 2, "nobody knows when the first is answered"
    pace.end(ANN, after(2))
    assert [pace.room(after(second)) for second in (2, 60.9, 61, 62)] == [1, 1, 2, 3]


def test_a_saturated_short_window_has_room_for_what_leaves_in_the_time_asked_for() -> None:
    pace = Pace(Limits(account=(Rate(30, SECOND),)))
    made(pace, ANN, 0)
    gap = SECOND / 30 * 0.98
    assert pace.room(START) == 0
    assert [pace.room(START + number * gap) for number in (1, 2, 3)] == [1, 2, 3]


def test_a_held_account_has_no_room() -> None:
    pace = Pace(Limits())
    pace.hold(None, after(5))
    assert pace.room(after(4)) == 0
    assert pace.room(after(5)) is None


# Silence a platform asks for


@pytest.mark.parametrize("limits", [Limits(), TELEGRAM])
@pytest.mark.parametrize("priority", [ANSWER, CAMPAIGN])
def test_a_held_chat_is_silent_and_the_others_are_not(limits: Limits, priority: Priority) -> None:
    pace = Pace(limits)
    made(pace, ANN, 0)
    pace.hold(ANN, after(30))
    pace.hold(ANN, after(20))
    assert pace.leaves_at(ANN, priority, after(2)) == after(30)
    assert pace.leaves_at(BEN, priority, after(2)) == after(2)
    assert pace.leaves_at(ANN, priority, after(30)) == after(30)


@pytest.mark.parametrize("limits", [Limits(), TELEGRAM])
@pytest.mark.parametrize("priority", [ANSWER, CAMPAIGN])
def test_a_held_account_is_silent(limits: Limits, priority: Priority) -> None:
    pace = Pace(limits)
    pace.hold(None, after(30))
    pace.hold(ANN, after(40))
    assert pace.leaves_at(BEN, priority, after(2)) == after(30)
    assert pace.leaves_at(ANN, priority, after(2)) == after(40)


def test_planned_calls_are_spread_after_a_hold_too() -> None:
    pace = Pace(Limits(account=(Rate(30, SECOND),)))
    made(pace, ANN, 0)
    pace.hold(None, after(30))
    assert leave_at_once(pace, CAMPAIGN, after(30)) == 1


def test_idle_chats_are_forgotten() -> None:
    pace = Pace(TELEGRAM)
    for number in range(3000):
        now = number / 10
        made(pace, f"person:{number}", now)
        made(pace, f"group:{number}", now)
        pace.hold(f"person:held {number}", after(now + 5))
    assert len(pace._chats) <= 10 + 600 + 50
    assert len(pace._checks) <= 10 + 600 + 50
    made(pace, ANN, 1000)
    assert set(pace._chats) == {ANN}


def test_a_chat_is_remembered_while_a_call_to_it_is_under_way() -> None:
    pace = Pace(Limits(chat=(Rate(1, SECOND),)))
    pace.begin(ANN, after(0))
    for second in range(100):
        made(pace, BEN, second)
    assert pace.leaves_at(ANN, ANSWER, after(100)) is None
    pace.end(ANN, after(100))
    assert pace.leaves_at(ANN, ANSWER, after(100)) == after(101)


def test_a_busy_chat_keeps_no_more_than_its_windows_ask_for() -> None:
    pace = Pace(TELEGRAM)
    for number in range(10_000):
        made(pace, FANS, number * 0.001)
    assert len(pace._chats[FANS]._ends) <= 40
    assert len(pace._account._ends) <= 60


# From the attempts


def past(
    address: str,
    began: float,
    ended: float | None,
    outcome: str | None = "done",
    holds_until: float | None = None,
    *,
    messages: int = 1,
) -> Past:
    return Past(
        address=address,
        began_at=after(began),
        ended_at=None if ended is None else after(ended),
        outcome=None if ended is None else outcome,
        holds_until=None if holds_until is None else after(holds_until),
        messages=messages,
    )


CHAT_MINUTE = Limits(chat=(Rate(1, MINUTE),))
FOUR_A_MINUTE = Limits(account=(Rate(4, MINUTE),))


@pytest.mark.parametrize(
    ("limits", "rows", "to_ann", "to_ben"),
    [
        (CHAT_MINUTE, [], 100, 100),
        (CHAT_MINUTE, [past(ANN, 80, 90)], 150, 100),
        (CHAT_MINUTE, [past(ANN, 10, 30)], 100, 100),
        (CHAT_MINUTE, [past(ANN, 80, None)], 160, 100),
        (CHAT_MINUTE, [past(ANN, 99, 103)], 160, 100),
        (CHAT_MINUTE, [past(ANN, 10, 95), past(ANN, 20, 30)], 155, 100),
        (Limits(account=(Rate(2, MINUTE),)), [past(ANN, 1, 70), past(BEN, 1, None)], 130, 130),
        (Limits(), [past(ANN, 80, None)], 100, 100),
        (Limits(), [past(ANN, 80, 81, "too_fast", 200)], 200, 100),
        (Limits(), [past(ANN, 80, 81, "too_fast", 200), past(ANN, 85, 86)], 200, 100),
        (Limits(), [past(ANN, 80, 81, "too_fast_account", 200)], 200, 200),
        (Limits(), [past(ANN, 80, 81, "too_fast", 99)], 100, 100),
        (CHAT_MINUTE, [past(ANN, 90, 95, "too_fast", 110)], 155, 100),
        (CHAT_MINUTE, [past(ANN, 80, 90, "nothing_sent")], 100, 100),
        (CHAT_MINUTE, [past(ANN, 80, 90, "account_down")], 100, 100),
        (CHAT_MINUTE, [past(ANN, 80, 90, "unable")], 150, 100),
        (FOUR_A_MINUTE, [past(ANN, 80, 90, messages=3)], 100, 100),
        (FOUR_A_MINUTE, [past(ANN, 80, 90, messages=4)], 150, 150),
        (FOUR_A_MINUTE, [past(ANN, 80, 90, "nothing_sent", messages=4)], 100, 100),
    ],
)
def test_a_pace_is_rebuilt_from_the_attempts(
    limits: Limits, rows: Sequence[Past], to_ann: float, to_ben: float
) -> None:
    pace = Pace.rebuilt(limits, rows, after(100))
    assert pace.leaves_at(ANN, ANSWER, after(100)) == after(to_ann)
    assert pace.leaves_at(BEN, ANSWER, after(100)) == after(to_ben)


def test_the_longest_window_tells_how_far_back_attempts_matter() -> None:
    day = timedelta(days=1)
    assert longest_window(TELEGRAM) == MINUTE
    assert longest_window(Limits(account=(Rate(500, day), Rate(1, SECOND)))) == day
    assert Pace(TELEGRAM).longest == MINUTE


# Clocks that go back


def test_a_reading_that_comes_late_frees_nothing_early() -> None:
    pace = Pace(Limits(chat=(Rate(1, SECOND),)))
    made(pace, ANN, 10)
    pace.begin(BEN, after(10))
    pace.end(BEN, after(9.5))
    assert pace.leaves_at(BEN, ANSWER, after(10.6)) == after(11)


def test_after_the_clock_was_set_far_back_nobody_waits_for_the_old_time() -> None:
    pace = Pace(TELEGRAM)
    made(pace, ANN, 7200)
    pace.hold(BEN, after(7210))
    assert pace.leaves_at(ANN, ANSWER, after(0)) == after(1)
    assert pace.leaves_at(BEN, ANSWER, after(0)) == after(10)
    assert pace.room(after(0.1)) == 3
    made(pace, ANN, 1)
    assert pace.leaves_at(ANN, ANSWER, after(1)) == after(2)
    pace.hold(None, after(3))
    assert pace.leaves_at(ANN, ANSWER, after(2)) == after(3)


# Any schedule, before an independent judge


@dataclass(frozen=True)
class Wish:
    """A call somebody wants made; times in seconds, `arrives` is where on its way it counts."""

    wanted: float
    address: str
    priority: Priority
    travel: float
    arrives: float
    late: float
    messages: int = 1


@dataclass
class Platform:
    """Judges by its own arrival times: every span of `per` is looked at."""

    limits: Limits
    arrivals: list[tuple[datetime, str]] = field(default_factory=list)

    def judge(self) -> None:
        """Fail where any window held more than a rate allows."""
        self._look(self.limits.account, [moment for moment, _ in self.arrivals])
        by_address: defaultdict[str, list[datetime]] = defaultdict(list)
        for moment, address in self.arrivals:
            by_address[address].append(moment)
        for address, moments in by_address.items():
            self._look(self.limits.chat, moments)
            if address.startswith("group:"):
                self._look(self.limits.group, moments)

    @staticmethod
    def _look(rates: Iterable[Rate], moments: Iterable[datetime]) -> None:
        ordered = sorted(moments)
        for rate in rates:
            for first, one_more in zip(ordered, ordered[rate.messages :], strict=False):
                assert one_more - first >= rate.per, (rate, first)


@dataclass
class Made:
    """A call as the test remembers it."""

    address: str
    began: datetime
    ends: datetime
    arrival: datetime
    messages: int
    ended: bool = False


def earliest(limits: Limits, made: Sequence[Made], wish: Wish, now: datetime) -> datetime | None:
    """When an answer may leave, worked out from all calls so far, window by window."""
    latest, address = now, wish.address
    calls = [call for call in made for _ in range(call.messages)]
    for rates, bound in (
        (limits.account, calls),
        (limits.chat, [call for call in calls if call.address == address]),
        (
            limits.group if address.startswith("group:") else (),
            [call for call in calls if call.address == address],
        ),
    ):
        for rate in rates:
            taken = sum(not call.ended for call in bound) + min(wish.messages, rate.messages)
            if taken > rate.messages:
                return None
            frees = sorted(call.ends + rate.per for call in bound if call.ended)
            while taken + sum(free > latest for free in frees) > rate.messages:
                latest = min(free for free in frees if free > latest)
    return latest


class Play:
    """Makes the calls somebody wants as the pace allows, in virtual time; `clock` may go back.

    `set_back` are the moments at which the clock is set back, and by how many seconds. At
    `restart` the process ends with its calls under way, and the pace is rebuilt.
    """

    def __init__(
        self,
        limits: Limits,
        wishes: Iterable[Wish],
        set_back: Sequence[tuple[float, float]] = (),
        restart: float | None = None,
    ) -> None:
        self.pace = Pace(limits)
        self.calls: list[Made] = []
        self._limits = limits
        self._waiting = sorted(wishes, key=lambda wish: wish.wanted)
        self._set_back = [(after(at), timedelta(seconds=by)) for at, by in set_back]
        self._restart = None if restart is None else after(restart)
        self._now = START

    def run(self) -> Platform:
        while self._waiting or not all(call.ended for call in self.calls):
            self._answer()
            if self._restart is not None and self._now >= self._restart:
                self._rebuild()
            self._now = max(self._now, min(self._leave()))
        arrivals = [
            (call.arrival, call.address) for call in self.calls for _ in range(call.messages)
        ]
        return Platform(self._limits, arrivals)

    @property
    def _reading(self) -> datetime:
        return self._now - sum((by for at, by in self._set_back if at <= self._now), timedelta(0))

    def _answer(self) -> None:
        for call in self.calls:
            if not call.ended and call.ends <= self._now:
                call.ended = True
                self.pace.end(call.address, self._reading, call.messages)

    def _leave(self) -> list[datetime]:
        """Begin what may leave now; the moments at which something may change."""
        changes = [at for at, _ in self._set_back if at > self._now]
        for wish in sorted(self._waiting, key=lambda wish: wish.priority):
            wanted = after(wish.wanted)
            if wanted > self._now:
                changes.append(wanted)
                continue
            at = self.pace.leaves_at(wish.address, wish.priority, self._reading, wish.messages)
            if not self._set_back and self._restart is None and wish.priority == ANSWER:
                assert at == earliest(self._limits, self.calls, wish, self._now)
            if at is not None and at <= self._reading:
                self._begin(wish)
                changes.append(self._now)
            elif at is not None:
                changes.append(self._now + (at - self._reading) + timedelta(seconds=wish.late))
            else:
                assert not all(call.ended for call in self.calls), "no answer can free a slot"
        return changes + [call.ends for call in self.calls if not call.ended] or [self._now]

    def _begin(self, wish: Wish) -> None:
        self._waiting.remove(wish)
        self.pace.begin(wish.address, self._reading, wish.messages)
        travel = timedelta(seconds=wish.travel)
        arrives = self._now + travel * wish.arrives
        self.calls.append(Made(wish.address, self._now, self._now + travel, arrives, wish.messages))

    def _rebuild(self) -> None:
        assert not self._set_back
        rows = [
            Past(
                call.address,
                call.began,
                call.ends if call.ended else None,
                None,
                None,
                call.messages,
            )
            for call in self.calls
        ]
        for call in self.calls:
            if not call.ended:  # it arrived before its process ended, and counts as made now
                call.ended = True
                call.arrival = min(call.arrival, self._now)
                call.ends = self._now
        since = self._now - longest_window(self._limits)
        self.pace = Pace.rebuilt(
            self._limits,
            [row for row in rows if row.ended_at is None or row.ended_at > since],
            self._now,
        )
        self._restart = None


rates = st.builds(
    Rate, st.integers(1, 5), st.sampled_from([0.05, 0.5, 1, 2, 7]).map(lambda s: s * SECOND)
)
limits = st.builds(
    Limits,
    account=st.lists(rates, max_size=2).map(tuple),
    chat=st.lists(rates, max_size=2).map(tuple),
    group=st.lists(rates, max_size=2).map(tuple),
)
thousandths = st.integers(0, 3000).map(lambda number: number / 1000)
wishes = st.builds(
    Wish,
    wanted=thousandths,
    address=st.sampled_from([ANN, BEN, FANS, "group:others"]),
    priority=st.sampled_from(Priority),
    travel=st.one_of(st.sampled_from([0.0, 0.01]), thousandths),
    arrives=st.sampled_from([0.0, 0.5, 1.0]),
    late=st.sampled_from([0.0, 0.0, 0.02, 0.3]),
)
schedules = st.lists(wishes, min_size=1, max_size=25)
roomy = st.builds(
    Rate, st.integers(3, 6), st.sampled_from([0.5, 1, 2, 7]).map(lambda s: s * SECOND)
)


@settings(max_examples=150, deadline=None)
@given(limits, schedules)
def test_no_window_ever_holds_more_and_answers_never_wait_for_nothing(
    bound: Limits, schedule: list[Wish]
) -> None:
    Play(bound, schedule).run().judge()


@settings(max_examples=100, deadline=None)
@given(
    st.builds(
        Limits,
        account=st.lists(roomy, max_size=2).map(tuple),
        group=st.lists(roomy, max_size=2).map(tuple),
    ),
    st.lists(
        st.tuples(wishes, st.integers(1, 3)).map(lambda both: replace(both[0], messages=both[1])),
        min_size=1,
        max_size=15,
    ),
    st.one_of(st.none(), st.just(1.0)),
)
def test_calls_of_several_messages_pass_no_window_either(
    bound: Limits, schedule: list[Wish], restart: float | None
) -> None:
    Play(bound, schedule, restart=restart).run().judge()


@settings(max_examples=100, deadline=None)
@given(
    limits,
    schedules,
    st.lists(st.tuples(thousandths, st.sampled_from([0.05, 1, 30, 61, 4000])), min_size=1),
)
def test_a_clock_that_is_set_back_lets_no_more_through(
    bound: Limits, schedule: list[Wish], set_back: list[tuple[float, float]]
) -> None:
    Play(bound, schedule, set_back=set_back).run().judge()


@settings(max_examples=100, deadline=None)
@given(limits, schedules, thousandths)
def test_a_restart_lets_no_more_through(
    bound: Limits, schedule: list[Wish], restart: float
) -> None:
    Play(bound, schedule, restart=restart).run().judge()


# A large campaign, with answers between


@dataclass
class Course:
    """How a campaign went: when its calls and the answers arrived, how long each answer waited."""

    arrivals: list[datetime] = field(default_factory=list)
    waits: list[timedelta] = field(default_factory=list)

    def rate(self) -> float:
        """Calls a second."""
        ordered = sorted(self.arrivals)
        return (len(ordered) - 1) / ((ordered[-1] - ordered[0]) / SECOND)


def campaign(
    rate: Rate,
    recipients: int,
    travel: Callable[[Random], float],
    *,
    answer_every: float | None = None,
    late: float = 0.0,
) -> Course:
    """One account works a campaign off; `travel` draws seconds, timers come up to `late` late."""
    chance = Random(20261111)  # noqa: S311 (the dice of a test)
    pace = Pace(Limits(account=(rate,)))
    course = Course()
    on_the_way: list[datetime] = []
    now = START
    asked = None if answer_every is None else START + timedelta(seconds=answer_every)

    def depart() -> None:
        pace.begin(ANN, now)
        ended = now + timedelta(seconds=travel(chance))
        heapq.heappush(on_the_way, ended)
        course.arrivals.append(now + (ended - now) * chance.random())

    while recipients:
        while on_the_way and on_the_way[0] <= now:
            heapq.heappop(on_the_way)
            pace.end(ANN, now)
        wake = on_the_way[:1]
        if asked is not None and answer_every is not None:
            if asked <= now and pace.leaves_at(BEN, ANSWER, now) == now:
                course.waits.append(now - asked)
                depart()
                asked = now + timedelta(seconds=answer_every * (1 + chance.random()))
            at = max(asked, pace.leaves_at(BEN, ANSWER, now) or asked)
            wake += [at] if at > now else []
        at_planned = pace.leaves_at(ANN, CAMPAIGN, now)
        if at_planned == now:
            depart()
            recipients -= 1
        elif at_planned is not None:
            wake.append(at_planned + timedelta(seconds=late * chance.random()))
        if at_planned != now:
            now = min(wake)
    return course


def test_a_campaign_uses_98_percent_of_the_rate_and_passes_it_in_no_window() -> None:
    rate = Rate(30, SECOND)
    course = campaign(rate, 10_000, lambda chance: chance.uniform(0, 0.01), late=0.002)
    Platform(Limits(account=(rate,)), [(moment, ANN) for moment in course.arrivals]).judge()
    assert 0.98 * 30 <= course.rate() <= 30


def test_a_slow_platform_is_never_overrun() -> None:
    rate = Rate(30, SECOND)
    course = campaign(rate, 3_000, lambda chance: chance.uniform(0.05, 0.2), late=0.002)
    Platform(Limits(account=(rate,)), [(moment, ANN) for moment in course.arrivals]).judge()
    # Each slot is taken for a window and a journey: 30 slots let 30 / 1.125 s through at best.
    assert course.rate() >= 0.95 * 30 / 1.125


@pytest.mark.parametrize(
    ("rate", "travel"),
    [
        (Rate(30, SECOND), (0, 0.01)),
        (Rate(30, SECOND), (0.05, 0.2)),
        (Rate(30, SECOND), (0.125, 0.125)),
        (Rate(30, SECOND), (0, 3)),
        (Rate(5, SECOND), (0.01, 0.1)),
        (Rate(200, SECOND), (0.01, 0.05)),
    ],
)
def test_an_answer_beside_a_campaign_waits_for_one_slot_at_most(
    rate: Rate, travel: tuple[float, float]
) -> None:
    course = campaign(
        rate,
        60 * rate.messages,
        lambda chance: chance.uniform(*travel),
        answer_every=2 + 2 * travel[1],
    )
    Platform(Limits(account=(rate,)), [(moment, ANN) for moment in course.arrivals]).judge()
    assert len(course.waits) > 9
    assert any(course.waits), "else the campaign left the account idle"
    assert max(course.waits) <= rate.per / rate.messages
