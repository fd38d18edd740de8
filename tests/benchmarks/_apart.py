"""Work that is measured in processes of its own: nothing else counts into its time and memory.

All processes of one measurement are started by one signal, after each has got ready. Times are
read from one clock of the machine, so that the begin and end of several processes compare.
"""

from __future__ import annotations

import logging
import multiprocessing
import resource
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Generic, TypeVar

import structlog

Given = TypeVar("Given")
Made = TypeVar("Made")

Start = Callable[[], None]
"""Waits until every process is ready, and begins to measure; blocks its thread."""
Work = Callable[[Given, Start], Made]

_PATIENCE = 600.0
_STATUS = Path("/proc/self/status")

_ready: Barrier | None = None


@dataclass(frozen=True, slots=True)
class Measured(Generic[Made]):
    """What one process made; `began` and `ended` are seconds, `peak` its memory in bytes."""

    made: Made
    began: float
    ended: float
    cpu: float
    peak: int


def apart(work: Work[Given, Made], *given: Given) -> list[Measured[Made]]:
    """Do `work` in one new process for each of `given`; it calls `Start` once, when it is ready."""
    fresh = multiprocessing.get_context("spawn")
    barrier = fresh.Barrier(len(given))
    with ProcessPoolExecutor(len(given), fresh, _take, (barrier,)) as processes:
        running = [processes.submit(_measured, work, one) for one in given]
        return [one.result() for one in running]


def seconds(measured: Sequence[Measured[Made]]) -> float:
    """From the first process's begin to the last one's end."""
    return max(one.ended for one in measured) - min(one.began for one in measured)


def _take(barrier: Barrier) -> None:
    global _ready  # noqa: PLW0603 (a barrier can only be handed over while the process is made)
    _ready = barrier


def _measured(work: Work[Given, Made], given: Given) -> Measured[Made]:
    # What is told of every round would stand between the figures.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    began = cpu = 0.0

    def start() -> None:
        nonlocal began, cpu
        if _ready is not None:
            _ready.wait(_PATIENCE)
        began, cpu = time.monotonic(), time.process_time()

    made = work(given, start)
    ended, spent = time.monotonic(), time.process_time() - cpu
    return Measured(made, began, ended, spent, _peak())


def _peak() -> int:
    """The most memory that this process has had, in bytes."""
    if _STATUS.exists():
        # Linux counts what the parent had into the other figure.
        (line,) = (each for each in _STATUS.read_text().splitlines() if each.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
