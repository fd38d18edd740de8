"""`nuanqun run` with Telegram bots beside the room: each hears and answers; no token is told."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from bot.channels.telegram.menu import FOR_EVERYBODY, LANGUAGES
from tests.bot.program import PATIENCE, environment, until
from tests.peers.telegram.server import TelegramDouble
from tests.peers.telegram.world import Bot

READY = b"The bot is ready."


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramDouble]:
    async with TelegramDouble() as double:
        yield double
        assert double.wrong == []


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


def helped(telegram: TelegramDouble, bot: Bot) -> bool:
    """Whether a bot has answered /help, and shows all menus, that of a manager's chat too."""
    said = [one for one in telegram.asked("sendMessage") if one.call.token == bot.token]
    answered = any("/我的信息" in one.call.parameters["text"] for one in said)
    return answered and len(bot.commands) == (len(FOR_EVERYBODY) + 1) * len(LANGUAGES)


async def until_ready(program: asyncio.subprocess.Process) -> bytes:
    """What the program says until it is ready."""
    assert program.stderr is not None
    said = b""
    async with asyncio.timeout(PATIENCE):
        while READY not in said:
            line = await program.stderr.readline()
            assert line, said.decode()
            said += line
    return said


@pytest.mark.usefixtures("configured")
async def test_the_room_and_two_bots_live_in_one_process_that_ends_on_a_signal(
    here: Path, telegram: TelegramDouble
) -> None:
    asked, called = (telegram.world.add_bot(name, f"{name}_bot") for name in ("shop", "vip"))
    fish = telegram.world.add_user("小鱼")
    port = free_port()
    (here / "vip-token").write_text(f"{called.token}\n")
    (here / "nuanqun.toml").write_text(
        f'[shop]\nmanagers = ["{fish.id}"]\n'
        "[room]\nport = 0\n"
        f'[telegram.shop]\napi = "{telegram.url}"\n'
        f'[telegram.vip]\napi = "{telegram.url}"\ntoken_file = "vip-token"\n'
        f'mode = "webhook"\nurl = "http://127.0.0.1:{port}/updates"\nport = {port}\n'
    )
    program = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        "run",
        cwd=here,
        env=environment() | {"NUANQUN_TELEGRAM__SHOP__TOKEN": asked.token},
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        said = await until_ready(program)
        for bot in (asked, called):
            telegram.people.start(fish, bot)
            telegram.people.whisper(fish, bot, "/help")
        for bot in (asked, called):
            await until(partial(helped, telegram, bot))
        program.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE):
            _, rest = await program.communicate()
    finally:
        if program.returncode is None:
            program.kill()
            await program.wait()
    said += rest
    assert b"telegram:shop: https://t.me/shop_bot?start=" in said
    assert b"telegram:vip: https://t.me/vip_bot?start=" in said
    assert program.returncode == 0
    assert b"Traceback" not in said
    assert b":test-" not in said
