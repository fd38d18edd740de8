"""`nuanqun run` shows a link that makes the first manager on Telegram, and only the first."""

from __future__ import annotations

import asyncio
import re
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.bot.program import PATIENCE, environment, until
from tests.peers.telegram.server import TelegramDouble
from tests.peers.telegram.world import Bot, User

READY = "The bot is ready."


async def started(here: Path, bot: Bot) -> tuple[asyncio.subprocess.Process, str]:
    """The program once it is ready, with what it said until then."""
    program = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bot", "run"),
        cwd=here,
        env=environment() | {"NUANQUN_TELEGRAM__SHOP__TOKEN": bot.token},
        stderr=asyncio.subprocess.PIPE,
    )
    assert program.stderr is not None
    said = ""
    async with asyncio.timeout(PATIENCE):
        while READY not in said:
            line = await program.stderr.readline()
            assert line, said
            said += line.decode()
    return program, said


async def ended(program: asyncio.subprocess.Process) -> str:
    program.send_signal(signal.SIGTERM)
    async with asyncio.timeout(PATIENCE):
        _, rest = await program.communicate()
    assert program.returncode == 0
    return rest.decode()


async def opens(telegram: TelegramDouble, who: User, bot: Bot, code: str) -> str:
    """Somebody opens the link; how the bot greets them."""
    telegram.people.start(who, bot, code)
    chat = telegram.world.private(bot, who)
    await until(lambda: [one for one in chat.standing() if one.sender is bot.user])
    return chat.standing()[-1].text


@pytest.mark.usefixtures("configured")
async def test_the_link_makes_one_manager_and_is_shown_no_more(here: Path) -> None:
    async with TelegramDouble() as telegram:
        bot = telegram.world.add_bot("暖群", "warm_bot")
        owner, other = telegram.world.add_user("店主"), telegram.world.add_user("路人")
        (here / "nuanqun.toml").write_text(
            f'[room]\nenabled = false\n[telegram.shop]\napi = "{telegram.url}"\n'
        )
        program, said = await started(here, bot)
        try:
            shown = re.search(
                r"^Manager, once: https://t\.me/warm_bot\?start=(\S+)$", said, re.MULTILINE
            )
            assert shown is not None, said
            code = shown[1]
            assert re.fullmatch(r"[\w-]{32}", code)
            with closing(sqlite3.connect(here / "data" / "nuanqun.sqlite3")) as database:
                (kept,) = database.execute("SELECT digest FROM appointment_codes").fetchall()
            assert code not in kept[0]
            assert "管理员了" in await opens(telegram, owner, bot, code)
            assert "管理员" not in await opens(telegram, other, bot, code)
            assert code not in await ended(program)
            program, said = await started(here, bot)
            assert "Manager, once" not in said
            await ended(program)
        finally:
            if program.returncode is None:
                program.kill()
                await program.wait()
        assert telegram.wrong == []
