"""The lookout of a lane: when the ledger is worth reading, and how much of it.

What is read is what leaves within the next moment (100 ms by default): the pace says how much
that is, or, where a platform names no limit, how long the last batch took to leave. Nothing is
read while nothing can be due, and a ring of the bell while the ledger is read is never slept
through.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta

from scheduler.clock import Clock
from scheduler.courier import weight_of
from scheduler.feed import Batch, Feed
from scheduler.gate import Gate
from scheduler.health import Health
from scheduler.lease import Lease
from scheduler.priorities import Priority
from scheduler.sending import SenderSettings
from storage.deliveries import DeliveryState, Move

_LONG_WAIT = timedelta(minutes=1)
_SHORTEST_SLEEP = timedelta(milliseconds=20)
_LOOK_AGAIN = timedelta(seconds=1)
_FIRST_SIZE = 16
_STUCK_AFTER = 1.0  # real seconds


class Lookout:
    """Reads for one shift."""

    def __init__(
        self,
        *,
        feed: Feed,
        gate: Gate,
        health: Health,
        lease: Lease,
        clock: Clock,
        settings: SenderSettings,
    ) -> None:
        self._feed = feed
        self._gate = gate
        self._health = health
        self._lease = lease
        self._clock = clock
        self._settings = settings
        self._size = _FIRST_SIZE
        self._pushed_at = 0.0
        self._exhausted = False  # nothing more was due at the last look
        self._look_at: datetime | None = None  # nothing is due before; None: nobody knows
        self._rings = 0  # what was read before a ring may not know what was rung about

    def look_again(self) -> None:
        """Something may be due that was not before."""
        self._rings += 1
        self._exhausted = False
        self._look_at = None

    def pushed(self) -> None:
        """A batch was just handed to the gate."""
        self._pushed_at = asyncio.get_running_loop().time()

    def expect(self, moves: Iterable[Move], now: datetime) -> None:
        """Look again when what was planned again falls due."""
        moments = [one.not_before or now for one in moves if one.state is DeliveryState.PLANNED]
        if not moments:
            return
        if min(moments) <= now:
            self._exhausted = False
            self._look_at = None
        elif self._look_at is not None:
            self._look_at = min(self._look_at, *moments)

    async def read(self, now: datetime, ahead: timedelta) -> Batch:
        """What is due and leaves within `ahead`, decided about; empty while nothing is wanted."""
        since = asyncio.get_running_loop().time() - self._pushed_at
        if self._gate.planned_waiting and since > _STUCK_AFTER:
            self._gate.hold_back_planned()  # no answer comes, and they must not look begun
        wanted = self._wanted(now, ahead)
        if not wanted:
            return Batch()
        rings = self._rings
        batch = await self._feed.next_batch(now, wanted, self._silent_until(now))
        self._exhausted = not batch.more and rings == self._rings
        return self._in_time(batch, now)

    async def next_look(self) -> datetime:
        """When the ledger is worth reading again, if nothing rings before."""
        now = self._clock.now()
        longest = now + self._settings.longest_sleep
        if self._exhausted:
            rings = self._rings
            planned = await self._feed.next_due()
            if rings != self._rings:
                return now
            # Something due that could not be moved now is looked at again in a second.
            self._exhausted = False
            self._look_at = min(max(planned, now + _LOOK_AGAIN), longest) if planned else longest
        if self._look_at is not None and self._look_at > now:
            look = self._look_at
        elif self._gate.planned_waiting or self._gate.planned_under_way:
            look = now + _LOOK_AGAIN  # an answer rings earlier
        else:
            free = self._gate.pace.leaves_at("", Priority.CAMPAIGN, now)
            look = now + _LOOK_AGAIN if free is None else free - self._settings.ahead
        return max(min(look, longest), now + _SHORTEST_SLEEP)

    def _wanted(self, now: datetime, ahead: timedelta) -> int:
        """How many deliveries are to be read: what leaves within `ahead`, less what waits."""
        if self._exhausted or (self._look_at is not None and now < self._look_at):
            return 0
        if self._health.rests(now):
            return self._settings.most_in_batch  # they are put off
        return self._room_ahead(now, ahead) if self._lease.safe else 0

    def _room_ahead(self, now: datetime, ahead: timedelta) -> int:
        waiting, under_way = self._gate.planned_waiting, self._gate.planned_under_way
        if under_way >= self._settings.calls_at_once:
            return 0
        if self._health.probing:
            return int(not waiting and not under_way)
        if not waiting:
            took = self._gate.emptied_at - self._pushed_at
            self._size = fitting_size(self._size, took, self._settings)
        elif waiting > self._size // 2:
            return 0
        room = self._gate.pace.room(now + ahead)
        wanted = self._size - waiting
        if room is not None:
            wanted = min(wanted, room - self._gate.planned_messages_waiting)
        return max(0, wanted)

    def _silent_until(self, now: datetime) -> datetime | None:
        """Until when nothing planned leaves through this account, where that is worth telling."""
        if self._health.rests(now):
            return self._health.rests_until
        free = self._gate.pace.leaves_at("", Priority.CAMPAIGN, now)
        return free if free is not None and free - now > _LONG_WAIT else None

    def _in_time(self, batch: Batch, now: datetime) -> Batch:
        """The batch without what its own chat does not let leave yet: that is put off."""
        pace = self._gate.pace
        account = pace.leaves_at("", Priority.CAMPAIGN, now) or now
        soon = max(account, now) + self._settings.ahead
        going, moves = {}, list(batch.moves)
        for number, (one, post) in batch.going.items():
            messages = weight_of(post, pace.limits)
            free = pace.leaves_at(one.address, Priority(one.priority), now, messages)
            if free is not None and free <= soon:
                going[number] = one, post
                continue
            # Never so late that nobody would say in time that it is too late.
            later = min(free or now + _LOOK_AGAIN, one.not_after + _LOOK_AGAIN)
            state = DeliveryState.PLANNED
            moves.append(Move(one.id, state, "pace", not_before=later, resent=one.resent))
        return Batch(going, moves, batch.more)


def fitting_size(size: int, took: float, settings: SenderSettings) -> int:
    """How many calls to write down at once, after `size` of them took so many seconds to leave."""
    ahead = settings.ahead.total_seconds()
    if took < ahead / 2:
        return min(size * 2, settings.most_in_batch)
    return max(1, min(size, int(size * ahead / took)))
