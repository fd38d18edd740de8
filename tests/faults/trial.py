"""A trial: senders whose processes are killed, on a platform that misbehaves, until all is said.

Each round a wave of deliveries is added, and once a part of it has arrived, a process is killed
with -9 (or, where others can take over, frozen beyond its lease and thawed) and started again.
Right after the blow the ledger is read: what the process had in hand is what it leaves in doubt.
At the end everything runs until nothing is open any more.

How far a seed replays a run: the waves, the faults of each delivery (by its key and how often it
arrived), which blow comes in which round and after which part of the wave, are the same every
time. Which instruction of a process a blow hits is the machine's doing, and with it what was under
way, how often a delivery arrives, and which process holds which lane.
"""

from __future__ import annotations

import asyncio
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from storage.database import Database
from tests.faults.judge import Case
from tests.faults.lane_process import LaneProcess, Orders
from tests.faults.ledger import Ledger
from tests.faults.platform import Platform
from tests.faults.scale import ACCOUNTS, FLIGHT, LIMITS, SETTINGS, TERMS
from tests.faults.waves import Waves

REMEMBERED = ACCOUNTS[::2]
"""The accounts whose look-ups can tell; the platform says nothing about the others."""
LOOK = 0.005  # seconds between two looks at the platform's log
ROUND = 3.0  # seconds after which a blow comes anyway
BLIND = 0.2  # this share of the blows comes whatever has arrived, within a second
BUFFERS = 0.03  # seconds in which the platform reads what a dead process had sent
IDLE_HIT = 0.2  # this share of the blows hits whomever
PATIENCE = 60.0  # seconds without any progress, after which the judge is called


@dataclass(frozen=True, slots=True)
class Blow:
    """What a process left behind when it was hit: its leases, and what it had in hand.

    `begun` are those in hand whose call was begun, `written` (by account) those that were only
    written down.
    """

    leases: int
    begun: int
    written: Counter[str]

    @property
    def in_doubt(self) -> int:
        """How many deliveries it left in doubt."""
        return self.begun + self.written.total()

    @property
    def worst(self) -> int:
        """The most deliveries of one account that were written down without a call begun."""
        return max(self.written.values(), default=0)


@dataclass(slots=True)
class Trial:
    """One run. `hold` the rounds, then `settle`, then judge the `case`."""

    platform: Platform
    waves: Waves
    ledger: Ledger
    processes: Sequence[LaneProcess]
    seed: str
    chance: random.Random = field(init=False)
    kills: list[Blow] = field(default_factory=list)
    freezes: list[Blow] = field(default_factory=list)
    interrupted: set[str] = field(default_factory=set)

    async def hold(self, rounds: int, deliveries: int) -> None:
        """Deal so many deadly blows while at least so many deliveries are being made."""
        wave = -(-deliveries // rounds)
        for number in range(rounds):
            # Each round has its own dice: nothing in one shifts what is drawn in the next.
            self.chance = dice(f"{self.seed}/{number}")
            await self.waves.add(wave)
            self._start_all()
            await self._work(wave)
            if number % 5 == 3:
                await self._refuse()
            if number % 8 == 5:
                await self.waves.cancel_one()
            if len(self.processes) > 1 and number % 4 == 2:
                await self._freeze()
            await self._kill()

    async def settle(self, deliveries: int) -> Case:
        """Run until there are so many deliveries, and nothing is open; the case to be judged.

        What nobody can tell stays uncertain; of the accounts that are remembered, all is told.
        What is stuck is for the judge.
        """
        self._start_all()
        left, moved_at = -1, time.monotonic()
        while (found := await self._open(deliveries)) and time.monotonic() < moved_at + PATIENCE:
            self._check_alive()
            if found != left:
                left, moved_at = found, time.monotonic()
            await asyncio.sleep(0.2)
        for process in self.processes:
            process.kill()
        await asyncio.sleep(BUFFERS)
        return Case(
            log=self.platform.log,
            ledger=await self.ledger.entries(),
            flight=FLIGHT,
            expected=self._expected(),
            notes=[note for process in self.processes for note in process.notes()],
            interrupted=self.interrupted,
            remembered=REMEMBERED,
        )

    async def _open(self, deliveries: int) -> int:
        """How many deliveries are still to be planned, sent or told; makes more if too few were."""
        if left := await self.ledger.unsettled(REMEMBERED):
            return left
        known = {entry.key for entry in await self.ledger.entries()}
        if left := sum(key not in known for key in self._expected()):
            return left
        # Groups that were gone before they were planned for have left a gap.
        missing = max(0, deliveries - len(known))
        await self.waves.add(missing)
        return missing

    def _expected(self) -> list[str]:
        """The keys of deliveries to groups that never went: the planner must have made them."""
        gone = {
            (call.account, call.address)
            for call in self.platform.log.arrivals
            if call.why == "gone"
        }
        return [
            key
            for key, group in self.waves.to_groups.items()
            if (group.account, f"group:{group.chat}") not in gone
        ]

    async def _work(self, wave: int) -> None:
        """Let the processes work until as much as a part of a wave has arrived, or for a while."""
        goal = len(self.platform.log.arrivals) + self.chance.randrange(wave)
        ends = time.monotonic() + ROUND
        if self.chance.random() < BLIND:
            goal, ends = sys.maxsize, time.monotonic() + self.chance.random()
        while len(self.platform.log.arrivals) < goal and time.monotonic() < ends:
            self._check_alive()
            await asyncio.sleep(LOOK)
        await asyncio.sleep(self.chance.uniform(0, 2 * LOOK))

    async def _refuse(self) -> None:
        """Shut the platform's door for a moment."""
        self.platform.shut()
        await asyncio.sleep(self.chance.uniform(0.02, 0.2))
        await self.platform.open()
        await asyncio.sleep(self.chance.uniform(0, 0.2))

    async def _kill(self) -> None:
        victim = await self._victim()
        victim.kill()
        self.kills.append(await self._blow(victim))

    async def _freeze(self) -> None:
        victim = await self._victim()
        victim.signal(signal.SIGSTOP)
        try:
            self.freezes.append(await self._blow(victim))
            lasts = TERMS.lasts.total_seconds()
            await asyncio.sleep(self.chance.uniform(lasts, 1.5 * lasts))
        finally:
            victim.signal(signal.SIGCONT)

    async def _victim(self) -> LaneProcess:
        """One of the processes: mostly one that holds a lane, because the others have no calls."""
        holders = await self.ledger.holders()
        busy = [process for process in self.processes if process.holder in holders]
        anybody = self.chance.random() < IDLE_HIT
        return self.chance.choice(self.processes if anybody or not busy else busy)

    async def _blow(self, victim: LaneProcess) -> Blow:
        """What the victim has left behind."""
        leases = victim.leases
        before, in_hand = None, await self.ledger.in_hand(leases)
        while in_hand != before:  # a server may still be committing what a dead process told it to
            await asyncio.sleep(BUFFERS)
            before, in_hand = in_hand, await self.ledger.in_hand(leases)
        self.interrupted.update(one.key for one in in_hand)
        since = {one.key: one.began_at for one in in_hand if not one.settled}
        begun = {
            note.of
            for note in (victim.notes() if since else ())
            if note.what == "begun" and note.at >= since.get(note.of, note.at + 1)
        }
        written = Counter(
            one.account for one in in_hand if not one.settled and one.key not in begun
        )
        return Blow(len(leases), len(begun), written)

    def _start_all(self) -> None:
        for process in self.processes:
            process.start()

    def _check_alive(self) -> None:
        for process in self.processes:
            process.check_alive()


def dice(seed: str) -> random.Random:
    """Chance that is the same for the same seed."""
    return random.Random(seed)  # noqa: S311 (when to kill is no secret)


@asynccontextmanager
async def trial(url: str, folder: Path, seed: str, processes: int) -> AsyncIterator[Trial]:
    """A platform, a shop and senders that are not started yet; all of it is ended after."""
    platform = Platform(
        limits=LIMITS,
        seed=seed,
        remembers=REMEMBERED,
        deadline=SETTINGS.call_deadline.total_seconds(),
        patience=FLIGHT,
    )
    database = await Database.open(url)
    try:
        async with platform:
            waves = await Waves.found(database, dice(f"{seed}/waves"))
            orders = Orders(url, platform.port, ACCOUNTS, LIMITS)
            started = []
            for number in range(processes):
                place = folder / f"process-{number}"
                place.mkdir()
                started.append(LaneProcess(orders, place))
            try:
                yield Trial(platform, waves, Ledger(database), started, seed)
            finally:
                for process in started:
                    process.kill()
    finally:
        await database.close()


def report(held: Trial, case: Case, broken: Sequence[str], took: float) -> str:
    """The figures of a run in one line."""
    blows = [*held.kills, *held.freezes]
    hit = sum(blow.leases > 0 for blow in held.kills)
    lost = sum(note.what == "lost" for note in case.notes)
    return "; ".join(
        [
            f"{len(held.kills)} kills ({hit} of them took lanes), {len(held.freezes)} freezes",
            f"{len(case.ledger)} deliveries: {_counted(entry.state for entry in case.ledger)}",
            f"{len(case.log.arrivals)} calls: {_counted(call.why for call in case.log.arrivals)}",
            f"in doubt after a blow: at most {max(blow.in_doubt for blow in blows)}",
            f"of these not begun, of one account: at most {max(blow.worst for blow in blows)}",
            f"{lost} lanes lost alive",
            f"latest departure {case.latest * 1000:.0f} ms after not_after",
            f"{len(broken)} violations",
            f"{took:.0f} s",
        ]
    )


def _counted(words: Iterable[str]) -> str:
    return ", ".join(f"{count} {word!s}" for word, count in Counter(words).most_common())
