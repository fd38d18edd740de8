"""What a test that lives through days with the whole bot does again and again, on any platform.

The clock hurries, and jumps to where something is to happen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Select

from bot.configuration import Configuration
from bot.wiring import Bot
from scheduler.courier import Address
from tests.contracts.counterpart import Posted
from tests.peers.hurrying_clock import HurryingClock

PATIENCE = 60.0  # seconds of real time: a busy machine answers late, not never


class Stage(Protocol):
    """Where the bot lives: a platform with one group."""

    @property
    def group(self) -> str:
        """The id of that group."""
        ...

    async def posted(self, address: Address) -> list[Posted]:
        """What the bot has posted at an address, oldest first."""
        ...


class Life:
    """A stage, with a bot that can be put out and lit again."""

    def __init__(self, stage: Stage, clock: HurryingClock) -> None:
        self._stage = stage
        self.clock = clock
        self._seen: set[tuple[Address, str, str]] = set()
        self._bot: Bot | None = None
        self._running: asyncio.Task[None] | None = None

    @property
    def group(self) -> Address:
        """Where the group is now."""
        return Address(group=self._stage.group)

    async def begin(self, configuration: Configuration) -> None:
        """The bot begins, or begins again."""
        self._bot = await Bot.open(configuration, self.clock, [])
        self._running = asyncio.create_task(self._bot.run())

    async def put_out(self) -> None:
        """The bot ends."""
        bot, running = self._bot, self._running
        if bot is None or running is None:
            return
        self._bot = self._running = None
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await bot.close()

    async def answered(self, where: Address, words: str) -> Posted:
        """The next thing with these words that the bot says somewhere; each counts once."""
        found: Posted | None = None

        async def said() -> bool:
            nonlocal found
            for one in await self.standing(where):
                if words in one.text and (where, one.receipt, one.text) not in self._seen:
                    self._seen.add((where, one.receipt, one.text))
                    found = one
                    return True
            return False

        await self.until(said, f"{words} in {where}")
        assert found is not None
        return found

    async def standing(self, where: Address) -> list[Posted]:
        """What the bot has said somewhere and not taken back."""
        return [one for one in await self._stage.posted(where) if not one.deleted]

    async def stands(self, words: str) -> bool:
        """Whether something with these words stands in the group."""
        return any(words in one.text for one in await self.standing(self.group))

    async def until(self, true: Callable[[], Awaitable[bool]], what: str) -> None:
        """Wait for something to come true."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not await true():  # noqa: ASYNC110 (what happens elsewhere rings no bell)
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"never: {what}") from None

    async def jump_to(self, moment: datetime) -> None:
        """Go to a moment."""
        self.clock.jump_to(moment)

    async def remembered(self, what: Select[Any]) -> list[tuple[Any, ...]]:
        """Rows of the bot's database."""
        assert self._bot is not None
        async with self._bot.desk.database.reading() as connection:
            return [tuple(row) for row in await connection.execute(what)]
