"""The garbage collector, told how a process lives that stands for months and sends in batches."""

from __future__ import annotations

import gc

_YOUNG_OBJECTS = 50_000


def keep_what_stands() -> None:
    """Tell Python's garbage collector that what exists by now stays to the end, and to rest more.

    It went through all of it again and again, whenever 700 more objects lived than before; a batch
    of deliveries is more than that, and none of it waits for the collector. That cost the sender a
    quarter of its speed (`tests/benchmarks/bench_drain.py`).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, *gc.get_threshold()[1:])
