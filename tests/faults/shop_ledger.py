"""The ledger of a shop whose bot runs in the tests' process, and waiting for it to come true."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import select

from bot.wiring import Bot
from scheduler.courier import Address
from storage import tables
from storage.deliveries import DeliveryState
from tests.faults.judge import FINAL

PATIENCE = 60.0  # seconds of real time


@dataclass(frozen=True, slots=True)
class Entry:
    """A delivery as the ledger has it."""

    group: str
    state: DeliveryState
    reason: str | None
    receipt: str | None


class ShopLedger:
    """The ledger of a running bot."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def entries(self) -> list[Entry]:
        """Every delivery."""
        columns = tables.deliveries.c
        what = select(columns.address, columns.state, columns.reason, columns.receipt)
        async with self._bot.desk.database.reading() as connection:
            rows = await connection.execute(what.order_by(columns.id))
            return [
                Entry(
                    Address.parse(address).group or "",
                    DeliveryState(state),
                    reason,
                    receipt,
                )
                for address, state, reason, receipt in rows
            ]

    async def outcomes_in(self, group: str) -> list[str]:
        """What came of each call to a group, in their order."""
        columns = tables.attempts.c
        what = select(columns.outcome).where(columns.address == str(Address(group=group)))
        async with self._bot.desk.database.reading() as connection:
            return list((await connection.execute(what.order_by(columns.id))).scalars())

    async def settled(self, groups: int) -> list[Entry]:
        """The ledger once every group has its delivery, and each is final."""
        async with asyncio.timeout(PATIENCE):
            while True:
                found = await self.entries()
                if len(found) == groups and all(one.state in FINAL for one in found):
                    return found
                await asyncio.sleep(0.05)


async def until(true: Callable[[], bool], what: str) -> None:
    """Wait for something to come true."""
    try:
        async with asyncio.timeout(PATIENCE):
            while not true():  # noqa: ASYNC110 (what happens elsewhere rings no bell)
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"never: {what}") from None
