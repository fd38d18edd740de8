"""A program: the sample shop on its fourth day, lived through up to noon, then open to browsers.

`python -m tests.browser.sample_shop FOLDER NAME...` prints one line of JSON once the room stands
open, `{"url": ..., "tokens": {NAME: ...}}`, with a signed-in browser's token for each of the named
people, and ends when its stdin does. It is a process of its own because NiceGUI, which shows the
page, starts once in a process.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import sys
from datetime import date, datetime, timedelta
from pathlib import Path

from bot.demo.life import configuration_of, living
from bot.demo.script import Script, read_script
from bot.logs import set_up
from bot.room.room import Room
from scheduler.clock import RunningClock
from tests.browser.shop import ZONE, open_shop

NOON = datetime(2026, 11, 4, 12, 35, tzinfo=ZONE)
SIGNED_IN_FOR = 3600.0  # seconds


def morning() -> Script:
    """The sample shop's days, up to noon of the fourth."""
    script = read_script(date(2026, 11, 1), 4, seed=11)
    lived = tuple(moment for moment in script.moments if moment.at <= NOON)
    return dataclasses.replace(script, moments=lived, end=NOON)


async def live_through(script: Script, folder: Path) -> None:
    """What `nuanqun demo` shows, without showing it."""
    async with living(script, folder, script.opening) as life:
        for moment in script.moments:
            async for _ in life.advance_to(moment.at):
                pass
            await life.live(moment)


async def token_of(room: Room, name: str) -> str:
    """A token that signs a browser in as somebody who is there already."""
    person = room.people.named(name)
    if person is None:
        raise LookupError(name)
    return await room.people.new_token(person, SIGNED_IN_FOR)


async def main(folder: Path, names: list[str]) -> None:
    """Live, open, and stay open until stdin ends."""
    set_up("error", "text")
    script = morning()
    await live_through(script, folder)
    clock = RunningClock(NOON + timedelta(minutes=7))
    async with open_shop(configuration_of(script, folder), clock) as shop:
        tokens = {name: await token_of(shop.room, name) for name in names}
        sys.stdout.write(json.dumps({"url": shop.server.url, "tokens": tokens}) + "\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2:]))
