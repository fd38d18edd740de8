"""Fixtures of the Telegram channel's tests: a scripted server, and a connection to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from pydantic import SecretStr

from bot.channels.telegram.connection import TelegramConnection
from tests.bot.channels.telegram.scripted import TOKEN, ScriptedTelegram


@pytest.fixture
async def telegram() -> AsyncIterator[ScriptedTelegram]:
    async with ScriptedTelegram() as served:
        yield served


@pytest.fixture
async def connection(telegram: ScriptedTelegram) -> AsyncIterator[TelegramConnection]:
    made = TelegramConnection(SecretStr(TOKEN), telegram.url)
    await made.open()
    yield made
    await made.close()


@pytest.fixture
def hasty(connection: TelegramConnection) -> TelegramConnection:
    """The same connection, which waits for no more than a moment once it is open."""
    connection._deadline = timedelta(seconds=0.5)
    return connection
