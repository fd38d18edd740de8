"""The page on new products shows what the bot really says, and signs as the door expects it."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr

from bot import arrivals_door
from bot.configuration import Configuration
from docs.generate import TOP
from handlers.arrivals.rules import ArrivalRules, FeedKind, FeedRules
from handlers.arrivals.watching import watch_feeds
from handlers.settings import ShopSettings
from scheduler.caring import CareSettings
from storage.database import Database
from tests.docs.test_insights import as_shown
from tests.handlers.arrivals.feed_server import FeedServer, feed_server
from tests.handlers.conftest import sqlite  # noqa: F401 (a fixture)
from tests.handlers.shop import DAY, MANAGER, MINUTE, Answers, Shop, in_private, open_shop

PAGE = (TOP / "docs/how-to/arrivals.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"^```chat\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
CATALOGUE = [
    {
        "id": number,
        "title": f"商品{number}",
        "price": "199.00",
        "link": f"https://shop.example.com/p/{number}",
        "image": f"https://shop.example.com/p/{number}.png",
    }
    for number in range(1, 13)
]
CREAM = CATALOGUE[0] | {
    "id": 99,
    "title": "玫瑰<b>面霜</b>",
    "link": "https://shop.example.com/p/99",
    "category": "护肤",
}


@pytest.fixture
async def server() -> AsyncIterator[FeedServer]:
    async with feed_server() as listening:
        yield listening


async def told(shop: Shop) -> str:
    """What the manager is told at the next look."""
    before = len(shop.platform.posts)
    await watch_feeds(shop.desk)
    posts = [one for one in shop.platform.posts[before:] if one.address == in_private(MANAGER)]
    return as_shown(Answers(posts))


async def test_the_bot_says_what_the_page_shows(sqlite: Database, server: FeedServer) -> None:  # noqa: F811 (a fixture)
    def serve(*rows: dict[str, Any]) -> None:
        server.serves(json.dumps(rows).encode())

    serve(*CATALOGUE)
    feed = FeedRules("web", FeedKind.JSON, url=f"{server.url}/feed")
    settings = ShopSettings(arrivals=ArrivalRules(feeds={"web": feed}))
    shop = await open_shop(sqlite, settings, CareSettings(sites=("shop.example.com",)))
    await shop.opens("护肤群", tagged=["护肤"])
    await shop.opens("新客群")
    await shop.says(MANAGER, "大家好", group="护肤群")
    await watch_feeds(shop.desk)
    said = []
    said.append(as_shown(await shop.says(MANAGER, "/feeds", group=None)))
    shop.clock.advance(15 * MINUTE)
    serve(*CATALOGUE, CREAM)
    said.append(await told(shop))
    by_hand = SHOWN[2].partition("\n")[0].removeprefix("> ")
    said.append(as_shown(await shop.says(MANAGER, by_hand, group=None)))
    shop.clock.advance(15 * MINUTE)
    server.serves(b"<html>")
    said.append(await told(shop))
    shop.clock.advance(15 * MINUTE)
    serve(*CATALOGUE, CREAM, {"id": 100, "title": "眼霜", "price": "99起"}, {"id": 101})
    said.append(await told(shop))
    shop.clock.advance(DAY)
    serve(*CATALOGUE, CREAM, *({"id": n, "title": f"未知{n}"} for n in range(1_000, 11_000)))
    well, _, held = (await told(shop)).partition("接着看。\n")
    assert well == "货源「web」好了，"
    said.append(held)
    shop.clock.advance(15 * MINUTE)
    wrong = [CATALOGUE[0] | {"price": "1.99"}, CATALOGUE[1] | {"price": 0}, *CATALOGUE[2:]]
    serve(*wrong, CREAM)
    said.append(await told(shop))
    assert [re.sub(r"^> .*\n", "", block) for block in SHOWN] == said


def test_a_program_that_signs_as_the_page_says_is_heard() -> None:
    (source,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    program: dict[str, Any] = {}
    exec(source, program)  # noqa: S102 (the page's own example)
    secret, body = "ein-langes-geheimnis-1", b'{"id": 1}'
    headers = {name.lower(): one for name, one in program["headers"](secret, body).items()}
    feed = FeedRules("web", FeedKind.JSON, secret=SecretStr(secret))
    now = float(headers["x-nuanqun-time"])
    assert arrivals_door._is_signed(feed, body, headers, now)
    assert not arrivals_door._is_signed(feed, body + b" ", headers, now)
    other = replace(feed, secret=SecretStr("another-secret-of-16"))
    assert not arrivals_door._is_signed(other, body, headers, now)


def test_what_the_page_writes_into_the_configuration_is_taken() -> None:
    for block in re.findall(r"^```toml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL):
        assert Configuration(**tomllib.loads(block)).feeds["web"].kind is FeedKind.SHOPIFY
