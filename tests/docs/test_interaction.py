"""The page on interaction shows what the bot really answers, and its script checks real draws."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from docs.generate import TOP
from handlers.closing_rounds import close_rounds
from tests.docs.test_insights import as_shown
from tests.handlers.conftest import opened, sqlite  # noqa: F401 (fixtures)
from tests.handlers.shop import MANAGER, SECOND, Opener, Shop

PAGE = (TOP / "docs/how-to/interaction.md").read_text(encoding="utf-8")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


async def shop_of(opened: Opener) -> Shop:  # noqa: F811 (a fixture)
    shop = await opened()
    await shop.opens("一群")
    await shop.joins("小鱼", "小美", "小月")
    return shop


async def test_the_bot_answers_as_the_page_shows(opened: Opener) -> None:  # noqa: F811 (a fixture)
    shop = await shop_of(opened)
    assert len(blocks("chat")) > 15
    for block in blocks("chat"):
        asks = block.partition("\n")[0]
        name, _, says = asks.partition("> ")
        group = None if name == MANAGER else "一群"
        answer = await shop.says(name, says, group=group)
        assert f"{asks}\n{as_shown(answer)}" == block
        if "确认发送" in answer.buttons:
            await shop.says(MANAGER, "/confirm", group=None)
            await shop.delivers()
        shop.clock.advance_to(shop.clock.now() + SECOND)


async def test_the_script_of_the_page_tells_a_fair_draw_from_another(
    opened: Opener,  # noqa: F811 (a fixture)
    tmp_path: Path,
) -> None:
    shop = await shop_of(opened)
    await shop.says(MANAGER, "/draw @一群 抽奖 | 面霜 x1 | 小样 x1 | 截止 今晚8点", group=None)
    await shop.says(MANAGER, "/confirm", group=None)
    await shop.delivers()
    for name in ("小鱼", "小美", "小月"):
        await shop.says(name, "/join 1")
    await shop.says("小美", "/quit 1")
    shop.clock.advance_to(shop.clock.now() + timedelta(hours=11))
    await close_rounds(shop.desk)
    said = (await shop.says("小鱼", "/drawcheck 1")).text
    assert checked(tmp_path, said) == 0
    record = json.loads(said.splitlines()[-1])
    turned = {**record, "winners": record["winners"][::-1]}
    assert checked(tmp_path, json.dumps(turned)) != 0
    assert checked(tmp_path, json.dumps({**record, "seed": "0" * 64})) != 0


def checked(folder: Path, said: str) -> int:
    """How the page's own script ends on what /drawcheck said."""
    (script,) = blocks("python")
    program, file = folder / "check.py", folder / "draw.txt"
    program.write_text(script, encoding="utf-8")
    file.write_text(said, encoding="utf-8")
    command = [sys.executable, str(program), str(file)]
    return subprocess.run(command, capture_output=True, check=False, timeout=60).returncode
