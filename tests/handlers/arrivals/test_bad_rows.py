"""Rows of a feed that nobody can read are named once, and the others go on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from handlers.arrivals.rules import ArrivalRules, FeedKind, FeedRules
from handlers.arrivals.troubles import BadRow, FeedTrouble, Flaw, Trouble
from handlers.arrivals.watching import watch_feeds
from handlers.settings import ShopSettings
from storage.database import Database
from storage.products import products_of
from tests.handlers.arrivals.feed_server import Answer, Asked, FeedServer
from tests.handlers.arrivals.samples import shopify, shopify_product
from tests.handlers.conftest import with_groups
from tests.handlers.shop import DAY, MANAGER, MINUTE, Shop, in_private, open_shop

HOUR = timedelta(hours=1)
GOOD = [{"id": n, "title": f"商品{n}", "price": "199"} for n in range(1, 5)]
FROM = {"id": 7, "title": "面霜", "price": "199起"}
NAMELESS = {"id": 8, "price": "99"}


@dataclass
class Scene:
    """A shop whose feed of JSON stands on a server."""

    shop: Shop
    server: FeedServer

    async def looks_at(self, *rows: dict[str, Any]) -> list[str]:
        """Time goes by, and the feed holds these rows; what the manager is told."""
        self.server.serves(json.dumps(rows).encode())
        return await self.looks()

    async def looks(self) -> list[str]:
        before = len(self.shop.platform.posts)
        self.shop.clock.advance(15 * MINUTE)
        await watch_feeds(self.shop.desk)
        posts = self.shop.platform.posts[before:]
        return [one.content.text for one in posts if one.address == in_private(MANAGER)]


@pytest.fixture
async def scene(sqlite: Database, server: FeedServer) -> Scene:
    feed = FeedRules("web", FeedKind.JSON, url=server.url)
    rules = ArrivalRules(feeds={"web": feed})
    shop = await with_groups(await open_shop(sqlite, ShopSettings(arrivals=rules)))
    await shop.says(MANAGER, "大家好")
    scene = Scene(shop, server)
    await scene.looks_at(*GOOD)
    return scene


async def test_they_are_told_once_with_their_place_and_what_to_do(scene: Scene) -> None:
    (told,) = await scene.looks_at(*GOOD, FROM, NAMELESS)
    assert told.splitlines() == [
        "货源「web」有 2 条看不懂，先不用；其余的照常：",
        "· 第 5 条「面霜」：价格“199起”看不懂，只写数字就行，比如 199",
        "· 第 6 条「8」：没有写商品名",
    ]
    assert await scene.looks_at(*GOOD, FROM, NAMELESS) == []
    assert await scene.looks_at(NAMELESS, *GOOD, FROM) == []  # they only stand elsewhere
    assert await scene.looks_at(*GOOD, NAMELESS) == []  # one is mended
    (more,) = await scene.looks_at(*GOOD, NAMELESS, FROM | {"price": "面议"})
    assert "价格“面议”看不懂" in more


async def test_the_good_rows_are_used_meanwhile(scene: Scene) -> None:
    told = await scene.looks_at(*GOOD, {"id": 9, "title": "新面霜", "price": 99}, FROM)
    assert [one for one in told if one.startswith("「上新：新面霜」")]
    assert len(told) == 2


async def test_they_stand_in_the_list_of_feeds_until_they_are_mended(scene: Scene) -> None:
    await scene.looks_at(*GOOD, FROM)
    listed = await scene.shop.says(MANAGER, "/feeds", group=None)
    assert "· 有 1 条看不懂，先不用；其余的照常\n· 第 5 条「面霜」" in listed.text
    assert await scene.looks_at(*GOOD, FROM | {"price": 199}) != []
    listed = await scene.shop.says(MANAGER, "/feeds", group=None)
    assert "看不懂" not in listed.text


async def test_that_all_are_well_again_is_told(scene: Scene) -> None:
    await scene.looks_at(*GOOD, FROM)
    assert await scene.looks_at(*GOOD) == ["货源「web」好了，接着看。"]


async def test_a_feed_that_breaks_behind_bad_rows_is_told_all_the_same(scene: Scene) -> None:
    await scene.looks_at(*GOOD, FROM)
    scene.server.gives(Answer(b"<html>"))
    (told,) = await scene.looks()
    assert "内容看不懂：不是 JSON" in told


async def test_a_moment_in_which_the_feed_is_not_there_tells_nothing_again(scene: Scene) -> None:
    assert await scene.looks_at(*GOOD, FROM) != []
    for _ in range(2):
        scene.server.gives(Answer(status=502))
        assert await scene.looks() == []
        scene.shop.clock.advance(2 * HOUR)
        assert await scene.looks_at(*GOOD, FROM) == []
    scene.server.gives(Answer(status=502))
    assert await scene.looks() == []
    scene.shop.clock.advance(2 * HOUR)
    assert await scene.looks_at(*GOOD) == ["货源「web」好了，接着看。"]


async def test_bad_rows_are_told_anew_behind_a_break_that_was_told(scene: Scene) -> None:
    assert await scene.looks_at(*GOOD, FROM) != []
    scene.server.gives(Answer(status=502))
    told = []
    for _ in range(5):
        scene.shop.clock.advance(HOUR)
        told += await scene.looks()
    assert len(told) == 1
    scene.shop.clock.advance(3 * HOUR)
    assert "有 1 条看不懂" in (await scene.looks_at(*GOOD, FROM))[0]


async def test_many_bad_rows_in_another_order_each_time_are_no_news(scene: Scene) -> None:
    bad = [FROM | {"id": n, "title": f"面霜{n}"} for n in range(10, 60)]
    assert len(await scene.looks_at(*GOOD, *bad)) == 1
    assert await scene.looks_at(*GOOD, *reversed(bad)) == []
    assert await scene.looks_at(*GOOD, *bad[:4]) == []
    scene.shop.clock.advance(HOUR)
    assert len(await scene.looks_at(*GOOD, *bad)) == 1


async def test_where_every_row_is_bad_the_feed_is_unreadable_and_some_are_named(
    scene: Scene,
) -> None:
    (told,) = await scene.looks_at(*({"id": n} for n in range(9)))
    assert "没有一行写清了商品名和价格" in told
    assert told.splitlines()[1] == "· 第 1 条「0」：没有写商品名"
    assert told.endswith("还有 3 条。")


async def test_a_page_without_any_product_ends_no_look(
    sqlite: Database, server: FeedServer
) -> None:
    pages = {
        "1": [shopify_product(n) for n in range(250)],
        "2": [shopify_product(n, "") for n in range(250, 500)],
        "3": [shopify_product(900, "末页")],
    }

    def answer(asked: Asked) -> Answer:
        return Answer(shopify(*pages[asked.path.rpartition("=")[2]]))

    server.answer = answer
    feed = FeedRules("web", FeedKind.SHOPIFY, url=server.url)
    rules = ArrivalRules(feeds={"web": feed})
    shop = await with_groups(await open_shop(sqlite, ShopSettings(arrivals=rules)))
    await shop.says(MANAGER, "大家好")
    await watch_feeds(shop.desk)
    async with sqlite.reading() as connection:
        assert len(await products_of(connection, shop.desk.shop_id, "web")) == 251
    listed = await shop.says(MANAGER, "/feeds", group=None)
    assert "· 第 2 页第 1 条「250」：没有写商品名" in listed.text
    assert "还有 244 条。" in listed.text


async def test_what_an_unchanged_page_holds_is_still_known(scene: Scene) -> None:
    scene.server.serves(json.dumps([*GOOD, FROM]).encode(), ETag='"a"')
    await scene.looks()
    assert await scene.looks() == []
    scene.shop.clock.advance(DAY)
    assert await scene.looks() == []
    assert "第 5 条" in (await scene.shop.says(MANAGER, "/feeds", group=None)).text


def test_a_trouble_comes_back_as_it_was_written_also_from_before_rows_were_named() -> None:
    trouble = FeedTrouble.of_rows(2, [BadRow(3, Flaw.NO_PRICE, "面霜", "面议", page=2)])
    assert trouble is not None
    again = FeedTrouble.from_json(json.loads(json.dumps(trouble.to_json())))
    assert (again.kind, again.reason, again.rows) == (Trouble.ROWS, "2", trouble.rows)
    assert FeedTrouble.from_json({"kind": "status", "reason": "500"}).rows == ()
    assert FeedTrouble.of_rows(0, []) is None
