"""A shift: the work on one lane under one lease, turn by turn.

A turn reads what is due and decides about it; then one transaction records every answer that came
since the last turn, and writes down what leaves next (`sending`, and an attempt for every call);
then the gate lets the calls out at the pace the platform allows. What is written down ahead is
what leaves within `ahead`, and no more: that bounds what a kill can leave in doubt.
"""

from __future__ import annotations

import asyncio
from collections import Counter as Tally
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from prometheus_client import Counter
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.alarm import Alarm
from scheduler.answers import HeldBack, end_of, move_after, silence_after
from scheduler.clock import Clock
from scheduler.consequences import Ended, News, write_consequences
from scheduler.courier import (
    Action,
    AddressGone,
    Courier,
    Done,
    Muted,
    NothingSent,
    Outcome,
    TooFast,
    Unable,
    Unclear,
    paced_at,
    weight_of,
)
from scheduler.doubts import Doubts
from scheduler.feed import Batch, Feed
from scheduler.gate import Gate, Leaving
from scheduler.health import Fallen, Health, Recovered
from scheduler.lease import Lease
from scheduler.lookout import Lookout
from scheduler.notices import AccountBack, AccountPaused, CampaignPaused, Tell
from scheduler.pace import Pace
from scheduler.priorities import Priority
from scheduler.sending import SenderSettings
from storage import attempts, campaigns, deliveries, lanes
from storage.attempts import Call
from storage.database import Database
from storage.deliveries import DeliveryState, Move
from storage.holds import still_standing

_log = structlog.get_logger(__name__)

_CALLS = Counter("nuanqun_calls_total", "Calls to a platform by outcome", ["account", "outcome"])
_MOVES = Counter("nuanqun_deliveries_total", "Moves of deliveries", ["account", "state"])

_ENDED = NothingSent("ended")
_PERMANENT = "permanent_errors"


@dataclass(slots=True, eq=False)
class Wish:
    """A call that somebody waits for: it is not planned, and goes first."""

    action: Action
    kind: str
    told: asyncio.Future[Outcome]
    leaving: Leaving | None = None  # once it is written down

    @property
    def departed(self) -> bool:
        """Whether the platform may have been called."""
        return self.leaving is not None and self.leaving.departed


class Shift:
    """The lane's work under one lease. The sender decides when a turn is taken."""

    def __init__(
        self,
        *,
        database: Database,
        courier: Courier,
        account: str,
        lease: Lease,
        pace: Pace,
        health: Health,
        feed: Feed,
        clock: Clock,
        settings: SenderSettings,
        alarm: Alarm,
        tell: Tell,
        spread: Callable[[], float],
    ) -> None:
        self.account = account
        self.lease = lease
        self.books = asyncio.Lock()  # one transaction at a time, so that what is in doubt is exact
        self.moved = 0
        self.doubts = Doubts(
            database=database,
            courier=courier,
            account=account,
            clock=clock,
            settings=settings,
            books=self.books,
            under_way=self.under_way,
        )
        self.gate = Gate(
            pace=pace,
            clock=clock,
            perform=self._perform,
            answered=self._answered,
            late=self._late,
            held_back=self._held_back,
            open_now=lambda: lease.safe,
            at_once=settings.calls_at_once,
            deadline=settings.call_deadline,
        )
        self._lookout = Lookout(
            feed=feed,
            gate=self.gate,
            health=health,
            lease=lease,
            clock=clock,
            settings=settings,
        )
        self._database = database
        self._courier = courier
        self._health = health
        self._clock = clock
        self._settings = settings
        self._alarm = alarm
        self._tell = tell
        self._spread = spread
        self._wishes: list[Wish] = []
        self._ended: list[Ended] = []
        self._receipts: list[tuple[str, str]] = []  # came late, and could not be recorded
        self._news: list[News] = []
        self._refusals: Tally[int] = Tally()  # campaign → addresses in a row that refused for good
        self._beginning: set[int] = set()
        self._stops = 0  # what is written down before one must not leave after it

    def wish(self, wish: Wish) -> None:
        """Have a call made as soon as it may."""
        self._wishes.append(wish)
        self._alarm.ring()

    def look_again(self) -> None:
        """Something may be due that was not before."""
        self._lookout.look_again()
        self._alarm.ring()

    def end_rest(self) -> None:
        """What made the account rest was mended: go on at once."""
        change = self._health.recover()
        if change is not None:
            self._news.append(change)
            self.look_again()

    def hold_back_planned(self) -> None:
        """Something was stopped: nothing planned that was decided about before leaves now."""
        self._stops += 1
        self.gate.hold_back_planned()

    @property
    def gathering(self) -> bool:
        """Whether more answers will come soon, and nobody waits for what came: better together."""
        return bool(self.gate.planned_under_way) and not self._wishes

    @property
    def idle(self) -> bool:
        """Whether nothing is under way and nothing waits to be recorded or begun."""
        return not (self.gate.under_way or self._ended or self._wishes)

    def under_way(self) -> set[int]:
        """The deliveries that this shift has begun and not recorded."""
        ended = (one.due.id for one, _, _ in self._ended if one.due is not None)
        return {*self._beginning, *ended, *self.gate.deliveries()}

    async def turn(self, *, ahead: timedelta, reading: bool = True, closing: bool = False) -> bool:
        """Take one turn; False where there was nothing to do.

        `ahead` is how far ahead of their moment calls are written down. Without `reading` only
        answers and wishes are seen to, and when `closing` only answers are.

        Raises:
            LaneLost: another process took the lane over.
        """
        async with self.books:
            now = self._clock.now()
            # Who is found gone is written down before more is decided about.
            known = not any(isinstance(each, AddressGone | Muted) for _, each, _ in self._ended)
            reading = reading and known and not closing
            batch = await self._lookout.read(now, ahead) if reading else Batch()
            # Whoever does not wait any more, asks again if it still matters.
            self._wishes = [one for one in self._wishes if not one.told.cancelled()]
            wished = bool(self._wishes) and not closing
            if not (batch.going or batch.moves or self._ended or self._news or wished):
                return False
            ended: list[Ended] = []
            wishes: list[Wish] = []
            news: list[News] = []
            moves: list[Move] = []
            self._beginning = set(batch.going)
            stops = self._stops
            try:
                async with self._database.writing() as connection:
                    # Only now: while others wrote, more answers came.
                    ended, self._ended = self._ended, ended
                    news, self._news = self._news, news
                    if not closing:
                        wishes, self._wishes = self._wishes, wishes
                    await lanes.guard(connection, self.lease.lane)
                    put_off = await still_standing(connection, batch.moves)
                    moves = [*put_off, *self._moves_after(ended)]
                    await deliveries.move(connection, self.lease.lane, moves, now)
                    ends = [end_of(one.attempt_id, outcome, at) for one, outcome, at in ended]
                    await attempts.end_calls(connection, ends)
                    stopped = await self._note(connection, ended, news, now)
                    several = {
                        delivery: messages
                        for delivery, (_, post) in batch.going.items()
                        if (messages := weight_of(post, self.gate.pace.limits)) > 1
                    }
                    begun = await deliveries.begin(
                        connection, self.lease.lane, list(batch.going), now, several
                    )
                    calls = [self._call(one) for one in wishes]
                    called = await attempts.begin_calls(connection, self.lease.lane, calls, now)
            except BaseException:
                # Whether it was committed is not known. What was ended is recorded again, which
                # changes nothing if it was; what was begun is asked about.
                self._ended[:0], self._wishes[:0], self._news[:0] = ended, wishes, news
                self.doubts.ask_now()
                raise
            finally:
                self._beginning = set()
            self._hand_over(batch, begun, wishes, called)
            if stops != self._stops:
                self.gate.hold_back_planned()  # it was rung between the commit and here
        self._announce([end.outcome for end in ends], stopped)
        back = any(isinstance(change, Recovered) for change in news)
        if back or len(put_off) < len(batch.moves):
            self.look_again()  # the rest is over, or a hold was lifted meanwhile
        self._expect(moves, now)
        self._count(moves)
        self.gate.let_out()
        return True

    def _expect(self, moves: Sequence[Move], now: datetime) -> None:
        """See to it that what was moved is looked at, or asked about, in time."""
        if any(move.state is DeliveryState.UNCERTAIN for move in moves):
            self.doubts.ask_soon()
        self._lookout.expect(moves, now)
        self._lookout.pushed()

    def _hand_over(
        self,
        batch: Batch,
        begun: Mapping[int, int],
        wishes: Iterable[Wish],
        called: Mapping[str, int],
    ) -> None:
        """Give the gate what is written down: deliveries and wishes, each with its attempt."""
        limits = self.gate.pace.limits
        for wish in wishes:
            wish.leaving = Leaving(
                Priority.ANSWER,
                wish.action,
                called[wish.action.key],
                told=wish.told,
                messages=weight_of(wish.action, limits),
            )
            self.gate.push(wish.leaving)
        # In the order they fell due: a database hands back what it wrote in an order of its own.
        for delivery, (one, post) in batch.going.items():
            if (attempt := begun.get(delivery)) is None:
                continue
            messages = weight_of(post, limits)
            self.gate.push(
                Leaving(Priority(one.priority), post, attempt, due=one, messages=messages)
            )

    async def next_look(self) -> datetime:
        """When a turn is worth taking again, if nothing rings before."""
        look = await self._lookout.next_look()
        question = self.doubts.next_question
        return look if question is None else min(look, question)

    async def end(self) -> None:
        """Give back what has not left, wait a moment for what is under way, and end it.

        What was answered is still to be recorded by a last turn.
        """
        if await self.gate.end(self._settings.farewell):
            self.doubts.ask_now()

    def give_up_wishes(self, outcome: Outcome) -> None:
        """Tell everybody whose call was not begun that it will not be."""
        for wish in self._wishes:
            if not wish.told.done():
                wish.told.set_result(outcome)
        self._wishes.clear()

    def late_receipts(self) -> list[tuple[str, str]]:
        """Key and receipt of what was sent, and could not be recorded before the lane was lost."""
        return self._receipts + [
            (one.action.key, outcome.receipt)
            for one, outcome, _ in self._ended
            if one.due is not None and isinstance(outcome, Done)
        ]

    # What is recorded

    def _call(self, wish: Wish) -> Call:
        action = wish.action
        messages = weight_of(action, self.gate.pace.limits)
        return Call(paced_at(action), action.key, wish.kind, messages)

    def _moves_after(self, ended: Sequence[Ended]) -> list[Move]:
        rests = self._health.rests_until
        return [
            move_after(one.due, outcome, at, rests_until=rests, spread=self._spread())
            for one, outcome, at in ended
            if one.due is not None
        ]

    async def _note(
        self,
        connection: AsyncConnection,
        ended: Sequence[Ended],
        news: Sequence[News],
        now: datetime,
    ) -> list[int]:
        """Write down what answers mean beyond their delivery; the campaigns paused for them."""
        await write_consequences(connection, self.lease.lane, ended, news, now)
        run = self._settings.permanent_run
        stopping = [each for each, count in self._refusals.items() if count >= run]
        for campaign in stopping:
            del self._refusals[campaign]
        return [each for each in stopping if await campaigns.pause(connection, each, _PERMANENT)]

    def _announce(self, outcomes: Iterable[str], stopped: Iterable[int]) -> None:
        for outcome, number in Tally(outcomes).items():
            _CALLS.labels(self.account, outcome).inc(number)
        for campaign in stopped:
            self._tell(CampaignPaused(campaign, _PERMANENT))

    def _count(self, moves: Iterable[Move]) -> None:
        for state, number in Tally(move.state for move in moves).items():
            self.moved += number
            _MOVES.labels(self.account, state).inc(number)

    # What the gate tells

    async def _perform(self, action: Action) -> Outcome:
        try:
            return await self._courier.perform(action)
        except Exception as fault:  # noqa: BLE001 (a courier's fault is recorded with the one call it happened in, and must not stop the lane)
            _log.exception("courier_fault", account=self.account, key=action.key)
            return Unclear(f"courier_fault: {type(fault).__name__}")

    def _answered(self, one: Leaving, outcome: Outcome) -> None:
        now = self._clock.now()
        self._ended.append((one, outcome, now))
        if one.told is not None and not one.told.done():
            one.told.set_result(outcome)
        self._learn(one, outcome, now)
        self._alarm.ring()

    def _learn(self, one: Leaving, outcome: Outcome, now: datetime) -> None:
        """What an outcome tells about the chat, the account and the campaign."""
        if isinstance(outcome, TooFast):
            self._slow_down(one, outcome, now)
        self._tell_health(self._health.note(outcome, now))
        if one.due is None:
            return
        if isinstance(outcome, Done):
            self._refusals.pop(one.due.campaign_id, None)
            return
        _log.warning("call", account=self.account, key=one.action.key, outcome=repr(outcome))
        if isinstance(outcome, Unclear):
            self.doubts.ask_soon()
        elif isinstance(outcome, AddressGone | Muted | Unable):
            self._refusals[one.due.campaign_id] += 1

    def _tell_health(self, change: Fallen | Recovered | None) -> None:
        if change is not None:
            self._news.append(change)
        if isinstance(change, Fallen):
            _log.error("account_rests", account=self.account, reason=change.reason)
            if change.new:
                self._tell(AccountPaused(self.account, change.reason, change.until))
            self.gate.hold_back_planned()
            self._lookout.look_again()
        elif isinstance(change, Recovered):
            self._tell(AccountBack(self.account))
            self.look_again()

    def _slow_down(self, one: Leaving, outcome: TooFast, now: datetime) -> None:
        whom = None if outcome.account_wide else one.address
        self.gate.pace.hold(whom, silence_after(outcome, now) or now)

    def _held_back(self, one: Leaving, until: datetime | None) -> None:
        held = HeldBack("pace" if until is not None else None, until)
        self._ended.append((one, held, self._clock.now()))
        if one.told is not None and not one.told.done():
            one.told.set_result(_ENDED)
        self.look_again()

    async def _late(self, one: Leaving, outcome: Outcome) -> None:
        """An answer came after its call was given up: what it was, and that it was sent."""
        if isinstance(outcome, TooFast):
            self._slow_down(one, outcome, self._clock.now())
        if isinstance(outcome, Done):
            self._tell_health(self._health.heal())
        if one.due is None or not isinstance(outcome, Done):
            return
        key, now = one.action.key, self._clock.now()
        async with self.books:
            for place, (other, _, _) in enumerate(self._ended):
                if other is one:  # that it was given up is not written down yet
                    self._ended[place] = (one, outcome, now)
                    return
            try:
                async with self._database.writing() as connection:
                    known = await deliveries.late_receipt(
                        connection, self.account, key, outcome.receipt, now
                    )
            except (DBAPIError, NoConnectionFree, OSError) as trouble:
                self._receipts.append((key, outcome.receipt))
                _log.error("answers_unrecorded", account=self.account, reason=str(trouble))
            else:
                _log.info("late_receipt", account=self.account, key=key, used=known)
