"""The sender: carries what is due through one account, and accounts for every call.

One `Sender` is one lane. It takes the lane over at `open`, settles what an ended process left
behind, and from then on reads what is due in batches, asks `decide`, commits `sending`, calls
the courier, and commits the answer. Nothing here retries what may have been sent: a lost answer
leaves the delivery uncertain until a look-up, a late receipt or a manager resolves it.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from prometheus_client import Counter

from scheduler.alarm import Alarm
from scheduler.bodies import content_of
from scheduler.clock import Clock
from scheduler.content import Content
from scheduler.courier import (
    AccountDown,
    Action,
    Address,
    AddressGone,
    Courier,
    Delete,
    Done,
    NothingSent,
    Outcome,
    Post,
    Presence,
    TooFast,
    Unable,
    Unclear,
)
from scheduler.decide import Defer, Send, Skip, decide
from storage import campaigns, deliveries, groups
from storage.accounts import Lane, take_lane
from storage.database import Database
from storage.deliveries import DeliveryState, Due, Move
from storage.errors import SchedulingError

_log = structlog.get_logger(__name__)

_CALLS = Counter("nuanqun_calls_total", "Calls to a platform by outcome", ["account", "outcome"])
_MOVES = Counter("nuanqun_deliveries_total", "Moves of deliveries", ["account", "state"])

_SHORTEST_WAIT = timedelta(seconds=1)
_FIRST_RETRY_SECONDS = 2.0
_LONGEST_RETRY_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class SenderSettings:
    """How a sender works.

    `batch` is how many calls may be begun before the first one's answer is committed: after a
    kill at most so many deliveries are in doubt. `call_deadline` bounds one call in real time.
    """

    batch: int = 20
    call_deadline: timedelta = timedelta(seconds=15)
    account_rest: timedelta = timedelta(minutes=1)
    longest_sleep: timedelta = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Recovery:
    """What became of the deliveries that an ended process left in doubt."""

    sent: int
    planned_again: int
    uncertain: int


class Sender:
    """Sends through one account. `open` it, then `run` it, or `drain` it step by step."""

    def __init__(
        self,
        *,
        database: Database,
        courier: Courier,
        account: str,
        holder: str,
        clock: Clock,
        settings: SenderSettings | None = None,
        jitter: random.Random | None = None,
    ) -> None:
        self.account = account
        self._database = database
        self._courier = courier
        self._holder = holder
        self._clock = clock
        self._settings = settings or SenderSettings()
        # Spreads retries apart; nothing secret depends on it.
        self._jitter = jitter or random.Random()  # noqa: S311
        self._alarm = Alarm(clock)
        self._lane: Lane | None = None
        self._rests_until: datetime | None = None

    async def open(self) -> Recovery:
        """Take the lane over, and settle what its last holder left in sending."""
        async with self._database.writing() as connection:
            self._lane = await take_lane(connection, self.account, self._holder, self._clock.now())
        return await self._recover(self._lane)

    def ring(self) -> None:
        """Look at once whether something is due."""
        self._alarm.ring()

    async def run(self) -> None:
        """Send what falls due, until cancelled.

        Raises:
            LaneLost: another process took the lane over.
        """
        while True:
            await self.drain()
            await self._alarm.sleep_until(await self._next_look())

    async def drain(self) -> int:
        """Send all that is due now; how many deliveries were moved."""
        moved = 0
        while batch := await self._next_batch():
            progress = await self._work_off(batch)
            moved += progress
            if not progress:
                break
        return moved

    async def say(self, address: Address, content: Content, key: str) -> Outcome:
        """Answer somebody now: a message that was not planned. Its attempt is written as well."""
        return await self._call(Post(key, address, content), "reply")

    async def take_back(self, address: Address, receipt: str, key: str) -> Outcome:
        """Delete a post that was sent earlier."""
        return await self._call(Delete(f"{key}/delete", address, receipt), "delete")

    async def _next_look(self) -> datetime:
        latest = self._clock.now() + self._settings.longest_sleep
        async with self._database.reading() as connection:
            planned = await deliveries.next_due(connection, self.account)
        if planned is None:
            return latest
        # Something due that could not be moved now (急停, a resting account) is looked at again
        # in a second, not in a busy loop.
        soonest = self._clock.now() + timedelta(seconds=1)
        return min(latest, max(planned, self._rests_until or soonest, soonest))

    async def _next_batch(self) -> list[Due]:
        if self._is_resting():
            return []
        now = self._clock.now()
        async with self._database.reading() as connection:
            return await deliveries.due(connection, self.account, now, self._settings.batch)

    def _is_resting(self) -> bool:
        return self._rests_until is not None and self._clock.now() < self._rests_until

    async def _work_off(self, batch: Sequence[Due]) -> int:
        """Decide about a batch, send what is to be sent; how many deliveries were moved."""
        lane = self._held_lane()
        now = self._clock.now()
        going, moves = _sorted_out(batch, now)
        async with self._database.writing() as connection:
            if moves:
                await deliveries.move(connection, lane, moves, now)
            begun = await deliveries.begin(connection, lane, going, now) if going else {}
            going = [one for one in going if one.id in begun]
            texts = await campaigns.bodies(connection, sorted({one.version_id for one in going}))
        self._count(moves)
        answers: list[Move] = []
        gone: list[Address] = []
        try:
            for one in going:
                if self._is_resting():
                    outcome: Outcome = TooFast(self._settings.account_rest)
                else:
                    outcome = await self._deliver(one, texts[one.version_id])
                if isinstance(outcome, AddressGone):
                    gone.append(Address.parse(one.address))
                answers.append(self._answer(one, begun[one.id], outcome))
        finally:
            # Also when this task is cancelled between two calls: what was answered is recorded,
            # and the rest is looked up at the next start.
            if answers:
                await asyncio.shield(self._record(lane, answers, gone))
        return len(moves) + len(answers)

    async def _deliver(self, one: Due, body: dict[str, Any]) -> Outcome:
        try:
            content = content_of(body, one.slot, one.group_name or "")
        except SchedulingError as trouble:
            return Unable(str(trouble))
        return await self._perform(Post(one.key, Address.parse(one.address), content))

    async def _perform(self, action: Action) -> Outcome:
        try:
            async with asyncio.timeout(self._settings.call_deadline.total_seconds()):
                outcome = await self._courier.perform(action)
        except TimeoutError:
            outcome = Unclear("no_answer")
        _CALLS.labels(self.account, type(outcome).__name__).inc()
        if not isinstance(outcome, Done):
            _log.warning("call", account=self.account, key=action.key, outcome=repr(outcome))
        return outcome

    def _answer(self, one: Due, attempt: int, outcome: Outcome) -> Move:
        """Where an outcome takes a delivery."""
        now = self._clock.now()
        match outcome:
            case Done(receipt):
                return Move(one.id, DeliveryState.SENT, None, receipt, attempt_id=attempt)
            case TooFast(retry_after, account_wide):
                later = now + max(retry_after, _SHORTEST_WAIT)
                if account_wide:
                    self._rests_until = later
                return self._again(one, attempt, "too_fast", later)
            case NothingSent(reason):
                return self._again(one, attempt, reason, now + self._back_off(one.tries))
            case AccountDown(reason):
                self._rests_until = now + self._settings.account_rest
                return self._again(one, attempt, reason, self._rests_until)
            case AddressGone(reason) | Unable(reason):
                return Move(one.id, DeliveryState.FAILED, reason, attempt_id=attempt)
            case Unclear(reason):
                return Move(one.id, DeliveryState.UNCERTAIN, reason, attempt_id=attempt)

    @staticmethod
    def _again(one: Due, attempt: int, reason: str, later: datetime) -> Move:
        return Move(one.id, DeliveryState.PLANNED, reason, not_before=later, attempt_id=attempt)

    def _back_off(self, tries: int) -> timedelta:
        """Twice as long after every try, up to five minutes, spread by half of it."""
        longest = min(_FIRST_RETRY_SECONDS * 2.0**tries, _LONGEST_RETRY_SECONDS)
        return timedelta(seconds=longest * self._jitter.uniform(0.5, 1.0))

    async def _record(self, lane: Lane, answers: Sequence[Move], gone: Sequence[Address]) -> None:
        chats = [address.group for address in gone if address.group is not None]
        async with self._database.writing() as connection:
            await deliveries.move(connection, lane, answers, self._clock.now())
            await groups.mark_gone(connection, self.account, chats)
        self._count(answers)

    async def _call(self, action: Post | Delete, kind: str) -> Outcome:
        lane = self._held_lane()
        async with self._database.writing() as connection:
            attempt = await deliveries.begin_call(
                connection,
                lane,
                address=str(action.address),
                key=action.key,
                action=kind,
                at=self._clock.now(),
            )
        outcome = await self._perform(action)
        reason = getattr(outcome, "reason", None)
        async with self._database.writing() as connection:
            await deliveries.end_call(
                connection, attempt, type(outcome).__name__.lower(), reason, self._clock.now()
            )
        return outcome

    async def _recover(self, lane: Lane) -> Recovery:
        """Settle every delivery in doubt by asking the platform, where it can tell.

        A delivery that was under way when its process ended is sent, or proved absent (and then
        planned again), or uncertain. One that was uncertain before can only become sent, or
        fail when it is proved absent: marketing is not resent by itself.
        """
        async with self._database.reading() as connection:
            doubtful = await deliveries.in_doubt(connection, self.account)
        moves: list[Move] = []
        for one in doubtful:
            found = await self._courier.lookup(one.key)
            was_sending = one.state is DeliveryState.SENDING
            if found.presence is Presence.SENT:
                state, reason = DeliveryState.SENT, "looked_up"
            elif found.presence is Presence.ABSENT and was_sending:
                state, reason = DeliveryState.PLANNED, "looked_up_absent"
            elif found.presence is Presence.ABSENT:
                state, reason = DeliveryState.FAILED, "looked_up_absent"
            elif was_sending:
                state, reason = DeliveryState.UNCERTAIN, "process_ended"
            else:
                continue
            moves.append(Move(one.id, state, reason, found.receipt, attempt_id=one.attempt_id))
        async with self._database.writing() as connection:
            await deliveries.move(connection, lane, moves, self._clock.now())
        self._count(moves)
        recovery = Recovery(
            sent=sum(move.state is DeliveryState.SENT for move in moves),
            planned_again=sum(move.state is DeliveryState.PLANNED for move in moves),
            uncertain=sum(move.state is DeliveryState.UNCERTAIN for move in moves),
        )
        if moves:
            _log.info("recovered", account=self.account, moves=len(moves))
        return recovery

    def _count(self, moves: Sequence[Move]) -> None:
        for move in moves:
            _MOVES.labels(self.account, move.state.value).inc()

    def _held_lane(self) -> Lane:
        if self._lane is None:
            raise RuntimeError("open the sender first")
        return self._lane


def _sorted_out(batch: Sequence[Due], now: datetime) -> tuple[list[Due], list[Move]]:
    """What of a batch is to be sent now, and where the rest goes."""
    going: list[Due] = []
    moves: list[Move] = []
    for one in batch:
        match decide(one, now):
            case Send():
                going.append(one)
            case Defer(until, reason):
                moves.append(Move(one.id, DeliveryState.PLANNED, reason, not_before=until))
            case Skip(reason):
                moves.append(Move(one.id, DeliveryState.SKIPPED, reason))
    return going, moves
