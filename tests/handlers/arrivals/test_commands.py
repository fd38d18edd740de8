"""What managers and fans say: a product by hand, the feeds, and a wish to hear of a lower price."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from handlers.arguments import Unreadable
from handlers.arrivals.arguments import TypedWare
from handlers.arrivals.rules import ArrivalRules, FeedKind, FeedRules
from handlers.settings import ShopSettings
from scheduler.courier import AddressGone
from storage.database import Database
from storage.tables import products
from tests.handlers.arrivals.feed_server import Answer, FeedServer
from tests.handlers.arrivals.samples import shopify, shopify_product
from tests.handlers.conftest import with_groups
from tests.handlers.scenes import made, the_one
from tests.handlers.shop import MANAGER, MINUTE, Opener, Shop, in_group, in_private, open_shop

ARRIVE = "/arrive @一群 面霜加量装 199 https://shop.example/p/1"


@pytest.mark.parametrize(
    ("written", "title", "price", "link"),
    [
        ("面霜", "面霜", None, ""),
        ("面霜 199", "面霜", "199", ""),
        ("玫瑰 面霜 50ml ¥199 https://s.example/1", "玫瑰 面霜 50ml", "199", "https://s.example/1"),
        ("https://s.example/1 面霜", "面霜", None, "https://s.example/1"),
        ("面霜 50ml", "面霜 50ml", None, ""),
        ("618 19.9元", "618", "19.9", ""),
        ("618", "618", None, ""),
    ],
)
def test_a_product_as_it_is_typed(written: str, title: str, price: str | None, link: str) -> None:
    found, left = TypedWare.read(written)
    assert (found.title, found.price and str(found.price), found.link) == (title, price, link)
    assert left == ""


@pytest.mark.parametrize(
    "written",
    [
        *("", "  ", "https://s.example/1", "面霜 https://a.example https://b.example", "x" * 81),
        *("<b>面霜</b>", "面霜 http://me:pw@s.example/"),
    ],
)
def test_what_is_no_product_is_said_so(written: str) -> None:
    with pytest.raises(Unreadable):
        TypedWare.read(written)


@pytest.mark.parametrize(
    ("written", "trouble"),
    [
        ("面霜 299 ftp://x", "没看懂链接「ftp://x」，要以 https:// 开头，前面空一格"),
        ("面霜 299 www.shop.example/1", "没看懂链接「www.shop.example/1」，"),
        ("面霜 299 javascript:alert(1)", "没看懂链接「javascript:alert(1)」，"),
        ("面霜299https://shop.example/1", "没看懂链接「面霜299https://shop.example/1」，"),
        ("面霜 https://me:pw@s.example/", "没看懂链接「https://me:pw@s.example/」，"),
        ("面霜 https://a.example https://b.example", "写了 2 个链接，只能写一个"),
        ("面霜 -5 https://shop.example/1", "没看懂价格「-5」，写成 299 或 19.9"),
        ("面霜 二百九十九", "没看懂价格「二百九十九」，"),
        ("面霜 ¥-5", "没看懂价格「¥-5」，"),
        ("面霜 1999999999元", "没看懂价格「1999999999元」，"),
        ("<b>面霜</b>", "先写商品名（最多 80 个字），再写价格和链接"),
    ],
)
async def test_what_is_wrong_with_a_product_is_named_with_an_example(
    shop: Shop, written: str, trouble: str
) -> None:
    for groups in ("", "@福利群 "):
        answer = await shop.says(MANAGER, f"/arrive {groups}{written}", group=None)
        assert answer.text.startswith(trouble)
        assert answer.text.endswith(
            "可以这样写：/arrive @护肤群 面霜加量装 199 https://shop.example/p/1"
        )


async def known(shop: Shop) -> list[tuple[str, str | None, str | None]]:
    """Every product that is stored: title, price, the campaign that announces it."""
    async with shop.desk.database.reading() as connection:
        rows = await connection.execute(
            select(products.c.title, products.c.price, products.c.campaign).order_by(products.c.id)
        )
        return [(row.title, row.price, row.campaign) for row in rows]


async def test_who_only_looks_or_is_refused_changes_nothing(any_shop: Shop) -> None:
    shop = any_shop
    await shop.says(MANAGER, ARRIVE, group=None)
    assert await known(shop) == [("面霜加量装", None, None)]
    assert (await shop.says("小鱼", "/pricedrop 1", group=None)).text == "没有这件商品。"
    await shop.says(MANAGER, "/confirm", group=None)
    (post,) = await shop.delivers()
    stands = await known(shop)
    assert stands[0][:2] == ("面霜加量装", "199")
    assert stands[0][2] is not None
    refused = await shop.says(MANAGER, ARRIVE.replace("加量装 199", " 99"), group=None)
    assert "「面霜加量装」已经播报过了" in refused.text
    await shop.says(MANAGER, f"/cancel {(await the_one(shop)).id}", group=None)
    assert await known(shop) == stands
    press = post.content.buttons[0].says
    assert "「面霜加量装」降价了" in (await shop.presses("小鱼", press)).text


async def test_what_is_announced_anew_is_known_as_it_was_typed_last(shop: Shop) -> None:
    await shop.says(MANAGER, ARRIVE, group=None)
    await shop.says(MANAGER, ARRIVE.replace("加量装 199", "大瓶 259"), group=None)
    assert await known(shop) == [("面霜加量装", None, None)]
    await shop.says(MANAGER, "/confirm", group=None)
    assert [row[:2] for row in await known(shop)] == [("面霜大瓶", "259")]


async def test_a_product_by_hand_is_previewed_confirmed_and_sent(any_shop: Shop) -> None:
    shop = any_shop
    shown = await shop.says(MANAGER, ARRIVE, group=None)
    assert "上新啦：面霜加量装\n¥199\nhttps://shop.example/p/1" in shown.text
    await shop.says(MANAGER, "/confirm", group=None)
    (post,) = await shop.delivers()
    assert post.address == in_group("一群")
    again = await shop.says(MANAGER, ARRIVE, group=None)
    assert "已经播报过了" in again.text
    assert len(await made(shop)) == 1


async def test_what_was_dismissed_may_be_announced_after_all(shop: Shop) -> None:
    await shop.says(MANAGER, ARRIVE, group=None)
    await shop.says(MANAGER, "/dismiss", group=None)
    shown = await shop.says(MANAGER, ARRIVE.replace("199", "189"), group=None)
    assert "¥189" in shown.text
    await shop.says(MANAGER, "/confirm", group=None)
    assert (await the_one(shop)).name == "上新：面霜加量装"


async def test_its_own_pictures_go_with_it_and_the_groups_it_fits_are_found(shop: Shop) -> None:
    await shop.opens("面霜群", tagged=["面霜"])
    shown = await shop.says(
        MANAGER, "/arrive 面霜加量装 199", group=None, pictures=("room:picture-1",)
    )
    assert "面霜群" in shown.text
    assert "配 1 张图" in shown.text


async def test_without_words_an_example_is_shown(shop: Shop) -> None:
    assert "/arrive @护肤群" in (await shop.says(MANAGER, "/arrive", group=None)).text
    assert "还没有接商品货源" in (await shop.says(MANAGER, "/feeds", group=None)).text
    assert "没有编号 #7 的商品" in (await shop.says(MANAGER, "/arrive #7", group=None)).text


async def test_it_is_said_in_english_too(opened: Opener) -> None:
    shop = await with_groups(await opened(language="en"))
    shown = await shop.says(MANAGER, "/arrive @一群 Cream 199", group=None)
    assert "Just in: Cream\n¥199" in shown.text


async def test_only_managers_command_feeds(shop: Shop) -> None:
    for text in ("/feeds", "/feeds accept web", ARRIVE):
        answer = await shop.says("小鱼", text)
        assert "货源" not in answer.text
    assert await made(shop) == []


async def test_a_product_that_is_not_there_cannot_be_waited_for(shop: Shop) -> None:
    assert "没有这件商品" in (await shop.says("小鱼", "/pricedrop 99")).text


@pytest.fixture
async def fed(sqlite: Database, server: FeedServer) -> Shop:
    """A shop with two feeds, one of which takes only what is pushed."""
    server.serves(shopify(*(shopify_product(n, f"商品{n}") for n in range(1, 6))))
    listed = {
        "web": FeedRules("web", FeedKind.SHOPIFY, url=server.url),
        "push": FeedRules("push", FeedKind.JSON),
    }
    arrivals = ArrivalRules(feeds=listed)
    return await with_groups(await open_shop(sqlite, ShopSettings(arrivals=arrivals)))


async def test_the_feeds_are_listed_with_how_they_stand(fed: Shop, server: FeedServer) -> None:
    listed = await fed.says(MANAGER, "/feeds", group=None)
    assert listed.text.splitlines() == [
        "「web」0 件商品",
        "· 还没有看过",
        "「push」0 件商品",
        "· 不去看，只收店铺推过来的",
    ]
    assert listed.buttons == {"看一次：web": "/feeds look web"}
    looked = await fed.presses(MANAGER, "/feeds look web")
    assert looked.text.splitlines()[:2] == [
        "「web」5 件商品",
        "· 上次看 11-05 10:00，下次 11-05 10:15",
    ]
    server.gives(Answer(b"<html>"))
    fed.clock.advance(MINUTE)
    broken = await fed.says(MANAGER, "货源 看 web", group=None)
    assert "· 看不了：内容看不懂：不是 JSON" in broken.text


async def test_which_feed_is_meant_is_asked_where_nobody_can_know(fed: Shop) -> None:
    answer = await fed.says(MANAGER, "/feeds look", group=None)
    assert "是哪个货源？现有：web、push" in answer.text
    wrong = await fed.says(MANAGER, "/feeds jump web", group=None)
    assert "写 看 或 收下" in wrong.text


async def test_a_word_that_is_no_feed_is_said_so_with_an_example(fed: Shop) -> None:
    unknown = await fed.says(MANAGER, "/feeds xyz", group=None)
    assert unknown.text == "没有叫「xyz」的货源。现有：web、push"
    assert (
        "没有叫「nobody」的货源"
        in (await fed.says(MANAGER, "/feeds accept nobody", group=None)).text
    )
    one = await fed.says(MANAGER, "/feeds push", group=None)
    assert one.text.splitlines() == ["「push」0 件商品", "· 不去看，只收店铺推过来的"]
    wrong = await fed.says(MANAGER, "/feeds check web", group=None)
    assert wrong.text == ("要做什么？写 看 或 收下，再写货源的名字。可以这样写：/feeds look web")


async def test_a_price_in_doubt_is_listed_until_it_is_accepted(
    fed: Shop, server: FeedServer
) -> None:
    await fed.says(MANAGER, "/feeds look web", group=None)
    rows = [shopify_product(1, "商品1", "1.99"), *(shopify_product(n) for n in range(2, 6))]
    server.serves(shopify(*rows))
    doubts = [
        "· 价格存疑，先不用；没错就发 /feeds accept web",
        "· 商品1（web）：199.00 CNY → 1.99 CNY",
    ]
    looked = await fed.says(MANAGER, "/feeds look web", group=None)
    assert looked.text.splitlines()[-2:] == doubts
    listed = await fed.says(MANAGER, "/feeds", group=None)
    assert all(line in listed.text.splitlines() for line in doubts)
    accepted = await fed.says(MANAGER, "/feeds accept web", group=None)
    assert "存疑" not in accepted.text
    assert "存疑" not in (await fed.says(MANAGER, "/feeds", group=None)).text


async def test_what_waits_is_listed_and_may_be_announced_by_its_number(
    fed: Shop, server: FeedServer
) -> None:
    await fed.says(MANAGER, "/feeds look web", group=None)
    new = shopify_product(9, "新面霜")
    new["variants"][0]["available"] = False
    rows = [*(shopify_product(n, f"商品{n}") for n in range(1, 6)), new]
    server.serves(shopify(*rows))
    await fed.says(MANAGER, "/feeds look web", group=None)
    listed = await fed.says(MANAGER, "/feeds", group=None)
    assert "等着播报：1 件" in listed.text
    (line,) = [one for one in listed.text.splitlines() if "新面霜" in one]
    assert line.endswith("新面霜 （还没有货）")
    number = line.split()[1]
    shown = await fed.says(MANAGER, f"/arrive @一群 {number}", group=None)
    assert "上新啦：新面霜" in shown.text
    await fed.says(MANAGER, "/confirm", group=None)
    listed = await fed.says(MANAGER, "/feeds", group=None)
    assert "等着播报" not in listed.text


async def test_accepting_is_in_the_audit_log_and_announces_nothing(fed: Shop) -> None:
    await fed.says(MANAGER, "/feeds accept web", group=None)
    log = await fed.says(MANAGER, "/audit", group=None)
    assert "阿玲 照现在的样子收下了货源「web」" in log.text
    assert await made(fed) == []


async def test_a_product_by_its_number_never_goes_out_at_a_price_that_it_had(
    fed: Shop, server: FeedServer
) -> None:
    await fed.says(MANAGER, "/feeds look web", group=None)
    shown = await fed.says(MANAGER, "/arrive @一群 #1", group=None)
    assert "¥199" in shown.text
    rows = [shopify_product(1, "商品1", "259.00"), *(shopify_product(n) for n in range(2, 6))]
    server.serves(shopify(*rows))
    await fed.says(MANAGER, "/feeds look web", group=None)
    await fed.says(MANAGER, "/confirm", group=None)
    assert await fed.delivers() == []


async def test_fans_who_press_for_a_lower_price_do_not_flood_a_group_where_none_can_be_reached(
    fed: Shop,
) -> None:
    await fed.says(MANAGER, "/feeds look web", group=None)
    names = ("小鱼", "小美", "小月", "小静")
    await fed.joins(*names)
    for name in names:
        fed.platform.refuses[in_private(name)] = AddressGone("never started")
    said = [await fed.presses(name, "/pricedrop 1", group="一群") for name in names]
    assert sum(post.address == in_group("一群") for some in said for post in some) == 1
