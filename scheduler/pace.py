"""Pace: when the next call of one account may depart, so that no limit of the platform is passed.

A sliding log for each `Rate`. A call arrives at the platform at some moment between its departure
and its answer, and the platform judges by arrivals: so a call under way occupies a slot, and an
answered one keeps it until one window after the answer. Then no span of `per` holds more than
`messages` arrivals, however long the calls travelled.

A call may be several messages (`courier.weight_of`), and occupies a slot for each. One that is
more than a window takes has that window to itself: its courier keeps its messages apart, or says
that it cannot. A call that ended with the certainty that it carried nothing occupies none.

Planned calls leave room to answers. In the windows of a chat, and in those of the account that are
longer than a second, they leave a quarter free. In the account's short windows they are spread
evenly instead, and take the last slot only when the next is about to free: then an answer waits
for at most one slot's time (`per / messages`), and a campaign still reaches the full rate.

Where an account pauses between its calls, whichever they are, one is made at a time: the next
departs when the last was answered and a pause, drawn anew for each, is over.

Nothing here waits, reads a clock or asks storage. The sender asks `leaves_at` right before each
call, tells `begin` and `end`, and after a restart has the log `rebuilt` from the attempts.
"""

from __future__ import annotations

import heapq
import random
from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from scheduler.courier import Limits, Rate, chat_of
from scheduler.priorities import Priority
from storage.attempts import NOTHING_CARRIED, TOO_FAST_EVERYWHERE, TOO_FAST_HERE, Past

_SHORT = timedelta(seconds=1)
"""Up to here a window of the account is shared by spreading; a longer one keeps a reserve."""

_GAP = 0.98
"""The least time between planned calls, in slots: a little under one, so that none is wasted."""

_CATCH_UP = 0.1
"""The share of a short window that planned calls may make up for after the sender came late."""

_SET_BACK = timedelta(minutes=1)
"""Readings of the clock may come in out of order; one as old as this means it was set back."""

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def longest_window(limits: Limits) -> timedelta:
    """How long after its answer a call may still matter; zero where nothing is limited."""
    rates = (*limits.account, *limits.chat, *limits.group)
    longest_pause = timedelta(0) if limits.pauses is None else limits.pauses[1]
    return max((longest_pause, *(rate.per for rate in rates)))


class Pace:
    """What one account may send when. Moments given and returned are aware datetimes.

    Memory is bounded by the calls within the longest window: idle chats are forgotten. Setting the
    clock back never lets more through: time stands still here until the clock has made up for it
    or, after more than a minute, goes on from where it stood. (A clock that is set forward looks
    like a pause, and nobody here can tell them apart.)

    Args:
        limits: the account's.
        chance: between 0 and 1, anew each time: what pauses are drawn with.
    """

    def __init__(self, limits: Limits, chance: Callable[[], float] = random.random) -> None:
        self.limits = limits
        self.longest = longest_window(limits)
        """How far back attempts matter to `rebuilt`."""
        self._account = _Log(_Windows.of(limits.account, spread=True))
        self._spread = _Spread.over(limits.account)
        self._pauses = None if limits.pauses is None else _Pauses(*limits.pauses, chance)
        self._person = _Windows.of(limits.chat)
        self._group = _Windows.of((*limits.chat, *limits.group))
        self._chats: dict[str, _Log] = {}
        self._checks: list[tuple[datetime, str]] = []  # a heap: when to see whether a chat is idle
        self._latest = _LONG_AGO
        self._set_back_by = timedelta(0)

    @classmethod
    def rebuilt(
        cls,
        limits: Limits,
        past: Iterable[Past],
        now: datetime,
        chance: Callable[[], float] = random.random,
    ) -> Self:
        """The pace of an account as its attempts, in any order, tell it.

        One without an end counts as made now; so does one that another machine's clock dates later.
        """
        pace = cls(limits, chance)
        ends = []
        for call in past:
            ends.append((min(call.ended_at or now, now), call))
            if call.holds_until is not None and call.outcome == TOO_FAST_HERE:
                pace.hold(call.address, call.holds_until)
            elif call.holds_until is not None and call.outcome == TOO_FAST_EVERYWHERE:
                pace.hold(None, call.holds_until)
        for ended_at, call in sorted(ends, key=lambda end: end[0]):
            carried = call.outcome not in NOTHING_CARRIED
            pace.end(call.address, ended_at, call.messages, carried=carried)
        return pace

    def leaves_at(
        self, address: str, priority: Priority, now: datetime, messages: int = 1
    ) -> datetime | None:
        """When a call of so many messages to `address` may depart; `now` where it may at once.

        None where nobody can tell before a call under way is answered. A later moment is true as
        long as nothing else departs: ask again before `begin`.
        """
        moment = self._moment(now)
        planned = priority != Priority.ANSWER
        at = self._account.free_at(messages, planned=planned)
        chat = self._chats.get(chat_of(address))
        if at is not None and chat is not None:
            here = chat.free_at(messages, planned=planned)
            at = here if here is None else max(at, here)
        if at is None or (self._pauses is not None and self._account.under_way):
            return None
        if self._pauses is not None:
            at = max(at, self._pauses.over_at)
        if planned and self._spread is not None:
            at = max(at, self._spread.next_at(moment))
        return now if at <= moment else at - self._set_back_by

    def room(self, by: datetime) -> int | None:
        """How many planned messages the account lets depart up to `by`; None: any number.

        As far as is known yet, and whatever their chats have to say. After a pause the present is
        taken to be a tenth of the short window before `by`.
        """
        by += self._set_back_by
        free = self._account.room(by)
        if self._pauses is not None:
            one = int(not self._account.under_way and self._pauses.over_at <= by)
            free = one if free is None else min(free, one)
        if free is None or self._spread is None:
            return free
        return min(free, self._spread.room(self._latest, by))

    def begin(self, address: str, now: datetime, messages: int = 1) -> None:
        """A call of so many messages to `address` departs now."""
        moment = self._moment(now)
        if self._spread is not None:
            free_since = self._account.free_at(messages, planned=True)
            self._spread.departed(moment, messages, free_since=free_since)
        self._account.under_way += messages
        chat = self._chat(chat_of(address))
        if chat is not None:
            chat.under_way += messages

    def end(self, address: str, now: datetime, messages: int = 1, *, carried: bool = True) -> None:
        """The platform answered a call of so many messages to `address`, whichever under way.

        The same where its answer is given up. One that this pace has not seen begin counts as well.
        Where nothing was `carried` for certain, its slots are free again.
        """
        moment = self._moment(now)
        self._account.answered(moment, messages, carried=carried)
        if self._pauses is not None:
            self._pauses.answered(moment)
        whole = chat_of(address)
        chat = self._chat(whole)
        if chat is not None:
            chat.answered(moment, messages, carried=carried)
            heapq.heappush(self._checks, (moment + chat.windows.longest, whole))
        self._forget_idle(moment)

    def hold(self, address: str | None, until: datetime) -> None:
        """Let nothing depart before `until`: to that address, or (None) from the account at all."""
        until += self._set_back_by
        log = self._account
        if address is not None:
            whole = chat_of(address)
            log = self._chats.setdefault(whole, _Log(self._windows(whole)))
            heapq.heappush(self._checks, (until, whole))
        log.held_until = max(log.held_until, until)

    def _moment(self, now: datetime) -> datetime:
        """What `now` is on a clock that never goes back."""
        moment = now + self._set_back_by
        if moment >= self._latest:
            self._latest = moment
        elif self._latest - moment > _SET_BACK:
            self._set_back_by += self._latest - moment
        return self._latest

    def _windows(self, address: str) -> _Windows:
        return self._group if address.startswith("group:") else self._person

    def _chat(self, address: str) -> _Log | None:
        """The log of a chat; None where nothing binds it."""
        chat = self._chats.get(address)
        if chat is None and (windows := self._windows(address)).most:
            chat = self._chats[address] = _Log(windows)
        return chat

    def _forget_idle(self, moment: datetime) -> None:
        while self._checks and self._checks[0][0] <= moment:
            _, address = heapq.heappop(self._checks)
            chat = self._chats.get(address)
            if chat is not None and chat.is_idle(moment):
                del self._chats[address]


@dataclass(frozen=True, slots=True)
class _Windows:
    """What a set of rates lets through to answers, and what to planned calls.

    Each window says how many messages may occupy it, and for how long each does after its answer.
    """

    answers: tuple[tuple[int, timedelta], ...]
    planned: tuple[tuple[int, timedelta], ...]
    most: int
    longest: timedelta

    @classmethod
    def of(cls, rates: tuple[Rate, ...], *, spread: bool = False) -> _Windows:
        """Leave a quarter of each to answers; where planned calls are spread, of the long ones."""
        planned: list[tuple[int, timedelta]] = []
        for rate in rates:
            if not (spread and rate.per <= _SHORT):
                planned.append((max(1, rate.messages * 3 // 4), rate.per))
                continue
            planned.append((rate.messages, rate.per))
            if rate.messages > 1:
                # Who takes the last slot waits until the next one frees within a slot's time: that
                # is the same as one call fewer in a window one slot shorter.
                slot = rate.per / rate.messages
                planned.append((rate.messages - 1, rate.per - slot))
        return cls(
            answers=tuple((rate.messages, rate.per) for rate in rates),
            planned=tuple(planned),
            most=max((rate.messages for rate in rates), default=0),
            longest=max((rate.per for rate in rates), default=timedelta(0)),
        )


class _Log:
    """The messages that the same windows bind: how many are under way, when the others ended."""

    __slots__ = ("_ends", "held_until", "under_way", "windows")

    def __init__(self, windows: _Windows) -> None:
        self.windows = windows
        self._ends: list[datetime] = []  # in order; the last ones, as many as a window may ask for
        self.under_way = 0
        self.held_until = _LONG_AGO

    def free_at(self, messages: int, *, planned: bool) -> datetime | None:
        """Since when or from when on every window has so many slots, or all that it ever has.

        None: an answer must come first.
        """
        at = self.held_until
        ends = self._ends
        for most, per in self.windows.planned if planned else self.windows.answers:
            # Of those that ended, fewer than this many may still occupy the window.
            spare = most - self.under_way - min(messages, most) + 1
            if spare <= 0:
                return None
            if len(ends) >= spare:
                at = max(at, ends[-spare] + per)
        return at

    def room(self, by: datetime) -> int | None:
        """How many planned messages find a slot up to `by`; None: any number."""
        if by < self.held_until:
            return 0
        if not self.windows.planned:
            return None
        ends = self._ends
        return max(
            0,
            min(
                most - self.under_way - (len(ends) - bisect_right(ends, by - per))
                for most, per in self.windows.planned
            ),
        )

    def answered(self, at: datetime, messages: int, *, carried: bool) -> None:
        """Count so many messages, answered `at`, no earlier than any before, if they left."""
        self.under_way = max(0, self.under_way - messages)
        if carried:
            self._ends.extend([at] * messages)
        if len(self._ends) > 2 * self.windows.most:
            del self._ends[: len(self._ends) - self.windows.most]

    def is_idle(self, at: datetime) -> bool:
        """Whether no call of the past matters any more."""
        return (
            not self.under_way
            and self.held_until <= at
            and (not self._ends or self._ends[-1] + self.windows.longest <= at)
        )


class _Pauses:
    """The pause behind each call of the account: when it is over, and nobody could foretell."""

    def __init__(
        self, shortest: timedelta, longest: timedelta, chance: Callable[[], float]
    ) -> None:
        self.over_at = _LONG_AGO
        self._shortest = shortest
        self._spare = longest - shortest
        self._chance = chance

    def answered(self, at: datetime) -> None:
        """A call was answered `at`, no earlier than any before."""
        self.over_at = max(self.over_at, at + self._shortest + self._spare * self._chance())


class _Spread:
    """Keeps planned calls evenly apart over the tightest short window of the account."""

    def __init__(self, rate: Rate) -> None:
        self._per = rate.per
        self._gap = max(rate.per / rate.messages * _GAP, timedelta.resolution)
        self._catch_up = rate.per * _CATCH_UP
        self._next = _LONG_AGO

    @classmethod
    def over(cls, rates: Iterable[Rate]) -> _Spread | None:
        """None where no window is short."""
        short = [rate for rate in rates if rate.per <= _SHORT]
        return cls(max(short, key=lambda rate: rate.per / rate.messages)) if short else None

    def next_at(self, moment: datetime) -> datetime:
        """Since when or from when on a planned call may depart."""
        if moment - self._next > self._per:
            return moment  # after a pause there is nothing to make up for
        return max(self._next, moment - self._catch_up)

    def departed(self, moment: datetime, messages: int, free_since: datetime | None) -> None:
        """A call, planned or not, departs at `moment`; planned ones had their slots `free_since`.

        A planned call that comes late counts from when it might have left. An answer that goes
        before its turn takes a planned call's turn. Each message takes a turn.
        """
        waited_from = moment if free_since is None else min(free_since, moment)
        self._next = max(waited_from, self.next_at(moment)) + self._gap * messages

    def room(self, latest: datetime, by: datetime) -> int:
        """How many planned messages find a turn up to `by`."""
        first = self.next_at(max(latest, by - self._catch_up))
        return max(0, (by - first) // self._gap + 1)
