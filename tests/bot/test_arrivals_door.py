"""The door: only who can sign is heard, and nothing that is pushed is announced twice."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import shutil
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from bot import arrivals_door as door_room
from bot.arrivals_door import LARGEST, ArrivalsDoorRefused, arrivals_door
from handlers.arrivals.rules import ArrivalRules, FeedKind, FeedRules
from handlers.arrivals.watching import watch_feeds
from handlers.settings import ShopSettings
from storage.database import Database
from storage.product_feeds import feeds
from storage.products import ProductState, known_links, known_prices, product_counts, products_of
from tests.handlers.arrivals.samples import shopify_product, woocommerce_product
from tests.handlers.shop import DAY, MANAGER, MINUTE, NOW, Shop, in_private, open_shop

SECRET = "ein-langes-geheimnis-1"
FEED = FeedRules("web", FeedKind.SHOPIFY, secret=SecretStr(SECRET))


def digest(body: bytes, secret: str = SECRET) -> bytes:
    return hmac.new(secret.encode(), body, hashlib.sha256).digest()


def shopify_signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    return {"X-Shopify-Hmac-Sha256": base64.b64encode(digest(body, secret)).decode()}


def own(body: bytes, moment: int | str, secret: str = SECRET) -> dict[str, str]:
    signed = digest(f"{moment}.".encode() + body, secret).hex()
    return {"X-Nuanqun-Signature": signed, "X-Nuanqun-Time": str(moment)}


@dataclass
class Opened:
    """A shop with its door open."""

    shop: Shop
    port: int
    client: httpx.AsyncClient

    async def push(
        self, document: Any, *, feed: str = "web", headers: dict[str, str] | None = None
    ) -> int:
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        signed = shopify_signed(body) if headers is None else headers
        url = f"http://127.0.0.1:{self.port}/arrivals/{feed}"
        return (await self.client.post(url, content=body, headers=signed)).status_code

    async def keys(self) -> list[str]:
        return sorted(key for keys in (await self.states()).values() for key in keys)

    async def states(self) -> dict[str, list[str]]:
        """State → the keys of the products that are so."""
        async with self.shop.desk.database.reading() as connection:
            found = await products_of(connection, self.shop.desk.shop_id, "web")
        states: dict[str, list[str]] = {}
        for key in sorted(found):
            states.setdefault(found[key].state, []).append(key)
        return states

    async def looks(self) -> None:
        """What is waiting is told and announced."""
        await watch_feeds(self.shop.desk)

    def told(self) -> list[str]:
        """What the manager was told."""
        posts = self.shop.platform.posts
        return [one.content.text for one in posts if one.address == in_private(MANAGER)]


@pytest.fixture
async def opened(migrated_sqlite: Path, tmp_path: Path) -> AsyncIterator[Opened]:
    file = tmp_path / "door.db"
    shutil.copy(migrated_sqlite, file)
    database = await Database.open(f"sqlite+aiosqlite:///{file}")
    wc = FeedRules("wc", FeedKind.WOOCOMMERCE, secret=SecretStr(SECRET))
    bare = FeedRules("bare", FeedKind.JSON)
    rules = ArrivalRules(feeds={"web": FEED, "wc": wc, "bare": bare}, most_new=3)
    shop = await open_shop(database, ShopSettings(arrivals=rules))
    await shop.opens("一群")
    await shop.says(MANAGER, "大家好")
    async with (
        arrivals_door(shop.desk, "127.0.0.1", 0) as port,
        httpx.AsyncClient(trust_env=False) as client,
    ):
        yield Opened(shop, port, client)
    await database.close()


async def test_what_a_shop_pushes_is_announced_once(opened: Opened) -> None:
    pushed = shopify_product(7, "新面霜", status="active")
    assert await opened.push(pushed) == 204
    assert await opened.push(pushed) == 204
    await watch_feeds(opened.shop.desk)
    posts = opened.shop.platform.posts
    told = [one.content.text for one in posts if one.address == in_private(MANAGER)]
    assert [one for one in told if one.startswith("「上新：新面霜」")]
    await watch_feeds(opened.shop.desk)
    assert await opened.keys() == ["7"]
    async with opened.shop.desk.database.reading() as connection:
        found = await products_of(connection, opened.shop.desk.shop_id, "web")
    assert found["7"].state is ProductState.ANNOUNCED


async def test_woocommerce_s_signature_is_known_too(opened: Opened) -> None:
    body = json.dumps(woocommerce_product(5)).encode()
    headers = {"X-WC-Webhook-Signature": base64.b64encode(digest(body)).decode()}
    assert await opened.push(body, feed="wc", headers=headers) == 204


BODY = json.dumps(shopify_product()).encode()
MOMENT = int(NOW.timestamp())


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (own(BODY, MOMENT), 204),
        (own(BODY, MOMENT - 299), 204),
        (own(BODY, MOMENT - 301), 403),
        (own(BODY, MOMENT + 301), 403),
        (own(BODY, MOMENT, "another-secret-of-16"), 403),
        (own(b"{}", MOMENT), 403),
        (own(BODY, MOMENT) | {"X-Nuanqun-Time": str(MOMENT + 1)}, 403),
        (own(BODY, "soon"), 403),
        (own(BODY, "9" * 400), 403),
        ({}, 403),
        (shopify_signed(BODY, "another-secret-of-16"), 403),
        (shopify_signed(b"{}"), 403),
        ({"X-Shopify-Hmac-Sha256": ""}, 403),
        ({"X-Shopify-Hmac-Sha256": "not base64"}, 403),
    ],
)
async def test_only_who_knows_the_secret_is_heard(
    opened: Opened, headers: dict[str, str], status: int
) -> None:
    assert await opened.push(BODY, headers=headers) == status
    assert bool(await opened.keys()) is (status == 204)


@pytest.mark.parametrize("feed", ["nobody", "bare"])
async def test_a_feed_that_is_not_there_or_has_no_secret_is_answered_alike(
    opened: Opened, feed: str
) -> None:
    assert await opened.push(shopify_product(), feed=feed) == 403


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"{", 400), (b'[{"id": 1}]', 400), (b"<x/>", 400), (b" " * (LARGEST + 1), 413)],
)
async def test_what_cannot_be_understood_is_said_so(
    opened: Opened, body: bytes, status: int
) -> None:
    assert await opened.push(body) == status
    assert await opened.keys() == []


async def test_a_flood_of_pushes_is_held_and_a_manager_may_accept_it(opened: Opened) -> None:
    answers = [await opened.push(shopify_product(number)) for number in range(1, 8)]
    assert answers == [204] * 3 + [202] * 4  # an answer that refuses ends a shop's webhook
    assert await opened.states() == {"new": ["1", "2", "3"], "held": ["4", "5", "6", "7"]}
    await opened.looks()
    (told,) = [one for one in opened.told() if "先不信" in one]
    assert "一下多出 4 件没见过的商品" in told
    assert "错了就别管，改好了再推" in told
    opened.shop.clock.advance(MINUTE)
    accepted = await opened.shop.says(MANAGER, "/feeds accept web", group=None)
    assert "其中 4 件是推过来先没信的" in accepted.text
    assert (await opened.states())["known"] == ["4", "5", "6", "7"]
    assert await opened.push(shopify_product(9)) == 204
    opened.shop.clock.advance(DAY)
    await opened.looks()
    announced = [one for one in opened.told() if "的商品" not in one and "上新" in one]
    assert not [one for one in announced if "商品4" in one]


async def test_what_is_held_is_nobody_s_to_see_before_a_manager_has_looked(opened: Opened) -> None:
    for number in range(1, 6):
        await opened.push(shopify_product(number, f"商品{number}"))
    database, shop_id = opened.shop.desk.database, opened.shop.desk.shop_id
    async with database.reading() as connection:
        found = await products_of(connection, shop_id, "web")
        links = [one.ware.link for one in found.values()]
        assert await known_links(connection, shop_id, links) == set()  # localhost is none
        assert set(await known_prices(connection, shop_id)) == {"商品1", "商品2", "商品3"}
        assert await product_counts(connection, shop_id) == {"web": 3}
    held = found["5"].id
    answer = await opened.shop.says("小鱼", f"/pricedrop {held}", group=None)
    assert "没有这件商品" in answer.text
    answer = await opened.shop.says(MANAGER, f"/arrive #{held}", group=None)
    assert "没有编号" in answer.text


async def test_what_was_held_and_is_pushed_again_on_a_calm_day_is_news(opened: Opened) -> None:
    for number in range(1, 6):
        await opened.push(shopify_product(number))
    opened.shop.clock.advance(2 * DAY)
    assert await opened.push(shopify_product(4, "面霜", "189.00")) == 204
    states = await opened.states()
    assert (states["held"], "4" in states["new"]) == (["5"], True)
    assert await opened.push(shopify_product(5)) == 204
    async with opened.shop.desk.database.reading() as connection:
        assert (await feeds(connection, opened.shop.desk.shop_id))["web"].held is None


async def test_a_push_that_is_held_changes_what_was_known_all_the_same(opened: Opened) -> None:
    await opened.push(shopify_product(1, "面霜", "199.00"))
    catalogue = [shopify_product(1, "面霜", "189.00"), *map(shopify_product, range(2, 9))]
    assert await opened.push({"products": catalogue}) == 202
    async with opened.shop.desk.database.reading() as connection:
        found = await products_of(connection, opened.shop.desk.shop_id, "web")
    assert found["1"].ware.price == Decimal(189)
    assert (await opened.states())["held"] == [str(number) for number in range(2, 9)]


async def test_a_pushed_price_that_was_not_believed_is_the_price_once_it_is_accepted(
    opened: Opened,
) -> None:
    await opened.push(shopify_product(1, "面霜", "199.00"))
    await opened.push(shopify_product(1, "面霜", "39.00"))
    await opened.push(shopify_product(2, "赠品", "0.00"))
    await opened.shop.says(MANAGER, "/feeds accept web", group=None)
    async with opened.shop.desk.database.reading() as connection:
        found = await products_of(connection, opened.shop.desk.shop_id, "web")
    assert [(one.ware.price, one.doubt) for one in found.values()] == [
        (Decimal("39.00"), None),
        (Decimal("0.00"), None),
    ]
    assert found["2"].state is ProductState.KNOWN


async def test_rows_of_a_push_that_are_bad_are_named_and_the_good_ones_taken(
    opened: Opened,
) -> None:
    rows = {"products": [shopify_product(1), shopify_product(2, "", "9.00")]}
    assert await opened.push(rows) == 204
    assert await opened.keys() == ["1"]
    await opened.looks()
    (told,) = [one for one in opened.told() if "看不懂" in one]
    assert told == ("货源「web」有 1 条看不懂，先不用；其余的照常：\n· 第 2 条「2」：没有写商品名")
    assert await opened.push(shopify_product(3)) == 204
    await opened.looks()
    assert not [one for one in opened.told() if "好了" in one]


async def test_who_takes_too_long_is_cut_off(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door_room, "PATIENCE", 0.1)
    reader, writer = await asyncio.open_connection("127.0.0.1", opened.port)
    writer.write(b"POST /arrivals/web HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nab")
    assert b"408" in await asyncio.wait_for(reader.readline(), 5)
    writer.close()
    await writer.wait_closed()


async def test_a_port_that_is_taken_is_one_clear_error(opened: Opened) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ArrivalsDoorRefused, match=rf"port {port}.*NQ529"):
            async with arrivals_door(opened.shop.desk, "127.0.0.1", port):
                raise AssertionError
