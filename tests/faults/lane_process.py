"""A process to be killed: a planner, and for every account a lane that it waits for and works on.

It is what a running bot is, without ears: the product's own planner, lease and sender on a real
clock, and couriers to the misbehaving platform. Beside what is planned it answers a fan now and
then, because answers share the windows. It runs until it is killed; what it has to say about
itself goes to a file.

Processes are forked from a server that has everything imported already (`multiprocessing`'s), so
that a killed one is back within milliseconds: the windows it has to remember are still open then.
The server itself holds no connection and no lock, so a fork has nothing of those before it.
"""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing
import os
import random
import time
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest

from scheduler.clock import RealClock
from scheduler.content import Content
from scheduler.courier import Address, Limits
from scheduler.lease import Lease, LeaseTerms, lease
from scheduler.planner import Planner
from scheduler.sender import Sender
from storage.database import Database
from storage.errors import LaneLost
from storage.shops import ensure_shop
from tests.faults.judge import ANSWERS
from tests.faults.notes import Note, Notes, read_notes
from tests.faults.scale import CARE, SETTINGS, TERMS
from tests.faults.socket_courier import SocketCourier

SHOP = "shop"
PLANS_EVERY = 0.25  # seconds
ANSWERS_EVERY = 0.5  # seconds
COMPLAINTS, NOTES = "complaints", "notes"
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload([__name__])


@dataclass(frozen=True, slots=True)
class Orders:
    """What a process is told: its database, the platform's port, its accounts, their limits."""

    database: str
    port: int
    accounts: tuple[str, ...]
    limits: Limits


@dataclass(slots=True)
class LaneProcess:
    """One process; `start` it as often as it was killed.

    In its `folder` it complains to the file `complaints`, and takes its `notes`.
    """

    orders: Orders
    folder: Path
    process: ForkServerProcess | None = None
    born_at: float = 0.0  # seconds since the epoch

    @property
    def holder(self) -> str:
        """What the running process is called in the lanes it holds."""
        return holder_of(self._running().pid)

    @property
    def leases(self) -> set[tuple[str, int]]:
        """The leases that it has taken in this life, or in the last one: accounts and tokens."""
        notes = self.notes()
        return {note.lease for note in notes if note.what == "taken" and note.at >= self.born_at}

    def start(self) -> None:
        """Start it, if it does not run."""
        if self.process is None:
            (self.folder / NOTES).touch()  # it may die before it takes any
            self.born_at = time.time()
            self.process = FORKS.Process(target=work, args=(self.orders, self.folder))
            self.process.start()

    def kill(self) -> None:
        """Kill -9: it cannot write, answer or say anything any more."""
        if self.process is not None:
            self.process.kill()  # does nothing to one that has ended by itself
            self.process.join()
            self.process.close()
            self.process = None

    def signal(self, number: int) -> None:
        """Send it a signal."""
        process = self._running()
        assert process.pid is not None
        os.kill(process.pid, number)

    def check_alive(self) -> None:
        """Fail the test with what the process complained of, if it ended by itself."""
        if self.process is not None and not self.process.is_alive():
            complaints = (self.folder / COMPLAINTS).read_text()
            pytest.fail(f"a process ended by itself:\n{complaints}")

    def notes(self) -> list[Note]:
        """What it has noted so far, in all its lives."""
        return read_notes(self.folder / NOTES)

    def _running(self) -> ForkServerProcess:
        if self.process is None:
            raise RuntimeError("start it first")
        return self.process


def holder_of(process: int | None) -> str:
    """What a process of this number is called in the lanes it holds."""
    return f"process-{process}"


def work(orders: Orders, folder: Path) -> None:
    """The life of a process: it writes to its files, works, and ends with whoever started it."""
    with (
        (folder / COMPLAINTS).open("ab", buffering=0) as complaints,
        (folder / NOTES).open("ab", buffering=0) as notes,
    ):
        for stream in (1, 2):
            os.dup2(complaints.fileno(), stream)
        asyncio.run(run(orders, Notes(notes)))


async def run(orders: Orders, notes: Notes) -> None:
    """Plan and send until killed."""
    starter = multiprocessing.parent_process()
    assert starter is not None
    asyncio.get_running_loop().add_reader(starter.sentinel, os._exit, 1)
    database = await Database.open(orders.database)
    if database.is_sqlite:
        database.hold_alone()
    async with database.writing() as connection:
        shop_id = await ensure_shop(connection, SHOP)
    accounts = list(orders.accounts)
    random.shuffle(accounts)  # processes that start together do not all run to the same lane
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(database.hear_others())
        tasks.create_task(plan(database, shop_id))
        for account in accounts:
            tasks.create_task(serve(database, account, orders, notes))


async def plan(database: Database, shop_id: int) -> None:
    """Plan again and again, more often than the product does."""
    planner = Planner(database=database, shop_id=shop_id, clock=RealClock())
    while True:
        await planner.plan_ahead()
        await asyncio.sleep(PLANS_EVERY)


async def serve(database: Database, account: str, orders: Orders, notes: Notes) -> None:
    """Wait for the lane and send through it, and again whenever it was lost."""
    courier = SocketCourier(
        orders.port,
        account,
        orders.limits,
        deadline=SETTINGS.call_deadline.total_seconds(),
        notes=notes,
    )
    sender = Sender(
        database=database,
        courier=courier,
        account=account,
        clock=RealClock(),
        settings=SETTINGS,
        care=CARE,
    )
    # Where no other process can be, a dead one's lane is free at once, however long its lease.
    terms = LeaseTerms() if database.alone else TERMS
    while True:
        held = await lease(database, account, holder_of(os.getpid()), terms)
        courier.token = held.lane.token
        notes.take(time.time(), "taken", f"{account}/{held.lane.token}")
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(held.keep())
                tasks.create_task(send(sender, held))
        except* LaneLost:
            notes.take(time.time(), "lost", f"{account}/{held.lane.token}")
            await sender.close()


async def send(sender: Sender, held: Lease) -> None:
    """Settle what the last holder left, and send from then on."""
    await sender.open(held)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(sender.run())
        tasks.create_task(answer_fans(sender, held.lane.token))


async def answer_fans(sender: Sender, token: int) -> None:
    """Answer somebody now and then."""
    for number in itertools.count():
        await asyncio.sleep(ANSWERS_EVERY)
        key = f"{ANSWERS}{sender.account}/{token}/{number}"
        await sender.say(Address(person=f"fan-{number % 7}"), Content("在的"), key)
