"""The outputs that the READMEs quote, between `<!-- output: NAME -->` and `<!-- end -->`.

They are the program's own: `make docs` runs the demo and writes them, and a test compares them
with the demo that the suite lives through anyway.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from datetime import date
from pathlib import Path

from bot.demo.ending import Ending, ending_of
from bot.demo.life import living
from bot.demo.script import read_script
from bot.logs import set_up

READMES = ("README.md", "README.zh-CN.md")
_BLOCK = re.compile(r"(<!-- output: demo -->\n).*?(<!-- end -->)", re.DOTALL)
_FIRST_DAY, _DAYS, _SEED = date(2026, 11, 1), 12, 11  # the demo's own defaults


def with_demo(text: str, ending: str) -> str:
    """A README's text with the demo's ending in its block."""
    return _BLOCK.sub(lambda found: f"{found[1]}```\n{ending}\n```\n{found[2]}", text)


async def live_demo(folder: Path) -> Ending:
    """Live through the whole demo, as `nuanqun demo --headless` does."""
    script = read_script(_FIRST_DAY, _DAYS, _SEED)
    async with living(script, folder, script.opening) as life:
        for moment in script.moments:
            async for _ in life.advance_to(moment.at):
                pass
            await life.live(moment)
        async for _ in life.advance_to(script.end):
            pass
        return await ending_of(life.bot.desk)


def rewrite(top: Path) -> None:
    """Write the outputs into the READMEs again."""
    set_up("error", "text")
    with tempfile.TemporaryDirectory() as folder:
        ending = asyncio.run(live_demo(Path(folder))).text
    for name in READMES:
        file = top / name
        file.write_text(with_demo(file.read_text(encoding="utf-8"), ending), encoding="utf-8")
