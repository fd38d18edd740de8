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
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import structlog

from scheduler.clock import Clock
from scheduler.courier import Courier, Lookup, Presence
from scheduler.priorities import Priority
from scheduler.sending import SenderSettings
from storage import attempts, deliveries
from storage.attempts import INTERRUPTED, End
from storage.database import Database
from storage.deliveries import DeliveryState, InDoubt, Move
from storage.lanes import Lane

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
    """What one account is in doubt about. Pauses between questions double.

    Args:
        database: where the ledger is.
        courier: who is asked.
        account: whose deliveries.
        clock: tells when the next question is due.
        settings: pauses between questions, and the deadline of one.
        books: held by whoever reads or writes the ledger for this account in this process.
        under_way: the deliveries that this process is sending itself; asked while `books` is held.
    """

    def __init__(
        self,
        *,
        database: Database,
        courier: Courier,
        account: str,
        clock: Clock,
        settings: SenderSettings,
        books: asyncio.Lock,
        under_way: Callable[[], Collection[int]],
    ) -> None:
        self._asks_at: datetime | None = None  # None while nothing is in doubt
        self._database = database
        self._courier = courier
        self._account = account
        self._clock = clock
        self._settings = settings
        self._books = books
        self._under_way = under_way
        self._pause = settings.first_question
        self._asking = False

    @property
    def due(self) -> bool:
        """Whether the platform is to be asked now."""
        return self.next_question is not None and self._clock.now() >= self.next_question

    @property
    def next_question(self) -> datetime | None:
        """When the platform is to be asked; None while nothing is in doubt, or it is asked now."""
        return None if self._asking else self._asks_at

    def ask_now(self) -> None:
        """Something begun was not recorded: ask before anything more is begun."""
        self._asks_at = self._clock.now()

    def ask_soon(self) -> None:
        """An answer was lost: ask after the first pause."""
        self._pause = self._settings.first_question
        self._ask_by(self._clock.now() + self._pause)

    def _ask_by(self, moment: datetime) -> None:
        self._asks_at = moment if self._asks_at is None else min(moment, self._asks_at)

    async def settle(self, lane: Lane) -> Recovery:
        """Ask about every delivery in doubt, and move it to where the answer takes it.

        Raises:
            LaneLost: another process sends through this account now.
        """
        self._asks_at = None
        self._asking = True
        try:
            return await self._settle(lane)
        except BaseException:
            self.ask_now()  # another time, of all that was not settled
            raise
        finally:
            self._asking = False

    async def _settle(self, lane: Lane) -> Recovery:
        now = self._clock.now()
        async with self._books, self._database.reading() as connection:
            doubtful = await deliveries.in_doubt(
                connection, self._account, now - _ASKED_FOR, under_way=self._under_way()
            )
            unended = bool(self._under_way())  # one of those may be in doubt, once its call ends
        if not doubtful:
            self._pause = self._settings.first_question
            if unended:
                self._ask_by(now + self._pause)
            return Recovery(0, 0, 0)
        found = await self.look_up([one.key for one in doubtful])
        now = self._clock.now()
        async with self._books, self._database.writing() as connection:
            busy = self._under_way()
            settling = [
                (one, move)
                for one in doubtful
                if one.id not in busy and (move := settled(one, found[one.key], now)) is not None
            ]
            moves = [move for _, move in settling]
            await deliveries.move(connection, lane, moves, now)
            await attempts.end_calls(
                connection,
                [
                    End(one.attempt_id, INTERRUPTED, move.reason, now)
                    for one, move in settling
                    if one.attempt_id is not None
                ],
            )
        became = collections.Counter(move.state for move in moves)
        resolved = len(moves) - became[DeliveryState.UNCERTAIN]
        recovery = Recovery(
            sent=became[DeliveryState.SENT],
            planned_again=became[DeliveryState.PLANNED],
            uncertain=len(doubtful) - resolved,
        )
        if moves:
            _log.info("settled", account=self._account, **asdict(recovery))
        if recovery.uncertain or unended:
            self._ask_by(now + self._pause)
            self._pause = min(self._pause * 2, self._settings.last_question)
        return recovery

    async def look_up(self, keys: Sequence[str]) -> dict[str, Lookup]:
        """What the platform remembers of these keys; nothing of those after it fell silent."""
        found = dict.fromkeys(keys, Lookup(Presence.UNKNOWN))
        try:
            for key in keys:
                async with asyncio.timeout(self._settings.call_deadline.total_seconds()):
                    found[key] = await self._look_up(key)
        except TimeoutError:
            _log.warning("look_up_unanswered", account=self._account)
        return found

    async def _look_up(self, key: str) -> Lookup:
        try:
            return await self._courier.lookup(key)
        except TimeoutError:
            raise
        except Exception:  # noqa: BLE001 (a courier's fault leaves this one in doubt, and must not stop the lane)
            _log.exception("courier_fault", account=self._account, key=key)
            return Lookup(Presence.UNKNOWN)


def settled(one: InDoubt, found: Lookup, now: datetime) -> Move | None:
    """Where a look-up takes a delivery in doubt; None where it stays.

    What nobody can tell stays uncertain. Only a notice about somebody's own order is sent once
    more while it is valid: it is better read twice than never.
    """
    if found.presence is Presence.SENT:
        return Move(one.id, DeliveryState.SENT, "looked_up", found.receipt)
    if found.presence is Presence.ABSENT:
        state = DeliveryState.PLANNED
        return Move(one.id, state, "looked_up_absent", not_before=now, absent=True)
    if one.priority == Priority.NOTICE and not one.resent and now <= one.not_after:
        return Move(one.id, DeliveryState.PLANNED, "resent", not_before=now, resent=True)
    if one.state is DeliveryState.SENDING:
        return Move(one.id, DeliveryState.UNCERTAIN, "interrupted")
    return None
