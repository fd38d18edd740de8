"""The configuration of a shop whose bot talks to a Bot API server of the tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bot.configuration import Configuration

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
