"""The configuration of a shop whose bot talks to a Bot API server of the tests."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.configuration import Configuration
from storage.database import Database
from storage.groups import ensure_groups
from storage.shops import ensure_shop
from tests.peers.telegram.world import Chat

NAME = "shop"
ACCOUNT = f"telegram:{NAME}"


def telegram_configuration(
    folder: Path, *, token: str, api: str, telegram: dict[str, Any] | None = None, **sections: Any
) -> Configuration:
    """A shop with one bot on Telegram and no room; its database is `bot.sqlite3` in the folder.

    `telegram` are further keys of the bot's section, `sections` whole sections.
    """
    return Configuration.model_validate(
        {
            "storage": {"url": f"sqlite+aiosqlite:///{folder / 'bot.sqlite3'}"},
            "room": {"enabled": False, "data": str(folder)},
            "telegram": {NAME: {"token": token, "api": api, **(telegram or {})}},
            **sections,
        }
    )


async def accept(configuration: Configuration, group: Chat) -> None:
    """Let a group be the shop's from long ago, as if a manager had accepted it."""
    database = await Database.open(configuration.storage.url.get_secret_value())
    async with database.writing() as connection:
        shop = await ensure_shop(connection, configuration.shop.key)
        now = datetime.now(UTC)
        await ensure_groups(connection, shop, ACCOUNT, [(str(group.id), group.title)], now)
    await database.close()
