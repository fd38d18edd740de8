"""Accounts on other platforms: their libraries are imported only for those that are configured."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import structlog
from prometheus_client import Counter

from bot.accounts import (
    TelegramBotTwice,
    TelegramMissing,
    WeChatGatewayTwice,
    WeChatMissing,
    build_accounts,
    examine_accounts,
)
from bot.configuration import Configuration
from bot.secret_files import SecretUnreadable
from scheduler.clock import RealClock
from storage.database import Database
from tests.bot.program import PATIENCE, environment

WITH_TELEGRAM = Configuration.model_validate({"telegram": {"shop": {"token": "1:a"}}})

WITH_WECHAT = Configuration.model_validate(
    {"wechat": {"shop": {"token": "geheim", "accept_risk": True}}}
)
TWO_ACCOUNTS = {"shop": "127.0.0.1:8788", "vip": "localhost:8788"}

RUN_AND_LOOK = """
import asyncio, sys
from bot import logs, serving
from bot.configuration import load

async def look(bot, ready):
    ready()
    optional = {"aiogram", "wechaty_grpc", "grpclib", "betterproto", "segno"}
    print([channel.account for channel in bot.channels], optional & sys.modules.keys())

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
def test_a_bot_without_accounts_imports_no_library_of_theirs(here: Path) -> None:
    (here / "nuanqun.toml").write_text("[room]\nport = 0\n")
    ended = subprocess.run(
        [sys.executable, "-c", RUN_AND_LOOK],
        cwd=here,
        env=environment(),
        capture_output=True,
        timeout=PATIENCE,
        check=True,
    )
    assert ended.stdout == b"['room'] set()\n"


@pytest.mark.usefixtures("_no_aiogram")
async def test_where_aiogram_is_missing_it_is_said_how_to_install_it(database: Database) -> None:
    with pytest.raises(TelegramMissing, match=r"pip install 'nuanqun\[telegram\]'"):
        await build_accounts(WITH_TELEGRAM, RealClock(), database)
    (finding,) = await examine_accounts(WITH_TELEGRAM)
    assert (finding.check, finding.well) == ("telegram", False)
    assert "pip install 'nuanqun[telegram]'" in finding.mend


@pytest.mark.parametrize("library", ["wechaty_grpc", "betterproto", "grpclib", "segno"])
async def test_where_a_library_for_wechat_is_missing_it_is_said_how_to_install_it(
    database: Database, monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    for name, module in list(sys.modules.items()):
        if name.startswith("bot.channels.wechat."):
            # A counter is made once in a process.
            if not any(isinstance(one, Counter) for one in vars(module).values()):
                monkeypatch.delitem(sys.modules, name)
        elif name.startswith(f"{library}."):
            monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(WeChatMissing, match=rf"{library} .*pip install 'nuanqun\[wechat\]'"):
        await build_accounts(WITH_WECHAT, RealClock(), database)
    (finding,) = await examine_accounts(WITH_WECHAT)
    assert (finding.check, finding.well) == ("wechat", False)
    assert "pip install 'nuanqun[wechat]'" in finding.mend


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


async def test_each_wechat_account_is_built_with_a_word_about_the_risk(database: Database) -> None:
    several = Configuration.model_validate(
        {
            "wechat": {
                "shop": {"token": "a", "accept_risk": True},
                "vip": {"token": "b", "accept_risk": True, "endpoint": "127.0.0.1:8789"},
            }
        }
    )
    with structlog.testing.capture_logs() as logged:
        built = await build_accounts(several, RealClock(), database)
    assert [channel.account for channel in built] == ["wechat:shop", "wechat:vip"]
    risks = [one for one in logged if one["event"] == "account_at_risk"]
    assert [(one["account"], one["see"]) for one in risks] == [
        ("wechat:shop", "docs/how-to/wechat.md"),
        ("wechat:vip", "docs/how-to/wechat.md"),
    ]
    for channel in built:
        await asyncio.wait_for(channel.close(), PATIENCE)


async def test_one_gateway_in_two_sections_is_refused(database: Database) -> None:
    twice = Configuration.model_validate(
        {
            "wechat": {
                name: {"token": name, "accept_risk": True, "endpoint": endpoint}
                for name, endpoint in TWO_ACCOUNTS.items()
            }
        }
    )
    with pytest.raises(WeChatGatewayTwice, match=r"\[wechat\.shop\] and \[wechat\.vip\]"):
        await build_accounts(twice, RealClock(), database)
    (finding,) = await examine_accounts(twice)
    assert not finding.well
