"""How many short texts are read in a second, by wall clock and by the processor's.

The machine may have other work; a second of processor time is a second of one core in any case.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

_TOP = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Speed:
    """Texts in a second of each clock."""

    wall: float
    processor: float


def in_process(texts: Sequence[str], read: Callable[[str], object]) -> Speed:
    """The speed of a function, after its first call."""
    read(texts[0])
    wall, processor = time.perf_counter(), time.process_time()
    for text in texts:
        read(text)
    return Speed(
        len(texts) / (time.perf_counter() - wall), len(texts) / (time.process_time() - processor)
    )


def of_analyse(texts: Sequence[str]) -> Speed:
    """The speed of `nuanqun analyse` from its start to its end, answers written to a file.

    Raises:
        SystemExit: it failed, or did not answer every line.
    """
    with tempfile.TemporaryDirectory() as folder:
        asked, answered = Path(folder) / "asked.txt", Path(folder) / "answered.jsonl"
        asked.write_text("".join(f"{text}\n" for text in texts), "utf-8")
        wall, processor = time.perf_counter(), _children()
        with asked.open("rb") as stdin, answered.open("wb") as stdout:
            subprocess.run(
                [sys.executable, "-m", "bot", "analyse"],
                check=True,
                cwd=folder,
                env={**os.environ, "PYTHONPATH": str(_TOP)},
                stdin=stdin,
                stdout=stdout,
            )
        speed = Speed(
            len(texts) / (time.perf_counter() - wall), len(texts) / (_children() - processor)
        )
        with answered.open("rb") as lines:
            answers = sum(1 for _ in lines)
    if answers != len(texts):
        raise SystemExit(f"{answers} answers to {len(texts)} texts")
    return speed


def _children() -> float:
    """Processor seconds of the processes that this one has waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
