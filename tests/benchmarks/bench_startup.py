"""Prints how soon the embedded bot is ready, against importing its libraries alone.

`nuanqun run` with the room and its page, on a database that exists already, is timed from the
start of its process until it says that it is ready; beside it, in turns, a process that only
imports the third-party modules which such a bot has imported by then. Then the bot's memory, when
ready and after a first `/insights`. Targets: at most 1.5 times, and under 200 MB.

Run it with: python tests/benchmarks/bench_startup.py
"""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psutil
from websockets.sync.client import connect

TOP = Path(__file__).parents[2]
ROUNDS = 7
RATIO, MEGABYTES = 1.5, 200
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(TOP)}

# Run the bot as `python -m bot run` does, and write what it has imported when it is told to end.
LISTING = """
import atexit, json, sys
def note():
    print(json.dumps([name for name in sys.modules if "." not in name]), flush=True)
atexit.register(note)
sys.argv = ["nuanqun", "run"]
from bot.cli import main
sys.exit(main())
"""
OURS = {"bot", "handlers", "scheduler", "insights", "storage"}


def start(folder: Path, *program: str) -> subprocess.Popen[str]:
    """A Python process in the folder, with its output in reach."""
    return subprocess.Popen(
        [sys.executable, *program],
        cwd=folder,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def until_ready(bot: subprocess.Popen[str]) -> list[str]:
    """What the bot says until it is ready."""
    said: list[str] = []
    while not said or "ready" not in said[-1]:
        line = bot.stderr.readline() if bot.stderr else ""
        if not line:
            raise SystemExit(f"the bot ended: {said}")
        said.append(line)
    return said


def ended(bot: subprocess.Popen[str]) -> str:
    """End a bot; what it had printed."""
    bot.send_signal(signal.SIGTERM)
    return bot.communicate(timeout=60)[0]


def libraries(folder: Path) -> list[str]:
    """The third-party modules that a ready bot has imported, in their order."""
    bot = start(folder, "-c", LISTING)
    until_ready(bot)
    loaded = json.loads(ended(bot).splitlines()[-1])
    return [
        name
        for name in loaded
        if name not in OURS and name not in sys.stdlib_module_names and not name.startswith("_")
    ]


def seconds_until_ready(folder: Path) -> float:
    """From the start of the process."""
    began = time.perf_counter()
    bot = start(folder, "-m", "bot", "run")
    until_ready(bot)
    seconds = time.perf_counter() - began
    ended(bot)
    return seconds


def seconds_of_imports(folder: Path, imports: str) -> float:
    """Of a process that only imports."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", imports], cwd=folder, env=ENVIRONMENT, check=True)
    return time.perf_counter() - began


def memory(folder: Path) -> tuple[float, float]:
    """Megabytes when ready, and after the manager's first /insights."""
    bot = start(folder, "-m", "bot", "run")
    said = until_ready(bot)
    process = psutil.Process(bot.pid)
    ready = process.memory_info().rss / 1e6
    (link,) = parse_qs(urlsplit(said[1].split()[-1]).query)["link"]
    door = said[0].split()[-1].replace("http", "ws") + "/door"
    with connect(door, proxy=None) as socket:
        socket.send(json.dumps({"do": "sign_in", "id": 1, "link": link, "nickname": "阿玲"}))
        me = json.loads(socket.recv())["ok"]["me"]["id"]
        ask = {"do": "say", "id": 2, "to": {"person": me}, "text": "/insights 7"}
        socket.send(json.dumps(ask))
        while "粉丝在说什么" not in socket.recv(timeout=60):
            pass
    reported = process.memory_info().rss / 1e6
    ended(bot)
    return ready, reported


def main() -> None:
    """Measure, in turns, and say whether the targets were met."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "nuanqun.toml").write_text("[room]\nport = 0\n")
        names = libraries(folder)  # makes the database as well
        imports = "\n".join(f"import {name}" for name in names)
        pairs = [
            (seconds_until_ready(folder), seconds_of_imports(folder, imports))
            for _ in range(ROUNDS)
        ]
        ready, reported = memory(folder)
    whole, alone = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(one / other for one, other in pairs)
    print(
        f"ready after {whole:.2f} s, its libraries alone {alone:.2f} s: {ratio:.2f} times "
        f"(target {RATIO}: {'met' if ratio <= RATIO else 'MISSED'})"
    )
    print(
        f"memory {ready:.0f} MB when ready, {reported:.0f} MB after a first /insights "
        f"(target {MEGABYTES}: {'met' if max(ready, reported) < MEGABYTES else 'MISSED'})"
    )


if __name__ == "__main__":
    main()
