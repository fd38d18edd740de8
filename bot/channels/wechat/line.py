"""The line to one gateway: its stream kept alive, and what it told kept until it is stored.

A gateway tells what happens while somebody listens, and keeps nothing. So the line listens from
`open` to `close`, whether or not anybody takes what it hears; it notices a gateway that is frozen
though its connection stands, makes a broken stream again, and writes down when nothing was heard.
What was told is kept here until it is confirmed: a run that failed hears it again.

Each thing told has a cursor of its own: the instant when it was told, made strictly rising, also
where the clock is set back. When it was told, and how long nothing was heard, is by the clock.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from bot.channels.wechat.caution import is_restriction
from bot.channels.wechat.gateway import (
    Alive,
    Complaint,
    Dong,
    Failure,
    Gateway,
    GatewayCallFailed,
    GatewayEvent,
    LoggedIn,
    LoggedOut,
    Ready,
    ScanNeeded,
)
from bot.channels.wechat.rhythm import Rhythm
from scheduler.clock import Clock

_log = structlog.get_logger(__name__)

_MOST = 5_000  # things told that are kept; a gateway that tells more has to wait
_STEP = timedelta(microseconds=1)
_NO_GAP = timedelta(seconds=5)  # what a start or a log-in takes anyway
_CLOCK_ERROR = timedelta(seconds=1)  # that two clocks may differ by
_UNANSWERED = (Failure.LOST, Failure.NOT_SENT)


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing was heard since then, up to now."""

    since: datetime


@dataclass(frozen=True, slots=True)
class AllHeard:
    """All that happened up to now was told."""


@dataclass(frozen=True, slots=True)
class RoomsKnown:
    """The account that logged in knows its rooms by now; all of them, where `complete`."""

    complete: bool


@dataclass(frozen=True, slots=True)
class Unreached:
    """Nobody could listen for a while; why not, in a word."""

    reason: str


@dataclass(frozen=True, slots=True)
class _Moment:
    """An instant by the clock, and the loop's time then, in seconds, which nobody sets back."""

    at: datetime
    of_the_loop: float


Something = GatewayEvent | Silence | AllHeard | RoomsKnown | Unreached

_WHY = {Failure.TAKEN: "taken", Failure.TOKEN: "token"}


@dataclass(frozen=True, slots=True)
class Told:
    """What a line told at an instant, and as whom the account was logged in (None: it was not).

    `cursor` is the instant's place among all that was told, `at` what the clock showed.
    """

    cursor: datetime
    at: datetime
    what: Something
    me: str | None


class Line:
    """The line to one gateway.

    Args:
        gateway: where to listen.
        account: the account's name, for the log.
        clock: what time it is.
        rhythm: how patient it is.
    """

    def __init__(self, gateway: Gateway, account: str, clock: Clock, rhythm: Rhythm) -> None:
        self._gateway = gateway
        self._account = account
        self._clock = clock
        self._rhythm = rhythm
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = True
        self._dongs = False  # whether one was ever heard
        self._begin_anew()

    def _begin_anew(self) -> None:
        self.began = self._latest = self._clock.now()
        self._heard_until = _Moment(self.began, 0.0)
        self.me: str | None = None
        """Who the account is logged in as, as far as it is known.

        None: it is not logged in, or for so long out of reach that it was told to be offline.
        """
        self.rooms_known = asyncio.Event()
        """Set while the account that is logged in knows its rooms."""
        self.login_known = asyncio.Event()
        """Set once it is known whether the account is logged in."""
        self._kept: deque[Told] = deque()
        self._dropped = 0  # things that were kept before those
        self._more = asyncio.Event()
        self._fewer = asyncio.Event()
        self._hearing = False  # whether the stream stands and the account is logged in
        self._ever_heard = False
        self._states = 0  # how many times it was logged in, out, or asked to be
        self._failed: BaseException | None = None
        self._deadline: asyncio.Timeout | None = None
        self._off_since: float | None = None  # of the loop's time
        self._told_why: str | None = None

    @property
    def latest(self) -> datetime:
        """The cursor of what was told last; when the line began, where nothing was."""
        return self._latest

    async def open(self) -> None:
        """Begin to listen, and see that the gateway tells something.

        Raises:
            GatewayCallFailed: it does not, or not to us.
        """
        await self.close()
        self._begin_anew()
        self._hear()
        self._closed = False
        first: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._own(self._keep_listening(first))
        try:
            async with asyncio.timeout(self._rhythm.first.total_seconds()):
                await first
        except TimeoutError as silent:
            await self.close()
            raise GatewayCallFailed(Failure.LOST, "the gateway tells nothing") from silent
        except BaseException:
            await self.close()
            raise
        self._own(self._mark_time())

    async def close(self) -> None:
        """Stop listening, and end every task. Safe to call twice."""
        self._closed = True
        self._more.set()
        self._hearing, self.me = False, None
        tasks = [*self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def told_behind(self, cursor: datetime | None) -> AsyncGenerator[Told]:
        """What was told behind an instant, and what is told from now on; ends when it is closed.

        Raises:
            RuntimeError: something failed that should not have.
        """
        more, place = self._more, 0
        while not self._closed and more is self._more:
            if self._failed is not None:
                raise RuntimeError("the line is out of order") from self._failed
            place = max(place, self._dropped)
            if place - self._dropped == len(self._kept):
                more.clear()
                await more.wait()
                continue
            told = self._kept[place - self._dropped]
            place += 1
            if cursor is None or told.cursor > cursor:
                yield told

    def confirm(self, cursor: datetime) -> None:
        """Everything up to this instant is stored."""
        while self._kept and self._kept[0].cursor <= cursor:
            self._kept.popleft()
            self._dropped += 1
        self._fewer.set()

    def _own(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=f"line {self._account}")
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._failed = task.exception()
            self._more.set()

    def _tell(self, what: Something, at: datetime | None = None) -> None:
        at = self._clock.now() if at is None else at
        self._latest = max(at, self._latest + _STEP)
        self._kept.append(Told(self._latest, at, what, self.me))
        self._more.set()

    def _hear(self) -> None:
        """All that happened up to now is heard."""
        self._heard_until = _Moment(self._clock.now(), asyncio.get_running_loop().time())

    def _silent_since(self) -> datetime:
        """When something was heard last; by how long ago, where the clock was set back since."""
        lasted = asyncio.get_running_loop().time() - self._heard_until.of_the_loop
        by_length = self._clock.now() - timedelta(seconds=lasted)
        was_set_back = self._heard_until.at - by_length > _CLOCK_ERROR
        return by_length if was_set_back else self._heard_until.at

    # The stream

    async def _keep_listening(self, first: asyncio.Future[None]) -> None:
        rest = timedelta()
        while True:
            trouble = await self._listen(first)
            if not first.done():
                first.set_exception(trouble)
                return
            if self._off_since is None:
                self._off_since, rest = asyncio.get_running_loop().time(), timedelta()
            self._hearing = False
            self._tell_why(trouble.failure)
            rest = self._next_rest(rest, trouble.failure)
            _log.warning(
                "not_hearing",
                account=self._account,
                reason=str(trouble),
                again_in=rest.total_seconds(),
            )
            share = random.uniform(0.75, 1)  # noqa: S311 (many bots shall not come back at once)
            await asyncio.sleep(rest.total_seconds() * share)

    def _next_rest(self, before: timedelta, failure: Failure) -> timedelta:
        rhythm = self._rhythm
        least, most = rhythm.rest, rhythm.longest_rest
        if failure is Failure.TAKEN:
            least, most = rhythm.taken_rest, rhythm.longest_taken_rest
        return min(max(before * 2, least), most)

    def _tell_why(self, failure: Failure) -> None:
        """Nobody listens: say so once it lasts, or at once where it will not pass by itself."""
        off_since = self._off_since or 0
        for_so_long = asyncio.get_running_loop().time() - off_since
        lasting = for_so_long >= self._rhythm.offline.total_seconds()
        why = _WHY.get(failure, "unreachable" if lasting else None)
        if why is not None and why != self._told_why:
            # Until it is said to be logged in again, nobody knows that it is, and nothing leaves.
            self._told_why, self.me = why, None
            self._tell(Unreached(why))

    async def _listen(self, first: asyncio.Future[None]) -> GatewayCallFailed:
        """Take one stream, until it breaks; why it did."""
        attending: list[asyncio.Task[None]] = []
        try:
            async with (
                asyncio.timeout(None) as self._deadline,
                aclosing(self._gateway.events()) as events,
            ):
                async for event in events:
                    if not attending:
                        expecting = self._own(self._expect_login(self._states))
                        attending = [self._own(self._attend()), expecting]
                        self._off_since = self._told_why = None
                        if not first.done():
                            first.set_result(None)
                    self._dongs = self._dongs or isinstance(event, Dong)
                    self._sign_of_life()
                    self._take(event)
                    await self._have_room()
        except GatewayCallFailed as failed:
            return failed
        except TimeoutError:
            return GatewayCallFailed(Failure.LOST, "the gateway fell silent")
        finally:
            self._deadline = None
            for task in attending:
                task.cancel()
        return GatewayCallFailed(Failure.LOST, "the gateway ended the stream")

    def _sign_of_life(self) -> None:
        if self._deadline is not None and not self._deadline.expired():
            silent_at = asyncio.get_running_loop().time() + self._rhythm.silence.total_seconds()
            self._deadline.reschedule(silent_at)
        if self._hearing:
            self._hear()

    async def _have_room(self) -> None:
        """Wait until some of what is kept is stored; the gateway waits meanwhile."""
        while len(self._kept) >= _MOST:
            if self._deadline is not None:
                self._deadline.reschedule(None)
            self._fewer.clear()
            await self._fewer.wait()
            self._sign_of_life()

    async def _attend(self) -> None:
        """Have the account started, and ask for signs of life, as long as a stream stands.

        Not every puppet answers a `ding` by a `Dong`. Until one was heard, it is sign enough that
        the gateway takes the call.
        """
        started = False
        while True:
            try:
                if not started:
                    await self._gateway.start()
                    started = True
                await self._gateway.ding(self._account)
            except GatewayCallFailed as failed:
                _log.info("call_failed", account=self._account, reason=str(failed))
                if is_restriction(failed.reason):
                    self._tell(Complaint(failed.reason))
                started = started or failed.failure not in _UNANSWERED
                if failed.failure in _UNANSWERED:
                    await asyncio.sleep(self._rhythm.rest.total_seconds())
                    continue
            if not self._dongs:
                self._sign_of_life()
            await asyncio.sleep(self._rhythm.ding.total_seconds())

    # The account

    def _take(self, event: GatewayEvent) -> None:
        """One event of the gateway's, and what it changes of the account."""
        match event:
            case Alive() | Dong() | ScanNeeded(code=""):
                pass
            case LoggedIn(person) if self._hearing and person == self.me:
                pass  # told again, e.g. because it was started again
            case LoggedIn(person):
                self._logged_in(person, event)
            case LoggedOut() | ScanNeeded():
                self._logged_out(event)
            case Ready():
                self._know_rooms(complete=True)
            case _:
                self._tell(event)

    def _logged_in(self, person: str, event: LoggedIn) -> None:
        self._states += 1
        self.login_known.set()
        self.me = person
        since = self._silent_since()
        if self._ever_heard or self._clock.now() - since > _NO_GAP:
            self._tell(Silence(since))
        self._hearing = self._ever_heard = True
        self._hear()
        self.rooms_known.clear()
        self._tell(event)
        self._own(self._expect_rooms(self._states))

    def _logged_out(self, event: LoggedOut | ScanNeeded) -> None:
        self._states += 1
        self.login_known.set()
        self._hearing, self.me = False, None
        self.rooms_known.clear()
        self._tell(event)

    def _know_rooms(self, *, complete: bool) -> None:
        if self._hearing and not self.rooms_known.is_set():
            if complete:
                self.rooms_known.set()
            self._tell(RoomsKnown(complete))

    async def _expect_login(self, states: int) -> None:
        """An account that is logged in is said to be so when a stream begins; this one is not."""
        await asyncio.sleep(self._rhythm.login.total_seconds())
        if self._states == states:
            self._logged_out(LoggedOut(self.me or "", ""))

    async def _expect_rooms(self, states: int) -> None:
        await asyncio.sleep(self._rhythm.ready.total_seconds())
        if self._states == states and not self.rooms_known.is_set():
            self._know_rooms(complete=False)

    async def _mark_time(self) -> None:
        while True:
            await asyncio.sleep(self._rhythm.mark.total_seconds())
            if self._hearing:
                self._tell(AllHeard(), min(self._heard_until.at, self._clock.now()))
            else:
                self._tell(Silence(self._silent_since()))
                self._heard_until = _Moment(self._kept[-1].at, asyncio.get_running_loop().time())
