"""The accounts' page: a manager logs an account in by it; nobody else learns that there is one."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import segno
from playwright.async_api import Browser, Page, expect

from tests.bot.program import PATIENCE, READY, environment
from tests.browser.pages import enter, look, mark
from tests.peers.wechat.gateway import GatewayProcess, running

pytestmark = [pytest.mark.browser, pytest.mark.peer]

CODES = ("https://login.example/l/first==", "https://login.example/l/second==")


@asynccontextmanager
async def program(folder: Path, gateway: GatewayProcess) -> AsyncIterator[str]:
    """`nuanqun run` in a folder, on that gateway, as long as the context lasts; what it said."""
    (folder / "nuanqun.toml").write_text(
        f'[room]\nport = 0\n[wechat.shop]\nendpoint = "{gateway.endpoint}"\naccept_risk = true\n'
    )
    running_bot = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bot", "run"),
        cwd=folder,
        env=environment() | {"NUANQUN_WECHAT__SHOP__TOKEN": gateway.token},
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        assert running_bot.stderr is not None
        said = ""
        async with asyncio.timeout(PATIENCE):
            while READY not in said:
                line = await running_bot.stderr.readline()
                assert line, said
                said += line.decode()
        yield said
        running_bot.terminate()
        _, rest = await running_bot.communicate()
        assert b"Traceback" not in rest, rest.decode()
    finally:
        if running_bot.returncode is None:
            running_bot.kill()
            await running_bot.wait()


def drawn(code: str) -> str | None:
    """The path that a code is drawn as."""
    svg = ET.fromstring(segno.make(code, micro=False).svg_inline(dark="#000"))  # noqa: S314 (our own drawing)
    return svg[-1].get("d")


async def scans(page: Page, code: str) -> None:
    """The page asks for this code to be scanned."""
    await expect(mark(page, "state")).to_have_text(["在线", "等扫码"])
    await expect(mark(page, "code").locator("path").last).to_have_attribute("d", drawn(code) or "")


async def test_a_manager_sees_the_newest_code_until_the_account_is_logged_in(
    browser: Browser, tmp_path: Path
) -> None:
    async with running() as gateway, program(tmp_path, gateway) as said:
        url = said.partition("The room: ")[2].partition("\n")[0]
        sign_in = re.search(r"Manager, once: (http\S+)", said)
        assert sign_in is not None
        manager, fan, stranger = [await look(browser) for _ in range(3)]

        await enter(manager, sign_in[1], "店长小满")
        await mark(manager, "accounts").click()
        await expect(mark(manager, "title")).to_have_text("账号")
        for code in CODES:
            await gateway.command("scan", code=code)
            await scans(manager, code)
        await gateway.login()
        await expect(mark(manager, "state")).to_have_text(["在线", "在线"])
        await expect(mark(manager, "code")).to_have_count(0)

        await enter(fan, url, "小鱼")
        await expect(mark(fan, "accounts")).to_have_count(0)
        answer = await fan.goto(f"{url}/accounts")
        assert answer is not None
        assert (answer.status, await answer.text()) == (404, "Not Found\n")
        await stranger.goto(f"{url}/accounts")
        assert stranger.url == f"{url}/enter"
