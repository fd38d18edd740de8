"""`nuanqun` as its users run it: as a program of its own, or, quicker, called in this process."""

from __future__ import annotations

import asyncio
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.cli import main

READY = "The bot is ready."
PATIENCE = 120.0  # seconds: machines that run many tests at once are slow


@dataclass(frozen=True, slots=True)
class Ended:
    """How a call ended: its exit code, and what it said where."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on stdout; fails where there is anything else."""
        return json.loads(self.out)


Call = Callable[..., Ended]


async def until(truth: Callable[[], object]) -> None:
    """Look again and again until something is true; fail when patience ends."""
    async with asyncio.timeout(PATIENCE):
        while True:
            if truth():
                return
            await asyncio.sleep(0.001)


def run(folder: Path, *arguments: str, given: bytes = b"") -> Ended:
    """Run `nuanqun` as a program in a folder of its own."""
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-m", "bot", *arguments],
        cwd=folder,
        input=given,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
        env=environment(),
    )
    return Ended(ended.returncode, ended.stdout.decode(), ended.stderr.decode())


def start(folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """Start `nuanqun` in a folder; whoever starts it ends it."""
    return subprocess.Popen(
        [sys.executable, "-m", "bot", *arguments],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )


@contextmanager
def serving(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], list[str]]]:
    """`nuanqun run` once it has said that it is ready, with the lines it said until then."""
    with start(folder, "run") as bot:
        try:
            said: list[str] = []
            assert bot.stderr is not None
            while not said or READY not in said[-1]:
                line = bot.stderr.readline().decode()
                assert line, said
                said.append(line)
            yield bot, said
        finally:
            bot.kill()


def environment() -> dict[str, str]:
    """This process's environment, with the repository on the path and nothing configured."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NUANQUN_")}
    return {**kept, "PYTHONPATH": str(Path(__file__).parents[2])}


def call(*arguments: str, given: bytes = b"") -> Ended:
    """Call `nuanqun` in this process, in the folder it is in."""
    before = sys.argv, sys.stdin, sys.stdout, sys.stderr
    out, err = (io.TextIOWrapper(io.BytesIO(), write_through=True) for _ in range(2))
    sys.argv = ["nuanqun", *arguments]
    sys.stdin = io.TextIOWrapper(io.BytesIO(given), newline="\n")
    sys.stdout, sys.stderr = out, err
    try:
        code = main()
    finally:
        sys.argv, sys.stdin, sys.stdout, sys.stderr = before
    for stream in (out, err):
        stream.seek(0)
    return Ended(code, out.read(), err.read())
