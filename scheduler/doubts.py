"""Doubts: deliveries that may or may not have been sent, and the questions that settle them.

A delivery is in doubt when its process ended during the call, when the answer was lost, or when
the answer could not be recorded. The platform is asked by the delivery's key: what it has is
sent; what it proves absent is planned again, to go out while it is still valid; what it cannot
tell stays uncertain, and is never sent again by itself. The sender owns one `Doubts` and asks when
a question is due.
"""

from __future__ import annotations

import asyncio
import collections
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import structlog

from scheduler.clock import Clock
from scheduler.courier import Courier, Lookup, Presence
from storage import deliveries
from storage.accounts import Lane
from storage.database import Database
from storage.deliveries import DeliveryState, InDoubt, Move

_log = structlog.get_logger(__name__)

_ASKED_FOR = timedelta(days=1)
"""How long after the end of its validity a platform is still asked about a delivery."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """What became of the deliveries that were in doubt; those still uncertain are counted too."""

    sent: int
    planned_again: int
    uncertain: int


class Doubts:
    """What one account is in doubt about. Pauses between questions double, up to `last_pause`."""

    def __init__(
        self,
        *,
        database: Database,
        courier: Courier,
        account: str,
        clock: Clock,
        call_deadline: timedelta,
        first_pause: timedelta,
        last_pause: timedelta,
    ) -> None:
        self.asks_at: datetime | None = None  # None while nothing is in doubt
        self._database = database
        self._courier = courier
        self._account = account
        self._clock = clock
        self._call_deadline = call_deadline
        self._first_pause = self._pause = first_pause
        self._last_pause = last_pause

    @property
    def due(self) -> bool:
        """Whether the platform is to be asked now."""
        return self.asks_at is not None and self._clock.now() >= self.asks_at

    def ask_now(self) -> None:
        """Something begun was not recorded: ask before anything more is begun."""
        self.asks_at = self._clock.now()

    def ask_soon(self) -> None:
        """An answer was lost: ask after the first pause."""
        self._pause = self._first_pause
        self.asks_at = self._clock.now() + self._pause

    async def settle(self, lane: Lane) -> tuple[Recovery, Sequence[Move]]:
        """Ask about every delivery in doubt, and move it to where the answer takes it.

        Raises:
            LaneLost: another process sends through this account now.
        """
        now = self._clock.now()
        async with self._database.reading() as connection:
            doubtful = await deliveries.in_doubt(connection, self._account, now - _ASKED_FOR)
        found = await self.look_up([one.key for one in doubtful])
        moves = [move for one in doubtful if (move := settled(one, found[one.key])) is not None]
        async with self._database.writing() as connection:
            await deliveries.move(connection, lane, moves, self._clock.now())
        became = collections.Counter(move.state for move in moves)
        resolved = len(moves) - became[DeliveryState.UNCERTAIN]
        recovery = Recovery(
            sent=became[DeliveryState.SENT],
            planned_again=became[DeliveryState.PLANNED],
            uncertain=len(doubtful) - resolved,
        )
        if moves:
            _log.info("settled", account=self._account, **asdict(recovery))
        self._ask_later(again=recovery.uncertain > 0)
        return recovery, moves

    async def look_up(self, keys: Sequence[str]) -> dict[str, Lookup]:
        """What the platform remembers of these keys; nothing of those after it fell silent."""
        found = dict.fromkeys(keys, Lookup(Presence.UNKNOWN))
        try:
            for key in keys:
                async with asyncio.timeout(self._call_deadline.total_seconds()):
                    found[key] = await self._courier.lookup(key)
        except TimeoutError:
            _log.warning("look_up_unanswered", account=self._account)
        return found

    def _ask_later(self, *, again: bool) -> None:
        if not again:
            self.asks_at = None
            self._pause = self._first_pause
            return
        self.asks_at = self._clock.now() + self._pause
        self._pause = min(self._pause * 2, self._last_pause)


def settled(one: InDoubt, found: Lookup) -> Move | None:
    """Where a look-up takes a delivery in doubt; None where it stays."""
    if found.presence is Presence.SENT:
        state, reason = DeliveryState.SENT, "looked_up"
    elif found.presence is Presence.ABSENT:
        state, reason = DeliveryState.PLANNED, "looked_up_absent"
    elif one.state is DeliveryState.SENDING:
        state, reason = DeliveryState.UNCERTAIN, "interrupted"
    else:
        return None
    return Move(one.id, state, reason, found.receipt, attempt_id=one.attempt_id)
