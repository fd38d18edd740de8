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
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psutil
from websockets.sync.client import ClientConnection, connect

TOP = Path(__file__).parents[2]
ROUNDS = 7
SPOKEN = 300
RATIO, MEGABYTES = 1.5, 200
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(TOP)}

# Run the bot as `python -m bot run` does, and write what it has imported when it is told to end.
LISTING = """
import atexit, json, sys
def note():
    print(json.dumps(list(sys.modules)), flush=True)
atexit.register(note)
sys.argv = ["nuanqun", "run"]
from bot.cli import main
sys.exit(main())
"""
# Some names stand for nothing that can be imported: Cython's and six's inventions.
ALONE = """
import contextlib, importlib
for name in {names!r}:
    with contextlib.suppress(ImportError):
        importlib.import_module(name)
"""
OURS = {"__main__", "__mp_main__", "bot", "handlers", "scheduler", "insights", "storage"}


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
    seconds_until_ready(folder)  # makes the database, which takes libraries of its own
    bot = start(folder, "-c", LISTING)
    until_ready(bot)
    loaded = json.loads(ended(bot).splitlines()[-1])
    known = OURS | sys.stdlib_module_names
    return [name for name in loaded if name.partition(".")[0] not in known]


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


def ask(socket: ClientConnection, do: str, **parts: object) -> dict[str, Any]:
    """Ask the room something through its door; the answer."""
    socket.send(json.dumps({"do": do, "id": do, **parts}))
    while (answer := json.loads(socket.recv(timeout=60))).get("id") != do:
        pass
    found: dict[str, Any] = answer["ok"]
    return found


def talk() -> list[str]:
    """Some of the sample shop's lines."""
    lines = (TOP / "bot" / "demo" / "chat.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["text"] for line in lines[:SPOKEN]]


def memory(folder: Path) -> tuple[float, float]:
    """Megabytes when ready, and after the manager's first /insights."""
    bot = start(folder, "-m", "bot", "run")
    try:
        return look_at_memory(bot)
    finally:
        ended(bot)


def look_at_memory(bot: subprocess.Popen[str]) -> tuple[float, float]:
    """The same, of a bot that was started."""
    said = until_ready(bot)
    process = psutil.Process(bot.pid)
    ready = process.memory_info().rss / 1e6
    (link,) = parse_qs(urlsplit(said[1].split()[-1]).query)["link"]
    door = said[0].split()[-1].replace("http", "ws") + "/door"
    with connect(door, proxy=None) as fan, connect(door, proxy=None) as manager:
        me = ask(manager, "sign_in", link=link, nickname="阿玲")["person"]["id"]
        group = ask(manager, "create_group", name="一群")["group"]["id"]
        ask(fan, "enter", nickname="小鱼")
        ask(fan, "join", group=group)
        for text in talk():
            ask(fan, "say", address=f"group:{group}", text=text)
        ask(manager, "say", address=f"person:{me}", text="/insights 7")
        ask(manager, "events", after=0)
        while "粉丝在说什么" not in (told := str(manager.recv(timeout=60))):
            pass
        if "喜欢：" not in told:
            raise SystemExit(f"the report is empty: {told}")
    return ready, process.memory_info().rss / 1e6


def main() -> None:
    """Measure, in turns, and say whether the targets were met."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "nuanqun.toml").write_text("[room]\nport = 0\n")
        imports = ALONE.format(names=libraries(folder))
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
