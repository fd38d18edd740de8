"""A short run of `tests/benchmarks/bench_telegram.py`: fewer groups, and the same targets."""

from __future__ import annotations

from pathlib import Path

from tests.benchmarks.bench_telegram import broadcast

GROUPS = 90  # three seconds at 30 a second
FANS = 8


async def test_a_broadcast_keeps_the_limits_and_fans_are_answered_meanwhile(
    tmp_path: Path,
) -> None:
    came = await broadcast(tmp_path, GROUPS, FANS)
    assert (came.reached, came.twice, came.unanswered) == (GROUPS, 0, 0)
    assert (came.refused, came.wrong) == ([], [])
    assert came.waits
    assert max(came.waits) < 1
