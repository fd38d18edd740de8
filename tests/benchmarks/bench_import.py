"""Prints how fast a history is imported, against a loop that commits each row by itself.

`nuanqun import chat` on a jsonl file of 12,000 messages, through the real pipeline into a fresh
SQLite file: reading, keys, members, groups, tags, and the day's marks. The plain loop stores the
same rows through the same `record_batch`, one transaction each. The target is 3,000 messages/s.

Run it with: python tests/benchmarks/bench_import.py
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))  # run as a file, tests/ is not on the path

from bot.configuration import Configuration
from bot.importing import import_history
from bot.wiring import open_desk
from handlers.events import Chat, MessageHeard, Person
from handlers.recording import record_batch
from scheduler.clock import RealClock

MESSAGES = 12_000
SINGLE = 600
TARGET = 3_000
START = datetime(2026, 10, 1, 1, 0, tzinfo=UTC)
LINES = Path(__file__).parents[2] / "bot" / "demo" / "chat.jsonl"


def history(number: int) -> Iterator[dict[str, str]]:
    """So many rows: the sample shop's talk, again and again, by 300 members of 6 groups."""
    texts = [json.loads(line)["text"] for line in LINES.read_text(encoding="utf-8").splitlines()]
    for index in range(number):
        fan = index * 7 % 300
        yield {
            "group": f"{fan % 6 + 1}群",
            "member": f"粉丝{fan}",
            "text": texts[index % len(texts)],
            "at": (START + timedelta(minutes=3 * index)).isoformat(),
        }


def configuration(folder: Path, name: str) -> Configuration:
    """The default shop on a database of its own."""
    url = f"sqlite+aiosqlite:///{folder / name}.sqlite3"
    return Configuration.model_validate({"storage": {"url": url}})


async def imported(folder: Path) -> float:
    """Messages a second of `import_history`, the opening of the database included."""
    file = folder / "history.jsonl"
    with file.open("w", encoding="utf-8") as stream:
        stream.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in history(MESSAGES))
    began = time.perf_counter()
    done = await import_history(configuration(folder, "imported"), file, "jsonl")
    seconds = time.perf_counter() - began
    if (done.stored, done.duplicates, len(done.rejections)) != (MESSAGES, 0, 0):
        raise SystemExit(f"not every row was stored: {done}")
    return MESSAGES / seconds


async def one_by_one(folder: Path) -> float:
    """Messages a second when each row is a transaction."""
    desk = await open_desk(configuration(folder, "single"), RealClock())
    began = time.perf_counter()
    for index, row in enumerate(history(SINGLE)):
        event = MessageHeard(
            account="import",
            cursor="",
            at=datetime.fromisoformat(row["at"]),
            message=str(index),
            chat=Chat(row["group"], row["group"]),
            sender=Person(row["member"], row["member"]),
            text=row["text"],
        )
        async with desk.database.writing() as connection:
            await record_batch(
                connection,
                [event],
                shop_id=desk.shop_id,
                shop=desk.shop,
                platform="import",
                is_command=lambda _text, _role: False,
                history=True,
            )
    seconds = time.perf_counter() - began
    await desk.database.close()
    return SINGLE / seconds


def main() -> None:
    """Measure both, and say whether the target was met."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(one_by_one(Path(folder) / "warm-up"))
        single = asyncio.run(one_by_one(Path(folder)))
        fast = asyncio.run(imported(Path(folder)))
    verdict = "met" if fast >= TARGET else "MISSED"
    print(
        f"import of {MESSAGES:,} messages: {fast:,.0f} messages/s (target {TARGET:,}: {verdict})   "
        f"a commit each: {single:,.0f} messages/s   ratio {fast / single:.1f}"
    )


if __name__ == "__main__":
    main()
