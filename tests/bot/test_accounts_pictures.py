"""Where the pictures of a WeChat account may come from."""

from __future__ import annotations

from pathlib import Path

from bot.accounts import _wechat
from bot.channels.wechat.channel import WeChatChannel
from bot.channels.wechat.connection import GatewayConnection
from bot.configuration import load
from handlers.arrivals.hosts import Place
from scheduler.clock import SimulatedClock
from storage.database import Database
from tests.handlers.shop import NOW

SHOP = """[wechat.shop]
endpoint = "127.0.0.1:9"
token = "geheim"
accept_risk = true
[feeds.web]
url = "http://10.0.0.5:8080/products.json"
[feeds.far]
url = "https://shop.example/products.json"
"""


async def test_a_private_place_is_asked_where_the_shop_has_a_feed_there(
    here: Path,
) -> None:
    (here / "shop.toml").write_text(SHOP, encoding="utf-8")
    database = await Database.open("sqlite+aiosqlite:///shop.sqlite3")
    try:
        (channel,) = _wechat(load(here / "shop.toml"), SimulatedClock(NOW), database)
    finally:
        await database.close()
    assert isinstance(channel, WeChatChannel)
    gateway = channel._gateway
    assert isinstance(gateway, GatewayConnection)
    assert gateway._private == {
        Place("http", "10.0.0.5", 8080),
        Place("https", "10.0.0.5", 8080),
    }
