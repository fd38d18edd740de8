"""A page's conversations with the bot, held to what the bot really answers.

A block that is fenced as `chat` begins with what somebody says, `阿玲> /plan`, and goes on with the
answer. `chat 11-11 10:00` says when that is by the shop's clock; without a time it is a second
after the block before. A line that is only `…` stands for lines that the page leaves out. Managers
speak in private, fans in 一群. A block fenced as `told` is what the bot says to managers by itself.
One fenced as `diff` is a change to the page's own file.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from handlers.pictures.sheet import CountdownSheet
from handlers.settings import ShopSettings
from scheduler.clock import SimulatedClock
from scheduler.content import Picture
from scheduler.wall_time import zone_named
from storage.database import Database
from tests.docs.test_insights import as_shown
from tests.handlers.shop import MANAGER, SECOND, Answers, Shop, open_shop

GAP = "…"
_ZONE = zone_named("Asia/Shanghai")
_BLOCK = re.compile(
    r"^```(?P<kind>chat|told|diff)(?: (?P<at>\d\d-\d\d \d\d:\d\d))?\n(?P<shown>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Block:
    """One block: of which kind, when (None: a second later), and all that stands in it."""

    kind: str
    at: datetime | None
    shown: str


def blocks(page: str, year: int) -> Iterator[Block]:
    """The blocks of a page, in its order."""
    for found in _BLOCK.finditer(page):
        at = None
        if found["at"]:
            at = datetime.fromisoformat(f"{year}-{found['at']}").replace(tzinfo=_ZONE)
        yield Block(found["kind"], at, found["shown"])


async def page_shop(database: Database, settings: ShopSettings, begins: datetime) -> Shop:
    """小暖家 as the pages know it: 一群, tagged 福利群, and 二群, with three fans in the first."""
    shop = await open_shop(database, settings, clock=SimulatedClock(begins))
    await shop.opens("一群", tagged=["福利群"])
    await shop.opens("二群")
    await shop.joins("小鱼", "小美", "小月")
    return shop


async def answered(shop: Shop, block: Block, by_itself: Callable[[Shop], Awaitable[object]]) -> str:
    """What would stand in the block if the bot had written it, nothing left out."""
    shop.clock.advance_to(block.at or shop.clock.now() + SECOND)
    if block.kind == "told":
        await shop.says(MANAGER, "早", group=None)
        before = len(shop.platform.posts)
        await by_itself(shop)
        return as_shown(Answers(shop.platform.posts[before:]))
    asks = block.shown.partition("\n")[0]
    name, _, says = asks.partition("> ")
    answer = await shop.says(name, says, group=None if name in shop.staff else "一群")
    return f"{asks}\n{as_shown(answer) if answer else ''}"


def fits(shown: str, answer: str) -> bool:
    """Whether a block shows an answer, but for the lines that it leaves out."""
    pieces = [re.escape(piece) for piece in re.split(rf"^{GAP}\n", shown, flags=re.MULTILINE)]
    return re.fullmatch("(?:.*\n)*?".join(pieces), answer) is not None


async def undrawn(sheets: Sequence[CountdownSheet]) -> list[Picture]:
    """In place of drawn pictures: drawing them takes a while, and the pages show texts."""
    return [Picture.drawn(b"a picture") for _ in sheets]
