"""`nuanqun run` shows what makes the first manager of an account, and only the first."""

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
from tests.peers.wechat.gateway import ME, GatewayProcess, running

READY = "The bot is ready."


async def started(here: Path, **secrets: str) -> tuple[asyncio.subprocess.Process, str]:
    """The program once it is ready, with what it said until then."""
    program = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bot", "run"),
        cwd=here,
        env=environment() | secrets,
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
        program, said = await started(here, NUANQUN_TELEGRAM__SHOP__TOKEN=bot.token)
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
            program, said = await started(here, NUANQUN_TELEGRAM__SHOP__TOKEN=bot.token)
            assert "Manager, once" not in said
            await ended(program)
        finally:
            if program.returncode is None:
                program.kill()
                await program.wait()
        assert telegram.wrong == []


async def answer(gateway: GatewayProcess, who: str, says: str) -> str:
    """Somebody says something to the account in private; what it answers."""
    before = len(gateway.sent())
    await gateway.say(who, says)
    await until(lambda: len(gateway.sent()) > before)
    said = gateway.sent()[-1]
    assert said.conversation == who
    return said.text


@pytest.mark.peer
@pytest.mark.usefixtures("configured")
async def test_where_there_are_no_links_the_word_itself_is_shown(here: Path) -> None:
    async with running() as gateway:
        owner, other = [await gateway.person(name, friend=True) for name in ("店主", "路人")]
        await gateway.person("小暖", person=ME)
        await gateway.login()
        (here / "nuanqun.toml").write_text(
            f'[room]\nenabled = false\n[wechat.shop]\nendpoint = "{gateway.endpoint}"\n'
            "accept_risk = true\n"
        )
        program, said = await started(here, NUANQUN_WECHAT__SHOP__TOKEN=gateway.token)
        try:
            shown = re.search(
                r"^Manager, once: send wechat:shop in private: (/start [\w-]{32})$",
                said,
                re.MULTILINE,
            )
            assert shown is not None, said
            assert "管理员了" in await answer(gateway, owner, shown[1])
            assert "管理员" not in await answer(gateway, other, shown[1])
            assert shown[1] not in await ended(program)
            program, said = await started(here, NUANQUN_WECHAT__SHOP__TOKEN=gateway.token)
            assert "Manager, once" not in said
            await ended(program)
        finally:
            if program.returncode is None:
                program.kill()
                await program.wait()
