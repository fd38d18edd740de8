"""The page on correcting the bot shows what it really answers."""

from __future__ import annotations

import re
import tomllib

from bot.configuration import Configuration
from docs.generate import TOP
from handlers.word_finding import find_words
from tests.docs.test_insights import as_shown
from tests.handlers.conftest import opened, sqlite  # noqa: F401 (fixtures)
from tests.handlers.shop import DAY, MANAGER, NOW, Opener, Shop
from tests.insights.test_new_words import chat

PAGE = (TOP / "docs/how-to/correct-the-bot.md").read_text(encoding="utf-8")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


async def talk(shop: Shop) -> None:
    """Yesterday and today two fans complained; last week everybody spoke of a new tea."""
    await shop.hear(
        shop.heard("小鱼", "新面霜的味道很上头，受不了", at=NOW - DAY),
        shop.heard("阿雯", "这个香味太上头了", at=NOW),
        *(
            shop.heard(f"粉丝{one.member}", one.text, at=NOW - 9 * DAY)
            for one in chat(["柿柿如意"])
        ),
    )
    await find_words(shop.desk)


async def answers(shop: Shop) -> list[str]:
    """What the bot says to each command of the page."""
    await talk(shop)
    said = []
    for block in blocks("chat"):
        asks = block.partition("\n")[0]
        answer = await shop.says(MANAGER, asks.removeprefix("> "), group=None)
        said.append(f"{asks}\n{as_shown(answer)}")
    return said


async def test_the_bot_answers_as_the_page_shows(opened: Opener) -> None:  # noqa: F811 (a fixture)
    shop = await opened()
    await shop.opens("一群")
    assert len(blocks("chat")) == 7
    assert await answers(shop) == blocks("chat")


def test_the_configuration_of_the_page_is_one() -> None:
    (written,) = blocks("toml")
    told = Configuration.model_validate(tomllib.loads(written)).configured_words()
    assert told.things == {"云絮霜": ("云絮", "小云")}
    assert told.trades == ("cosmetics",)
