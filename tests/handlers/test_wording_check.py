"""What the wording rules say of a text, to whoever has written it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from handlers.arrivals.rules import ArrivalRules, FeedKind, FeedRules
from handlers.desk import Desk
from handlers.wording_check import complaint_about, hit_lines, hits_in
from scheduler.caring import CareSettings
from scheduler.content import Content
from tests.handlers.shop import Opener, Shop


def with_care(desk: Desk, care: CareSettings) -> Desk:
    return replace(desk, care=care)


async def test_a_text_that_may_be_said_is_complained_of_by_nobody(shop: Shop) -> None:
    assert complaint_about(shop.desk, "今晚八点上新，最晚九点发货") is None


async def test_a_complaint_names_the_words_and_what_to_write_instead(shop: Shop) -> None:
    told = complaint_about(shop.desk, "全国销量第一的面霜")
    assert told is not None
    assert told.private
    assert told.content.text == (
        "这段话先别发，改一下：\n✗ “全国销量第一”这样的排名要有数据来源，广告里一般不能说。"
        "说自己店里的事实，例如“上个月我们店回购较多的一款”。"
    )


async def test_it_is_said_in_the_shops_language(opened: Opener) -> None:
    told = complaint_about((await opened(language="en")).desk, "转发领红包")
    assert told is not None
    assert "sharing and inviting may not be rewarded" in told.content.text


async def test_a_warning_alone_is_no_complaint(shop: Shop) -> None:
    text = "看看 https://else.example/1"
    assert complaint_about(shop.desk, text) is None
    assert [hit.rule for hit in hits_in(shop.desk, [Content(text)])] == ["foreign-link"]


async def test_a_link_to_where_a_feed_comes_from_is_the_shops_own(opened: Opener) -> None:
    feed = FeedRules(
        "web", FeedKind.JSON, url="https://shop.example/feed.json", follows=("cdn.example",)
    )
    shop = await opened(arrivals=ArrivalRules(feeds={"web": feed}))
    own = [Content("https://shop.example/p/1"), Content("https://cdn.example/2")]
    assert not hits_in(shop.desk, own)
    assert hits_in(shop.desk, [Content("https://else.example/1")])


async def test_the_shops_own_name_is_no_claim(opened: Opener) -> None:
    shop = await opened(name="顶级好物铺")
    assert complaint_about(shop.desk, "顶级好物铺今晚上新") is None
    assert complaint_about(shop.desk, "顶级好物铺，顶级享受") is not None


async def test_the_shops_trades_choose_the_rules(shop: Shop) -> None:
    digital = with_care(shop.desk, CareSettings(trades=("digital",)))
    assert complaint_about(digital, "这个词是换肤") is None
    assert complaint_about(shop.desk, "这个词是换肤") is not None


async def test_the_accounts_choose_the_rules(shop: Shop) -> None:
    said = [Content("求扩散")]
    assert not hits_in(shop.desk, said, accounts=["telegram:shop"])
    assert hits_in(shop.desk, said, accounts=["telegram:shop", "wechat:shop"])


async def test_a_price_is_held_against_the_known_one(shop: Shop) -> None:
    prices = {"面霜": [Decimal(89)]}
    told = complaint_about(shop.desk, "面霜今晚 79 元", known_prices=prices)
    assert told is not None
    assert "货源里是 89 元" in told.content.text


async def test_many_hits_are_cut_short_and_long_words_too(shop: Shop) -> None:
    text = "转发" + "很" * 20 + "送；最好用、消炎、顶级、销量第一、赌一把、TODO、药妆"
    lines = hit_lines(shop.desk, hits_in(shop.desk, [Content(text)]))
    assert len(lines) == 6
    assert lines[-1].startswith("……还有 ")
    assert all(len(line) < 100 for line in lines)
