"""The room and the bot as processes of their own, to be killed and started again.

Both are the programs that users run. What they know is read from their SQLite files, which
outlive them; so a test looks at the truth on the disk and not at what a process says of itself.
"""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from websockets.sync.client import connect


@dataclass(slots=True)
class Program:
    """One of our programs with its output in files; `start` it as often as it was ended."""

    folder: Path
    name: str
    arguments: list[str] = field(default_factory=list)
    process: subprocess.Popen[bytes] | None = None

    @property
    def said(self) -> Path:
        """The file of its stdout."""
        return self.folder / f"{self.name}.out"

    @property
    def complained(self) -> Path:
        """The file of its stderr; each start writes it anew."""
        return self.folder / f"{self.name}.err"

    def start(self) -> None:
        with self.said.open("wb") as out, self.complained.open("wb") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *self.arguments], stdout=out, stderr=err
            )

    def kill(self) -> None:
        """Kill -9: it cannot write, answer or say anything any more."""
        if self.process is not None:
            self.process.kill()  # does nothing to one that has ended by itself
            self.process.wait()
            self.process = None

    def check_alive(self) -> None:
        """Fail the test with what the program complained of, if it ended by itself."""
        if self.process is None or self.process.poll() is not None:
            pytest.fail(f"{self.name} ended by itself:\n{self.complained.read_text()}")


def room_program(folder: Path, port: int = 0) -> Program:
    """`python -m bot.room` on a folder of its own."""
    arguments = ["bot.room", "--data", str(folder / "room"), "--port", str(port), "--no-page"]
    return Program(folder, "room", arguments)


def bot_program(folder: Path, ready: dict[str, str], url: str, name: str = "bot") -> Program:
    """`python -m bot run` on the database at `url`, in the room that said `ready`.

    It cares for nobody's sleep: quiet hours would make a test's end depend on when it is run,
    and caps on how often it broadcasts.
    """
    configuration = folder / f"{name}.toml"
    configuration.write_text(
        f"""
        [storage]
        url = "{url}"
        [room]
        door = "{ready["door"]}"
        token_file = "{ready["token_file"]}"
        [care]
        quiet_from = "00:00"
        quiet_until = "00:00"
        posts_a_day = 100
        posts_a_week = 700
        [log]
        level = "debug"
        """
    )
    return Program(folder, name, ["bot", "run", "--config", str(configuration)])


def manager_token(ready: dict[str, str], nickname: str) -> str:
    """Use a room's sign-in link up, and keep the token that the room gives for it."""
    (link,) = parse_qs(urlsplit(ready["sign_in"]).query)["link"]
    with connect(ready["door"], proxy=None) as socket:
        socket.send(json.dumps({"do": "sign_in", "id": 1, "link": link, "nickname": nickname}))
        answer: dict[str, Any] = json.loads(socket.recv())
    token: str = answer["ok"]["token"]
    return token


def fan_comes(door: str, nickname: str, group: str) -> None:
    """Somebody new enters the room, joins a group, and is silent."""
    with connect(door, proxy=None) as socket:
        for number, deed in enumerate(
            ({"do": "enter", "nickname": nickname}, {"do": "join", "group": group})
        ):
            socket.send(json.dumps({"id": number, **deed}))
            answer = json.loads(socket.recv())
            assert "ok" in answer, answer


def _rows(file: Path, question: str, *values: object) -> list[Any]:
    """Ask a file that another process may be writing."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=10)) as connection:
        return connection.execute(question, values).fetchall()


@dataclass(frozen=True, slots=True)
class RoomLog:
    """What stands in the room's file."""

    folder: Path

    def posts(self, beginning: str) -> Counter[str]:
        """Delivery key → how often it was posted, of the keys with this beginning."""
        rows = _rows(
            self.folder / "room" / "room.sqlite3",
            "SELECT key, count(*) FROM messages WHERE key >= ? AND key < ? GROUP BY key",
            beginning,
            f"{beginning}\U0010ffff",
        )
        return Counter(dict(rows))

    def texts(self, beginning: str) -> list[str]:
        """What was posted under the keys with this beginning, in its order."""
        rows = _rows(
            self.folder / "room" / "room.sqlite3",
            "SELECT content FROM messages WHERE key >= ? AND key < ? ORDER BY seq",
            beginning,
            f"{beginning}\U0010ffff",
        )
        return [json.loads(content)["text"] for (content,) in rows]

    def greeted(self) -> int:
        """How many people were greeted by name or number, counted as often as that was."""
        number = 0
        for text in self.texts("welcome:"):
            names, _, _ = text.partition(" 来到 ")
            many = re.search(r" 等 (\d+) 位新朋友$", names)
            number += int(many[1]) if many else names.count("@")
        return number


@dataclass(frozen=True, slots=True)
class BotMemory:
    """What stands in the bot's file."""

    folder: Path

    @property
    def file(self) -> Path:
        """The bot's database."""
        return self.folder / "bot.sqlite3"

    def _ask(self, question: str, *values: object) -> list[Any]:
        try:
            return _rows(self.file, question, *values)
        except sqlite3.OperationalError as trouble:
            # Before its first start the bot has no file, or no tables in it.
            if "no such table" in str(trouble) or "unable to open" in str(trouble):
                return []
            raise

    def groups(self) -> int:
        """How many groups the bot knows."""
        ((number,),) = self._ask("SELECT count(*) FROM groups WHERE present") or [(0,)]
        return int(number)

    def states(self, campaign: str) -> Counter[str]:
        """State → number of deliveries of the campaign with this key."""
        rows = self._ask(
            "SELECT d.state, count(*) FROM deliveries d JOIN campaigns c ON c.id = d.campaign_id"
            " WHERE c.key = ? GROUP BY d.state",
            campaign,
        )
        return Counter(dict(rows))

    def campaigns(self) -> list[str]:
        """The keys of all campaigns, oldest first."""
        return [key for (key,) in self._ask("SELECT key FROM campaigns ORDER BY id")]

    def heard_in_groups(self) -> list[str]:
        """Everything that was said in groups, in the order it was stored."""
        rows = self._ask("SELECT text FROM messages WHERE group_id IS NOT NULL ORDER BY id")
        return [text for (text,) in rows]

    def has_heard(self, message: int) -> bool:
        """Whether the bot has stored the room's message with this number."""
        return bool(self._ask("SELECT id FROM messages WHERE message = ?", str(message)))

    def is_pending(self, message: int) -> bool:
        """Whether that message is a command which is stored and not finished."""
        return bool(
            self._ask(
                "SELECT m.id FROM messages m JOIN pending_commands p ON p.message_id = m.id"
                " WHERE m.message = ?",
                str(message),
            )
        )

    def make_older(self, message: int, moment: datetime) -> None:
        """Set the time of a message back, while the bot is not running."""
        at = moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
        with closing(sqlite3.connect(self.file)) as connection, connection:
            connection.execute("UPDATE messages SET at = ? WHERE message = ?", (at, str(message)))
