"""Senders at work on their lanes, as `nuanqun run` has them: each under a lease that is kept."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine, Mapping
from typing import Any

from bot.collecting import keep_what_stands
from scheduler.clock import RunningClock
from scheduler.courier import Courier
from scheduler.lease import Lease, LeaseTerms, lease
from scheduler.sender import Sender
from storage.database import Database
from tests.benchmarks._shop import NOON


class Lanes:
    """The lanes that this process holds. Its clock shows noon when it takes them."""

    def __init__(self, senders: dict[str, Sender], leases: list[Lease]) -> None:
        self.senders = senders
        self._leases = leases

    @classmethod
    async def take(cls, database: Database, couriers: Mapping[str, Courier]) -> Lanes:
        """Lease the lane of each account, and get ready to send through its courier."""
        clock, holder, terms = RunningClock(NOON), f"bench-{os.getpid()}", LeaseTerms()
        leases = [await lease(database, account, holder, terms) for account in couriers]
        senders = {
            account: Sender(database=database, courier=courier, account=account, clock=clock)
            for account, courier in couriers.items()
        }
        for sender, held in zip(senders.values(), leases, strict=True):
            await sender.open(held)
        # As the bot does when it is ready (`bot/collecting.py`).
        keep_what_stands()
        return cls(senders, leases)

    async def run_until(self, work: Coroutine[Any, Any, None]) -> None:
        """Send until `work` is done, and record every answer. What breaks a sender is raised."""
        tasks = [
            *(asyncio.create_task(sender.run()) for sender in self.senders.values()),
            *(asyncio.create_task(held.keep()) for held in self._leases),
            asyncio.create_task(work),
        ]
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            task.result()
