"""The sender: carries what is due through one account, and accounts for every call.

One `Sender` is one lane. `open` it under a lease, then `run` it, or `drain` it step by step. It
drives the turns of a shift (`shift.py`) and takes wishes: answers to fans, and posts to take back,
which go before everything planned.

Nothing here retries what may have been sent: a lost answer leaves the delivery uncertain until a
look-up, a late receipt or a manager resolves it (see `doubts.py`).
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from scheduler.alarm import Alarm
from scheduler.caring import CareSettings
from scheduler.clock import Clock
from scheduler.content import Content
from scheduler.courier import (
    Action,
    Address,
    Admit,
    Befriend,
    Courier,
    Delete,
    Done,
    Edit,
    Invite,
    Limits,
    NothingSent,
    Outcome,
    Pin,
    Post,
    Presence,
    TooFast,
    Unclear,
    paced_at,
    weight_of,
)
from scheduler.doubts import Recovery
from scheduler.feed import Feed
from scheduler.health import Health
from scheduler.lease import Lease
from scheduler.notices import Tell
from scheduler.pace import Pace, longest_window
from scheduler.pieces import pieces
from scheduler.priorities import Priority
from scheduler.sending import SenderSettings
from scheduler.shift import Shift, Wish
from storage import attempts, deliveries, lanes
from storage.bells import Bell
from storage.database import Database
from storage.errors import LaneLost

_log = structlog.get_logger(__name__)

_NO_LANE = NothingSent("lane_elsewhere")
_ENDED = NothingSent("ended")
_NO_ROOM = TooFast(timedelta(seconds=1))
_NO_ANSWER = Unclear("no_answer")


class Sender:
    """Sends through one account."""

    def __init__(
        self,
        *,
        database: Database,
        courier: Courier,
        account: str,
        clock: Clock,
        settings: SenderSettings | None = None,
        care: CareSettings | None = None,
        tell: Tell | None = None,
        jitter: random.Random | None = None,
    ) -> None:
        self.account = account
        self._database = database
        self._courier = courier
        self._clock = clock
        self._settings = settings or SenderSettings()
        self._tell = tell or (lambda _notice: None)
        # Spreads retries apart; nothing secret depends on it.
        self._jitter = jitter or random.Random()  # noqa: S311
        self._feed = Feed(database, account, courier, care or CareSettings(), self._tell)
        self._alarm = Alarm(clock)
        self._wheel = asyncio.Lock()  # held by `run`, or by one step of the others
        self._running = False
        self._letting_out: asyncio.Task[None] | None = None
        self._shift: Shift | None = None
        self._unrecorded: list[tuple[str, str]] = []  # key and receipt, of former shifts

    @property
    def limits(self) -> Limits:
        """What the platform allows this account."""
        return self._courier.limits

    @property
    def start_link(self) -> str | None:
        """Where a person opens the private chat with the bot; None where nobody need do so."""
        return self._courier.start_link

    def link_to(self, message: str) -> str | None:
        """Where whoever sits in its group sees a message that was heard; None where nobody does."""
        return self._courier.link_to(message)

    @property
    def is_open(self) -> bool:
        """Whether this process may send through the account."""
        return self._shift is not None

    async def open(self, lease: Lease) -> Recovery:
        """Begin a shift: take the pace up, and settle what the last holder left in doubt.

        Raises:
            LaneLost: another process took the lane over.
        """
        await self.close()
        now = self._clock.now()
        limits = self._courier.limits
        async with self._database.writing() as connection:
            await deliveries.record_receipts(connection, lease.lane, self._unrecorded, now)
            known = [key for key, _ in self._unrecorded]
            await attempts.end_interrupted(connection, lease.lane, now, known)
            rest = await lanes.rest_of(connection, self.account)
            since = now - longest_window(limits) - 2 * self._settings.call_deadline
            past = await attempts.made_since(connection, self.account, since, now)
        self._unrecorded.clear()
        health = Health(self._settings.first_rest, self._settings.longest_rest)
        if rest is not None:
            health.restore(rest.until, rest.reason)
        self._shift = Shift(
            database=self._database,
            courier=self._courier,
            account=self.account,
            lease=lease,
            pace=Pace.rebuilt(limits, past, now, self._jitter.random),
            health=health,
            feed=self._feed,
            clock=self._clock,
            settings=self._settings,
            alarm=self._alarm,
            tell=self._tell,
            spread=self._jitter.random,
        )
        return await self._shift.doubts.settle(lease.lane)

    async def run(self) -> None:
        """Send what falls due, until cancelled; what is under way then is waited for a moment.

        Raises:
            LaneLost: another process took the lane over.
        """
        shift = self._opened()
        async with self._driven(shift):
            self._running = True
            settling: asyncio.Task[Recovery] | None = None
            try:
                while True:
                    if self._letting_out is not None and self._letting_out.done():
                        self._letting_out.result()
                    if settling is not None and settling.done():
                        if settling.result().planned_again:
                            shift.look_again()  # nothing rings for what this process plans again
                        settling = None
                    if settling is None and shift.doubts.due:
                        # Beside the turns: a platform slow to look things up delays no answer.
                        settling = asyncio.create_task(shift.doubts.settle(shift.lease.lane))
                        settling.add_done_callback(lambda _: self._alarm.ring())
                    if not await shift.turn(ahead=self._settings.ahead):
                        await self._alarm.sleep_until(await shift.next_look())
                        if shift.gathering:
                            await asyncio.sleep(self._settings.gather.total_seconds())
            finally:
                if settling is not None:
                    settling.cancel()
                    await asyncio.gather(settling, return_exceptions=True)

    async def drain(self) -> int:
        """Send all that may leave now, and wait for the answers; how many deliveries were moved.

        Raises:
            LaneLost: another process took the lane over.
        """
        shift = self._opened()
        async with self._driven(shift):
            before = shift.moved
            if shift.doubts.due:
                await shift.doubts.settle(shift.lease.lane)
            await self._step(shift, reading=True)
        return shift.moved - before

    async def next_look(self) -> datetime:
        """When `drain` is worth calling again, if nothing new is planned before."""
        return await self._opened().next_look()

    async def say(
        self, address: Address, content: Content, key: str, *, again: bool = False
    ) -> Outcome:
        """Answer somebody now: a message that was not planned. Its attempt is written as well.

        What certainly sent nothing is tried again for a while, as long as the sender runs; nobody
        waits longer than that, and nobody at all for a chat that stays silent longer. With `again`
        an ended process may have said it already: where the platform remembers that it did,
        nothing is said. What is too long for one message is said in several, under `key`, `key/2`
        and so on; behind one that was certainly not sent comes none.

        Returns:
            The first outcome that is not `Done`; else the last one.
        """
        outcome: Outcome = _NO_LANE
        doubt: Outcome | None = None
        for number, piece in enumerate(pieces(content, self.limits), start=1):
            post = Post(key if number == 1 else f"{key}/{number}", address, piece)
            outcome = await self._say(post, again=again)
            if isinstance(outcome, Unclear):  # it may have arrived, and the rest belongs to it
                doubt = doubt or outcome
            elif not isinstance(outcome, Done):
                break
        return doubt or outcome

    async def change(self, address: Address, receipt: str, content: Content, key: str) -> Outcome:
        """Let a message that was sent say something else now, for whoever reads it.

        What certainly changed nothing is tried again for a while, like an answer.
        """
        return await self._answer(Edit(key, address, receipt, content), "edit")

    async def _say(self, post: Post, *, again: bool) -> Outcome:
        if again and self._shift is not None:
            found = (await self._shift.doubts.look_up([post.key]))[post.key]
            if found.presence is Presence.SENT:
                return Done(found.receipt or "")
        return await self._answer(post, "reply")

    async def _answer(self, action: Post | Edit, kind: str) -> Outcome:
        """Have it done, and tried again for a while where nothing was done for certain."""
        time = asyncio.get_running_loop().time
        patience, pause = time() + self._settings.answer_patience.total_seconds(), 1.0
        while True:
            left = timedelta(seconds=patience - time())
            outcome = await self._within(action, kind, left)
            if not isinstance(outcome, TooFast | NothingSent) or not self._running:
                return outcome
            if time() + pause > patience:
                return outcome
            if isinstance(outcome, NothingSent):
                await asyncio.sleep(pause)
                pause *= 2

    async def carry_out(self, action: Invite | Admit | Befriend) -> Outcome:
        """Have a link made, somebody let in or befriended, as soon as an answer would leave.

        Like an answer, nobody waits for it longer than it is worth.
        """
        kind = type(action).__name__.lower()
        return await self._within(action, kind, self._settings.answer_patience)

    async def take_back(self, address: Address, receipt: str, key: str) -> Outcome:
        """Delete a post that was sent earlier. Nobody waits for it longer than for an answer."""
        action = Delete(f"{key}/delete", address, receipt)
        return await self._within(action, "delete", self._settings.answer_patience)

    async def pin(self, address: Address, receipt: str, key: str) -> Outcome:
        """Keep a post that was sent earlier in view. Nobody waits longer than for an answer."""
        action = Pin(f"{key}/pin", address, receipt)
        return await self._within(action, "pin", self._settings.answer_patience)

    def end_rest(self) -> None:
        """Go on at once, if the account rests: somebody mended what was wrong with it.

        Where another process holds the lane, the rest ends in its own time.
        """
        if self._shift is not None:
            self._shift.end_rest()

    async def close(self) -> None:
        """The lease is over: nothing more leaves through this account until the next `open`.

        Receipts that could not be recorded before the lane was lost are late ones now. Those that
        nobody waits for yet are tried once more at the next `open`.
        """
        async with self._wheel:
            shift, self._shift = self._shift, None
            if shift is not None:
                shift.give_up_wishes(_NO_LANE)
                self._unrecorded += shift.late_receipts()
            if self._unrecorded:
                await self._record_late()

    async def _record_late(self) -> None:
        now = self._clock.now()
        try:
            async with self._database.writing() as connection:
                self._unrecorded = [
                    (key, receipt)
                    for key, receipt in self._unrecorded
                    if not await deliveries.late_receipt(
                        connection, self.account, key, receipt, now
                    )
                ]
        except (DBAPIError, NoConnectionFree, OSError) as trouble:
            _log.error("answers_unrecorded", account=self.account, reason=str(trouble))

    async def _within(self, action: Action, kind: str, patience: timedelta) -> Outcome:
        """Have a call made within a time; nobody waits for a chat that is silent for longer."""
        if self._running and (silence := self._silence_before(action)) > patience:
            return TooFast(silence)
        return await self._ask(action, kind, patience)

    def _silence_before(self, action: Action) -> timedelta:
        """How long an answer would wait, as far as is known now."""
        shift, now = self._shift, self._clock.now()
        if shift is None:
            return timedelta(0)
        pace = shift.gate.pace
        messages = weight_of(action, pace.limits)
        free = pace.leaves_at(paced_at(action), Priority.ANSWER, now, messages)
        return timedelta(0) if free is None else free - now

    async def _ask(self, action: Action, kind: str, patience: timedelta | None = None) -> Outcome:
        """Have a call made before everything planned, and wait for its outcome.

        Whose `patience` ends, in real time, is told what is certain: nothing was sent where the
        call has not left; else nobody knows.
        """
        shift = self._shift
        if shift is None:
            return _NO_LANE
        told: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        wish = Wish(action, kind, told)
        shift.wish(wish)
        timer = asyncio.timeout(None if patience is None else patience.total_seconds())
        try:
            async with timer:
                if not self._running:
                    await self._drive(shift, told)
                return await told
        except LaneLost:
            return told.result() if told.done() else _NO_LANE
        except TimeoutError:
            if not timer.expired():
                raise
            return _NO_ANSWER if wish.departed else _NO_ROOM
        finally:
            told.cancel()  # whoever is cancelled here wants no call to be made any more

    async def _drive(self, shift: Shift, told: asyncio.Future[Outcome]) -> None:
        """Take the wheel and step until nothing is left to do; not where somebody else does.

        Raises:
            LaneLost: the shift was over before it was our turn.
        """
        wheel = asyncio.create_task(self._wheel.acquire())
        try:
            # `run` may have the wheel from now on, and give it back in days.
            await asyncio.wait((wheel, told), return_when=asyncio.FIRST_COMPLETED)
            if not told.done():
                async with self._driving(shift):
                    await self._step(shift, reading=False)
        finally:
            wheel.cancel()
            (took,) = await asyncio.gather(wheel, return_exceptions=True)
            if took is True:
                self._wheel.release()

    @asynccontextmanager
    async def _driven(self, shift: Shift) -> AsyncIterator[None]:
        """Hold the wheel: calls are let out, and at the end nothing that was begun is forgotten.

        Raises:
            LaneLost: the shift was over before it was our turn.
        """
        async with self._wheel, self._driving(shift):
            yield

    @asynccontextmanager
    async def _driving(self, shift: Shift) -> AsyncIterator[None]:
        """The same for whoever holds the wheel already."""
        if self._shift is not shift:
            raise LaneLost(account=self.account)
        letting_out = self._letting_out = asyncio.create_task(shift.gate.run())
        letting_out.add_done_callback(lambda _: self._alarm.ring())
        stop_listening = self._database.bells.listen(self._rung)
        shift.look_again()
        try:
            yield
        finally:
            stop_listening()
            letting_out.cancel()
            await _to_its_end(self._wind_down(shift, letting_out))

    async def _step(self, shift: Shift, *, reading: bool) -> None:
        """Take turns until nothing can be done at this moment and nothing is under way."""
        while True:
            if await shift.turn(ahead=timedelta(0), reading=reading):
                continue
            if shift.idle:
                return
            await self._alarm.wait()

    async def _wind_down(self, shift: Shift, letting_out: asyncio.Task[None]) -> None:
        """End what is under way, and record it if that is still ours to do."""
        (fault,) = await asyncio.gather(letting_out, return_exceptions=True)
        if isinstance(fault, Exception):
            _log.error("gate_failed", account=self.account, exc_info=fault)
        await shift.end()
        try:
            await shift.turn(ahead=timedelta(0), closing=True)
        except LaneLost:
            _log.warning("lane_lost", account=self.account)
        except (DBAPIError, NoConnectionFree, OSError) as trouble:
            # Kept for the next run; a process that ends instead leaves them to be looked up.
            _log.error("answers_unrecorded", account=self.account, reason=str(trouble))
        if self._running:
            self._running = False
            shift.give_up_wishes(_ENDED)

    def _opened(self) -> Shift:
        if self._shift is None:
            raise RuntimeError("open the sender first")
        return self._shift

    def _rung(self, bell: Bell) -> None:
        if self._shift is None or bell is Bell.PLANNER:
            return
        if bell is Bell.STOP:
            self._shift.hold_back_planned()
        self._shift.look_again()


async def _to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """Finish the work even when this task is cancelled meanwhile, and only then be cancelled."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise
