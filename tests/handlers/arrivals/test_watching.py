"""From a feed on a real server to the groups: once, believed, approved, and never by silence."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from handlers.arrivals import announcing, looking
from handlers.arrivals.rules import ArrivalRules, FeedKind, FeedRules
from handlers.arrivals.watching import rest_after, watch_feeds
from handlers.settings import ShopSettings
from storage.database import Database
from storage.products import Product, feeds, known_links, products_of
from storage.tags import Tag, set_tags
from tests.handlers.arrivals.feed_server import Answer, FeedServer, feed_server
from tests.handlers.arrivals.samples import shopify, shopify_product
from tests.handlers.conftest import with_groups
from tests.handlers.scenes import made, second_manager
from tests.handlers.shop import DAY, MANAGER, MINUTE, Shop, in_group, in_private, open_shop

HOUR = timedelta(hours=1)
CATALOGUE = {n: shopify_product(n, f"商品{n}号") for n in range(1, 21)}


@dataclass
class Scene:
    """A shop whose feed stands on a server."""

    shop: Shop
    server: FeedServer

    def has(self, *more: dict[str, Any], without: int = 0, **changed: Any) -> None:
        """The feed holds the catalogue, with products changed, added or taken away."""
        rows = {n: one for n, one in CATALOGUE.items() if n != without}
        rows |= {int(name.removeprefix("p")): one for name, one in changed.items()}
        self.server.serves(shopify(*rows.values(), *more))

    async def looks(self, after: timedelta = 15 * MINUTE) -> None:
        """Time goes by, and the feed is looked at."""
        self.shop.clock.advance(after)
        await watch_feeds(self.shop.desk)

    async def products(self) -> dict[str, Product]:
        async with self.shop.desk.database.reading() as connection:
            return await products_of(connection, self.shop.desk.shop_id, "web")

    def told(self) -> list[str]:
        """What the manager was told."""
        posts = self.shop.platform.posts
        return [one.content.text for one in posts if one.address == in_private(MANAGER)]


async def scene_on(database: Database, server: FeedServer, **rules: Any) -> Scene:
    """The shop has looked at its feed for the first time; its manager can be reached."""
    feed = FeedRules("web", FeedKind.SHOPIFY, url=server.url)
    arrivals = ArrivalRules(feeds={"web": feed}, **rules)
    shop = await with_groups(await open_shop(database, ShopSettings(arrivals=arrivals)))
    await shop.says(MANAGER, "大家好")
    for name in ("小鱼", "小鸟"):
        await shop.says(name, "早")
        await shop.says(name, "早", group=None)
    scene = Scene(shop, server)
    scene.has()
    await watch_feeds(shop.desk)
    shop.platform.posts.clear()
    return scene


@pytest.fixture
async def scene(sqlite: Database, server: FeedServer) -> Scene:
    return await scene_on(sqlite, server)


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


async def test_a_new_product_waits_for_approval_and_then_goes_out_once(
    database: Database, server: FeedServer
) -> None:
    scene = await scene_on(database, server)
    scene.has(shopify_product(99, "<b>新面霜</b>", "199.00"))
    await scene.looks()
    (told,) = scene.told()
    assert told.startswith("「上新：新面霜」")
    assert "上新啦：新面霜\n¥199\n" in told
    assert await scene.shop.delivers() == []  # nothing goes out by silence
    (campaign,) = await made(scene.shop)
    answer = await scene.shop.says(MANAGER, f"/approve {campaign.id}", group=None)
    assert "批准了" in answer.text
    posts = await scene.shop.delivers()
    assert len(posts) == 3
    assert posts[0].content.pictures[0].source == "https://cdn.example/99.png"
    assert posts[0].content.buttons[0].says.startswith("/pricedrop ")
    for _ in range(3):
        await scene.looks(DAY)
    assert len(await made(scene.shop)) == 1


async def test_a_restock_or_another_title_is_not_announced_again(scene: Scene) -> None:
    gone = shopify_product(3, "商品3号")
    gone["variants"][0]["available"] = False
    scene.has(p3=gone)
    await scene.looks()
    scene.has(p3=shopify_product(3, "商品3号 新包装"), without=4)
    await scene.looks()
    scene.has()
    await scene.looks()
    assert await made(scene.shop) == []
    assert (await scene.products())["3"].ware.title == "商品3号"


async def test_without_approval_by_rule_it_goes_straight_out_and_the_manager_hears_of_it(
    sqlite: Database, server: FeedServer
) -> None:
    scene = await scene_on(sqlite, server, approve=False)
    scene.has(shopify_product(99, "新面霜"))
    await scene.looks()
    assert [one for one in scene.told() if "按店里的规则自动发" in one]
    assert len(await scene.shop.delivers()) == 3


async def test_many_new_ones_are_one_list_and_soon_after_the_next_wait(scene: Scene) -> None:
    scene.has(*(shopify_product(n, f"新品{n}", "99.00", "199.00") for n in range(101, 118)))
    await scene.looks()
    (campaign,) = await made(scene.shop)
    assert campaign.name == "上新：新品101 等 17 款"
    (told,) = scene.told()
    assert "这次上新了 17 款：" in told
    assert "· 新品101 ¥99 起" in told
    assert "还有 5 款，店里都能看到。" in told
    scene.has(shopify_product(200, "又一件"), *(shopify_product(n) for n in range(101, 118)))
    await scene.looks()
    assert len(await made(scene.shop)) == 1
    await scene.looks(6 * HOUR)
    assert [one.name for one in await made(scene.shop)][1:] == ["上新：又一件"]


async def test_nobody_is_told_or_asked_at_night(scene: Scene) -> None:
    scene.has(shopify_product(99, "新面霜"))
    await scene.looks(13 * HOUR)
    assert (await made(scene.shop), scene.told()) == ([], [])
    await scene.looks(11 * HOUR)
    assert len(await made(scene.shop)) == 1


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


async def fan_waits(scene: Scene, key: str, name: str = "小鱼") -> str:
    """A fan presses the button for a product; what the bot answers."""
    number = (await scene.products())[key].id
    answers = await scene.shop.presses(name, f"/pricedrop {number}", group="一群")
    return answers.text


async def test_a_lower_price_is_told_in_private_to_who_asked_and_nobody_else(
    database: Database, server: FeedServer
) -> None:
    scene = await scene_on(database, server, approve=False)
    assert await fan_waits(scene, "1") == "好的，商品1号 降价了我私下告诉你。"
    scene.has(p1=shopify_product(1, "商品1号", "149.00"), p2=shopify_product(2, "商品2号", "99"))
    await scene.looks()
    posts = await scene.shop.delivers()
    assert [(one.address, one.content.text.splitlines()[0]) for one in posts] == [
        (in_private("小鱼"), "小鱼，你问过的 商品1号 降价了，现在 ¥149。")
    ]
    scene.has(p1=shopify_product(1, "商品1号", "129.00"))
    await scene.looks(DAY)
    assert len(await made(scene.shop)) == 1  # not twice in a week


async def test_a_price_that_falls_while_nothing_is_left_is_told_when_there_is_some_again(
    sqlite: Database, server: FeedServer
) -> None:
    scene = await scene_on(sqlite, server, approve=False)
    await fan_waits(scene, "1")
    for price, left in (("199.00", False), ("149.00", False), ("159.00", False), ("149.00", True)):
        one = shopify_product(1, "商品1号", price)
        one["variants"][0]["available"] = left
        scene.has(p1=one)
        await scene.looks()
    (post,) = await scene.shop.delivers()
    assert "降价了，现在 ¥149。" in post.content.text


async def test_each_who_asked_is_told_once_a_week_and_whoever_asked_later_of_the_next_drop(
    database: Database, server: FeedServer
) -> None:
    scene = await scene_on(database, server, approve=False)
    await fan_waits(scene, "1")
    heard = [await told_of_drop(scene, "149.00")]
    await fan_waits(scene, "1", "小鸟")
    heard.append(await told_of_drop(scene, "139.00", DAY))
    heard.append(await told_of_drop(scene, "129.00", DAY))
    heard.append(await told_of_drop(scene, "119.00", 6 * DAY))
    assert heard == [["小鱼"], ["小鸟"], [], ["小鱼"]]


async def told_of_drop(scene: Scene, price: str, after: timedelta = 15 * MINUTE) -> list[str]:
    """Who is told that a product costs this now."""
    scene.has(p1=shopify_product(1, "商品1号", price))
    await scene.looks(after)
    return [one.content.text.partition("，")[0] for one in await scene.shop.delivers()]


async def test_a_draft_that_nobody_let_go_told_nobody(scene: Scene) -> None:
    await fan_waits(scene, "1")
    scene.has(p1=shopify_product(1, "商品1号", "149.00"))
    await scene.looks()
    (draft,) = await made(scene.shop)
    await scene.shop.says(MANAGER, f"/reject {draft.id}", group=None)
    scene.has(p1=shopify_product(1, "商品1号", "139.00"))
    await scene.looks()
    _, again = await made(scene.shop)
    await approved(scene, again.id)
    assert len(await scene.shop.delivers()) == 1


async def test_what_falls_again_before_anybody_was_told_takes_the_place_of_the_older_word(
    scene: Scene,
) -> None:
    await fan_waits(scene, "1")
    for price in ("149.00", "139.00"):
        scene.has(p1=shopify_product(1, "商品1号", price))
        await scene.looks()
    older, newer = await made(scene.shop)
    assert "批准了" not in await approved(scene, older.id)
    assert "批准了" in await approved(scene, newer.id)
    (post,) = await scene.shop.delivers()
    assert "现在 ¥139。" in post.content.text


@pytest.mark.parametrize(("wish", "says"), [("/optout", "/optin"), ("/norecord", "/record")])
async def test_who_opted_out_or_wants_no_record_is_told_how_and_never_waits(
    scene: Scene, wish: str, says: str
) -> None:
    await scene.shop.says("小鱼", wish, group=None)
    assert says in await fan_waits(scene, "1")
    await fan_waits(scene, "1", "小鸟")
    await scene.shop.says("小鸟", wish, group=None)
    scene.has(p1=shopify_product(1, "商品1号", "149.00"))
    await scene.looks()
    for campaign in await made(scene.shop):
        await scene.shop.says(MANAGER, f"/approve {campaign.id}", group=None)
    assert await scene.shop.delivers() == []


async def test_a_feed_that_breaks_is_told_once_and_so_is_that_it_is_well(scene: Scene) -> None:
    scene.server.gives(Answer(status=500))
    await scene.looks()
    await scene.looks(HOUR)
    assert scene.told() == []  # that may pass
    for _ in range(3):
        await scene.looks(2 * HOUR)
    (told,) = scene.told()
    assert told.startswith("货源「web」看不了：对方答的是 500。")
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


async def test_only_the_groups_it_fits_hear_of_it(scene: Scene) -> None:
    await scene.shop.opens("护肤群", tagged=["护肤"])
    scene.has(shopify_product(99, "新面霜"))
    await scene.looks()
    (told,) = scene.told()
    assert "只发给合适的群：护肤群" in told
    (campaign,) = await made(scene.shop)
    await scene.shop.says(MANAGER, f"/approve {campaign.id}", group=None)
    posts = await scene.shop.delivers()
    assert [one.address for one in posts] == [in_group("护肤群")]


async def test_what_nobody_approved_in_time_may_be_announced_by_hand(scene: Scene) -> None:
    scene.has(shopify_product(99, "新面霜"))
    await scene.looks()
    number = (await scene.products())["99"].id
    again = await scene.shop.says(MANAGER, f"/arrive #{number}", group=None)
    assert "已经播报过了" in again.text
    scene.shop.clock.advance(2 * DAY)
    assert await scene.shop.delivers() == []
    again = await scene.shop.says(MANAGER, f"/arrive #{number}", group=None)
    assert "上新啦：新面霜" in again.text


async def test_with_two_managers_one_of_them_approves(scene: Scene) -> None:
    await second_manager(scene.shop)
    scene.has(shopify_product(99, "新面霜"))
    await scene.looks()
    (campaign,) = await made(scene.shop)
    answer = await scene.shop.says(MANAGER, f"/approve {campaign.id}", group=None)
    assert "批准了" in answer.text


async def test_a_large_feed_is_written_in_pieces(sqlite: Database, server: FeedServer) -> None:
    rows = [{"id": n, "title": f"商品{n}", "price": "99"} for n in range(5_000)]
    server.serves(json.dumps(rows).encode())
    feed = FeedRules("web", FeedKind.JSON, url=server.url)
    shop = await open_shop(sqlite, ShopSettings(arrivals=ArrivalRules(feeds={"web": feed})))
    await watch_feeds(shop.desk)
    assert len(await Scene(shop, server).products()) == 5_000


async def test_what_breaks_a_wording_rule_waits_even_where_all_else_goes_out(
    database: Database, server: FeedServer
) -> None:
    scene = await scene_on(database, server, approve=False)
    scene.has(shopify_product(98, "普通面霜"), shopify_product(99, "全网最好用的面霜"))
    await scene.looks()
    told = "\n".join(scene.told())
    assert "✗ 广告里不能说“全网最”" in told
    assert "等着批准" in told


async def drafted(scene: Scene, price: str = "199.00", *more: str) -> int:
    """A new product is found; the number of its draft."""
    scene.has(shopify_product(99, "新面霜", price, *more))
    await scene.looks()
    (draft,) = await made(scene.shop)
    return draft.id


async def approved(scene: Scene, number: int) -> str:
    """What a manager hears who approves it."""
    return (await scene.shop.says(MANAGER, f"/approve {number}", group=None)).text


@pytest.mark.parametrize("title", ["新面霜", "玫瑰面霜"])
@pytest.mark.parametrize("more", [(), ("299.00",)])
async def test_a_price_that_changed_meanwhile_never_goes_out(
    scene: Scene, title: str, more: tuple[str, ...]
) -> None:
    number = await drafted(scene, "199.00", *more)
    scene.has(shopify_product(99, title, "259.00", *more))
    await scene.looks()
    assert "的价格变了，现在是 259.00 CNY" in await approved(scene, number)
    assert await scene.shop.delivers() == []


async def test_what_is_sold_out_meanwhile_is_not_announced(scene: Scene) -> None:
    number = await drafted(scene)
    gone = shopify_product(99, "新面霜", "199.00")
    gone["variants"][0]["available"] = False
    scene.has(gone)
    await scene.looks()
    assert "“新面霜”现在没有货" in await approved(scene, number)
    assert await scene.shop.delivers() == []


async def test_a_price_that_changes_behind_the_approval_is_held_at_the_last_moment(
    sqlite: Database, server: FeedServer
) -> None:
    scene = await scene_on(sqlite, server, approve=False, early=2 * HOUR)
    await drafted_for_regulars(scene)
    scene.has(shopify_product(99, "新面霜", "259.00"))
    await scene.looks()
    assert await scene.shop.delivers() == []
    await scene.looks(2 * HOUR)
    assert await scene.shop.delivers() == []


async def drafted_for_regulars(scene: Scene) -> None:
    """A new product goes out by itself, to an old customer first."""
    member = await scene.shop.member("小鱼")
    async with scene.shop.desk.database.writing() as connection:
        given = Tag(member.id, "老客", "manager:阿玲", "", scene.shop.clock.now())
        await set_tags(connection, [given])
    scene.has(shopify_product(99, "新面霜", "199.00"))
    await scene.looks()
    assert len(await made(scene.shop)) == 2


async def test_what_was_withdrawn_by_night_is_not_announced_in_the_morning(
    sqlite: Database, server: FeedServer
) -> None:
    scene = await scene_on(sqlite, server, approve=False)
    scene.shop.clock.advance(13 * HOUR)  # 23:00
    scene.has(shopify_product(99, "手滑上架的新品", "199.00"))
    await scene.looks()
    scene.has()
    await scene.looks()
    await scene.looks(12 * HOUR)
    assert await made(scene.shop) == []


async def test_a_draft_is_told_of_even_if_the_process_ended_before(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ends(*_: Any) -> None:
        raise RuntimeError("killed")

    scene.has(shopify_product(99, "新面霜", "199.00"))
    with monkeypatch.context() as patched:
        patched.setattr(announcing, "tell_of", ends)
        with pytest.raises(RuntimeError, match="killed"):
            await scene.looks()
    assert scene.told() == []
    for _ in range(3):
        await scene.looks(MINUTE)
    assert len(scene.told()) == 1
    assert "等着批准" in scene.told()[0]


async def test_a_product_that_was_only_looked_at_by_hand_is_announced_all_the_same(
    scene: Scene,
) -> None:
    gone = shopify_product(99, "新面霜", "199.00")
    gone["variants"][0]["available"] = False
    scene.has(gone)
    await scene.looks()
    product = (await scene.products())["99"]
    await scene.shop.says(MANAGER, f"/arrive @一群 #{product.id}", group=None)
    await scene.shop.says(MANAGER, "/dismiss", group=None)
    scene.has(shopify_product(99, "新面霜", "199.00"))
    await scene.looks()
    assert len(await made(scene.shop)) == 1


async def test_a_link_that_was_only_typed_uses_nothing_up(scene: Scene) -> None:
    link = scene.server.url.replace("127.0.0.1", "shop.example")
    await scene.shop.says(MANAGER, f"/arrive @一群 新面霜 199 {link}/products/p99", group=None)
    await scene.shop.says(MANAGER, "/dismiss", group=None)
    async with scene.shop.desk.database.reading() as connection:
        known = await known_links(connection, scene.shop.desk.shop_id, [f"{link}/products/p99"])
    assert known == set()


async def test_fans_hear_nothing_of_products_that_are_still_to_come(scene: Scene) -> None:
    number = await drafted(scene)
    product = (await scene.products())["99"]
    asked = f"/pricedrop {product.id}"
    assert (await scene.shop.says("小鱼", asked, group=None)).text == "没有这件商品。"
    await approved(scene, number)
    assert "新面霜" in (await scene.shop.says("小鱼", asked, group=None)).text


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
