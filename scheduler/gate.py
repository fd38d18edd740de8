"""The gate of a lane: what is written down and ready to leave, and what is under way.

Whatever is ready leaves in the order of its priority, as soon as the pace lets it; an answer to a
fan passes everything planned. The gate starts one task for each call and owns it until it ends.
It knows nothing of the database: what becomes of a call is handed to the sender.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from scheduler.alarm import Alarm
from scheduler.clock import Clock
from scheduler.courier import AccountDown, Action, NothingSent, Outcome, Unclear, paced_at
from scheduler.pace import Pace
from scheduler.priorities import Priority
from storage.due import Due

_NO_ANSWER = Unclear("no_answer")
_ENDED = Unclear("ended")
_PATIENCE = timedelta(seconds=1)
_NEVER = timedelta(days=1)


@dataclass(slots=True, eq=False)
class Leaving:
    """One call: written down as `attempt_id`, and about to be made or under way.

    `due` is the delivery it carries, None for an answer or a recall; `told` is given the outcome.
    `messages` is how many messages it is, of those that the platform's rates count.
    """

    priority: Priority
    action: Action
    attempt_id: int
    due: Due | None = None
    told: asyncio.Future[Outcome] | None = None
    messages: int = 1
    departed: bool = False
    answered: bool = False
    given_up: bool = False  # its answer, if one comes, is late
    address: str = field(init=False)

    def __post_init__(self) -> None:
        self.address = paced_at(self.action) if self.due is None else self.due.address


class Gate:
    """Lets calls out and waits for their answers.

    Args:
        pace: when a call may leave.
        clock: tells when that is.
        perform: makes the call; never raises.
        answered: told of every outcome, within the call's deadline.
        late: told of an outcome that came after its call was given up.
        held_back: told of what will not leave now after all, and from when on it may.
        open_now: whether a call may begin at all (the lease is safe).
        at_once: how many planned calls may be under way.
        deadline: how long an answer is waited for; a call given up ends after as long again.
    """

    def __init__(
        self,
        *,
        pace: Pace,
        clock: Clock,
        perform: Callable[[Action], Awaitable[Outcome]],
        answered: Callable[[Leaving, Outcome], None],
        late: Callable[[Leaving, Outcome], Awaitable[None]],
        held_back: Callable[[Leaving, datetime | None], None],
        open_now: Callable[[], bool],
        at_once: int,
        deadline: timedelta,
    ) -> None:
        self.pace = pace
        self._clock = clock
        self._perform = perform
        self._answered = answered
        self._late = late
        self._held_back = held_back
        self._open_now = open_now
        self._at_once = at_once
        self._deadline = deadline.total_seconds()
        self._waiting: dict[Priority, deque[Leaving]] = {each: deque() for each in Priority}
        self._under_way: dict[Leaving, asyncio.Task[None]] = {}
        self.planned_under_way = 0
        self.emptied_at = 0.0  # when the last planned call left, on the loop's clock
        self._alarm = Alarm(clock)
        self._leaves_at: datetime | None = None

    def push(self, one: Leaving) -> None:
        """Let it out as soon as may be; `let_out` is called by whoever has pushed all."""
        self._waiting[one.priority].append(one)

    def let_out(self) -> None:
        """Start whatever may leave now, and see to it that the rest leaves when it may."""
        before, self._leaves_at = self._leaves_at, self._let_out()
        if self._leaves_at is not None and (before is None or self._leaves_at < before):
            self._alarm.ring()

    def _let_out(self) -> datetime | None:
        """Start whatever may leave now; when the next of the others may."""
        now = self._clock.now()
        soonest: datetime | None = None
        if self._open_now():
            for waiting in self._waiting.values():
                when = self._let_out_of(waiting, now) if waiting else None
                if when is not None and (soonest is None or when < soonest):
                    soonest = when
        elif self.waiting:
            soonest = now + _PATIENCE
        return soonest

    def _let_out_of(self, waiting: deque[Leaving], now: datetime) -> datetime | None:
        """Start what may leave of one priority; when the next of the others may."""
        soonest: datetime | None = None
        passed = 0
        for _ in range(len(waiting)):
            one = waiting[0]
            if one.told is not None and one.told.cancelled():
                waiting.popleft()
                self._held_back(one, None)
                continue
            if one.due is not None:
                if self.planned_under_way >= self._at_once:
                    break
                if now > one.due.not_after:
                    waiting.popleft()
                    self._held_back(one, None)
                    continue
            when = self.pace.leaves_at(one.address, one.priority, now, one.messages)
            if when is not None and when <= now:
                waiting.popleft()
                self._start(one, now)
                continue
            if when is not None and one.due is not None and when - now > _PATIENCE:
                waiting.popleft()
                self._held_back(one, when)
                continue
            waiting.rotate(-1)
            passed += 1
            account = self.pace.leaves_at("", one.priority, now)
            if account is None or account > now:
                soonest = account  # it binds them all: there is no need to ask about each
                break
            if when is not None and (soonest is None or when < soonest):
                soonest = when
        waiting.rotate(passed)  # who could not leave keeps its place
        return soonest

    def hold_back_planned(self) -> None:
        """Give back everything planned that has not left."""
        for priority, waiting in self._waiting.items():
            if priority is not Priority.ANSWER:
                self._give_back(waiting)

    def _give_back(self, waiting: deque[Leaving]) -> None:
        while waiting:
            self._held_back(waiting.popleft(), None)

    @property
    def waiting(self) -> int:
        """How much is ready and has not left."""
        return sum(map(len, self._waiting.values()))

    @property
    def planned_waiting(self) -> int:
        """How much of it is planned."""
        return self.waiting - len(self._waiting[Priority.ANSWER])

    @property
    def planned_messages_waiting(self) -> int:
        """How many messages the planned calls are that are ready and have not left."""
        return sum(
            one.messages
            for priority, waiting in self._waiting.items()
            if priority is not Priority.ANSWER
            for one in waiting
        )

    @property
    def under_way(self) -> int:
        """How many calls have neither been answered nor given up."""
        return sum(not one.answered for one in self._under_way)

    def deliveries(self) -> Iterator[int]:
        """The deliveries that are ready or under way; those given up too, until their call ends."""
        for waiting in self._waiting.values():
            yield from (one.due.id for one in waiting if one.due is not None)
        yield from (one.due.id for one in self._under_way if one.due is not None)

    async def run(self) -> None:
        """Let out what has to wait for its moment, until cancelled."""
        while True:
            self._leaves_at = self._let_out()
            await self._alarm.sleep_until(self._next_leave())

    def _next_leave(self) -> datetime:
        return self._clock.now() + _NEVER if self._leaves_at is None else self._leaves_at

    async def end(self, grace: timedelta) -> bool:
        """Give back what has not left, wait so long, in real time, for answers, end every call.

        Returns:
            Whether a call was ended without its answer.
        """
        for waiting in self._waiting.values():
            self._give_back(waiting)
        tasks = list(self._under_way.values())
        if tasks and grace > timedelta(0):
            await asyncio.wait(tasks, timeout=grace.total_seconds())
        await asyncio.sleep(0)  # who is ended before its first step accounts for nothing
        unanswered = any(not one.answered for one in self._under_way)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return unanswered

    def _start(self, one: Leaving, now: datetime) -> None:
        self.pace.begin(one.address, now, one.messages)
        one.departed = True
        if one.due is not None:
            self.planned_under_way += 1
            self.emptied_at = asyncio.get_running_loop().time()
        self._under_way[one] = asyncio.create_task(self._make(one))

    async def _make(self, one: Leaving) -> None:
        late = one.due is not None and self._clock.now() > one.due.not_after
        if late or not self._open_now():
            # A process may be stopped for a while at any moment, also since it let this one out.
            self._take_back(one)
            return
        loop = asyncio.get_running_loop()
        timer = loop.call_later(self._deadline, self._give_up, one)
        outcome: Outcome | None = None
        try:
            try:
                outcome = await self._perform(one.action)
            finally:
                timer.cancel()
                carried = not isinstance(outcome, NothingSent | AccountDown)
                self.pace.end(one.address, self._clock.now(), one.messages, carried=carried)
                if not one.answered:
                    self._ended(one, outcome)
                self.let_out()
            if one.given_up:
                await self._late(one, outcome)
        finally:
            del self._under_way[one]

    def _take_back(self, one: Leaving) -> None:
        """It was let out, and must not be called any more."""
        self.pace.end(one.address, self._clock.now(), one.messages, carried=False)
        self.planned_under_way -= one.due is not None
        one.answered = True
        del self._under_way[one]
        self._held_back(one, None)

    def _ended(self, one: Leaving, outcome: Outcome | None) -> None:
        """A call ended within its deadline; without an outcome it was cut off."""
        self.planned_under_way -= one.due is not None
        one.answered = True
        if outcome is not None:
            self._answered(one, outcome)
        elif one.told is not None and not one.told.done():
            one.told.set_result(_ENDED)

    def _give_up(self, one: Leaving) -> None:
        """The deadline is over: nobody knows what became of it."""
        task = self._under_way[one]
        one.answered = one.given_up = True
        self.planned_under_way -= one.due is not None
        self._answered(one, _NO_ANSWER)
        asyncio.get_running_loop().call_later(self._deadline, task.cancel)
        self.let_out()
