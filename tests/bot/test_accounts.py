"""Accounts on other platforms: their libraries are imported only for those that are configured."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.accounts import TelegramBotTwice, TelegramMissing, build_accounts, examine_accounts
from bot.configuration import Configuration
from bot.secret_files import SecretUnreadable
from scheduler.clock import RealClock
from storage.database import Database
from tests.bot.program import PATIENCE, environment

WITH_TELEGRAM = Configuration.model_validate({"telegram": {"shop": {"token": "1:a"}}})

RUN_AND_LOOK = """
import asyncio, sys
from bot import logs, serving
from bot.configuration import load

async def look(bot, ready):
    ready()
    print([channel.account for channel in bot.channels], "aiogram" in sys.modules)

logs.set_up("error", "text")
serving.until_signal = look
asyncio.run(serving.serve(load()))
"""


@pytest.fixture
async def database(configured: Configuration) -> AsyncIterator[Database]:
    """The shop's database, open; one engine is enough here."""
    opened = await Database.open(configured.storage.url.get_secret_value())
    yield opened
    await opened.close()


@pytest.fixture
def _no_aiogram(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine without it: Python takes None for a module that is not there."""
    for name in list(sys.modules):
        if name.startswith("bot.channels.telegram"):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "aiogram", None)


@pytest.mark.usefixtures("configured")
def test_a_bot_without_a_telegram_account_does_not_import_aiogram(here: Path) -> None:
    (here / "nuanqun.toml").write_text("[room]\nport = 0\n")
    ended = subprocess.run(
        [sys.executable, "-c", RUN_AND_LOOK],
        cwd=here,
        env=environment(),
        capture_output=True,
        timeout=PATIENCE,
        check=True,
    )
    assert ended.stdout == b"['room'] False\n"


@pytest.mark.usefixtures("_no_aiogram")
async def test_where_aiogram_is_missing_it_is_said_how_to_install_it(database: Database) -> None:
    with pytest.raises(TelegramMissing, match=r"pip install 'nuanqun\[telegram\]'"):
        await build_accounts(WITH_TELEGRAM, RealClock(), database)
    (finding,) = await examine_accounts(WITH_TELEGRAM)
    assert (finding.check, finding.well) == ("telegram", False)
    assert "pip install 'nuanqun[telegram]'" in finding.mend


@pytest.mark.usefixtures("_no_aiogram")
async def test_without_an_account_nobody_asks_for_aiogram(database: Database) -> None:
    assert await build_accounts(Configuration(), RealClock(), database) == []
    assert await examine_accounts(Configuration()) == []


async def test_every_configured_bot_is_an_account_of_its_own(database: Database) -> None:
    several = Configuration.model_validate(
        {
            "telegram": {
                "shop": {"token": "1:a"},
                "vip": {"token": "2:b", "mode": "webhook", "url": "https://bot.example.com/"},
            }
        }
    )
    built = await build_accounts(several, RealClock(), database)
    assert [channel.account for channel in built] == ["telegram:shop", "telegram:vip"]
    for channel in built:
        await asyncio.wait_for(channel.close(), PATIENCE)


async def test_a_token_that_cannot_be_read_is_said_before_anything_is_opened(
    database: Database, tmp_path: Path
) -> None:
    without = Configuration.model_validate(
        {"telegram": {"shop": {"token_file": tmp_path / "gone"}}}
    )
    with pytest.raises(SecretUnreadable, match=r"telegram\.shop\.token_file"):
        await build_accounts(without, RealClock(), database)


async def test_one_bot_in_two_sections_is_refused(database: Database, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("1:new\n")
    twice = Configuration.model_validate(
        {"telegram": {"shop": {"token": "1:old"}, "vip": {"token_file": tmp_path / "token"}}}
    )
    with pytest.raises(TelegramBotTwice, match=r"\[telegram\.shop\] and \[telegram\.vip\]"):
        await build_accounts(twice, RealClock(), database)
