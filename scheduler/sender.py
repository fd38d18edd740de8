"""The sender: carries what is due through one account, and accounts for every call.

One `Sender` is one lane. It takes the lane over at `open`, settles what an ended process left
behind, and from then on reads what is due in batches, asks `decide`, commits `sending`, calls
the courier, and commits the answer. Nothing here retries what may have been sent: a lost answer
leaves the delivery uncertain until a look-up, a late receipt or a manager resolves it. While
anything is in doubt, the platform is asked about it again and again, with growing pauses.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine, Sequence
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
from scheduler.decide import Defer, Reason, Send, Skip, decide
from scheduler.doubts import Doubts, Recovery
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
_MOST_DOUBLINGS = 8  # 2 s doubled so often is more than the longest retry
_RESTING = "account_resting"


@dataclass(frozen=True, slots=True)
class SenderSettings:
    """How a sender works.

    `batch` is how many calls may be begun before the first one's answer is committed: after a
    kill at most so many deliveries are in doubt. `call_deadline` bounds one call in real time.
    `first_question` is how long after a lost answer the platform is first asked about it; the
    pause doubles up to `last_question`.
    """

    batch: int = 20
    call_deadline: timedelta = timedelta(seconds=15)
    account_rest: timedelta = timedelta(minutes=1)
    longest_sleep: timedelta = timedelta(minutes=1)
    first_question: timedelta = timedelta(seconds=5)
    last_question: timedelta = timedelta(minutes=5)


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
        self._doubts = Doubts(
            database=database,
            courier=courier,
            account=account,
            clock=clock,
            call_deadline=self._settings.call_deadline,
            first_pause=self._settings.first_question,
            last_pause=self._settings.last_question,
        )

    async def open(self) -> Recovery:
        """Take the lane over, and settle what its last holder left in sending."""
        async with self._database.writing() as connection:
            self._lane = await take_lane(connection, self.account, self._holder, self._clock.now())
        return await self._settle(self._lane)

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
        if self._doubts.due:
            await self._settle(self._held_lane())
        try:
            while batch := await self._next_batch():
                progress = await self._work_off(batch)
                moved += progress
                if not progress:
                    break
        except BaseException:
            # What was begun and not recorded is asked about before anything more is begun.
            self._doubts.ask_now()
            raise
        return moved

    async def say(
        self, address: Address, content: Content, key: str, *, again: bool = False
    ) -> Outcome:
        """Answer somebody now: a message that was not planned. Its attempt is written as well.

        With `again` an ended process may have said it already: where the platform remembers
        that it did, nothing is said.
        """
        if again:
            found = (await self._doubts.look_up([key]))[key]
            if found.presence is Presence.SENT:
                return Done(found.receipt or "")
        return await self._call(Post(key, address, content), "reply")

    async def take_back(self, address: Address, receipt: str, key: str) -> Outcome:
        """Delete a post that was sent earlier."""
        return await self._call(Delete(f"{key}/delete", address, receipt), "delete")

    async def _next_look(self) -> datetime:
        async with self._database.reading() as connection:
            planned = await deliveries.next_due(connection, self.account)
        now = self._clock.now()
        looks = [now + self._settings.longest_sleep]
        if planned is not None:
            looks.append(max(planned, self._rest_end() or planned))
        if self._doubts.asks_at is not None:
            looks.append(self._doubts.asks_at)
        # Something due that could not be moved now (急停) is looked at again in a second, not in
        # a busy loop.
        return max(min(looks), now + _SHORTEST_WAIT)

    async def _next_batch(self) -> list[Due]:
        if self._rest_end() is not None:
            return []
        now = self._clock.now()
        async with self._database.reading() as connection:
            return await deliveries.due(connection, self.account, now, self._settings.batch)

    def _rest_end(self) -> datetime | None:
        """Until when the account rests; None while it works."""
        end = self._rests_until
        return end if end is not None and self._clock.now() < end else None

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
            for number, one in enumerate(going):
                # A batch is begun at once, but 急停 or a cancellation means now.
                if number and (stop := await self._stopped(one)) is not None:
                    answers.append(self._again(one, begun[one.id], stop, one.not_before))
                    continue
                if (rest_end := self._rest_end()) is not None:
                    answers.append(self._again(one, begun[one.id], _RESTING, rest_end))
                    continue
                outcome = await self._deliver(one, texts[one.version_id])
                if isinstance(outcome, AddressGone):
                    gone.append(Address.parse(one.address))
                answers.append(self._answer(one, begun[one.id], outcome))
        finally:
            # Also when this task is cancelled between two calls: what was answered is recorded,
            # and the rest is looked up at the next start.
            if answers:
                await _to_its_end(self._record(lane, answers, gone))
        return len(moves) + len(answers)

    async def _stopped(self, one: Due) -> str | None:
        """Why a delivery that is begun must not be sent any more; None where it may."""
        if self._clock.now() > one.not_after:
            return Reason.TOO_LATE
        async with self._database.reading() as connection:
            return await deliveries.stopped(connection, one.campaign_id)

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
        except Exception as fault:  # noqa: BLE001 (a courier's fault is recorded with the one call it happened in, and must not stop the lane)
            _log.exception("courier_fault", account=self.account, key=action.key)
            outcome = Unclear(f"courier_fault: {type(fault).__name__}")
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
                later = now + self._settings.account_rest
                self._rests_until = later
                return self._again(one, attempt, reason, later)
            case AddressGone(reason) | Unable(reason):
                return Move(one.id, DeliveryState.FAILED, reason, attempt_id=attempt)
            case Unclear(reason):
                self._doubts.ask_soon()
                return Move(one.id, DeliveryState.UNCERTAIN, reason, attempt_id=attempt)

    @staticmethod
    def _again(one: Due, attempt: int, reason: str, later: datetime) -> Move:
        return Move(one.id, DeliveryState.PLANNED, reason, not_before=later, attempt_id=attempt)

    def _back_off(self, tries: int) -> timedelta:
        """Twice as long after every try, up to five minutes, spread by half of it."""
        doublings = min(tries, _MOST_DOUBLINGS)
        longest = min(_FIRST_RETRY_SECONDS * 2.0**doublings, _LONGEST_RETRY_SECONDS)
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

    async def _settle(self, lane: Lane) -> Recovery:
        recovery, moves = await self._doubts.settle(lane)
        self._count(moves)
        return recovery

    def _count(self, moves: Sequence[Move]) -> None:
        for move in moves:
            _MOVES.labels(self.account, move.state.value).inc()

    def _held_lane(self) -> Lane:
        if self._lane is None:
            raise RuntimeError("open the sender first")
        return self._lane


async def _to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """Finish the work even when this task is cancelled meanwhile, and only then be cancelled."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise


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
