"""An account's seat in this process: hearing and sending, for as long as the lane is ours.

Any number of processes may serve one shop on PostgreSQL. Each account is served by one of them,
the one that holds its lane; the others wait. Hearing follows the lane: with it the channel is
opened, without it closed. Whoever loses a lane goes back to waiting for it. An account that cannot
be opened is tried again, and staff are told once, and once it works. One whose channel is out of
order by a fault of our own is left and opened anew: the fault is in the log, and the other accounts
go on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

import structlog
from prometheus_client import Counter

from bot.channels.port import Channel, ChannelOutOfOrder
from scheduler.lease import Lease, LeaseTerms, lease, try_lease
from scheduler.notices import AccountBack, AccountNotOpened, Tell
from scheduler.sender import Sender
from storage.database import Database
from storage.errors import LaneLost, RunningError
from storage.failures import may_pass

_log = structlog.get_logger(__name__)

_RESTARTS = Counter("nuanqun_loops_restarted_total", "Loops that failed and went on", ["loop"])
_FIRST_REST = timedelta(seconds=1)
_LONGEST_REST = timedelta(seconds=30)

Loop = Callable[[], Awaitable[None]]


class Seat:
    """One account. `try_to_sit` at the start, then `run`, and `leave` at the end.

    `loops` are what serves the account beside the sender, by their names: the ear, and others.
    """

    def __init__(
        self,
        *,
        database: Database,
        channel: Channel,
        sender: Sender,
        loops: Mapping[str, Loop],
        holder: str,
        terms: LeaseTerms,
        tell: Tell,
    ) -> None:
        self._database = database
        self._channel = channel
        self._sender = sender
        self._loops = loops
        self._holder = holder
        self._terms = terms
        self._tell = tell
        self._is_missed = False  # staff know that the account cannot be opened
        self._lease: Lease | None = None
        self._keeping: asyncio.Task[None] | None = None

    async def try_to_sit(self) -> bool:
        """Take the lane and open the channel, if no other process holds the lane.

        Raises:
            RunningError: the platform cannot be reached or refuses the account.
        """
        account = self._channel.account
        held = await try_lease(self._database, account, self._holder, self._terms)
        if held is None:
            _log.info("lane_elsewhere", account=account)
            return False
        try:
            await self._sit(held)
        except LaneLost:
            return False
        return True

    async def run(self) -> None:
        """Serve the account whenever its lane is ours, until cancelled.

        Raises:
            ExceptionGroup: hearing or sending failed for good.
        """
        await keep_up(f"seat {self._channel.account}", self._once)

    async def leave(self) -> None:
        """Close the channel and give the lane back. Safe to call twice."""
        held, self._lease = self._lease, None
        if held is None:
            return
        try:
            await self._sender.close()
            await self._channel.close()
        finally:
            if self._keeping is not None:
                self._keeping.cancel()
                await asyncio.gather(self._keeping, return_exceptions=True)
            await held.release()

    async def _once(self) -> None:
        """Wait for the lane, serve the account until the lane is lost, and leave."""
        account = self._channel.account
        if self._lease is None:
            held = await lease(self._database, account, self._holder, self._terms)
            try:
                await self._sit(held)
            except (RunningError, LaneLost):
                return  # it was told of, and is tried again
        try:
            await self._serve()
        finally:
            await self.leave()

    async def _serve(self) -> None:
        """Hear and send until the lane is lost."""
        held, account = self._lease, self._channel.account
        if held is None or self._keeping is None:
            raise RuntimeError("sit first")
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(_watch(self._keeping))
                tasks.create_task(keep_up(f"sender {account}", self._sender.run))
                for name, loop in self._loops.items():
                    tasks.create_task(keep_up(f"{name} {account}", loop))
        except* Exception as troubles:  # noqa: BLE001 (all that is not a lost lane is raised again)
            lost, others = troubles.split(LaneLost)
            if lost is None and held.safe and others is not None:
                self._open_anew_or_raise(others)
            else:
                # What else failed, failed because another process has come: a platform that lets an
                # account in once puts the older one out.
                _log.warning("lane_lost", account=account, besides=others and repr(others))

    def _open_anew_or_raise(self, troubles: ExceptionGroup[Exception]) -> None:
        """Log what may be mended by opening the channel anew, which `run` does after a rest.

        Raises:
            ExceptionGroup: something else failed too.
        """
        _, final = troubles.split(ChannelOutOfOrder)
        if final is not None:
            raise troubles from None
        account = self._channel.account
        _RESTARTS.labels(f"seat {account}").inc()
        _log.error("account_out_of_order", account=account, exc_info=troubles)

    async def _sit(self, held: Lease) -> None:
        """Open the channel and the sender; at any trouble, leave again.

        Raises:
            RunningError: the platform cannot be reached or refuses the account.
            LaneLost: opening took longer than the lease lasted.
        """
        self._lease = held
        # From the first moment: opening the channel and settling doubts can take longer than a
        # lease lasts.
        self._keeping = asyncio.create_task(held.keep(), name=f"lease {held.lane.account}")
        try:
            await self._channel.open()
            await self._sender.open(held)
            if self._keeping.done():
                self._keeping.result()  # the lane was lost meanwhile
        except BaseException as trouble:
            await self.leave()
            self._note(trouble)
            raise
        if self._is_missed:
            self._is_missed = False
            self._tell(AccountBack(held.lane.account))

    def _note(self, trouble: BaseException) -> None:
        """Say why the account could not be opened: each time in the log, once to staff."""
        account = self._channel.account
        match trouble:
            case LaneLost():
                _log.warning("lane_lost", account=account)
            case RunningError():
                _log.error("account_not_opened", account=account, reason=str(trouble))
                if not self._is_missed:
                    self._is_missed = True
                    reason = f"NQ{trouble.number:03d}, {trouble.sentence.format(**trouble.facts)}"
                    self._tell(AccountNotOpened(account, reason))
            case _:
                pass  # it ends the program, and says so there


async def _watch(task: asyncio.Task[None]) -> None:
    await task


async def keep_up(name: str, loop: Loop) -> None:
    """Run a loop again and again, with growing rests where it ends soon.

    It is run again when it ended, or when the database or the network failed under it; anything
    else is final.
    """
    rest = _FIRST_REST
    while True:
        began = asyncio.get_running_loop().time()
        passing: list[Exception] = []
        try:
            await loop()
        except Exception as trouble:
            passing = _passing(trouble)
            if not passing:
                raise
        if asyncio.get_running_loop().time() - began > _LONGEST_REST.total_seconds():
            rest = _FIRST_REST  # it had worked meanwhile
        if passing:
            _RESTARTS.labels(name).inc()
            reason = str(passing[0])
            _log.error("loop_failed", loop=name, reason=reason, again_in=rest.total_seconds())
        await asyncio.sleep(rest.total_seconds())
        rest = min(rest * 2, _LONGEST_REST)


def _passing(trouble: Exception) -> list[Exception]:
    """The errors in it, if each of them can pass by itself; else none."""
    if isinstance(trouble, ExceptionGroup):  # a loop that has tasks of its own
        inside = [_passing(one) for one in trouble.exceptions]
        return [one for each in inside for one in each] if all(inside) else []
    return [trouble] if may_pass(trouble) else []
