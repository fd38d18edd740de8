"""Prints how fast deliveries are sent when the platform answers at once, against other queues.

Private messages of one campaign, each to a customer of its own, over 8 accounts: senders under
leases read what is due, decide with quiet hours and caps, write `sending` and the attempt, call a
courier that does nothing, and write the answer. In the same run, on the same PostgreSQL, two
libraries of queues work off as many jobs that do nothing. Targets: 10,000/s on SQLite; more
processes are not slower on PostgreSQL; memory does not grow with the campaign.

Run it with: python -m tests.benchmarks.bench_drain [DELIVERIES], a multiple of 80.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from scheduler.answers import word_for
from scheduler.courier import Action, Done, Limits, Lookup, Outcome, Presence
from storage import deliveries
from storage.database import Database
from storage.deliveries import DeliveryState
from storage.tables import attempts
from tests.benchmarks import _engines
from tests.benchmarks._apart import Measured, Start, apart, seconds
from tests.benchmarks._lanes import Lanes
from tests.benchmarks._rival import Rival, Turn, rivals
from tests.benchmarks._shop import (
    NOON,
    make_campaign,
    make_people,
    slot_of,
)
from tests.storage.private_deliveries import deliver_to

DELIVERIES = 100_000
LANES = 8
PROCESSES = (1, 2, 4)
TARGET = 10_000
DONE = word_for(Done(""))


@dataclass(frozen=True, slots=True)
class Share:
    """What one process sends: these accounts' deliveries, so many of each."""

    url: str
    accounts: tuple[str, ...]
    of_each: int


class NoCourier:
    """A platform that takes everything and answers at once; `finished` after so many calls."""

    limits = Limits()
    start_link = None

    def __init__(self, calls: int) -> None:
        self.finished = asyncio.Event()
        self._left = calls

    def link_to(self, message: str) -> None:
        """Messages have no address here."""

    async def perform(self, action: Action) -> Outcome:
        """Take it."""
        self._left -= 1
        if self._left == 0:
            self.finished.set()
        return Done(action.key)

    async def lookup(self, key: str) -> Lookup:
        """Nothing was remembered."""
        del key
        return Lookup(Presence.UNKNOWN)


async def prepare(url: str, size: int) -> None:
    """A shop with `size` deliveries that are due, spread over the lanes."""
    database = await Database.open(url)
    async with database.writing() as connection:
        people = await make_people(connection, size)
        slot = slot_of(await make_campaign(connection, "bench"))
        for number, account in enumerate(accounts()):
            of_account = people[number::LANES]
            await deliver_to(connection, slot, account, of_account, NOON)
    await _engines.settle(database)
    await database.close()


def accounts() -> list[str]:
    """The sending accounts, each a lane."""
    return [f"account-{number}" for number in range(LANES)]


def send(share: Share, start: Start) -> None:
    """One process: lease the lanes, and send until nothing is left."""
    asyncio.run(_send(share, start))


async def _send(share: Share, start: Start) -> None:
    database = await Database.open(share.url)
    couriers = {account: NoCourier(share.of_each) for account in share.accounts}
    lanes = await Lanes.take(database, couriers)

    async def all_sent() -> None:
        for courier in couriers.values():
            await courier.finished.wait()

    await asyncio.to_thread(start)
    await lanes.run_until(all_sent())
    await database.close()


async def accounted_for(url: str, size: int) -> None:
    """Make sure that every delivery was sent, by one call each."""
    database = await Database.open(url)
    async with database.reading() as connection:
        found = await deliveries.counts(connection)
        answered = select(func.count()).where(attempts.c.outcome == DONE)
        calls = (await connection.execute(answered)).scalar_one()
    await database.close()
    if found[DeliveryState.SENT] != size or calls != size:
        raise SystemExit(f"not everything was sent once: {found}, {calls} calls")


def drained(url: str, size: int, processes: int) -> Sequence[Measured[None]]:
    """Send all in so many processes, each with its share of the lanes."""
    asyncio.run(prepare(url, size))
    all_of_them = accounts()
    shares = [
        Share(url, tuple(all_of_them[first::processes]), size // LANES)
        for first in range(processes)
    ]
    measured = apart(send, *shares)
    asyncio.run(accounted_for(url, size))
    return measured


def show(name: str, size: int, measured: Sequence[Measured[Any]]) -> float:
    """Print one line; the deliveries sent in a second."""
    rate = size / seconds(measured)
    peak = max(one.peak for one in measured) / 2**20
    cpu = sum(one.cpu for one in measured) / size * 1e6
    print(
        f"{name:<44} {size:>9,} deliveries  {rate:>7,.0f}/s  "
        f"{cpu:>4,.0f} µs of CPU each  {peak:>4,.0f} MB",
        flush=True,
    )
    return rate


def worked_off(url: str, rival: Rival, size: int, processes: int) -> Sequence[Measured[int]]:
    """Let a rival do so many jobs in so many processes."""
    rival.fill(url, size)
    measured = apart(rival.work, *[Turn(url, rival.at_a_time)] * processes)
    if (done := sum(one.made for one in measured)) != size:
        raise SystemExit(f"{rival.name} did {done} of {size} jobs")
    return measured


def main() -> None:
    """Measure what there is."""
    size = int(sys.argv[1]) if len(sys.argv) > 1 else DELIVERIES
    with _engines.sqlite() as url:
        show("SQLite", size // 10, drained(url, size // 10, 1))
    with _engines.sqlite() as url:
        rate = show("SQLite", size, drained(url, size, 1))
    print(f"target on SQLite: {TARGET:,}/s, {'met' if rate >= TARGET else 'MISSED'}")
    with _engines.postgres_server() as server:
        if server is None:
            return
        others = rivals()
        for processes in PROCESSES:
            with server.database() as url:
                sent = drained(url, size, processes)
                show(f"PostgreSQL, processes: {processes}", size, sent)
            for rival in others:
                jobs = int(size * rival.share)
                with server.database() as url:
                    done = worked_off(url, rival, jobs, processes)
                    show(f"{rival.name}, processes: {processes}", jobs, done)


if __name__ == "__main__":
    main()
