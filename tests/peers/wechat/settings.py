"""The configuration of a shop whose WeChat accounts are behind gateways of the tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bot.configuration import Configuration

NAME = "shop"
ACCOUNT = f"wechat:{NAME}"


def account_section(endpoint: str, token: str, **more: Any) -> dict[str, Any]:
    """The section of one account; `more` are further keys of it."""
    return {"endpoint": endpoint, "token": token, "accept_risk": True, **more}


def wechat_configuration(
    folder: Path, accounts: dict[str, dict[str, Any]], **sections: Any
) -> Configuration:
    """A shop with these accounts and no room; its database is `bot.sqlite3` in the folder.

    `accounts` are their sections by name, `sections` further whole sections.
    """
    return Configuration.model_validate(
        {
            "storage": {"url": f"sqlite+aiosqlite:///{folder / 'bot.sqlite3'}"},
            "room": {"enabled": False, "data": str(folder)},
            "wechat": accounts,
            **sections,
        }
    )
