"""The sender's promises, under faults of the platform and deaths of its processes.

SQLite with one process, PostgreSQL with three; see `trial.py` for what happens and `judge.py` for
what must be true afterwards. `NUANQUN_FAULT_ROUNDS` sets how often a process is killed on each
engine, `NUANQUN_FAULT_DELIVERIES` how many deliveries there are at least on each, and
`NUANQUN_FAULT_SEED` replays a run as far as processes allow. `make faults` runs it long, `make
test` short.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.faults.judge import violations
from tests.faults.scale import ONE_BATCH
from tests.faults.scene import ROUNDS, SEED
from tests.faults.trial import report, trial

DELIVERIES = int(os.environ.get("NUANQUN_FAULT_DELIVERIES", "1500"))
PROCESSES = {"sqlite": 1, "postgresql": 3}

pytestmark = pytest.mark.faults


async def test_every_message_is_sent_once_in_time_and_within_the_limits(
    database_url: str, tmp_path: Path, figures: list[str]
) -> None:
    engine = database_url.partition("+")[0]
    began = time.monotonic()
    async with trial(database_url, tmp_path, f"{SEED}/{engine}", PROCESSES[engine]) as held:
        await held.hold(ROUNDS, DELIVERIES)
        case = await held.settle(DELIVERIES)
    broken = violations(case)
    figures.append(f"{engine}, seed {SEED}: {report(held, case, broken, time.monotonic() - began)}")
    assert not broken, "\n".join([*figures, *broken[:50]])
    assert len(held.kills) == ROUNDS
    assert len(case.ledger) >= DELIVERIES
    # What a blow leaves in doubt beside the calls begun was written down for the next 100 ms.
    assert max(blow.worst for blow in [*held.kills, *held.freezes]) <= ONE_BATCH
