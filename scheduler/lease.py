"""The lease on a lane: how one process at a time sends through an account, and knows when to stop.

A process waits for the lane, renews its lease while it works, and begins no call when the lease
might end before the platform hears of it. Everything here is real time: this process's own
monotonic clock bounds what the database's clock granted, reckoned from before it was asked.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from storage.database import Database
from storage.errors import LaneLost
from storage.lanes import Lane, free_in, lease_lane, release_lane, renew_lane

_log = structlog.get_logger(__name__)

_ANSWER_WITHIN = 8.0  # seconds: a database that falls silent is as good as one that refuses


@dataclass(frozen=True, slots=True)
class LeaseTerms:
    """How long a lease lasts, and when what is done about it.

    Who waits looks every `poll_every` whether the lane was given back, and when its lease ends: a
    dead process's lane is taken over after `lasts` at most. No call begins within `safety` of the
    lease's end.
    """

    lasts: timedelta = timedelta(seconds=8)
    renew_every: timedelta = timedelta(seconds=2)
    safety: timedelta = timedelta(seconds=2)
    poll_every: timedelta = timedelta(seconds=1)


class Lease:
    """A lane held by this process. `keep` it in a task of its own, `release` it at the end."""

    def __init__(self, database: Database, lane: Lane, terms: LeaseTerms, asked_at: float) -> None:
        self.lane = lane
        self._database = database
        self._terms = terms
        self._ends_at = asked_at + terms.lasts.total_seconds()

    @property
    def safe(self) -> bool:
        """Whether a call may begin now."""
        return time.monotonic() < self._ends_at - self._terms.safety.total_seconds()

    async def keep(self) -> None:
        """Renew the lease until cancelled.

        Raises:
            LaneLost: another process has the lane, or the database could not be asked in time.
        """
        while True:
            await asyncio.sleep(self._terms.renew_every.total_seconds())
            asked_at = time.monotonic()
            try:
                async with asyncio.timeout(_ANSWER_WITHIN), self._database.writing() as connection:
                    kept = await renew_lane(connection, self.lane, self._terms.lasts)
            except (DBAPIError, NoConnectionFree, OSError) as trouble:
                _log.warning("lease_not_renewed", account=self.lane.account, reason=str(trouble))
                if time.monotonic() >= self._ends_at:
                    raise LaneLost(account=self.lane.account) from trouble
                continue
            if not kept:
                raise LaneLost(account=self.lane.account)
            self._ends_at = asked_at + self._terms.lasts.total_seconds()

    async def release(self) -> None:
        """Give the lane back at once. The lease is worth nothing afterwards.

        Where the database cannot be told, it ends by itself.
        """
        self._ends_at = 0.0
        try:
            async with asyncio.timeout(_ANSWER_WITHIN), self._database.writing() as connection:
                await release_lane(connection, self.lane)
        except (DBAPIError, NoConnectionFree, OSError) as trouble:
            _log.warning("lease_not_released", account=self.lane.account, reason=str(trouble))


async def try_lease(
    database: Database, account: str, holder: str, terms: LeaseTerms
) -> Lease | None:
    """The lease on an account's lane, if nobody else holds it now.

    Raises:
        DBAPIError, TimeoutError (SQLAlchemy's), OSError: the database cannot be asked.
    """
    asked_at = time.monotonic()
    async with asyncio.timeout(_ANSWER_WITHIN), database.writing() as connection:
        lane = await lease_lane(connection, account, holder, terms.lasts, alone=database.alone)
    if lane is None:
        return None
    _log.info("lane_leased", account=account, number=lane.token)
    return Lease(database, lane, terms, asked_at)


async def lease(database: Database, account: str, holder: str, terms: LeaseTerms) -> Lease:
    """Wait until the lane is free, and lease it.

    Raises:
        DBAPIError, TimeoutError (SQLAlchemy's), OSError: the database cannot be asked.
    """
    waiting = False
    while (held := await try_lease(database, account, holder, terms)) is None:
        if not waiting:
            _log.info("lane_elsewhere", account=account)
            waiting = True
        async with asyncio.timeout(_ANSWER_WITHIN), database.reading() as connection:
            left = await free_in(connection, account)
        await asyncio.sleep(min(left, terms.poll_every).total_seconds())
    return held
