"""Hearing: one connection to PostgreSQL on which the bells of other processes arrive.

It belongs to no pool, because it is kept for as long as the process lives. When it is lost, it is
made again; whoever waits for a bell is then told to look, whatever was rung meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import structlog
from asyncpg import InterfaceError, PostgresError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.bells import CHANNEL, Bell

_log = structlog.get_logger(__name__)

_FIRST_PAUSE = 0.2
_LAST_PAUSE = 5.0
_PROOF_EVERY = 10.0
"""How often the server has to answer, in seconds: a connection may be dead without a word."""
_PROOF = "SELECT 1"


async def hear(engine: AsyncEngine, strike: Callable[[Bell], None]) -> None:
    """Strike every bell that any process rings, this one's own too; runs until cancelled.

    Args:
        engine: makes a connection of its own for this, outside any pool.
        strike: called in the loop for each bell.
    """
    pause = _FIRST_PAUSE
    while True:
        heard_since = asyncio.get_running_loop().time()
        try:
            await _hear_until_lost(engine, strike)
            reason = "closed"
        except (DBAPIError, PostgresError, InterfaceError, OSError, TimeoutError) as trouble:
            reason = str(trouble) or type(trouble).__name__
        _log.warning("bells_unheard", reason=reason)
        if asyncio.get_running_loop().time() - heard_since > _PROOF_EVERY:
            pause = _FIRST_PAUSE
        await asyncio.sleep(pause)
        pause = min(2 * pause, _LAST_PAUSE)


async def _hear_until_lost(engine: AsyncEngine, strike: Callable[[Bell], None]) -> None:
    lost = asyncio.Event()

    def heard(_connection: Any, _process: int, _channel: str, payload: Any) -> None:
        if payload in set(Bell):  # a newer release may ring some that this one does not know
            strike(Bell(payload))

    async with engine.connect() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        driver.add_termination_listener(lambda _connection: lost.set())
        await driver.add_listener(CHANNEL, heard)
        for bell in Bell:  # nobody knows what was rung before
            strike(bell)
        while not lost.is_set():
            try:
                async with asyncio.timeout(_PROOF_EVERY):
                    await lost.wait()
            except TimeoutError:
                await driver.execute(_PROOF, timeout=_PROOF_EVERY)
