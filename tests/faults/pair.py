"""Two bots as processes of their own, one ledger on PostgreSQL, one room: one of them serves.

Which of the two serves follows from what the test has done to them: whoever starts second waits.
What became of things is read from the room's file and from the ledger.
"""

from __future__ import annotations

import asyncio
import json
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.room.remote import SocketConnection
from scheduler.courier import Address
from storage.database import Database
from tests.faults.processes import Program, RoomLog, bot_program, manager_token, room_program
from tests.faults.scene import PATIENCE, number_in, until

GROUPS = 20
OPEN = {"planned", "sending", "uncertain"}  # states that are not the end


class Pair:
    """Room, manager and two bots: `server` holds the lane, `waiter` waits for it."""

    room: Program
    server: Program
    waiter: Program
    manager: SocketConnection
    private: Address
    ledger: Database

    def __init__(self, folder: Path, url: str) -> None:
        self._folder = folder
        self._url = url
        self.log = RoomLog(folder)

    async def open(self) -> None:
        """Start everything, with the groups made, and wait until one serves and one waits."""
        self.room = room_program(self._folder)
        self.room.start()
        await until(lambda: self.room.said.read_text().endswith("\n"), "the room was ready")
        ready = json.loads(self.room.said.read_text())
        token = manager_token(ready, "店长")
        self.manager = SocketConnection(ready["door"], token)
        self.private = Address(person=(await self.manager.open()).id)
        for number in range(GROUPS):
            await self.manager.create_group(f"{number + 1}群")
        # Both at once, on a database without a table.
        one, other = (
            bot_program(self._folder, ready, self._url, name) for name in ("one", "other")
        )
        self.server, self.waiter = one, other
        one.start()
        other.start()
        await self._until_ready(one, other)
        if waits(one):
            self.swap()
        assert waits(self.waiter)
        assert not waits(self.server)
        self.ledger = await Database.open(self._url)
        await self.until_answered(await self.ask("/help"))

    async def close(self) -> None:
        """End what was started."""
        if hasattr(self, "ledger"):
            await self.ledger.close()
        if hasattr(self, "manager"):
            await self.manager.close()
        for name in ("server", "waiter", "room"):
            program: Program | None = getattr(self, name, None)
            if program is not None:
                program.kill()

    async def _until_ready(self, *bots: Program) -> None:
        def are_ready() -> bool:
            for bot in bots:
                bot.check_alive()
            return all("The bot is ready" in bot.complained.read_text() for bot in bots)

        await until(are_ready, "the bots were ready")

    # What is done to the bots

    async def restart(self, ended: Program) -> None:
        """Start a bot that was ended; it waits for the lane."""
        ended.start()
        await self._until_ready(ended)
        await until(lambda: waits(ended), f"{ended.name} waited for the lane")

    def swap(self) -> None:
        """The waiter serves now."""
        self.server, self.waiter = self.waiter, self.server

    @staticmethod
    def send(program: Program, number: signal.Signals) -> None:
        """Send a process a signal."""
        assert program.process is not None
        program.process.send_signal(number)

    # What is asked, and answered

    async def ask(self, command: str) -> int:
        """The manager says something to the bot in private; the message's number."""
        return (await self.manager.say(self.private, command)).seq

    def answers(self, message: int) -> Counter[str]:
        """Key → how often it was said, of the answers to this message."""
        return self.log.posts(f"reply:room/{message}/")

    async def until_answered(self, message: int) -> float:
        """Wait for the answer to a message; the moment it was seen, on the monotonic clock."""
        await until(lambda: self.answers(message), f"message {message} was answered")
        return time.monotonic()

    async def broadcast(self, words: str) -> str:
        """Have words said in all groups, and return at once; the key of the campaign."""
        message = await self.ask(f"/broadcast @所有群 {words}")
        await self.until_answered(message)
        preview = self.log.texts(f"reply:room/{message}/")[0]
        await self.ask(f"/confirm {number_in(preview)}")
        return f"broadcast:room/{message}"

    @asynccontextmanager
    async def in_the_midst(self, words: str) -> AsyncIterator[tuple[str, Counter[str]]]:
        """Have words said in all groups, and make the room stand still in the midst of it.

        What the context gives is the campaign's key, and the states of its deliveries: some are
        under way. After the context the room goes on.
        """
        while True:
            campaign = await self.broadcast(words)
            await self._until_begun(campaign)
            self.send(self.room, signal.SIGSTOP)
            try:
                states = await self.states(campaign)
                if states["sending"]:
                    yield campaign, states
                    return
            finally:
                self.send(self.room, signal.SIGCONT)

    async def _until_begun(self, campaign: str) -> None:
        ends = time.monotonic() + PATIENCE
        while not (await self.states(campaign)).keys() & {"sending", "sent"}:
            if time.monotonic() > ends:
                pytest.fail(f"waited {PATIENCE:g} s in vain until {campaign} was begun")

    def posts(self, campaign: str) -> Counter[str]:
        """Key → how often it was posted, of a campaign."""
        return self.log.posts(f"{campaign}/")

    async def states(self, campaign: str) -> Counter[str]:
        """State → number of deliveries of a campaign."""
        async with self.ledger.reading() as connection:
            rows = await connection.execute(
                text(
                    "SELECT d.state, count(*) FROM deliveries d JOIN campaigns c"
                    " ON c.id = d.campaign_id WHERE c.key = :key GROUP BY d.state"
                ),
                {"key": campaign},
            )
            return Counter(dict(rows.all()))

    async def until_settled(self, campaign: str) -> Counter[str]:
        """Wait until every delivery of a campaign is at its end; their states."""
        ends = time.monotonic() + PATIENCE
        while True:
            states = await self.states(campaign)
            if states.total() == GROUPS and not states.keys() & OPEN:
                return states
            if time.monotonic() > ends:
                pytest.fail(f"waited {PATIENCE:g} s in vain until {campaign} was settled: {states}")
            await asyncio.sleep(0.02)

    async def token(self) -> int:
        """The newest token of the lane: how often it was leased."""
        async with self.ledger.reading() as connection:
            found = await connection.execute(text("SELECT token FROM lanes WHERE account = 'room'"))
            return int(found.scalar_one())

    async def tokens_used(self, since: int) -> set[int]:
        """Under which tokens calls were made, of those with an attempt's number behind `since`."""
        async with self.ledger.reading() as connection:
            found = await connection.execute(
                text("SELECT DISTINCT token FROM attempts WHERE id > :since"), {"since": since}
            )
            return set(found.scalars())

    async def last_attempt(self) -> int:
        """The number of the newest attempt."""
        async with self.ledger.reading() as connection:
            found = await connection.execute(text("SELECT max(id) FROM attempts"))
            return int(found.scalar_one() or 0)


def said_of_its_account(bot: Program) -> list[str]:
    """The words in a bot's log that are about its account, in their order."""
    lines = [line.split() for line in bot.complained.read_text().splitlines()]
    return [word for words in lines if "account=room" in words for word in words]


def waits(bot: Program) -> bool:
    """Whether a bot waits for the lane, which another process holds."""
    return "lane_elsewhere" in said_of_its_account(bot)


def has_lost_its_lane(bot: Program) -> bool:
    """Whether a bot has noticed that another process took its lane over."""
    return "lane_lost" in said_of_its_account(bot)


def has_heard(bot: Program) -> bool:
    """Whether a bot has heard anything since it was started."""
    return "heard" in said_of_its_account(bot)
