"""The page on Telegram shows what the commands really print, and what it names is there."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from bot.telegram_section import Telegram
from docs.generate import TOP
from handlers.commands import REGISTRY
from tests.bot.program import call
from tests.peers.telegram.server import TelegramDouble

PAGE = (TOP / "docs/how-to/telegram.md").read_text(encoding="utf-8")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


async def test_the_doctor_prints_what_the_page_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (shown,) = blocks("console")
    expected = shown.partition("\n")[2]
    async with TelegramDouble() as telegram:
        bot = telegram.world.add_bot("小暖", "xiaonuan_bot")
        configuration, token = tmp_path / "nuanqun.toml", tmp_path / "telegram-token"
        configuration.write_text(blocks("toml")[0], encoding="utf-8")
        token.write_text(bot.token + "\n", encoding="utf-8")
        monkeypatch.setenv("NUANQUN_TELEGRAM__SHOP__API", telegram.url)
        ended = await asyncio.to_thread(call, "doctor")
    lines = [line for line in ended.out.splitlines(keepends=True) if "telegram" in line]
    assert "".join(lines) == expected


def test_every_command_and_key_on_the_page_is_there() -> None:
    words = set(re.findall(r"`/(\w+)[^`]*`", PAGE))
    of_botfather = {"newbot", "revoke", "setprivacy", "token"}
    assert words - of_botfather <= {command.name for command in REGISTRY}
    keys = {line.partition(" =")[0] for line in blocks("toml")[1].splitlines()[1:]}
    assert keys | {"host", "port", "api", "welcome_minutes"} <= set(Telegram.model_fields)
