"""A room with many groups, a bot that is killed and started, and a manager who goes on."""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.room.remote import SocketConnection
from scheduler.courier import Address
from tests.faults.processes import (
    BotMemory,
    Program,
    RoomLog,
    bot_program,
    manager_token,
    room_program,
)

GROUPS = 240  # several times what is called at once, so that a kill can come between
ROUNDS = int(os.environ.get("NUANQUN_FAULT_ROUNDS", "5"))
SEED = int(os.environ.get("NUANQUN_FAULT_SEED", str(time.time_ns() % 1_000_000)))
PATIENCE = 120.0  # seconds; a start of the bot takes four of them, and many more on a busy machine
LOOK = 0.002  # seconds between two looks at a file


def dice(name: str) -> random.Random:
    """The chance of one test: the same for the same NUANQUN_FAULT_SEED."""
    return random.Random(f"{SEED}/{name}")  # noqa: S311 (when to kill is no secret)


def tell(line: str) -> None:
    """Say something that pytest shows when the test fails, and with -s."""
    sys.stdout.write(f"{line} (NUANQUN_FAULT_SEED={SEED})\n")


async def until(truth: Callable[[], object], what: str) -> None:
    """Look again and again until something is true; fail the test when patience ends."""
    ends = time.monotonic() + PATIENCE
    while not truth():
        if time.monotonic() > ends:
            pytest.fail(f"waited {PATIENCE:g} s in vain until {what}")
        await asyncio.sleep(LOOK)


class Scene:
    """Room and bot as processes, the manager as a program at the room's door."""

    room: Program
    bot: Program
    manager: SocketConnection
    private: Address

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.log = RoomLog(folder)
        self.memory = BotMemory(folder)

    async def open(self) -> None:
        """Start both, make the groups, and wait until the bot knows them."""
        self.room = room_program(self._folder)
        self.room.start()
        await until(lambda: self._is_ready(self.room), "the room was ready")
        ready = json.loads(self.room.said.read_text())
        # From now on it comes back on the same port, where the others look for it.
        port = int(ready["url"].rpartition(":")[2])
        self.room.arguments = room_program(self._folder, port).arguments
        self.bot = bot_program(self._folder, ready, f"sqlite+aiosqlite:///{self.memory.file}")
        token = await asyncio.to_thread(manager_token, ready, "店长")
        self.manager = SocketConnection(ready["door"], token)
        self.private = Address(person=(await self.manager.open()).id)
        for number in range(GROUPS):
            await self.manager.create_group(f"{number + 1}群")
        self.bot.start()
        await self.until(lambda: self.memory.groups() == GROUPS, "the bot knew its groups")

    async def close(self) -> None:
        """End what was started."""
        if hasattr(self, "manager"):
            await self.manager.close()
        for program in (getattr(self, "bot", None), getattr(self, "room", None)):
            if program is not None:
                program.kill()

    @staticmethod
    def _is_ready(room: Program) -> bool:
        room.check_alive()
        return room.said.read_text().endswith("\n")

    async def until(self, truth: Callable[[], object], what: str) -> None:
        """Wait for something that the running bot brings about."""

        def looked_at() -> object:
            if self.bot.process is not None:
                self.bot.check_alive()
            return truth()

        await until(looked_at, what)

    async def tell_bot(self, text: str) -> int:
        """The manager says something to the bot in private; the message's number."""
        return (await self.manager.say(self.private, text)).seq

    def answers(self, message: int) -> list[str]:
        """What the bot has answered to this message, every repetition counted."""
        return self.log.texts(f"reply:room/{message}/")

    async def answer(self, message: int) -> str:
        """The bot's first answer to this message."""
        await self.until(lambda: self.answers(message), f"message {message} was answered")
        return self.answers(message)[0]

    async def propose(self, words: str) -> tuple[str, int]:
        """Have a broadcast previewed: the key its campaign will have, and its number."""
        message = await self.tell_bot(f"/broadcast @所有群 {words}")
        preview = await self.answer(message)
        return f"broadcast:room/{message}", number_in(preview)

    def posted(self, campaign: str) -> int:
        """How many posts of a campaign stand in the room, every repetition counted."""
        return self.log.posts(f"{campaign}/").total()

    async def until_posted(self, campaign: str, number: int) -> None:
        """Wait until so many posts of a campaign stand in the room."""
        await self.until(
            lambda: self.posted(campaign) >= number, f"{number} posts of {campaign} stood there"
        )

    async def until_settled(self, campaign: str) -> None:
        """Wait until every delivery of a campaign has come to an end that nobody doubts."""

        def is_settled() -> bool:
            states = self.memory.states(campaign)
            open_ones = states.keys() & {"planned", "sending", "uncertain"}
            return states.total() == GROUPS and not open_ones

        await self.until(is_settled, f"{campaign} was settled")

    async def until_finished(self, message: int) -> None:
        """Wait until the bot has heard a command, answered it, and will not look at it again."""
        await self.until(
            lambda: (
                self.memory.has_heard(message)
                and not self.memory.is_pending(message)
                and self.answers(message)
            ),
            f"command {message} was finished",
        )


def number_in(preview: str) -> int:
    """The number with which a preview is confirmed."""
    found = re.search(r"/confirm (\d+)", preview)
    if found is None:
        pytest.fail(f"this is no preview: {preview}")
    return int(found[1])
