"""From a feed on a real server to the groups: once, believed, approved, and never by silence."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from handlers.arrivals import looking
from handlers.arrivals.formats import read_wares
from handlers.arrivals.rules import ArrivalRules, FeedKind, FeedRules
from handlers.arrivals.taking import take_pushed
from handlers.arrivals.watching import rest_after, watch_feeds
from handlers.settings import ShopSettings
from storage.database import Database
from storage.product_feeds import feeds
from tests.handlers.arrivals.feed_server import Answer, FeedServer, feed_server
from tests.handlers.arrivals.samples import shopify, shopify_product
from tests.handlers.arrivals.scenes import CATALOGUE, HOUR, Scene, fan_waits, scene_on
from tests.handlers.conftest import with_groups
from tests.handlers.scenes import made
from tests.handlers.shop import DAY, MANAGER, MINUTE, in_private, open_shop


@pytest.mark.parametrize(
    "body",
    [
        b'[{"id":1,"title":"x","price":1e99999999999999999999}]',
        '[{"id":1,"title":"<![活动]]>面霜","price":1e-99999999999999999999}]'.encode(),
    ],
)
async def test_what_nobody_can_read_holds_no_other_feed_up(
    sqlite: Database, server: FeedServer, body: bytes
) -> None:
    async with feed_server() as other:
        there = other.url.replace("127.0.0.1", "localhost")
        arrivals = ArrivalRules(
            feeds={
                "bad": FeedRules("bad", FeedKind.JSON, url=server.url),
                "web": FeedRules("web", FeedKind.SHOPIFY, url=there),
            }
        )
        shop = await with_groups(await open_shop(sqlite, ShopSettings(arrivals=arrivals)))
        other.serves(shopify(*CATALOGUE.values()))
        server.serves(body)
        assert await watch_feeds(shop.desk) == 2
        async with sqlite.reading() as connection:
            found = await feeds(connection, shop.desk.shop_id)
        assert (found["bad"].failures, found["web"].failures) == (1, 0)
        assert found["bad"].trouble is not None
        assert found["bad"].next_look_at > shop.clock.now()


async def test_a_reader_that_fails_is_a_trouble_of_its_feed(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> Any:
        raise AssertionError("a fault of ours")

    monkeypatch.setattr(looking, "read_wares", fails)
    await scene.looks()
    async with scene.shop.desk.database.reading() as connection:
        (found,) = (await feeds(connection, scene.shop.desk.shop_id)).values()
    assert found.failures == 1


async def test_what_was_there_before_is_known_and_never_announced(scene: Scene) -> None:
    assert len(await scene.products()) == 20
    await scene.looks()
    await scene.looks(DAY)
    assert (await made(scene.shop), scene.told()) == ([], [])


async def test_ten_thousand_new_products_are_held_and_told_once(scene: Scene) -> None:
    flood = [shopify_product(n) for n in range(1_000, 11_000)]

    def answer(asked: Any) -> Answer:
        page = int(asked.path.rpartition("=")[2]) - 1
        return Answer(shopify(*[*CATALOGUE.values(), *flood][page * 250 : (page + 1) * 250]))

    scene.server.answer = answer
    for _ in range(3):
        await scene.looks(HOUR)
    (told,) = scene.told()
    assert "先不信：一下多出 10000 件没见过的商品" in told
    assert (await made(scene.shop), len(await scene.products())) == ([], 20)
    accepted = await scene.shop.says(MANAGER, "/feeds accept web", group=None)
    assert "10020 件商品" in accepted.text
    await scene.looks(HOUR)
    assert await made(scene.shop) == []


async def test_another_catalogue_is_held_until_the_feed_is_itself_again(scene: Scene) -> None:
    scene.server.serves(shopify(*(shopify_product(n, f"别家{n}") for n in range(500, 512))))
    await scene.looks()
    await scene.looks()
    (told,) = scene.told()
    assert "像是另一家的目录" in told
    assert "比如：别家500" in told
    scene.has(shopify_product(99, "新面霜"))
    await scene.looks()
    assert [one.name for one in await made(scene.shop)] == ["上新：新面霜"]


async def test_wrong_prices_are_told_once_and_nothing_is_said_of_them(scene: Scene) -> None:
    await fan_waits(scene, "1")
    scene.shop.platform.posts.clear()
    scene.has(
        shopify_product(99, "一分钱面霜", "0.01"),
        p1=shopify_product(1, "商品1号", "1.99"),
        p2=shopify_product(2, "商品2号", "0.00"),
    )
    for _ in range(3):
        await scene.looks()
    (told,) = scene.told()
    assert "· 商品1号（web）：199.00 CNY → 1.99 CNY" in told
    assert "· 商品2号（web）：199.00 CNY → 0.00 CNY" in told
    assert "· 一分钱面霜（web）：新品 → 0.01 CNY" in told
    assert await made(scene.shop) == []
    assert (await scene.products())["1"].ware.price == Decimal(199)
    scene.has(shopify_product(99, "一分钱面霜", "99.00"))
    await scene.looks()
    assert [one.name for one in await made(scene.shop)] == ["上新：一分钱面霜"]


async def test_a_feed_that_breaks_is_told_once_and_so_is_that_it_is_well(scene: Scene) -> None:
    scene.server.gives(Answer(status=500))
    await scene.looks()
    await scene.looks(HOUR)
    assert scene.told() == []  # that may pass
    for _ in range(3):
        await scene.looks(2 * HOUR)
    (told,) = scene.told()
    assert told.startswith("货源「web」看不了：店铺网站回的是 500。")
    scene.has(shopify_product(99, "新面霜"))
    await scene.shop.says(MANAGER, "/feeds look web", group=None)
    await scene.looks(17 * HOUR)
    texts = [one for one in scene.told() if "看不了" in one or "好了，接着看" in one]
    assert texts == [told, "货源「web」好了，接着看。"]
    assert [one.name for one in await made(scene.shop)] == ["上新：新面霜"]


async def test_what_does_not_pass_by_itself_is_told_at_once(scene: Scene) -> None:
    scene.server.gives(Answer(b"<html>maintenance</html>"))
    await scene.looks()
    await scene.looks(HOUR)
    (told,) = scene.told()
    assert "内容看不懂：不是 JSON" in told
    assert len(await scene.products()) == 20


def test_a_feed_that_fails_is_asked_less_and_less_often() -> None:
    feed = FeedRules("web", FeedKind.RSS, every=15 * MINUTE)
    rests = [rest_after(feed, failures, None) for failures in range(12)]
    assert rests[:4] == [15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR]
    assert rests[-1] == DAY
    assert rest_after(feed, 0, 3 * HOUR) == 3 * HOUR
    assert rest_after(feed, 0, 48 * HOUR) == DAY


async def test_a_host_that_is_busy_is_left_alone_with_all_its_feeds(
    sqlite: Database, server: FeedServer
) -> None:
    async with feed_server() as well:
        server.gives(Answer(status=429, headers={"Retry-After": "7200"}))
        well.serves(shopify(shopify_product()))
        well.url = well.url.replace("127.0.0.1", "localhost")
        listed = {
            name: FeedRules(name, FeedKind.SHOPIFY, url=url)
            for name, url in (("a", server.url), ("b", f"{server.url}/b"), ("c", well.url))
        }
        shop = await open_shop(sqlite, ShopSettings(arrivals=ArrivalRules(feeds=listed)))
        await watch_feeds(shop.desk)
        assert (len(server.asked), len(well.asked)) == (1, 1)
        shop.clock.advance(HOUR)
        await watch_feeds(shop.desk)
        assert (len(server.asked), len(well.asked)) == (1, 2)
        async with sqlite.reading() as connection:
            rows = await feeds(connection, shop.desk.shop_id)
        assert rows["a"].next_look_at == rows["b"].next_look_at > shop.clock.now()


async def test_another_address_is_another_feed(scene: Scene) -> None:
    rules = scene.shop.desk.shop.arrivals
    async with feed_server() as other:
        other.serves(shopify(*(shopify_product(n) for n in range(600, 640))))
        moved = replace(rules, feeds={"web": replace(rules.feeds["web"], url=other.url)})
        settings = replace(scene.shop.desk.shop, arrivals=moved)
        await watch_feeds(replace(scene.shop.desk, shop=settings))
    assert len(await scene.products()) == 60
    assert await made(scene.shop) == []


async def test_old_customers_hear_first_where_the_shop_wants_that(
    sqlite: Database, server: FeedServer
) -> None:
    words = "前 50 份送小样"
    scene = await scene_on(sqlite, server, approve=False, early=2 * HOUR, early_words=words)
    await scene.shop.says(MANAGER, "/tag @小鱼 老客")
    scene.has(shopify_product(99, "新面霜"))
    await scene.looks()
    (first,) = await scene.shop.delivers()
    assert first.address == in_private("小鱼")
    assert first.content.text.splitlines() == [
        "小鱼，新面霜 刚到店，先给老朋友看一眼，2 小时以后再告诉大家。",
        words,
        "¥199",
    ]  # without a link: fans are shown no machine of one's own
    scene.shop.clock.advance(2 * HOUR)
    assert len(await scene.shop.delivers()) == 3


COUPON_WORDS = "{{ fan }}，你的券：{{ coupon:老客券 }}"


async def with_a_regular(database: Database, server: FeedServer) -> Scene:
    """A shop that writes to its old customers first, with a coupon each; 小鱼 is one of them."""
    scene = await scene_on(
        database, server, approve=False, early=2 * HOUR, early_words=COUPON_WORDS
    )
    await scene.shop.says(MANAGER, "/tag @小鱼 老客")
    return scene


async def test_old_customers_may_be_given_a_coupon_each(
    database: Database, server: FeedServer
) -> None:
    scene = await with_a_regular(database, server)
    kept = "/coupon 老客券 | 满199减30 | 不限 | AAAA1111 BBBB2222"
    await scene.shop.says(MANAGER, kept, group=None)
    scene.has(shopify_product(99, "新面霜"))
    await scene.looks()
    assert [one for one in scene.told() if "每人一张「老客券」（满199减30），还有 2 张" in one]
    (first,) = await scene.shop.delivers()
    assert first.content.text.splitlines()[1] == "小鱼，你的券：AAAA1111"


async def test_without_any_coupon_left_the_word_goes_out_without_it_and_managers_know(
    sqlite: Database, server: FeedServer
) -> None:
    scene = await with_a_regular(sqlite, server)
    scene.has(shopify_product(99, "新面霜"))
    await scene.looks()
    assert [one for one in scene.told() if "老客那条没有带上" in one and "老客券" in one]
    (first,) = await scene.shop.delivers()
    assert "券" not in first.content.text


async def test_a_large_feed_is_written_in_pieces(sqlite: Database, server: FeedServer) -> None:
    rows = [{"id": n, "title": f"商品{n}", "price": "99"} for n in range(5_000)]
    server.serves(json.dumps(rows).encode())
    feed = FeedRules("web", FeedKind.JSON, url=server.url)
    shop = await open_shop(sqlite, ShopSettings(arrivals=ArrivalRules(feeds={"web": feed})))
    await watch_feeds(shop.desk)
    assert len(await Scene(shop, server).products()) == 5_000


async def test_a_shop_that_is_empty_at_first_has_no_baseline_yet(
    sqlite: Database, server: FeedServer
) -> None:
    feed = FeedRules("web", FeedKind.SHOPIFY, url=server.url)
    arrivals = ArrivalRules(feeds={"web": feed}, approve=False)
    shop = await with_groups(await open_shop(sqlite, ShopSettings(arrivals=arrivals)))
    server.serves(shopify())
    await watch_feeds(shop.desk)
    server.serves(shopify(*CATALOGUE.values()))
    shop.clock.advance(HOUR)
    await watch_feeds(shop.desk)
    assert await made(shop) == []


async def test_a_link_that_all_products_share_tells_nothing(
    sqlite: Database, server: FeedServer
) -> None:
    feed = FeedRules("web", FeedKind.JSON, url=server.url)
    shop = await with_groups(
        await open_shop(sqlite, ShopSettings(arrivals=ArrivalRules(feeds={"web": feed})))
    )
    rows = [
        {"id": n, "title": f"商品{n}", "price": 99, "link": "https://shop.example/"}
        for n in range(1, 13)
    ]
    server.serves(json.dumps(rows[:10]).encode())
    await watch_feeds(shop.desk)
    server.serves(json.dumps(rows).encode())
    shop.clock.advance(HOUR)
    await watch_feeds(shop.desk)
    assert len(await made(shop)) == 2


async def test_a_moment_to_come_freezes_no_product(scene: Scene) -> None:
    odd = shopify_product(1, "一号", "89.00") | {"updated_at": "2099-01-01T00:00:00Z"}
    scene.has(p1=odd)
    await scene.looks()
    sane = shopify_product(1, "一号", "79.00") | {"updated_at": "2026-11-06T00:00:00Z"}
    scene.has(p1=sane)
    await scene.looks()
    assert (await scene.products())["1"].ware.price == Decimal("79.00")


async def test_a_push_does_not_make_a_feed_believed_that_is_looked_at(scene: Scene) -> None:
    scene.server.serves(shopify(*(shopify_product(n, f"别家{n}") for n in range(500, 512))))
    await scene.looks()
    desk = scene.shop.desk
    feed = desk.shop.arrivals.feeds["web"]
    body = shopify(shopify_product(1, "商品1号", "189.00"))
    await take_pushed(desk, feed, read_wares(feed.kind, body, scene.server.url, "CNY"))
    assert (await scene.products())["1"].ware.price == Decimal(189)
    async with desk.database.reading() as connection:
        (row,) = (await feeds(connection, desk.shop_id)).values()
    assert row.held is not None
    await scene.looks()
    assert len([one for one in scene.told() if "先不信" in one]) == 1
