"""The accounts on other people's platforms: built for the running bot, examined for the doctor.

Each platform's package is imported here and nowhere else, and only where an account is configured:
aiogram alone takes seconds and over 150 MB. Its absence is an error with a mend.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from bot.channels.port import Channel
from bot.configuration import Configuration
from bot.findings import Finding
from scheduler.clock import Clock
from storage.database import Database
from storage.errors import RunningError


class TelegramMissing(RunningError):
    """A Telegram bot is configured, but the library for Telegram is not installed."""

    number = 508
    sentence = "The configuration has a section [telegram.*], but aiogram is not installed."
    mend = "Install it with: pip install 'nuanqun[telegram]'"


class TelegramBotTwice(RunningError):
    """Two sections are one bot: Telegram would tell each update to only one of them."""

    number = 509
    sentence = "[telegram.{one}] and [telegram.{other}] are the same bot."
    mend = "Give each section the token of a bot of its own, or take one of them away."


@contextmanager
def _aiogram() -> Iterator[None]:
    """What is imported in here needs aiogram.

    Raises:
        TelegramMissing: it is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] != "aiogram":
            raise
        raise TelegramMissing from missing


async def examine_accounts(configuration: Configuration) -> list[Finding]:
    """What the doctor finds of every configured account."""
    if not configuration.telegram:
        return []
    try:
        with _aiogram():
            from bot.channels.telegram.examining import examine  # noqa: PLC0415 (see above)
    except TelegramMissing as trouble:
        return [Finding.of("telegram", trouble)]
    each = [examine(name, section) for name, section in configuration.telegram.items()]
    return [finding for found in await asyncio.gather(*each) for finding in found]


async def build_accounts(
    configuration: Configuration, clock: Clock, database: Database
) -> list[Channel]:
    """A channel for each configured account, not yet opened.

    Raises:
        TelegramMissing: aiogram is not installed.
        SecretUnreadable: a token or a secret is not where the configuration says.
        TelegramBotTwice: two sections have one bot's token.
    """
    if not configuration.telegram:
        return []
    # Importing blocks for seconds and reading files for a moment; the room is open already.
    return await asyncio.to_thread(_telegram, configuration, clock, database)


def _telegram(configuration: Configuration, clock: Clock, database: Database) -> list[Channel]:
    """A channel for each Telegram bot."""
    with _aiogram():
        from bot.channels.telegram.building import build  # noqa: PLC0415 (see above)
    names: dict[str, str] = {}  # the account's, by the bot's id, which its token begins with
    for name, section in configuration.telegram.items():
        bot = section.token_for(name).get_secret_value().partition(":")[0]
        if bot in names:
            raise TelegramBotTwice(one=names[bot], other=name)
        names[bot] = name
    shop, data = configuration.shop_settings(), configuration.room.data
    return [
        build(name, section, shop=shop, data=data, clock=clock, database=database)
        for name, section in configuration.telegram.items()
    ]
